/** What of the functions' output is worth a line. */

import { beforeEach, expect, it } from 'vitest';
import { createNews } from '../../infra/local/news.ts';
import { MINUTE_MS } from '../fixtures/test-clock.ts';

const line = (time: string, text: string): string => `2026-11-24 ${time} EST  WARN   ${text}`;

let now: number;
let isNews: ReturnType<typeof createNews>;

beforeEach(() => {
  now = 0;
  isNews = createNews(() => now);
});

it('is said once, however often it is repeated', () => {
  expect(isNews('health-check', line('14:30:00', 'a sign-in is needed'))).toBe(true);
  for (const time of ['14:45:00', '15:00:00', '15:15:00']) {
    now += 15 * MINUTE_MS;
    expect(isNews('health-check', line(time, 'a sign-in is needed'))).toBe(false);
  }
});

it('is said again after a pause, and by another function', () => {
  isNews('health-check', line('14:30:00', 'a sign-in is needed'));
  expect(isNews('keep-alive', line('14:30:00', 'a sign-in is needed'))).toBe(true);
  now += 20 * MINUTE_MS + 1;
  expect(isNews('health-check', line('14:50:00', 'a sign-in is needed'))).toBe(true);
});

it('leaves out no line that has no time of its own', () => {
  for (let times = 0; times < 2; times += 1)
    expect(isNews('worker', '    at run (x.ts:1)')).toBe(true);
});

it('reads through colour', () => {
  const coloured = '\u001b[2m2026-11-24 14:30:00 EST\u001b[0m  trouble';
  expect(isNews('keep-alive', coloured)).toBe(true);
  expect(isNews('keep-alive', coloured.replace('14:30', '14:45'))).toBe(false);
});
