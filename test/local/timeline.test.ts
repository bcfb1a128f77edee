/** The day as lines: what gets one of its own, what is drawn together, what is counted. */

import { describe, expect, it } from 'vitest';
import type { Activity } from '../../infra/local/activity.ts';
import { createTimeline } from '../../infra/local/timeline.ts';

const START = Date.parse('2026-03-09T12:00:00Z');
const MINUTE_MS = 60_000;

function run(minute: number, change: object = {}): Activity {
  const at = START + minute * MINUTE_MS;
  const basis = { job: 'keep-alive', trigger: 'schedule', at, status: 200, answer: null } as const;
  return { kind: 'job', at, run: { ...basis, ...change } };
}

function call(minute: number, change: object = {}): Activity {
  const at = START + minute * MINUTE_MS;
  const lastCall = { at: new Date(at).toISOString(), status: 200 };
  const basis = { name: 'sample-worker', session: 'etrade-sandbox', generation: 2, problem: null };
  return { kind: 'worker', at, report: { ...basis, lastCall, ...change } };
}

function renewal(minute: number): Activity {
  const outcomes = [{ session: 'etrade-sandbox', action: 'renewed', reason: 'inactive' }];
  return run(minute, { answer: { outcomes } });
}

function tell(activities: readonly Activity[]) {
  const lines: string[] = [];
  const timeline = createTimeline(({ at, until, symbol, text }) => {
    const minutes = [at, until].map((moment) => (moment - START) / MINUTE_MS);
    lines.push(`${[...new Set(minutes)].join('-')} ${symbol} ${text}`);
  });
  for (const activity of activities) timeline.record(activity);
  timeline.flush();
  return { lines, counts: timeline.counts };
}

describe('the timeline', () => {
  it('draws uneventful runs together into one line', () => {
    const { lines } = tell([run(0), run(15), run(15, { job: 'health-check' }), run(30)]);
    expect(lines).toEqual(['0-30 · 3 × keep-alive, 1 × health-check']);
  });

  it('gives a renewal a line of its own, in its place', () => {
    const { lines } = tell([run(0), renewal(15), run(30)]);
    expect(lines).toEqual([
      '0 · 1 × keep-alive',
      '15 ↻ keep-alive renewed etrade-sandbox, a probe proves it',
      '30 · 1 × keep-alive',
    ]);
  });

  it('tells of the worker when something is new, not of every call', () => {
    const expired = { problem: 'the token expired' };
    const { lines } = tell([call(0), call(15), call(30), call(45, expired)]);
    expect(lines).toEqual([
      '0 ▸ sample-worker: etrade-sandbox, generation 2, signed call answered 200',
      '15-30 · 2 × signed calls of the workers',
      '45 ▸ sample-worker: the token expired',
    ]);
  });

  it.each([
    { name: 'a failed run', change: { status: 503 }, line: '0 ✗ keep-alive answered 503' },
    {
      name: 'a run without answer',
      change: { status: null },
      line: '0 ✗ keep-alive did not answer in time',
    },
  ])('shows $name', ({ change, line }) => {
    expect(tell([run(0, change)]).lines).toEqual([line]);
  });

  it('shows a message by its first line and its buttons, never with a link', () => {
    const message = {
      at: START,
      chatId: '42',
      text: 'Good morning.\nTap the button.',
      buttons: [{ text: 'Sign in', url: 'http://127.0.0.1/go/secret' }],
    };
    const { lines } = tell([{ kind: 'message', at: START, message }]);
    expect(lines).toEqual(['0 ✉ Telegram: Good morning. [Sign in]']);
  });

  it('counts runs, calls, renewals and messages, but neither pauses nor runs by hand', () => {
    const { counts } = tell([
      run(0),
      renewal(15),
      run(30, { trigger: 'paused', status: null }),
      run(31, { trigger: 'manual' }),
      call(32),
      call(32),
      call(47),
    ]);
    expect(counts).toEqual({
      jobs: { 'keep-alive': 2 },
      workerCalls: 2,
      renewals: 1,
      messages: 0,
      events: 0,
    });
  });
});
