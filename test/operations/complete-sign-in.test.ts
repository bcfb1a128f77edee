import { describe, expect, it } from 'vitest';
import { ETRADE_VERIFIER } from '../../functions/brokers/etrade-rules.ts';
import { PIN_ATTEMPTS_ALLOWED } from '../../functions/lifecycle/limits.ts';
import { checkHealth } from '../../functions/operations/check-health.ts';
import { ACCOUNTS, brokerFailure, TIMEOUT } from '../fixtures/fake-broker.ts';
import { MIDNIGHT, ny } from '../fixtures/records.ts';
import { opened, post, signedIn } from '../fixtures/sign-in.ts';
import {
  createTestSystem,
  eventsDown,
  hashAccount,
  messengerDown,
  messengerRefuses,
  storeDown,
} from '../fixtures/system.ts';
import { HOUR_MS, MINUTE_MS } from '../fixtures/test-clock.ts';

const KEY = 'etrade-sandbox';
const CLAIM = `store.replace ${KEY}`;
const TOLD = ['store.replaceService', 'deliver signed-in', 'store.replaceService'];

describe('a sign-in', () => {
  it('spends the PIN once, stores, points, tells workers and people: four writes on the session', async () => {
    const world = createTestSystem();
    const { signIn, pin } = await opened(world);
    const result = await post(world, signIn, pin);
    expect(result).toEqual({ ok: true, generation: 1, hardEndsAt: MIDNIGHT, follow: 'told' });
    expect(world.steps.effects()).toEqual([
      CLAIM,
      `broker.complete ${KEY}`,
      `broker.probe ${KEY}`,
      `store.addToken ${KEY}`,
      `store.replace ${KEY}`,
      `publish ${KEY} 1`,
      ...TOLD,
      `store.replace ${KEY}`,
    ]);
  });

  it('names the account to which the first sign-in binds the session, and only then', async () => {
    const world = await signedIn();
    const endings = ACCOUNTS.map((account) => account.slice(-2)).sort();
    expect(world.messages.at(-1)?.notice).toMatchObject({ kind: 'signed-in', boundTo: endings });
    expect(world.messages.at(-1)?.html).toContain(
      `accepts only the accounts ending in ${endings.join(' and ')}.`,
    );
    world.clock.advance(HOUR_MS);
    await world.signIn();
    expect(world.messages.at(-1)?.notice).toMatchObject({ generation: 2, boundTo: [] });
    expect(world.messages.at(-1)?.html).not.toContain('ending in');
  });

  it('names no account where a setting does', async () => {
    const world = createTestSystem({ sessions: [{ key: 'etrade-sandbox', account: ACCOUNTS }] });
    await world.signIn();
    expect(world.messages.at(-1)?.notice).toMatchObject({ kind: 'signed-in', boundTo: [] });
  });

  it('leaves a proven record, bound to the account, with nothing open', async () => {
    const world = await signedIn();
    expect(await world.record()).toMatchObject({
      generation: 1,
      version: 1,
      account: ACCOUNTS.map(hashAccount).sort(),
      signedInAt: ny('08:31'),
      issuedAt: ny('08:31'),
      hardEndsAt: MIDNIGHT,
      proof: 'proven',
      pending: null,
      attempts: [],
      undelivered: [],
      lastSignIn: { outcome: 'stored' },
    });
    expect(await world.store.readToken(world.session().key, 1)).toMatchObject({
      status: 'found',
      token: { generation: 1, account: ACCOUNTS.map(hashAccount).sort() },
    });
  });

  it('tells workers which version, and people once, with no word of the token', async () => {
    const world = await signedIn();
    expect(world.published).toMatchObject([
      { type: 'token-renewed', reason: 'sign-in', session: KEY, generation: 1, version: 1 },
    ]);
    expect(world.told()).toEqual(['signed-in']);
    expect(JSON.stringify([world.published, world.messages, world.logLines])).not.toMatch(/canary/);
  });

  it('gives the next sign-in the next generation and the next version', async () => {
    const world = await signedIn();
    expect(await world.signIn()).toMatchObject({ ok: true, generation: 2 });
    expect(await world.record()).toMatchObject({ generation: 2, version: 2 });
    expect(world.published.map(({ generation }) => generation)).toEqual([1, 2]);
    expect(world.told()).toEqual(['signed-in', 'signed-in']);
  });

  it('trims what a paste brings along', async () => {
    const world = createTestSystem();
    const { signIn, pin } = await opened(world);
    expect(await post(world, signIn, `  ${pin}\n`)).toMatchObject({ ok: true });
    expect(world.broker().verifiers).toEqual([pin]);
  });

  it('takes off what nobody sees, and spends one try', async () => {
    const world = createTestSystem();
    const { signIn, pin } = await opened(world);
    const pasted = `\ufeff\u200b${[...pin].join('\u00ad')}\u200e \u2060`;
    expect(await post(world, signIn, pasted)).toMatchObject({ ok: true });
    expect(world.broker().verifiers).toEqual([pin]);
  });
});

