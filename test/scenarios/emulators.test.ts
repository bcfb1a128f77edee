/**
 * `npm start -- --emulators`: the local run on Secret Manager's stand-in and Google's Pub/Sub emulator, looked
 * at over REST as `gcloud` does, with metadata that lag behind for a morning, and over a restart.
 */

import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { LOCAL_PROJECT, LOOK_SUBSCRIPTION } from '../../infra/local/emulators/google.ts';
import { type RunningSystem, startRunningSystem } from '../fixtures/local-system.ts';
import { HAS_PUBSUB_EMULATOR } from '../fixtures/pubsub-emulator.ts';

const SESSION = 'etrade-sandbox';
const HOUR_MS = 3_600_000;

const versionsSchema = z.object({
  versions: z.array(z.object({ name: z.string(), state: z.string() })),
});
const secretSchema = z.object({ annotations: z.object({ record: z.string() }) });
const pulledSchema = z.object({
  receivedMessages: z
    .array(z.object({ ackId: z.string(), message: z.object({ data: z.base64() }) }))
    .default([]),
});

describe.skipIf(!HAS_PUBSUB_EMULATOR)('the local run on Google’s parts', () => {
  let running: RunningSystem;

  beforeAll(async () => {
    running = await startRunningSystem({
      emulators: true,
      startAt: '2026-03-09T07:20:00-04:00',
    });
    await running.system.invite();
  }, 120_000);

  afterAll(() => running?.stop());

  async function read(path: string): Promise<unknown> {
    const place = `v1/projects/${LOCAL_PROJECT}/secrets/${SESSION}-session${path}`;
    return (await fetch(`${running.system.urls.secretManager}/${place}`)).json();
  }

  /** As `gcloud secrets versions list`: state of each version, newest first. */
  async function versionStates(): Promise<readonly string[]> {
    return versionsSchema.parse(await read('/versions')).versions.map(({ state }) => state);
  }

  /** As `gcloud pubsub subscriptions pull --auto-ack`. */
  async function pull(): Promise<readonly unknown[]> {
    const place = `v1/projects/${LOCAL_PROJECT}/subscriptions/${LOOK_SUBSCRIPTION}`;
    const post = async (verb: string, body: unknown): Promise<unknown> => {
      const answer = await fetch(`http://${running.system.urls.pubsub}/${place}:${verb}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      return answer.json();
    };
    const { receivedMessages } = pulledSchema.parse(
      await post('pull', { maxMessages: 10, returnImmediately: true }),
    );
    if (receivedMessages.length > 0) {
      await post('acknowledge', { ackIds: receivedMessages.map(({ ackId }) => ackId) });
    }
    return receivedMessages.map(({ message }) =>
      JSON.parse(Buffer.from(message.data, 'base64').toString('utf8')),
    );
  }

  async function signIn(): Promise<void> {
    const page = await running.newPerson().signIn(await running.newestLink(), SESSION);
    expect(page.html).toContain('Signed in');
  }

  /** What a dashboard and the worker show. */
  async function seen() {
    const { workers } = await running.control.overview();
    const { generation, state } = await running.session();
    const [worker] = workers;
    return {
      generation,
      isUsable: state === 'active' || state === 'unknown',
      worker: { generation: worker?.generation, status: worker?.lastCall?.status },
    };
  }

  it('signs in with metadata an hour behind: one enabled version, the event, the worker', async () => {
    await running.control.setFaults({ store: { lagMs: HOUR_MS } });
    await running.control.advance('PT1H11M');
    await signIn();
    expect(await seen()).toEqual({
      generation: 1,
      isUsable: true,
      worker: { generation: 1, status: 200 },
    });
    expect(await pull()).toMatchObject([{ session: SESSION, generation: 1 }]);
  });

  it('is right at every quarter hour until ten, and bothers nobody', async () => {
    const told = (await running.control.overview()).messages.length;
    for (let quarter = 0; quarter < 6; quarter += 1) {
      await running.control.advance('PT15M');
      expect(await seen()).toEqual({
        generation: 1,
        isUsable: true,
        worker: { generation: 1, status: 200 },
      });
    }
    expect((await running.control.overview()).messages).toHaveLength(told);
    expect(await versionStates()).toEqual(['ENABLED']);
    const { annotations } = secretSchema.parse(await read(''));
    expect(JSON.parse(annotations.record)).toMatchObject({ generation: 1, version: 1 });
  }, 120_000);

  it('replaces the token the next morning and destroys the old version an hour later', async () => {
    // A night of ninety runs on emulators takes minutes; nothing of this story happens in it.
    const paused = { paused: true };
    await running.control.setFaults({ store: null, 'keep-alive': paused, 'health-check': paused });
    await running.control.advance('PT23H');
    await running.control.setFaults({ 'keep-alive': null, 'health-check': null });
    await signIn();
    expect(await versionStates()).toEqual(['ENABLED', 'ENABLED']);
    expect(await pull()).toMatchObject([{ generation: 2 }]);
    await running.control.advance('PT1H16M');
    expect(await versionStates()).toEqual(['ENABLED', 'DESTROYED']);
  }, 120_000);

  it('keeps its secrets over a restart', async () => {
    const { stateDirectory } = running;
    await running.stop({ keepState: true });
    running = await startRunningSystem({ emulators: true, stateDirectory });
    expect(await versionStates()).toEqual(['ENABLED', 'DESTROYED']);
    expect((await running.session()).generation).toBe(2);
    await running.stop();
    rmSync(stateDirectory, { recursive: true, force: true });
  });
});
