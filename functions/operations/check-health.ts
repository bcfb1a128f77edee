/**
 * Looks at everything and mends what it can: probes each session with a real call, renews after a 401,
 * adopts and prunes versions, delivers events and messages, runs the alert ladder.
 *
 * The report names what is wrong in words a person can act on, and holds no secret. Called by
 * health-check.
 */

import { CadenceError, StoreError } from '../errors.ts';
import { type Adoption, adoptionOf, isAdoptionUrgent } from '../lifecycle/adoption.ts';
import type { MarketDay } from '../lifecycle/calendar.ts';
import { decide } from '../lifecycle/decide.ts';
import type { SessionKey, SessionState } from '../lifecycle/session.ts';
import { stateOf } from '../lifecycle/session.ts';
import { backUpProblem, type WithBackups } from './back-up.ts';
import { collectReports, type ReportCollection } from './collect-reports.ts';
import { deliverEvents } from './deliver-events.ts';
import { type Done, forEachSession } from './for-each-session.ts';
import { marketsOf } from './markets.ts';
import { mirrorSession } from './mirror-session.ts';
import { proveSession } from './prove-session.ts';
import { type AdoptionStatus, adoptionStatus } from './read-status.ts';
import { sendAlerts } from './send-alerts.ts';
import { settleSession } from './settle-session.ts';
import type { ConfiguredSession, System } from './system.ts';
import { isUntold, type NewNotice, tell } from './tell.ts';
import { tellRejected } from './tell-proof.ts';

/** A clock further off than this is reported: the broker refuses calls at five minutes. */
const SKEW_REPORTED_MS = 60_000;

export type SessionHealth = {
  readonly session: SessionKey;
  readonly state: SessionState | 'unreadable';
  readonly outcome: 'proven' | 'renewed' | 'sign-in-needed' | 'failed' | 'not-checked';
  readonly problem: string | null;
  readonly adopted: number | null;
  readonly destroyedVersions: readonly number[];
  /** Events that workers have not been told of. */
  readonly undelivered: number;
  /** Why workers could not be told. */
  readonly deliveryProblem: string | null;
  /** Why the secrets of `MIRROR_SECRETS` are not up to date. */
  readonly mirrorProblem: string | null;
  readonly clockSkewSeconds: number | null;
  /** How far workers use the current token; `null` when the session could not be checked. */
  readonly adoption: AdoptionStatus | null;
};

export type HealthReport = {
  readonly at: string;
  /** Whether health-check could do its own work, telling people included: with `false` it is called again. */
  readonly worked: boolean;
  /** Sentences, one per trouble; empty when all is well. */
  readonly problems: readonly string[];
  readonly sessions: readonly SessionHealth[];
  readonly messages: {
    readonly waiting: number;
    readonly refused: number;
    readonly lastProblem: string | null;
  };
  /** Of the markets, the least known: `rule` and `unknown` say that an exchange has not published this year yet. */
  readonly calendarBasis: MarketDay['basis'];
};