describe('a PIN that is never sent', () => {
  it.each([
    { name: 'empty', pin: '', reason: 'verifier-empty' },
    { name: 'only blanks', pin: ' \t\n', reason: 'verifier-empty' },
    {
      name: 'one character too long',
      pin: 'A'.repeat(ETRADE_VERIFIER.maxLength + 1),
      reason: 'verifier-too-long',
    },
    { name: 'only what nobody sees', pin: '\u200b\ufeff', reason: 'verifier-empty' },
    { name: 'a sentence', pin: 'hello my friend this is it', reason: 'verifier-malformed' },
    { name: 'white space inside', pin: 'H92 GX', reason: 'verifier-malformed' },
    { name: 'another character', pin: 'H92GX!', reason: 'verifier-malformed' },
    { name: 'too short', pin: 'H92', reason: 'verifier-malformed' },
  ])('is refused before anything is written: $name', async ({ pin, reason }) => {
    const world = createTestSystem();
    const { signIn } = await opened(world);
    expect(await post(world, signIn, pin)).toEqual({ ok: false, reason });
    expect(world.steps.taken).toEqual([]);
    expect(world.broker().verifiers).toEqual([]);
    expect((await world.record()).attempts).toEqual([]);
  });

  it('may be as long as the limit', async () => {
    const world = createTestSystem();
    const { signIn } = await opened(world);
    const result = await post(world, signIn, 'A'.repeat(ETRADE_VERIFIER.maxLength));
    expect(result).toMatchObject({ reason: 'pin-rejected' });
  });

  it('is refused when this browser has opened no sign-in', async () => {
    const world = createTestSystem();
    expect(await post(world, null, 'H92GX')).toEqual({ ok: false, reason: 'no-open-sign-in' });
    expect(world.steps.taken).toEqual([]);
  });

  it.each([
    { name: 'the last millisecond of five minutes is good', ms: 5 * MINUTE_MS - 1, ok: true },
    { name: 'five minutes are over', ms: 5 * MINUTE_MS, ok: false },
  ])('belongs to a request token older than five minutes: $name', async ({ ms, ok }) => {
    const world = createTestSystem();
    const { signIn, pin } = await opened(world);
    world.clock.advance(ms);
    const result = await post(world, signIn, pin);
    expect(result).toMatchObject(ok ? { ok } : { ok, reason: 'sign-in-expired' });
    expect(world.steps.effects()).toHaveLength(ok ? 10 : 0);
  });
});

