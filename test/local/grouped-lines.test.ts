/** Lines of several workers, drawn together. */

import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createGroupedLines } from '../../infra/local/grouped-lines.ts';

const printed: string[] = [];
const say = createGroupedLines((line) => void printed.push(line));

beforeEach(() => {
  vi.useFakeTimers();
  printed.length = 0;
});
afterEach(() => vi.useRealTimers());

it('names all who say the same at once, in one line', () => {
  say('orb-bot · kite-prod · generation 1 · 200 · 09:15:00');
  say('scalper · kite-prod · generation 1 · 200 · 09:15:00');
  say('orb-bot · etrade-prod · generation 1 · 200 · 09:15:00');
  vi.runAllTimers();
  expect(printed).toEqual([
    'orb-bot, scalper · kite-prod · generation 1 · 200 · 09:15:00',
    'orb-bot · etrade-prod · generation 1 · 200 · 09:15:00',
  ]);
});

it('says again what is said again later', () => {
  say('orb-bot · kite-prod · Nobody has signed in yet');
  vi.runAllTimers();
  say('scalper · kite-prod · Nobody has signed in yet');
  vi.runAllTimers();
  expect(printed).toEqual([
    'orb-bot · kite-prod · Nobody has signed in yet',
    'scalper · kite-prod · Nobody has signed in yet',
  ]);
});

it('leaves a line as it is that names nobody', () => {
  say('the workers are up');
  vi.runAllTimers();
  expect(printed).toEqual(['the workers are up']);
});
