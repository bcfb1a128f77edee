/** The sample worker: which token it uses, when it calls, and what it says. */

import { beforeEach, describe, expect, it } from 'vitest';
import type { Broker, BrokerFailure, ProbeAnswer } from '../../functions/brokers/broker.ts';
import { ETRADE_RULES } from '../../functions/brokers/etrade-rules.ts';
import { NEW_RECORD, parseSessionKey, type SessionKey } from '../../functions/lifecycle/session.ts';
import { Secret } from '../../functions/secret.ts';
import { createMemoryStore } from '../../functions/storage/memory.ts';
import type { SessionStore, StoredToken } from '../../functions/storage/session-store.ts';
import type { WorkerReport } from '../../infra/local/runner/workers.ts';
import { CALL_EVERY_MS, createWorkerLoop, POLL_EVERY_MS } from '../../infra/local/worker-loop.ts';

const SESSION = parseSessionKey('etrade-sandbox')?.key as SessionKey;
const START = Date.parse('2026-03-09T09:31:07-04:00');
const MIDNIGHT = Date.parse('2026-03-10T00:00:00-04:00');
const PUBLIC_URL = 'http://127.0.0.1:8080';

let now: number;
let store: SessionStore;
let lines: string[];
let reports: WorkerReport[];
let probed: string[];
let asked: string[];
let answers: ProbeAnswer[];

function failure(change: Partial<BrokerFailure>): BrokerFailure {
  const basis = { ok: false, reason: 'transient', problem: 'http-500', answered: true } as const;
  return { ...basis, status: 500, retryAfterMs: null, skewMs: null, ...change };
}

const broker = {
  rules: ETRADE_RULES,
  async probe(token) {
    probed.push(token.accessToken.reveal());
    return answers.shift() ?? { ok: true, accountIds: [], skewMs: null };
  },
} satisfies Pick<Broker, 'rules' | 'probe'>;

function createLoop() {
  return createWorkerLoop({
    sessions: [{ key: SESSION, broker }],
    store,
    clock: () => now,
    askKeepAlive: async (session) => void asked.push(session),
    report: async (report) => void reports.push(report),
    print: (line) => void lines.push(line),
    publicUrl: PUBLIC_URL,
  });
}

/** Stores a token and, unless told otherwise, points the record at it. */
async function sign(generation: number, isPointedAt = true): Promise<number> {
  const token: StoredToken = {
    session: SESSION,
    generation,
    accessToken: new Secret(`token-${generation}`),
    tokenSecret: new Secret('half'),
    refreshToken: null,
    signedInAt: now,
    issuedAt: now,
    accessExpiresAt: MIDNIGHT,
    hardEndsAt: MIDNIGHT,
    account: ['hash'],
  };
  const version = await store.addToken(token);
  if (isPointedAt) {
    const { tag } = await store.load(SESSION);
    await store.replace(SESSION, tag, { ...NEW_RECORD, generation, version });
  }
  return version;
}

beforeEach(() => {
  now = START;
  store = createMemoryStore({ clock: () => now });
  lines = [];
  reports = [];
  probed = [];
  asked = [];
  answers = [];
});

describe('before anyone has signed in', () => {
  it('says once what is missing and where to go, and calls nobody', async () => {
    const loop = createLoop();
    await loop.act();
    now += CALL_EVERY_MS;
    await loop.act();
    expect(lines).toEqual([
      `sample-worker · etrade-sandbox · nobody has signed in yet; sign in: ${PUBLIC_URL}`,
    ]);
    expect(reports).toMatchObject([{ generation: 0, lastCall: null }]);
    expect(probed).toEqual([]);
  });
});