describe('a wrong PIN', () => {
  it('is rejected, counted, and says how many are left', async () => {
    const world = createTestSystem();
    const { signIn } = await opened(world);
    const result = await post(world, signIn, 'WRONG');
    expect(result).toEqual({
      ok: false,
      reason: 'pin-rejected',
      attemptsLeft: PIN_ATTEMPTS_ALLOWED - 1,
    });
    expect(world.steps.effects()).toEqual([
      CLAIM,
      `broker.complete ${KEY}`,
      `store.replace ${KEY}`,
    ]);
    expect(await world.record()).toMatchObject({ generation: 0, version: null, pending: null });
    expect(world.told()).toEqual([]);
  });

  it('is sent as typed, and once more in capitals when it had lower case', async () => {
    const world = createTestSystem();
    const { signIn, pin } = await opened(world);
    const typed = pin.toLowerCase();
    expect(await post(world, signIn, typed)).toMatchObject({ ok: true, generation: 1 });
    expect(world.broker().verifiers).toEqual([typed, pin]);
  });

  it('counts once, however it was written', async () => {
    const world = createTestSystem();
    const { signIn } = await opened(world);
    const left = PIN_ATTEMPTS_ALLOWED - 1;
    expect(await post(world, signIn, 'wrong')).toMatchObject({ attemptsLeft: left });
    expect(world.broker().verifiers).toEqual(['wrong', 'WRONG']);
  });

  it('in capitals is not sent again', async () => {
    const world = createTestSystem();
    const { signIn } = await opened(world);
    await post(world, signIn, 'WRONG1');
    expect(world.broker().verifiers).toEqual(['WRONG1']);
  });

  it('is not sent in capitals when the broker failed for another reason', async () => {
    const world = createTestSystem();
    const { signIn, pin } = await opened(world);
    world.broker().failNext('complete', TIMEOUT);
    expect(await post(world, signIn, pin.toLowerCase())).toMatchObject({ reason: 'broker' });
    expect(world.broker().calls.complete).toBe(1);
  });

  it('posted again answers the same without asking the broker', async () => {
    const world = createTestSystem();
    const { signIn } = await opened(world);
    const first = await post(world, signIn, 'WRONG');
    expect(await post(world, signIn, 'WRONG')).toEqual(first);
    expect(world.broker().calls.complete).toBe(1);
  });
});

describe('a broker in trouble', () => {
  it.each([
    { name: 'no answer in time', failure: TIMEOUT },
    { name: 'HTTP 500', failure: brokerFailure('transient') },
    {
      name: 'a rate limit',
      failure: brokerFailure('transient', { problem: 'rate-limited', status: 429 }),
    },
    { name: 'consumer_key_rejected', failure: brokerFailure('configuration') },
    { name: 'timestamp_refused', failure: brokerFailure('clock', { skewMs: 400_000 }) },
  ])('is reported as it is, with nothing left open: $name', async ({ failure }) => {
    const world = await signedIn();
    const { signIn, pin } = await opened(world);
    world.broker().failNext('complete', failure);
    expect(await post(world, signIn, pin)).toEqual({ ok: false, reason: 'broker', failure });
    expect(world.broker().calls.complete).toBe(2);
    expect(await world.record()).toMatchObject({
      generation: 1,
      version: 1,
      pending: null,
      lastSignIn: { outcome: 'broker-failed' },
    });
    world.clock.advance(3 * MINUTE_MS);
    await checkHealth(world.system);
    expect(world.told()).toEqual(['signed-in']);
  });

  it.each(['econnrefused', 'connect-econnreset'])(
    'that was never reached (%s) gets the same PIN later: nothing was spent or counted',
    async (problem) => {
      const world = createTestSystem();
      const { signIn, pin } = await opened(world);
      const failure = { ...TIMEOUT, problem };
      world.broker().failNext('complete', failure, { times: 2 });
      const expected = { ok: false, reason: 'not-sent', failure };
      for (const typed of [pin, pin.toLowerCase()]) {
        expect(await post(world, signIn, typed)).toEqual(expected);
        expect(await world.record()).toMatchObject({ pending: null, attempts: [] });
      }
      expect(await post(world, signIn, pin)).toMatchObject({ ok: true, generation: 1 });
    },
  );

  it('does not get the same PIN twice: what it did with the first is not known', async () => {
    const world = createTestSystem();
    const { signIn, pin } = await opened(world);
    world.broker().failNext('complete', TIMEOUT, { phase: 'after' });
    await post(world, signIn, pin);
    expect(await post(world, signIn, pin)).toEqual({ ok: false, reason: 'sign-in-expired' });
    expect(world.broker().calls.complete).toBe(1);
  });
});

