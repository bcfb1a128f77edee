/**
 * The control API as a caller sees it: typed posts and the overview.
 *
 * Throws when the API refuses, with its own words. Used by `day.ts` and by scenarios.
 */

import { z } from 'zod';
import type { FaultChange } from './faults.ts';

const overviewSchema = z.looseObject({
  clock: z.string(),
  sessions: z.array(
    z.looseObject({
      key: z.string(),
      state: z.string(),
      generation: z.number(),
      apiValidated: z.boolean(),
      hardEndsAt: z.string().nullable(),
      lastRenewedAt: z.string().nullable(),
      counts: z.looseObject({ renewals: z.number() }),
    }),
  ),
  messages: z.array(
    z.object({
      at: z.string(),
      chatId: z.string(),
      text: z.string(),
      buttons: z.array(z.object({ text: z.string(), url: z.string() })),
    }),
  ),
  events: z.array(z.looseObject({ at: z.string(), data: z.unknown() })),
  workers: z.array(
    z.looseObject({
      session: z.string(),
      generation: z.number(),
      lastCall: z.object({ at: z.string(), status: z.number().nullable() }).nullable(),
      problem: z.string().nullable(),
    }),
  ),
  jobs: z.array(z.looseObject({ name: z.string(), nextRunAt: z.string().nullable() })),
});
export type Overview = z.infer<typeof overviewSchema>;

const runSchema = z.looseObject({ answer: z.unknown() });

const approvalSchema = z.union([
  z.strictObject({ pin: z.string() }),
  z.strictObject({ redirect: z.string() }),
]);

export type ControlClient = {
  readonly overview: () => Promise<Overview>;
  readonly advance: (duration: string) => Promise<void>;
  /** Epoch milliseconds. */
  readonly moveTo: (at: number) => Promise<void>;
  /** What the job answered. */
  readonly run: (job: string) => Promise<unknown>;
  /** Logs in and accepts at the broker: the PIN it shows, or the address it leads back to. */
  readonly approve: (session: string) => Promise<z.infer<typeof approvalSchema>>;
  readonly setFaults: (change: FaultChange) => Promise<void>;
};

export function createControlClient(controlUrl: string, fetch = globalThis.fetch): ControlClient {
  async function post(path: string, body: unknown): Promise<unknown> {
    const answer = await fetch(`${controlUrl}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`The control API refused ${path}: ${text}`);
    return JSON.parse(text);
  }
  return {
    async overview() {
      const answer = await fetch(`${controlUrl}/local`);
      return overviewSchema.parse(await answer.json());
    },
    advance: async (duration) => void (await post('/local/clock', { advance: duration })),
    moveTo: async (at) => void (await post('/local/clock', { set: new Date(at).toISOString() })),
    run: async (job) => runSchema.parse(await post(`/local/jobs/${job}`, {})).answer,
    approve: async (session) => approvalSchema.parse(await post('/local/approve', { session })),
    setFaults: async (change) => void (await post('/local/faults', change)),
  };
}
