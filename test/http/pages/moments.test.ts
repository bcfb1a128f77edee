/** Moments and durations as people read them. */

import { describe, expect, it } from 'vitest';
import {
  agoText,
  countdownText,
  momentText,
  zoneText,
} from '../../../functions/http/pages/moments.ts';

const ZONE = 'America/New_York';
const at = (text: string) => Date.parse(text);

describe('momentText', () => {
  const now = at('2026-03-09T08:31:00-04:00');

  it.each([
    ['2026-03-09T09:30:00-04:00', '09:30'],
    ['2026-03-09T00:00:00-04:00', '00:00'],
    ['2026-03-10T00:00:00-04:00', 'midnight'],
    ['2026-03-10T00:01:00-04:00', 'Tue 00:01'],
    ['2026-03-11T00:00:00-04:00', 'Wed 00:00'],
    ['2026-03-08T19:29:00-04:00', 'Sun 19:29'],
    ['2026-04-09T09:30:00-04:00', '9 Apr, 09:30'],
    ['2025-03-09T09:30:00-04:00', '9 Mar, 09:30'],
  ])('%s is "%s"', (moment, text) => {
    expect(momentText(at(moment), now, ZONE)).toBe(text);
  });

  it.each([
    ['the clocks go forward', '2026-03-08T00:30:00-05:00', '2026-03-09T00:00:00-04:00'],
    ['the clocks go back', '2026-11-01T00:00:00-04:00', '2026-11-02T00:00:00-05:00'],
  ])('says midnight on the day %s', (_name, early, midnight) => {
    expect(momentText(at(midnight), at(early), ZONE)).toBe('midnight');
  });
});

describe('countdownText', () => {
  it.each([
    [15 * 3_600_000 + 29 * 60_000, '15 h 29 min'],
    [3_600_000, '1 h 0 min'],
    [3_599_999, '1 h 0 min'],
    [168 * 3_600_000 - 1_000, '6 d 23 h'],
    [48 * 3_600_000, '2 d 0 h'],
    [48 * 3_600_000 - 1_000, '47 h 59 min'],
    [3_599_000, '59 min'],
    [600_000, '10 min'],
    [599_000, '9:59'],
    [300_000, '5:00'],
    [9_001, '0:10'],
    [1, '0:01'],
    [0, '0:00'],
    [-5_000, '0:00'],
  ])('%i ms is "%s"', (ms, text) => {
    expect(countdownText(ms)).toBe(text);
  });
});

describe('agoText', () => {
  it.each([
    [0, 'just now'],
    [59_999, 'just now'],
    [60_000, '1 min ago'],
    [3_599_999, '59 min ago'],
    [3_600_000, '1 h ago'],
    [48 * 3_600_000 - 1, '47 h ago'],
    [48 * 3_600_000, '2 days ago'],
    [-1_000, 'just now'],
  ])('%i ms before is "%s"', (ms, text) => {
    expect(agoText(1_000_000_000_000, 1_000_000_000_000 + ms)).toBe(text);
  });
});

describe('zoneText', () => {
  it.each([
    ['America/New_York', 'New York'],
    ['Asia/Kolkata', 'Kolkata'],
    ['UTC', 'UTC'],
  ])('%s is %s', (zone, text) => {
    expect(zoneText(zone)).toBe(text);
  });
});