export async function checkHealth(system: System & Partial<WithBackups>): Promise<HealthReport> {
  const problems: string[] = [];
  let worked = true;
  const collection = await collectReports(system);
  if (collection.problem !== null) {
    problems.push(`Workers' reports could not be collected: ${within(collection.problem)}.`);
  }
  const heardUntil = await heardUntilOf(system, collection);
  await system.store.prefetch(system.sessions.map(({ key }) => key));
  const done = await forEachSession(system.sessions, (session) =>
    checkSession(system, session, heardUntil),
  );
  const sessions = done.map((item): SessionHealth => {
    if (item.ok) return item.value;
    worked = false;
    system.log.error('session-not-checked', 'A session could not be checked.', item.error, {
      session: item.session.key,
    });
    return {
      session: item.session.key,
      state: 'unreadable',
      outcome: 'failed',
      // The text of an error that nobody planned for may quote anything.
      problem: item.error instanceof CadenceError ? item.error.message : 'unexpected failure',
      adopted: null,
      destroyedVersions: [],
      undelivered: 0,
      deliveryProblem: null,
      mirrorProblem: null,
      clockSkewSeconds: null,
      adoption: null,
    };
  });
  for (const health of sessions) problems.push(...problemsOf(health));
  await tellUnreadable(system, done);

  let messages: HealthReport['messages'] = { waiting: 0, refused: 0, lastProblem: null };
  try {
    if (isUntold(await sendAlerts(system))) worked = false;
    messages = await readMessages(system);
  } catch (error) {
    worked = false;
    system.log.error('alerts-not-sent', 'The alert ladder could not run.', error);
    problems.push('The record of messages could not be read or written.');
  }
  if (messages.waiting > 0 || messages.refused > 0) {
    const { waiting, refused, lastProblem } = messages;
    problems.push(`Messages: ${waiting} waiting, ${refused} refused. ${lastProblem ?? ''}`.trim());
  }
  const now = system.clock();
  const calendarBasis = checkCalendars(system, now, problems);
  problems.push(...(await copyProblems(system)));
  for (const problem of problems) system.log.warn('health-problem', problem);
  return { at: new Date(now).toISOString(), worked, problems, sessions, messages, calendarBasis };
}

function checkCalendars(system: System, now: number, problems: string[]): MarketDay['basis'] {
  const bases = marketsOf(system).map((market) => {
    const { basis } = system.calendar(market).dayOf(now);
    if (basis === 'unknown') {
      problems.push(
        `The calendar of the ${market} does not reach this year: every weekday counts as a trading day.`,
      );
    }
    return basis;
  });
  return (
    bases.find((basis) => basis === 'unknown') ??
    bases.find((basis) => basis === 'rule') ??
    'published'
  );
}

async function copyProblems(system: System & Partial<WithBackups>): Promise<readonly string[]> {
  const { backups = null } = system;
  if (backups === null) return [];
  try {
    const problem = await backUpProblem(system, backups);
    return problem === null ? [] : [`Daily copies: ${problem}.`];
  } catch (error) {
    if (!(error instanceof CadenceError)) throw error;
    return [`Daily copies: ${within(error.message)}.`];
  }
}

/** A record that does not read stops its session, so people hear of it once a day. */
async function tellUnreadable(system: System, done: readonly Done<SessionHealth>[]): Promise<void> {
  const notices = done.flatMap((item): NewNotice[] => {
    if (item.ok || !isUnreadable(item.error)) return [];
    const { key, broker } = item.session;
    const { date } = system.calendar(broker.rules.market).dayOf(system.clock());
    const notice = { kind: 'sign-in-needed', session: key, trouble: 'record-unreadable' } as const;
    return [{ id: `${key}/unreadable/${date}`, notice }];
  });
  if (notices.length > 0) await tell(system, notices);
}

function isUnreadable(error: unknown): boolean {
  return error instanceof CadenceError && error.code === 'STORE_RECORD_INVALID';
}

