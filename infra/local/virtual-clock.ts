/**
 * The local run's clock: real time plus an offset that all processes read from one small file.
 *
 * Real time keeps flowing. The offset only grows, so that no process ever sees time go back; only the
 * runner moves it. Functions, simulators and the worker take `clock` as theirs.
 */

import { z } from 'zod';
import type { Clock } from '../../functions/clock.ts';
import { readJsonFile, writeJsonFile } from './files.ts';

const offsetSchema = z.object({ offsetMs: z.int() });

export type MoveAnswer =
  | { readonly ok: true; readonly now: number }
  | { readonly ok: false; readonly reason: 'in-the-past'; readonly now: number };

export type VirtualClock = {
  readonly now: Clock;
  /** Makes it `at`; refused when that moment has passed. */
  readonly moveTo: (at: number) => MoveAnswer;
};

/** The offset of a file that does not exist yet is 0: the virtual clock starts as the real one. */
export function createVirtualClock(
  file: string,
  realClock: Clock = () => Date.now(),
): VirtualClock {
  let latest = Number.NEGATIVE_INFINITY;

  // A machine's clock may be set back; what has been seen here stays seen.
  const now = (): number => {
    latest = Math.max(latest, realClock() + readOffsetMs(file));
    return latest;
  };

  return {
    now,
    moveTo(at) {
      const current = now();
      if (at < current) return { ok: false, reason: 'in-the-past', now: current };
      writeJsonFile(file, { offsetMs: at - realClock() });
      return { ok: true, now: now() };
    },
  };
}

/** Where a fresh state directory begins, if not now. */
export function startClockAt(file: string, at: number, realClock: Clock = () => Date.now()): void {
  if (readJsonFile(file) !== null) {
    throw new Error(`"${file}" has a clock already, and a clock never goes back`);
  }
  writeJsonFile(file, { offsetMs: at - realClock() });
}

export function readOffsetMs(file: string): number {
  const saved = readJsonFile(file);
  if (saved === null) return 0;
  const parsed = offsetSchema.safeParse(saved);
  if (!parsed.success)
    throw new Error(`"${file}" holds no clock offset; delete it to start afresh`);
  return parsed.data.offsetMs;
}
