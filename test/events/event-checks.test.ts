/** The checks of the event service: what is there, what is not, and a rehearsal that readers pass over. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemRandom } from '../../functions/clock.ts';
import { createLocalCheck } from '../../functions/events/local-check.ts';
import { decodeTokenRenewed } from '../../functions/events/message.ts';
import { createPubsubCheck } from '../../functions/events/pubsub-check.ts';
import { encodeRehearsal } from '../../functions/events/rehearsal.ts';
import type { PubsubEmulator } from '../../infra/local/emulators/pubsub-emulator.ts';
import {
  HAS_PUBSUB_EMULATOR,
  newPubsubProject,
  openPubsubEmulator,
} from '../fixtures/pubsub-emulator.ts';
import { createScriptedFetch } from '../fixtures/scripted-fetch.ts';
import { SANDBOX } from '../fixtures/tokens.ts';

it('a rehearsal is of another type, so that every reader passes over it', () => {
  const { attributes, data } = encodeRehearsal(SANDBOX);
  expect(attributes).toEqual({
    session: 'etrade-sandbox',
    broker: 'etrade',
    environment: 'sandbox',
    type: 'rehearsal',
  });
  expect(decodeTokenRenewed(data)).toEqual({ ok: false, reason: 'other-type' });
});

describe('the check over HTTP', () => {
  const url = 'http://127.0.0.1:8083/events';

  it.each([
    { status: 204, says: null },
    { status: 400, says: null },
    { status: 404, says: 'The event service answered 404: see "EVENTS_URL"' },
    { status: 503, says: 'The event service answered 503: see "EVENTS_URL"' },
  ])('takes $status for $says', async ({ status, says }) => {
    const { fetch, requests } = createScriptedFetch([new Response(null, { status })]);
    const check = createLocalCheck({ url, fetch, random: systemRandom }).check();
    if (says === null) await check;
    else await expect(check).rejects.toThrow(says);
    expect(requests).toHaveLength(1);
  });

  it('names a service that is not there', async () => {
    const { fetch } = createScriptedFetch([new TypeError('fetch failed')]);
    const { check } = createLocalCheck({ url, fetch, random: systemRandom });
    await expect(check()).rejects.toMatchObject({ code: 'EVENTS_UNAVAILABLE' });
  });

  it('a rehearsal must be taken', async () => {
    const answers = [new Response(null, { status: 204 }), new Response(null, { status: 400 })];
    const { fetch } = createScriptedFetch(answers);
    const { rehearse } = createLocalCheck({ url, fetch, random: systemRandom });
    await rehearse(SANDBOX);
    await expect(rehearse(SANDBOX)).rejects.toMatchObject({ code: 'EVENTS_REFUSED' });
  });
});

describe.skipIf(!HAS_PUBSUB_EMULATOR)("the check of Pub/Sub, on Google's emulator", () => {
  let emulator: PubsubEmulator;

  beforeAll(async () => {
    emulator = await openPubsubEmulator();
  });

  afterAll(async () => {
    await emulator?.stop();
  });

  async function setUp() {
    const pubsub = newPubsubProject(emulator.host);
    const topic = 'token-renewed';
    const { project } = pubsub;
    const client = { apiEndpoint: emulator.host };
    return { pubsub, topic, check: createPubsubCheck({ project, topic, client }) };
  }

  it('is content with a topic that is there, and publishes nothing', async () => {
    const { pubsub, topic, check } = await setUp();
    await pubsub.createTopic(topic);
    await pubsub.createSubscription('worker', topic);
    await check.check();
    expect(await pubsub.pullNow('worker')).toEqual([]);
  });

  it('names a topic that is missing', async () => {
    const { check } = await setUp();
    await expect(check.check()).rejects.toMatchObject({
      code: 'EVENTS_REFUSED',
      message: expect.stringContaining('The topic "token-renewed" is missing'),
    });
  });

  it('publishes a rehearsal', async () => {
    const { pubsub, topic, check } = await setUp();
    await pubsub.createTopic(topic);
    await pubsub.createSubscription('worker', topic);
    await check.rehearse(SANDBOX);
    expect(await pubsub.pull('worker', 1)).toMatchObject([
      { attributes: { type: 'rehearsal', session: 'etrade-sandbox' } },
    ]);
  });
});

it('names a Pub/Sub that does not answer', async () => {
  const check = createPubsubCheck({
    project: 'p',
    topic: 'token-renewed',
    timeoutMs: 300,
    client: { apiEndpoint: '127.0.0.1:9', emulatorMode: true },
  });
  await expect(check.check()).rejects.toMatchObject({ code: 'EVENTS_UNAVAILABLE' });
});
