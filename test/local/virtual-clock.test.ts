/** The clock that all processes of a local run share. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { createVirtualClock, startClockAt } from '../../infra/local/virtual-clock.ts';
import { temporaryDirectory } from '../fixtures/temporary-directory.ts';

const NOW = Date.parse('2026-03-09T12:00:00Z');

let file = '';
let real = NOW;
const realClock = (): number => real;

beforeEach(() => {
  file = join(temporaryDirectory(), 'clock.json');
  real = NOW;
});

describe('the virtual clock', () => {
  it('is the real one until it is moved', () => {
    expect(createVirtualClock(file, realClock).now()).toBe(NOW);
  });

  it('moves to a moment, and real time keeps flowing from there', () => {
    const clock = createVirtualClock(file, realClock);
    expect(clock.moveTo(NOW + 7_200_000)).toEqual({ ok: true, now: NOW + 7_200_000 });
    real += 250;
    expect(clock.now()).toBe(NOW + 7_200_250);
  });

  it('is the same in every process that reads the file', () => {
    const mover = createVirtualClock(file, realClock);
    const reader = createVirtualClock(file, realClock);
    mover.moveTo(NOW + 60_000);
    expect(reader.now()).toBe(NOW + 60_000);
  });

  it('goes on where it was after a restart, by the time that passed', () => {
    createVirtualClock(file, realClock).moveTo(NOW + 60_000);
    real += 5_000;
    expect(createVirtualClock(file, realClock).now()).toBe(NOW + 65_000);
  });

  it('refuses a moment that has passed, by one millisecond too, and stays', () => {
    const clock = createVirtualClock(file, realClock);
    clock.moveTo(NOW + 1_000);
    expect(clock.moveTo(NOW + 999)).toEqual({
      ok: false,
      reason: 'in-the-past',
      now: NOW + 1_000,
    });
    expect(clock.now()).toBe(NOW + 1_000);
    expect(clock.moveTo(NOW + 1_000).ok).toBe(true);
  });

  it('never goes back when the machine’s clock is set back', () => {
    const clock = createVirtualClock(file, realClock);
    expect(clock.now()).toBe(NOW);
    real -= 60_000;
    expect(clock.now()).toBe(NOW);
  });

  it('says which file is broken', () => {
    writeFileSync(file, '{"offsetMs":"tomorrow"}');
    expect(() => createVirtualClock(file, realClock).now()).toThrow(file);
    writeFileSync(file, '{"offs');
    expect(() => createVirtualClock(file, realClock).now()).toThrow(file);
  });
});

describe('a fresh state', () => {
  it('can begin on any day, also a past one', () => {
    startClockAt(file, NOW - 1_000_000, realClock);
    expect(createVirtualClock(file, realClock).now()).toBe(NOW - 1_000_000);
  });

  it('is the only one that can be given a beginning', () => {
    startClockAt(file, NOW, realClock);
    expect(() => startClockAt(file, NOW + 1, realClock)).toThrow('never goes back');
  });
});
