import { describe, expect, it } from 'vitest';
import { COLD_START_CPU_SECONDS } from '../../infra/cost/assumptions.ts';
import { accessesOf, activeVersions, readsOfWorker, usageOf } from '../../infra/cost/usage.ts';
import { aQuestion } from './question.ts';

describe('what a month uses', () => {
  it('counts requests by hand: all runs, and eight pages for each sign-in', () => {
    const runs = 31 * 96 + 31 * 96 + 31;
    expect(usageOf(aQuestion()).requests).toBe(runs + 2 * 22 * 8);
  });

  it('counts secret accesses by hand', () => {
    const { mounted, tokens, workers } = accessesOf(aQuestion());
    // keep-alive and health-check mount app, sandbox and prod key; morning-alert the app alone; two visits a day.
    expect(mounted).toBe(2 * 31 * 96 * 3 + 31 + 22 * 2 * 3);
    // A look by each keep-alive, two more for each of three calls in the evening; health-check looks three
    // times in the hours of trading, before 08:31 once; then the alert, the old version, the sign-in.
    const healthCheck = (21 * 33 + 21) * 3 + 22 * 3;
    expect(tokens).toBe(2 * (31 * 96 + healthCheck + 22 * (3 * 2 + 8 + 1 + 3)));
    expect(workers).toBe(0);
  });

  it('adds the reads of workers: one a minute while they are connected', () => {
    const without = usageOf(aQuestion()).secretAccesses;
    expect(usageOf(aQuestion({ workers: 3 })).secretAccesses - without).toBe(3 * 22 * 8 * 60);
    expect(readsOfWorker(aQuestion().month, 'always')).toBe(31 * 24 * 60);
  });

  it.each([
    { sessions: 1, versions: 3 },
    { sessions: 2, versions: 5 },
    { sessions: 3, versions: 6 },
    { sessions: 100, versions: 103 },
  ])('keeps $versions secret versions for $sessions sessions', ({ sessions, versions }) => {
    expect(activeVersions(sessions)).toBe(versions);
    const { secretVersions } = usageOf(aQuestion({ sessions }));
    // Each sign-in leaves the superseded one for an hour and a quarter of 744.
    expect(secretVersions).toBeCloseTo(versions + (sessions * 22 * 1.25) / 744, 9);
  });

  it('counts the jobs of markets that sessions trade on', () => {
    expect(usageOf(aQuestion()).jobs).toBe(3);
    const elsewhere = usageOf(aQuestion({ markets: new Set(['NSE'] as const) }));
    expect(elsewhere.jobs).toBe(3);
    expect(elsewhere.requests).toBe(2 * 31 * 96 + 31 + 2 * 22 * 8);
    const both = usageOf(aQuestion({ markets: new Set(['NYSE', 'NSE'] as const) }));
    expect(both.jobs).toBe(4);
    expect(both.requests - usageOf(aQuestion()).requests).toBe(31);
  });

  it('charges a cold start for its processor time, whatever share of a CPU it has', () => {
    const question = aQuestion({ sessions: 1 });
    const { 'keep-alive': size } = question.sizes.functions;
    const functions = { ...question.sizes.functions, 'keep-alive': { ...size, cpu: 1 } };
    const whole = usageOf({ ...question, sizes: { ...question.sizes, functions } });
    const share = usageOf(question);
    const runs = 31 * 96;
    expect(share.cpu).toBeGreaterThan(runs * COLD_START_CPU_SECONDS);
    // What waits for a remote call is billed, too: with a whole CPU it costs six times as much.
    expect(whole.cpu).toBeGreaterThan(share.cpu);
    expect(whole.memory).toBeLessThan(share.memory);
  });

  it('stores as many images as are kept', () => {
    const question = aQuestion();
    const two = usageOf({ ...question, sizes: { ...question.sizes, imagesKept: 2 } });
    expect(two.images).toBeCloseTo(2 * usageOf(question).images, 9);
  });
});
