/** A sample worker: when it calls, and what it says. */

import { beforeEach, describe, expect, it } from 'vitest';
import { WorkerError } from '../../functions/worker/errors.ts';
import type { WorkerState } from '../../functions/worker/worker-session.ts';
import type { WorkerReport } from '../../infra/local/runner/workers.ts';
import {
  CALL_EVERY_MS,
  createSampleWorker,
  type SampleWorker,
} from '../../infra/local/sample-worker.ts';

const SESSION = 'etrade-sandbox';
const START = Date.parse('2026-03-09T09:31:07-04:00');

let now: number;
let state: WorkerState;
let answers: (() => Response)[];
let calls: number;
let lines: string[];
let reports: WorkerReport[];
let worker: SampleWorker;

beforeEach(() => {
  now = START;
  calls = 0;
  lines = [];
  reports = [];
  answers = [];
  state = {
    status: 'ready',
    session: SESSION,
    generation: 1,
    proven: true,
    issuedAt: now,
    accessExpiresAt: null,
    hardEndsAt: null,
    lastUsedAt: null,
    problem: null,
    eventsProblem: null,
  };
  worker = createSampleWorker({
    broker: {
      session: SESSION,
      worker: 'orb-bot',
      get state() {
        return state;
      },
      async fetch() {
        calls += 1;
        return (answers.shift() ?? (() => new Response('{}')))();
      },
    },
    url: 'https://apisb.etrade.com/v1/accounts/list.json',
    clock: () => now,
    zone: 'America/New_York',
    report: async (report) => void reports.push(report),
    print: (line) => void lines.push(line),
  });
});

const refuses =
  (code: WorkerError['code'], message: string, status: number | null = null) =>
  () => {
    throw new WorkerError(message, { code, retryable: false, session: SESSION, status });
  };

describe('a worker with a token', () => {
  it('calls at once, says so and reports it', async () => {
    await worker.act();
    expect(lines).toEqual(['orb-bot · etrade-sandbox · generation 1 · 200 · 09:31:07']);
    expect(reports).toEqual([
      {
        name: 'orb-bot',
        session: SESSION,
        generation: 1,
        lastCall: { at: '2026-03-09T13:31:07.000Z', status: 200 },
        problem: null,
      },
    ]);
  });

  it('calls every quarter of an hour, and reports nothing in between', async () => {
    await worker.act();
    now += CALL_EVERY_MS - 1;
    await worker.act();
    expect(calls).toBe(1);
    now += 1;
    await worker.act();
    expect(calls).toBe(2);
    expect(reports).toHaveLength(2);
  });

  it('calls at once with a new one', async () => {
    await worker.act();
    state = { ...state, generation: 2 };
    await worker.act();
    expect(lines.at(-1)).toContain('generation 2 · 200');
  });

  it('names what the broker answered instead, and the end of it', async () => {
    answers.push(() => new Response('', { status: 500 }));
    await worker.act();
    expect(lines.at(-1)).toContain('generation 1 · 500 · 09:31:07 · the broker answered http-500');
    expect(reports.at(-1)?.problem).toBe('the broker answered http-500');
    now += CALL_EVERY_MS;
    await worker.act();
    expect(reports.at(-1)?.problem).toBeNull();
  });
});

describe('a worker without one', () => {
  it('says once why it cannot call', async () => {
    state = { ...state, status: 'waiting', generation: 0 };
    for (let act = 0; act < 3; act += 1) {
      answers.push(refuses('NOT_SIGNED_IN', 'Nobody has signed in yet: sign in at https://x'));
      await worker.act();
    }
    expect(lines).toEqual([
      'orb-bot · etrade-sandbox · Nobody has signed in yet: sign in at https://x',
    ]);
    expect(reports).toHaveLength(1);
  });

  it('says that the token ended as soon as it has', async () => {
    await worker.act();
    now += 1_000;
    state = { ...state, status: 'expired' };
    answers.push(refuses('SIGN_IN_NEEDED', 'the token ended: sign in'));
    await worker.act();
    expect(reports.at(-1)).toMatchObject({ generation: 1, problem: 'the token ended: sign in' });
  });

  it('does not take its own failure for one of the worker client', async () => {
    answers.push(() => {
      throw new Error('a bug');
    });
    await expect(worker.act()).rejects.toThrow('a bug');
  });
});
