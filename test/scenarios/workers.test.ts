/**
 * Three trading workers on the local run's real processes: a sign-in reaches all of them with no restart, one
 * that is cut off is named and catches up by itself, one that stopped is offline. With files and local events,
 * and on Google's parts.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type RunningSystem, startRunningSystem } from '../fixtures/local-system.ts';
import { HAS_PUBSUB_EMULATOR } from '../fixtures/pubsub-emulator.ts';

const SESSION = 'etrade-sandbox';

/** On a busy machine a streamed event takes its time. */
const SOON = { timeout: 20_000 };

const reportSchema = z.object({
  problems: z.array(z.string()),
});

const SYSTEMS = [
  { name: 'files and local events', emulators: false },
  { name: 'Google’s parts', emulators: true },
];

describe.each(SYSTEMS.filter(({ emulators }) => !emulators || HAS_PUBSUB_EMULATOR))(
  'three workers on $name',
  ({ emulators }) => {
    let running: RunningSystem;

    beforeAll(async () => {
      running = await startRunningSystem({ emulators, startAt: '2026-03-09T08:40:00-04:00' });
      await running.system.invite();
    }, 120_000);

    afterAll(() => running?.stop());

    async function signIn(): Promise<void> {
      const page = await running.newPerson().signIn(await running.newestLink(), SESSION);
      expect(page.html).toContain('data-outcome="signed-in"');
    }

    /** Generation and last answer of each, as their own lines say. */
    async function workers(): Promise<Record<string, string>> {
      await running.control.advance('PT1S');
      const { workers: shown } = await running.control.overview();
      return Object.fromEntries(
        shown.map(({ name, generation, lastCall }) => [name, `${generation} ${lastCall?.status}`]),
      );
    }

    async function health() {
      return reportSchema.parse(await running.control.run('health-check'));
    }

    const all = (seen: string) => ({ 'orb-bot': seen, rebalancer: seen, scalper: seen });

    it('a sign-in reaches all of them, which were started before it', async () => {
      await signIn();
      await expect.poll(workers, SOON).toEqual(all('1 200'));
      expect((await health()).problems).toEqual([]);
    });

    it('one that is cut off is named as lagging; the others go on', async () => {
      await running.control.setFaults({ worker: { cutOff: 'orb-bot' } });
      await signIn();
      await expect.poll(workers, SOON).toEqual({ ...all('2 200'), 'orb-bot': '1 200' });
      await running.control.advance('PT6M');
      expect((await health()).problems.join('\n')).toMatch(
        /2 of 3 workers on token #2, orb-bot still on #1 since 08:\d\d/,
      );
    });

    it('back on the line it catches up by itself, and nobody is named any more', async () => {
      await running.control.setFaults({ worker: null });
      await running.control.advance('PT2M');
      await expect.poll(workers, SOON).toEqual(all('2 200'));
      expect((await health()).problems).toEqual([]);
    });

    it('one that stopped is offline, not lagging', async () => {
      await running.control.setFaults({ worker: { stopped: 'scalper' } });
      await running.control.advance('PT1S');
      await signIn();
      await running.control.advance('PT6M');
      const { problems } = await health();
      expect(problems.join('\n')).not.toContain('still on');
      expect(await running.session()).toMatchObject({ generation: 3 });
      await running.control.setFaults({ worker: null });
      await expect.poll(workers, SOON).toEqual(all('3 200'));
    });

    it('two hours without a call are woken up by one of them, without a person', async () => {
      const paused = { paused: true };
      await running.control.setFaults({
        worker: paused,
        'keep-alive': paused,
        'health-check': paused,
      });
      await running.control.advance('PT2H10M');
      expect(await running.session()).toMatchObject({ state: 'inactive' });
      await running.control.setFaults({ worker: null });
      await running.control.advance('PT15M');
      await expect.poll(workers, SOON).toEqual(all('3 200'));
      const { renew_access_token: renewals } = running.system.brokerStats()?.calls ?? {};
      // Three processes would be three renewals at most, which the broker takes; each makes one.
      expect(renewals?.[200]).toBeGreaterThanOrEqual(1);
      expect(renewals?.[200]).toBeLessThanOrEqual(3);
      await running.control.setFaults({ 'keep-alive': null, 'health-check': null });
    });
  },
);
