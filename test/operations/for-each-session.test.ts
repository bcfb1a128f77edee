import { describe, expect, it } from 'vitest';
import { forEachSession } from '../../functions/operations/for-each-session.ts';
import { createTestSystem } from '../fixtures/system.ts';

const keys = Array.from({ length: 20 }, (_, index) => ({ key: `etrade-prod-${index}` }));
const { sessions } = createTestSystem({ sessions: keys }).system;

describe('work for every session', () => {
  it('runs eight at a time and answers in the order of the sessions', async () => {
    let running = 0;
    let most = 0;
    const done = await forEachSession(sessions, async ({ key }) => {
      running += 1;
      most = Math.max(most, running);
      for (let turn = 0; turn < key.length % 3; turn += 1) await Promise.resolve();
      running -= 1;
      return key;
    });
    expect(most).toBe(8);
    expect(done.map((item) => item.ok && item.value)).toEqual(keys.map(({ key }) => key));
  });

  it('goes on after one that fails, and hands its error out', async () => {
    const broken = new Error('broken');
    const done = await forEachSession(sessions, async ({ key }) => {
      if (key === 'etrade-prod-3') throw broken;
    });
    expect(done).toHaveLength(20);
    const failed = done.flatMap((item) => (item.ok ? [] : [[item.session.key, item.error]]));
    expect(failed).toEqual([['etrade-prod-3', broken]]);
  });

  it('is nothing for no session', async () => {
    expect(await forEachSession([], async () => 'never')).toEqual([]);
  });
});