async function checkSession(
  system: System,
  session: ConfiguredSession,
  heardUntil: number,
): Promise<SessionHealth> {
  const settled = await settleSession(system, session, { prune: true });
  const delivery = await deliverEvents(system, session);
  const { rules } = session.broker;
  const { record } = await system.store.load(session.key);
  const state = stateOf(record, rules, system.clock());
  let outcome: SessionHealth['outcome'] = 'not-checked';
  let problem: string | null = null;
  let skewMs: number | null = null;
  if (state !== 'none' && state !== 'expired') {
    const proof = await proveSession(system, session, record, 'probe');
    switch (proof.outcome) {
      case 'proven':
        outcome = proof.renewed ? 'renewed' : 'proven';
        skewMs = proof.skewMs;
        break;
      case 'rejected':
        outcome = 'sign-in-needed';
        problem = proof.problem;
        break;
      case 'failed':
        outcome = 'failed';
        problem = `${proof.failure.reason}: ${proof.failure.problem}`;
        skewMs = proof.failure.skewMs;
    }
  } else if (record.generation > 0 || session.required) {
    outcome = 'sign-in-needed';
    // Said already by whoever found it, unless that run died in between.
    const { reason } = decide(record, rules, system.clock(), system.clock());
    if (reason === 'rejected') await tellRejected(system, session, record);
  }
  const { record: after } = await system.store.load(session.key);
  const adoption = adoptionOf(after, session.workers, heardUntil);
  await tellLagging(system, session, adoption);
  const now = system.clock();
  return {
    session: session.key,
    state: stateOf(after, rules, now),
    outcome,
    problem,
    adopted: settled.adopted,
    destroyedVersions: settled.pruned,
    undelivered: after.undelivered.length,
    deliveryProblem: delivery.problem,
    mirrorProblem: await mirrorSession(system, session),
    clockSkewSeconds: skewMs === null ? null : Math.round(skewMs / 1000),
    adoption: adoptionStatus(adoption, system.calendar(rules.market).zone, now),
  };
}

/** Silence counts until the last collection: while none works, nobody is called offline for it. */
async function heardUntilOf(system: System, collection: ReportCollection): Promise<number> {
  const { collectedAt, problem } = collection;
  if (collectedAt !== null || problem === null) return collectedAt ?? system.clock();
  try {
    const { record } = await system.store.loadService();
    return record.reportsCollectedAt ?? system.clock();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return system.clock();
  }
}

/** Said once a worker and day, and only when there is trading to be late for. */
async function tellLagging(
  system: System,
  { key, broker }: ConfiguredSession,
  { generation: newest, lagging }: Adoption,
): Promise<void> {
  const now = system.clock();
  const day = system.calendar(broker.rules.market).dayOf(now);
  if (lagging.length === 0 || !isAdoptionUrgent(day, now)) return;
  await tell(
    system,
    lagging.map(({ worker, generation, since }) => ({
      id: `${key}/worker-behind/${worker}/${day.date}`,
      notice: { kind: 'worker-behind', session: key, worker, generation, newest, since },
    })),
  );
}

function problemsOf(health: SessionHealth): string[] {
  const { session } = health;
  const problems: string[] = [];
  if (health.outcome === 'failed') problems.push(`${session}: ${health.problem ?? 'not proven'}.`);
  if (health.outcome === 'sign-in-needed') problems.push(`${session}: a sign-in is needed.`);
  if (health.undelivered > 0) {
    const why = health.deliveryProblem === null ? '' : `: ${within(health.deliveryProblem)}`;
    problems.push(`${session}: ${health.undelivered} event(s) not delivered to workers yet${why}.`);
  }
  if (health.adoption !== null && health.adoption.lagging.length > 0) {
    problems.push(`${session}: ${health.adoption.text}.`);
  }
  if (health.mirrorProblem !== null) {
    problems.push(`${session}: the mirror is not up to date: ${within(health.mirrorProblem)}.`);
  }
  if (Math.abs(health.clockSkewSeconds ?? 0) * 1000 > SKEW_REPORTED_MS) {
    problems.push(`${session}: our clock and the broker's differ by ${health.clockSkewSeconds} s.`);
  }
  return problems;
}

/** A sentence, continued within another one. */
function within(sentence: string): string {
  return sentence.replace(/^The /, 'the ');
}

async function readMessages(system: System): Promise<HealthReport['messages']> {
  const { record } = await system.store.loadService();
  const waiting = record.notices.filter(
    ({ delivery }) => delivery.state === 'queued' || delivery.state === 'sending',
  );
  const refused = record.notices.filter(({ delivery }) => delivery.state === 'refused');
  const lastProblem = [...waiting, ...refused].at(-1)?.lastProblem ?? null;
  return { waiting: waiting.length, refused: refused.length, lastProblem };
}