describe('an event service that is down', () => {
  it('does not fail a sign-in: the next run delivers the event, exactly once', async () => {
    const world = createTestSystem();
    world.steps.fail('publish', eventsDown());
    expect(await world.signIn()).toMatchObject({ ok: true, generation: 1, follow: 'queued' });
    expect(await world.record()).toMatchObject({ undelivered: [{ generation: 1, version: 1 }] });
    expect(world.told()).toEqual(['signed-in']);
    const report = await checkHealth(world.system);
    expect(report.problems).toEqual([
      `${KEY}: 1 event(s) not delivered to workers yet: the event service does not answer.`,
    ]);
    world.steps.mend();
    await checkHealth(world.system);
    await checkHealth(world.system);
    expect(world.published).toMatchObject([{ generation: 1, version: 1 }]);
    expect(world.told()).toEqual(['signed-in']);
  });

  it('gets the events of two sign-ins in order, each once', async () => {
    const world = createTestSystem();
    world.steps.fail('publish', eventsDown());
    await world.signIn();
    world.clock.advance(MINUTE_MS);
    await world.signIn();
    world.steps.mend();
    await checkHealth(world.system);
    await checkHealth(world.system);
    expect(world.published.map(({ generation }) => generation)).toEqual([1, 2]);
    expect((await world.record()).undelivered).toEqual([]);
  });

  it('keeps only what it has not taken', async () => {
    const world = createTestSystem();
    world.steps.fail('publish', eventsDown());
    await world.signIn();
    world.clock.advance(MINUTE_MS);
    await world.signIn();
    world.steps.mend();
    world.steps.fail(`publish ${KEY} 2`, eventsDown(), { times: 1 });
    await checkHealth(world.system);
    expect((await world.record()).undelivered).toMatchObject([{ generation: 2 }]);
    await checkHealth(world.system);
    expect(world.published.map(({ generation }) => generation)).toEqual([1, 2]);
  });

  it('never hears of a token before the record points at it', async () => {
    const world = createTestSystem();
    const publish = world.steps.hold('publish');
    const answer = world.signIn();
    await publish.reached;
    expect(await world.record()).toMatchObject({ generation: 1, version: 1 });
    publish.release();
    await answer;
  });
});

describe('a messenger in trouble', () => {
  it.each([
    { name: 'is down', error: messengerDown() },
    { name: 'asks for patience', error: messengerDown(5 * MINUTE_MS) },
    { name: 'refuses', error: messengerRefuses() },
  ])('never fails a sign-in: it $name', async ({ error }) => {
    const world = createTestSystem();
    world.steps.fail('deliver', error);
    expect(await world.signIn()).toMatchObject({ ok: true, generation: 1, follow: 'told' });
    expect((await world.record()).undelivered).toEqual([]);
    expect(world.published).toHaveLength(1);
  });

  it('gets the success later, when it is back', async () => {
    const world = createTestSystem();
    world.steps.fail('deliver', messengerDown());
    await world.signIn();
    world.steps.mend();
    world.clock.advance(MINUTE_MS);
    await checkHealth(world.system);
    await checkHealth(world.system);
    expect(world.told()).toEqual(['signed-in']);
  });

  it('keeps its event for the next run, which repeats what could not be said', async () => {
    const world = createTestSystem();
    world.steps.fail('store.replaceService', storeDown());
    expect(await world.signIn()).toMatchObject({ ok: true, generation: 1, follow: 'queued' });
    expect((await world.record()).undelivered).toHaveLength(1);
  });
});
