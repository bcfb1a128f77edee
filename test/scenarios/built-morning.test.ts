/**
 * Mornings of the four built functions on everything they call, as the cloud runs them: a message, a sign-in,
 * an event, a second day; then topics and secrets that somebody deletes, and processes that are told to end.
 */

import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FunctionName } from '../../infra/build/bundle.ts';
import type { SeenPage } from '../../infra/local/browser.ts';
import type { PubsubEmulator } from '../../infra/local/emulators/pubsub-emulator.ts';
import { type Answer, firstAnswer } from '../fixtures/function-process.ts';
import {
  type BuiltFunctions,
  buildFunctions,
  type GoogleWorld,
  KEY,
  openGoogleWorld,
} from '../fixtures/google-world.ts';
import { HAS_PUBSUB_EMULATOR, openPubsubEmulator } from '../fixtures/pubsub-emulator.ts';
import { HOUR_MS, MINUTE_MS } from '../fixtures/test-clock.ts';

const SECRET = `${KEY}-session`;

describe.skipIf(!HAS_PUBSUB_EMULATOR)('the built functions', () => {
  let built: BuiltFunctions;
  let emulator: PubsubEmulator;
  let world: GoogleWorld;

  beforeAll(async () => {
    built = await buildFunctions();
    emulator = await openPubsubEmulator();
  });

  afterAll(async () => {
    await emulator?.stop();
    built?.remove();
  });

  beforeEach(async () => {
    world = await openGoogleWorld({ built, pubsubHost: emulator.host });
  });

  afterEach(() => world.close());

  /** The person taps the button of the newest message. */
  async function signInFromChat(): Promise<SeenPage> {
    const link = world.telegram.taken.at(-1)?.buttons[0]?.url ?? '';
    const page = await world.start('pin-exchange');
    await firstAnswer(page, '/nowhere');
    try {
      return await world.person.signIn(link, KEY);
    } finally {
      await page.stop();
    }
  }

  async function callAndRead(name: FunctionName): Promise<Answer & { readonly json: unknown }> {
    const answer = await world.call(name);
    return { ...answer, json: JSON.parse(answer.text) };
  }

  async function problems(): Promise<unknown> {
    const { json } = await callAndRead('health-check');
    return (json as { problems: unknown }).problems;
  }

  it('bring a token from the message to the event, and the next day another one', async () => {
    expect((await callAndRead('morning-alert')).status).toBe(200);
    expect(world.messages()).toHaveLength(1);
    const page = await signInFromChat();
    expect(page).toMatchObject({ status: 200, html: expect.stringContaining('Signed in') });
    expect(world.messages().at(-1)).toContain('✅');
    expect(await world.events()).toMatchObject([
      {
        session: KEY,
        generation: 1,
        reason: 'sign-in',
        secretVersion: `projects/cadence-test/secrets/${SECRET}/versions/1`,
      },
    ]);
    expect(await world.liveVersions()).toEqual([1]);

    world.advance(15 * MINUTE_MS);
    expect(await callAndRead('keep-alive')).toMatchObject({ status: 200 });
    expect(await problems()).toEqual([]);
    expect(await world.record()).toMatchObject({ generation: 1, version: 1, proof: 'proven' });

    world.advance(24 * HOUR_MS);
    await callAndRead('morning-alert');
    expect(world.messages().at(-1)).not.toContain('✅');
    expect((await signInFromChat()).html).toContain('Signed in');
    expect(await world.events()).toMatchObject([{ generation: 2 }]);
    expect(await world.liveVersions()).toEqual([1, 2]);
    world.advance(61 * MINUTE_MS);
    expect(await problems()).toEqual([]);
    expect(await world.liveVersions()).toEqual([2]);
  });

  it('name a topic that somebody deleted, and deliver once it is there again', async () => {
    await world.pubsub.deleteSubscription(world.subscription);
    await world.pubsub.deleteTopic(world.topic);
    await callAndRead('morning-alert');
    expect((await signInFromChat()).html).toContain('Signed in');
    expect(await problems()).toEqual([
      `${KEY}: 1 event(s) not delivered to workers yet: the topic "${world.topic}" is missing in project "cadence-test": create it by applying infra/gcp.`,
    ]);
    await world.pubsub.createTopic(world.topic);
    await world.pubsub.createSubscription(world.subscription, world.topic);
    expect(await problems()).toEqual([]);
    expect(await world.events()).toMatchObject([{ generation: 1 }]);
  });

  it('name a secret that somebody deleted, spend no PIN on it, and go on once it is there again', async () => {
    await callAndRead('morning-alert');
    expect((await world.secretManager.send('DELETE', `/${SECRET}`)).ok).toBe(true);
    expect(await problems()).toContain(
      `${KEY}: The secret "${SECRET}" does not exist: create it by applying infra/gcp, without any version.`,
    );
    const page = await signInFromChat().catch((error: unknown) => String(error));
    expect(JSON.stringify(page)).not.toContain('Signed in');
    expect(world.etrade.stats().calls['access_token']).toBeUndefined();

    await world.secretManager.createSecret(SECRET);
    expect((await signInFromChat()).html).toContain('Signed in');
    expect(await problems()).toEqual([]);
    expect(await world.liveVersions()).toEqual([1]);
  });

  it('skip a version that somebody destroyed, and ask for a sign-in', async () => {
    await callAndRead('morning-alert');
    await signInFromChat();
    await world.secretManager.send('POST', `/${SECRET}/versions/1:destroy`, {});
    world.advance(15 * MINUTE_MS);
    expect(await problems()).toEqual([`${KEY}: a sign-in is needed.`]);
    await world.call('keep-alive');
    const page = await signInFromChat();
    expect(page.html).toContain('Signed in');
    expect(await problems()).toEqual([]);
  });

  it.each(['etrade access_token', `secret-manager addSecretVersion (session)`, 'pubsub Publish'])(
    'told to end (SIGTERM) in the middle of a request, at "%s", leave nothing unsettled',
    async (call) => {
      await callAndRead('morning-alert');
      const link = world.telegram.taken.at(-1)?.buttons[0]?.url ?? '';
      const page = await world.start('pin-exchange');
      await firstAnswer(page, '/nowhere');
      await world.person.open(link);
      await world.person.start(KEY);
      const pin = await world.person.approve(KEY);
      world.log.killAtCall(call, 'after', async () => {
        const closed = once(page.child, 'close');
        page.child.kill('SIGTERM');
        await closed;
      });
      const last = await world.person.paste(KEY, pin).catch(() => null);
      // The framework still answers, or the line just ends.
      expect(last?.status ?? 500).toBe(500);
      world.log.forget();
      world.advance(3 * MINUTE_MS);
      await world.call('health-check');
      const record = await world.record();
      expect(record).toMatchObject({ pending: null, undelivered: [] });
      const events = await world.events();
      if (record.generation === 0) {
        expect(events).toEqual([]);
        expect(world.messages().filter((text) => text.includes('nothing was saved'))).toHaveLength(
          1,
        );
      } else {
        expect(events.every(({ generation }) => generation === 1)).toBe(true);
        expect(events.length).toBeGreaterThan(0);
        expect(world.messages().filter((text) => text.includes('✅'))).toHaveLength(1);
      }
    },
  );
});
