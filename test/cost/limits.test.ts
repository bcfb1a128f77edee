import { describe, expect, it } from 'vitest';
import { composeMessage } from '../../functions/notifications/messages.ts';
import {
  AT_ONCE,
  BUTTONS_A_MESSAGE,
  MEMORY_MIB,
  MEMORY_MIB_A_SESSION,
} from '../../infra/cost/assumptions.ts';
import { limitsOf } from '../../infra/cost/limits.ts';
import { readSizes } from '../../infra/cost/sizes.ts';
import { runSeconds } from '../../infra/cost/usage.ts';
import { readJobs } from '../../infra/local/schedule.ts';
import { sessionKey } from '../fixtures/records.ts';

const sizes = readSizes();
const jobs = readJobs();

function limitOf(word: string, at = sizes): number {
  const found = limitsOf(jobs, at).find(({ what }) => what.includes(word));
  if (found === undefined) throw new Error(`no limit speaks of "${word}"`);
  return found.sessions;
}

describe('what limits the number of sessions', () => {
  it('stands in order, the nearest first', () => {
    const numbers = limitsOf(jobs, sizes).map(({ sessions }) => sessions);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    expect(numbers[0]).toBe(BUTTONS_A_MESSAGE);
  });

  it('is first the number of buttons that a message really has', async () => {
    const sessions = Array.from({ length: 30 }, (_, index) => sessionKey(`etrade-prod-a${index}`));
    const { buttons } = await composeMessage(
      { kind: 'sign-in-due', stage: 'first', sessions, opensAt: 2_000_000, closesAt: 3_000_000 },
      {
        now: 0,
        link: async () => 'https://a.example/',
        title: (key) => key,
        zone: 'America/New_York',
      },
    );
    // The last one opens the page for all others.
    expect(buttons.length).toBe(BUTTONS_A_MESSAGE + 1);
  });

  it('is then one person: 90 sign-ins of 40 seconds in an hour', () => {
    expect(limitOf('one person')).toBe(90);
  });

  it('includes the longest health-check that still ends within 180 seconds', () => {
    const most = limitOf('health-check');
    expect(runSeconds('health-check', most, sizes)).toBeLessThanOrEqual(180);
    expect(runSeconds('health-check', most + AT_ONCE, sizes)).toBeGreaterThan(180);
  });

  it('moves with the CPU that a function is given', () => {
    const { functions } = sizes;
    const faster = { ...functions, 'health-check': { ...functions['health-check'], cpu: 1 } };
    expect(limitOf('health-check', { ...sizes, functions: faster })).toBeGreaterThan(
      2 * limitOf('health-check'),
    );
  });

  it('includes 600 writes a minute for three minutes', () => {
    expect(limitOf('writes a minute')).toBe(1_800);
  });

  it('includes the memory of keep-alive', () => {
    expect(MEMORY_MIB + limitOf('memory') * MEMORY_MIB_A_SESSION).toBeLessThanOrEqual(256);
    expect(MEMORY_MIB + (limitOf('memory') + 1) * MEMORY_MIB_A_SESSION).toBeGreaterThan(256);
  });

  it('holds all warnings of a broad outage in one annotation, up to a hundred sessions and more', () => {
    expect(limitOf('record of alerts')).toBeGreaterThan(100);
    expect(limitOf('record of alerts')).toBeLessThan(1_000);
  });
});
