/**
 * What the sample worker does: holds the newest token of each session, makes a signed call now and then,
 * and says what keeps it from working.
 *
 * Reads the store, never writes it. Acts only when told to (an event, a timer, the runner's virtual
 * time), so that it has no clock of its own. Real workers use the client in `functions/worker`.
 */

import { DateTime } from 'luxon';
import type { Broker, BrokerFailure } from '../../functions/brokers/broker.ts';
import type { Clock } from '../../functions/clock.ts';
import type { BrokerRules } from '../../functions/lifecycle/rules.ts';
import type { SessionKey } from '../../functions/lifecycle/session.ts';
import {
  readNewestToken,
  type SessionStore,
  type StoredToken,
} from '../../functions/storage/session-store.ts';
import { createQueue } from './one-at-a-time.ts';
import type { WorkerReport } from './runner/workers.ts';

const MINUTE_MS = 60_000;

/** A trading program that is between trades still looks at its account this often. */
export const CALL_EVERY_MS = 15 * MINUTE_MS;

/** Events can be late; the record is looked at this often as well. */
export const POLL_EVERY_MS = MINUTE_MS;

const NAME = 'sample-worker';

type WorkerSession = {
  readonly key: SessionKey;
  readonly broker: Pick<Broker, 'rules' | 'probe'>;
};

export type WorkerLoopOptions = {
  readonly sessions: readonly WorkerSession[];
  readonly store: Pick<SessionStore, 'load' | 'readToken'>;
  readonly clock: Clock;
  /** Asks keep-alive to renew one session, as a worker may. Resolves when it has answered. */
  readonly askKeepAlive: (session: SessionKey) => Promise<void>;
  readonly report: (report: WorkerReport) => Promise<void>;
  readonly print: (line: string) => void;
  /** Where a person signs in; named in errors. */
  readonly publicUrl: string;
};

export type WorkerLoop = {
  /** Polls and calls where it is time to. */
  readonly act: () => Promise<void>;
  /** Loads the version that an event names and uses it at once. */
  readonly renewed: (event: { session: SessionKey; version: number }) => Promise<void>;
};

type Held = { readonly version: number; readonly token: StoredToken };

type SessionLoop = {
  readonly session: WorkerSession;
  held: Held | null;
  polledAt: number;
  calledAt: number;
  lastCall: { at: number; status: number | null } | null;
  problem: string | null;
  /** What was last reported and printed, so that nothing is said twice. */
  reported: string | null;
  printed: string | null;
};