describe('an event', () => {
  it('is followed at once: the version it names is loaded and used', async () => {
    const loop = createLoop();
    const version = await sign(1);
    await loop.renewed({ session: SESSION, version });
    expect(lines).toEqual(['sample-worker · etrade-sandbox · generation 1 · 200 · 09:31:07']);
    expect(reports).toEqual([
      {
        name: 'sample-worker',
        session: 'etrade-sandbox',
        generation: 1,
        lastCall: { at: new Date(START).toISOString(), status: 200 },
        problem: null,
      },
    ]);
  });

  it('that comes twice, or after a newer one, changes nothing', async () => {
    const loop = createLoop();
    const first = await sign(1);
    const second = await sign(2);
    await loop.renewed({ session: SESSION, version: second });
    await loop.renewed({ session: SESSION, version: second });
    await loop.renewed({ session: SESSION, version: first });
    expect(probed).toEqual(['token-2']);
  });

  it('finds a still newer token behind the version it names', async () => {
    const loop = createLoop();
    const first = await sign(1);
    await sign(2, false);
    await loop.renewed({ session: SESSION, version: first });
    expect(probed).toEqual(['token-2']);
  });

  it('about another session is not for this worker', async () => {
    const loop = createLoop();
    const other = parseSessionKey('etrade-prod')?.key as SessionKey;
    await loop.renewed({ session: other, version: 1 });
    expect(reports).toEqual([]);
  });
});

describe('without an event', () => {
  it('the record is looked at every minute, and a new token used at once', async () => {
    const loop = createLoop();
    await loop.act();
    await sign(1);
    now += POLL_EVERY_MS - 1;
    await loop.act();
    expect(probed).toEqual([]);
    now += 1;
    await loop.act();
    expect(probed).toEqual(['token-1']);
  });

  it('calls come every quarter of an hour', async () => {
    const loop = createLoop();
    await sign(1);
    await loop.act();
    now += CALL_EVERY_MS - 1;
    await loop.act();
    expect(probed).toHaveLength(1);
    now += 1;
    await loop.act();
    expect(probed).toHaveLength(2);
  });
});

describe('trouble', () => {
  it('at the hard end: a clear error at that very moment, once, and no call', async () => {
    const loop = createLoop();
    await sign(1);
    now = MIDNIGHT - 1;
    await loop.act();
    expect(probed).toHaveLength(1);
    now = MIDNIGHT;
    await loop.act();
    await loop.act();
    expect(probed).toHaveLength(1);
    const error = `the token expired at midnight New York; sign in: ${PUBLIC_URL}`;
    expect(lines.slice(1)).toEqual([`sample-worker · etrade-sandbox · ${error}`]);
    expect(reports.at(-1)).toMatchObject({ generation: 1, problem: error });
  });

  it('inactive: keep-alive is asked, then the call is made again', async () => {
    answers = [failure({ reason: 'renewable', problem: 'token_expired', status: 401 })];
    await sign(1);
    await createLoop().act();
    expect(asked).toEqual(['etrade-sandbox']);
    expect(probed).toHaveLength(2);
    expect(reports.at(-1)).toMatchObject({ lastCall: { status: 200 }, problem: null });
  });

  it('refused by the broker: the error names the human step', async () => {
    answers = [failure({ reason: 'sign-in-needed', problem: 'token_rejected', status: 401 })];
    await sign(1);
    await createLoop().act();
    expect(lines).toEqual([
      `sample-worker · etrade-sandbox · generation 1 · 401 · 09:31:07 · the broker no longer takes this token (token_rejected); sign in: ${PUBLIC_URL}`,
    ]);
  });

  it('no answer: the call counts without a status', async () => {
    answers = [failure({ answered: false, status: null, problem: 'timeout' })];
    await sign(1);
    await createLoop().act();
    expect(reports.at(-1)).toMatchObject({
      lastCall: { status: null },
      problem: 'the broker answered timeout',
    });
  });

  it('a store that cannot be read is said, and gone with the next look', async () => {
    const loop = createLoop();
    await sign(1);
    const { load } = store;
    store.load = async () => {
      throw new Error('The store is unavailable');
    };
    await loop.act();
    expect(reports).toMatchObject([{ problem: 'The store is unavailable' }]);
    store.load = load;
    now += POLL_EVERY_MS;
    await loop.act();
    expect(reports.at(-1)).toMatchObject({ problem: null, lastCall: { status: 200 } });
  });
});