export function createWorkerLoop(options: WorkerLoopOptions): WorkerLoop {
  const { store, clock, print } = options;
  const loops: readonly SessionLoop[] = options.sessions.map((session) => ({
    session,
    held: null,
    polledAt: Number.NEGATIVE_INFINITY,
    calledAt: Number.NEGATIVE_INFINITY,
    lastCall: null,
    problem: null,
    reported: null,
    printed: null,
  }));

  async function poll(loop: SessionLoop): Promise<boolean> {
    const { key } = loop.session;
    loop.polledAt = clock();
    const { record } = await store.load(key);
    const { version, generation } = record;
    const heldGeneration = loop.held?.token.generation ?? 0;
    if (version === null && loop.held !== null && generation >= heldGeneration) {
      // Signed out; an older record than our token's says nothing of it.
      loop.held = null;
      return false;
    }
    if (version !== null && version === loop.held?.version) return false;
    const newest = await readNewestToken(store, key, version, generation);
    if (newest === null || newest.token.generation <= heldGeneration) return false;
    loop.held = newest;
    return true;
  }

  async function call(loop: SessionLoop): Promise<void> {
    const { held, session } = loop;
    const now = clock();
    if (held === null) {
      loop.problem = `nobody has signed in yet; sign in: ${options.publicUrl}`;
      return;
    }
    if (now >= held.token.hardEndsAt) {
      loop.problem = `the token expired at ${endInWords(session.broker.rules)}; sign in: ${options.publicUrl}`;
      return;
    }
    loop.calledAt = now;
    let answer = await session.broker.probe(held.token);
    if (!answer.ok && answer.reason === 'renewable') {
      await options.askKeepAlive(session.key);
      answer = await session.broker.probe(held.token);
    }
    loop.lastCall = { at: now, status: answer.ok ? 200 : answer.status };
    loop.problem = answer.ok ? null : failureInWords(answer, options.publicUrl);
    print(callLine(loop, held.token.generation));
    loop.printed = loop.problem;
  }

  async function tell(loop: SessionLoop): Promise<void> {
    const { lastCall, problem, session } = loop;
    const report: WorkerReport = {
      name: NAME,
      session: session.key,
      generation: loop.held?.token.generation ?? 0,
      lastCall:
        lastCall === null
          ? null
          : { at: new Date(lastCall.at).toISOString(), status: lastCall.status },
      problem,
    };
    if (problem !== loop.printed) {
      if (problem !== null) print(`${NAME} · ${session.key} · ${problem}`);
      loop.printed = problem;
    }
    const text = JSON.stringify(report);
    if (text === loop.reported) return;
    loop.reported = text;
    await options.report(report);
  }

  /** A store that is away is the worker's problem, not its end. */
  async function guarded(loop: SessionLoop, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      loop.problem = error instanceof Error ? error.message : 'the store cannot be read';
    }
    await tell(loop);
  }

  const oneAfterTheOther = createQueue();
  return {
    act: () =>
      oneAfterTheOther(async () => {
        for (const loop of loops) {
          await guarded(loop, async () => {
            const isPollDue = clock() - loop.polledAt >= POLL_EVERY_MS;
            const isNew = isPollDue && (await poll(loop));
            const isCallDue = clock() - loop.calledAt >= CALL_EVERY_MS;
            if (isNew || isCallDue || isOver(loop, clock())) await call(loop);
          });
        }
      }),
    renewed: (event) =>
      oneAfterTheOther(async () => {
        const loop = loops.find(({ session }) => session.key === event.session);
        if (loop === undefined || (loop.held !== null && event.version <= loop.held.version))
          return;
        await guarded(loop, async () => {
          const newest = await readNewestToken(store, event.session, event.version);
          if (newest === null) throw new Error('the version that the event names cannot be read');
          loop.held = newest;
          await call(loop);
        });
      }),
  };
}

/** An end is noticed when it comes, not at the next call. */
function isOver({ held }: SessionLoop, now: number): boolean {
  return held !== null && now >= held.token.hardEndsAt;
}

/** `sample-worker · etrade-sandbox · generation 1 · 200 · 09:31:07` */
function callLine({ session, lastCall, problem }: SessionLoop, generation: number): string {
  const at = DateTime.fromMillis(lastCall?.at ?? 0, { zone: zoneOf(session.broker.rules) });
  return [
    NAME,
    session.key,
    `generation ${generation}`,
    lastCall?.status ?? 'no answer',
    at.toFormat('HH:mm:ss'),
    ...(problem === null ? [] : [problem]),
  ].join(' · ');
}

function failureInWords(failure: BrokerFailure, publicUrl: string): string {
  return failure.reason === 'sign-in-needed'
    ? `the broker no longer takes this token (${failure.problem}); sign in: ${publicUrl}`
    : `the broker answered ${failure.problem}`;
}

function endInWords({ hardEnd }: BrokerRules): string {
  if (hardEnd.kind === 'age') return 'its end';
  const city = hardEnd.zone.split('/').at(-1)?.replaceAll('_', ' ') ?? hardEnd.zone;
  return `${hardEnd.time === '00:00' ? 'midnight' : hardEnd.time} ${city}`;
}

function zoneOf({ hardEnd }: BrokerRules): string {
  return hardEnd.kind === 'wall-clock' ? hardEnd.zone : 'UTC';
}
