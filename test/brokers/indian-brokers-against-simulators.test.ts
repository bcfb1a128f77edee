/**
 * The adapters of Upstox and Kite against their simulators over HTTP: whole days, trouble and the approval push.
 *
 * The two sides share no code. Nothing is mocked but the clock and the pauses between attempts.
 */
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Broker, BrokerToken, OpenSignIn } from '../../functions/brokers/broker.ts';
import { BROKERS } from '../../functions/brokers/registry.ts';
import { hardEndAt } from '../../functions/lifecycle/hard-end.ts';
import { Secret } from '../../functions/secret.ts';
import { KITE_SIMULATOR } from '../../infra/local/brokers/kite.ts';
import type { SimulatorOptions } from '../../infra/local/brokers/simulator.ts';
import { createUpstoxSimulator, UPSTOX_SIMULATOR } from '../../infra/local/brokers/upstox.ts';
import { openTestServer } from '../fixtures/open-test-server.ts';
import { APP, startRedirectBroker } from '../local/brokers/redirect-broker.ts';

const MINUTE = 60_000;

type Host = Awaited<ReturnType<typeof startRedirectBroker>>;
type Entry = typeof KITE_SIMULATOR;

function connect(
  name: string,
  entry: Entry,
  host: Pick<Host, 'origin' | 'now'>,
  secret = APP.secret as string,
): Broker {
  const urls = entry.urls(host.origin).prod;
  const create = BROKERS[name]?.create;
  if (urls === undefined || create === undefined) throw new Error(`there is no ${name}`);
  return create({
    ...urls,
    environment: 'prod',
    consumerKey: new Secret(APP.key),
    consumerSecret: new Secret(secret),
    redirectUrl: APP.redirectUrl,
    fetch: globalThis.fetch,
    clock: host.now,
    random: randomBytes,
    wait: async () => {},
  });
}

async function comeBack(
  broker: Broker,
  host: Pick<Host, 'comeBack'>,
): Promise<{ signIn: OpenSignIn; verifier: Secret }> {
  const begun = await broker.begin();
  if (!begun.ok) throw new Error(begun.problem);
  const back = await host.comeBack(begun.authorizeUrl);
  const callback = broker.readCallback(back.searchParams);
  if (!callback.ok) throw new Error(callback.problem);
  expect(callback.signInId).toBe(begun.signIn.id);
  return { signIn: begun.signIn, verifier: callback.verifier };
}

async function signIn(broker: Broker, host: Pick<Host, 'comeBack'>): Promise<BrokerToken> {
  const { signIn: opened, verifier } = await comeBack(broker, host);
  const completed = await broker.complete(opened, verifier);
  if (!completed.ok) throw new Error(completed.problem);
  return completed.token;
}

describe.each([
  ['upstox', UPSTOX_SIMULATOR, '4HAB72', '9ZZK01'],
  ['kite', KITE_SIMULATOR, 'XK4821', 'ZQ0077'],
])('%s', (name, entry, mine, theirs) => {
  const start = (options: Partial<SimulatorOptions> = {}) =>
    startRedirectBroker(entry.create, options);

  test('goes from the login page over the redirect to a proven token, and out again', async () => {
    const host = await start();
    const broker = connect(name, entry, host);
    const token = await signIn(broker, host);
    expect(await broker.probe(token)).toEqual({
      ok: true,
      accountIds: [mine],
      skewMs: expect.any(Number),
    });
    expect(await broker.revoke(token)).toEqual({ ok: true });
    expect(await broker.glance(token)).toMatchObject({ reason: 'sign-in-needed' });
    expect(await broker.revoke(token)).toMatchObject({ reason: 'sign-in-needed' });
  });

  test('shows the user who logged in', async () => {
    const host = await start();
    const broker = connect(name, entry, host);
    host.simulator.setSwitch('signInAs', 'other');
    const probed = await broker.probe(await signIn(broker, host));
    expect(probed.ok && probed.accountIds).toEqual([theirs]);
  });

  test('ends at its own hour, to the millisecond', async () => {
    const host = await start();
    const broker = connect(name, entry, host);
    const issuedAt = host.now();
    const token = await signIn(broker, host);
    const { rules } = broker;
    const end = hardEndAt(rules, { issuedAt, signedInAt: issuedAt }) ?? 0;
    host.setTime(end - 1);
    expect((await broker.probe(token)).ok).toBe(true);
    host.setTime(end);
    expect(await broker.probe(token)).toMatchObject({ reason: 'sign-in-needed' });
  });

  test('takes what came back once', async () => {
    const host = await start();
    const broker = connect(name, entry, host);
    const { signIn: opened, verifier } = await comeBack(broker, host);
    expect((await broker.complete(opened, verifier)).ok).toBe(true);
    expect(await broker.complete(opened, verifier)).toMatchObject({ reason: 'sign-in-needed' });
  });

  test('takes it too late no more', async () => {
    const host = await start();
    const broker = connect(name, entry, host);
    const { signIn: opened, verifier } = await comeBack(broker, host);
    host.advance(10 * MINUTE);
    expect(await broker.complete(opened, verifier)).toMatchObject({ reason: 'sign-in-needed' });
  });

  test('reads a declined login, for the sign-in it was of', async () => {
    const host = await start();
    const broker = connect(name, entry, host);
    const begun = await broker.begin();
    if (!begun.ok) throw new Error(begun.problem);
    const back = await host.comeBack(begun.authorizeUrl, { decision: 'Decline' });
    expect(broker.readCallback(back.searchParams)).toMatchObject({
      ok: false,
      reason: 'declined',
      signInId: begun.signIn.id,
    });
  });

  test('calls a wrong secret configuration', async () => {
    const host = await start();
    const broker = connect(name, entry, host, 'wrong');
    const { signIn: opened, verifier } = await comeBack(broker, host);
    expect(await broker.complete(opened, verifier)).toMatchObject({ reason: 'configuration' });
  });

  test('calls an outage transient, and a lost answer unanswered', async () => {
    const host = await start();
    const broker = connect(name, entry, host);
    const { signIn: opened, verifier } = await comeBack(broker, host);
    host.simulator.setSwitch('loseAnswer', true);
    const lost = await broker.complete(opened, verifier);
    expect(lost).toMatchObject({ reason: 'transient', answered: false });
    host.simulator.clearSwitches();
    expect(await broker.complete(opened, verifier)).toMatchObject({ reason: 'sign-in-needed' });
    for (const [fault, value] of [
      ['status', 503],
      ['overLimit', true],
      ['malformed', true],
      ['down', true],
    ] as const) {
      host.simulator.clearSwitches();
      const token = await signIn(broker, host);
      host.simulator.setSwitch(fault, value);
      expect(await broker.glance(token), fault).toMatchObject({ reason: 'transient' });
    }
  });

  test('tells how far the broker’s clock is off', async () => {
    const host = await start();
    const broker = connect(name, entry, host);
    const token = await signIn(broker, host);
    host.simulator.setSwitch('clockSkewMs', 120_000);
    expect(await broker.probe(token)).toMatchObject({ ok: true, skewMs: 120_000 });
  });
});

describe('Kite alone', () => {
  test.each([
    ['deadToken', 403],
    ['deadToken', 400],
  ])('a newer login ends the older token (%s %i)', async (name, value) => {
    const host = await startRedirectBroker(KITE_SIMULATOR.create);
    host.simulator.setSwitch(name, value);
    const broker = connect('kite', KITE_SIMULATOR, host);
    const first = await signIn(broker, host);
    const second = await signIn(broker, host);
    expect(await broker.probe(first)).toMatchObject({ reason: 'sign-in-needed' });
    expect((await broker.probe(second)).ok).toBe(true);
  });

  test.each(['05:00', '06:00'])('a flush at %s is found by a probe', async (flushAt) => {
    const host = await startRedirectBroker(KITE_SIMULATOR.create);
    host.simulator.setSwitch('flushAt', flushAt);
    const broker = connect('kite', KITE_SIMULATOR, host);
    const token = await signIn(broker, host);
    host.setTime(Date.parse(`2026-01-16T${flushAt}:00+05:30`));
    expect(await broker.probe(token)).toMatchObject({ reason: 'sign-in-needed' });
  });

  test('a login just before 06:00 whose exchange comes after it is not taken for the next day', async () => {
    const host = await startRedirectBroker(KITE_SIMULATOR.create);
    host.setTime(Date.parse('2026-01-15T05:59:30+05:30'));
    const broker = connect('kite', KITE_SIMULATOR, host);
    const { signIn: opened, verifier } = await comeBack(broker, host);
    host.advance(MINUTE);
    const completed = await broker.complete(opened, verifier);
    if (!completed.ok) throw new Error(completed.problem);
    const { issuedAt } = completed;
    expect(hardEndAt(broker.rules, { issuedAt, signedInAt: issuedAt })).toBeLessThan(host.now());
    expect(await broker.probe(completed.token)).toMatchObject({ reason: 'sign-in-needed' });
  });
});

describe('Upstox’s approval push', () => {
  async function startPushed() {
    const bodies: string[] = [];
    const notifier = await openTestServer(async (req, res) => {
      let body = '';
      for await (const chunk of req) body += String(chunk);
      bodies.push(body);
      res.writeHead(200).end();
    });
    const host = await startRedirectBroker(createUpstoxSimulator, {
      consumers: [{ ...APP, notifierUrl: `${notifier.url}/hooks/upstox/unguessable` }],
    });
    const broker = connect('upstox', UPSTOX_SIMULATOR, host);
    const { approval } = broker;
    if (approval === undefined) throw new Error('Upstox has an approval push');
    return { host, broker, approval, bodies };
  }

  test('brings a token that a probe proves, for the user it names', async () => {
    const { host, broker, approval, bodies } = await startPushed();
    expect(await approval.request()).toEqual({
      ok: true,
      expiresAt: Date.parse('2026-01-16T03:30:00+05:30'),
    });
    await host.simulator.answerPrompt(APP.key, 'approve');
    const notice = approval.readNotice(bodies[0] ?? '');
    if (!notice.ok) throw new Error(notice.reason);
    expect(notice).toMatchObject({
      clientId: APP.key,
      issuedAt: host.now(),
      expiresAt: Date.parse('2026-01-16T03:30:00+05:30'),
    });
    const probed = await broker.probe(notice.token);
    expect(probed.ok && probed.accountIds).toEqual([notice.userId]);
  });

  test('reads a notice that comes after the end as expired', async () => {
    const { host, approval, bodies } = await startPushed();
    host.simulator.setSwitch('notice', 'late');
    host.simulator.setSwitch('lateMinutes', 24 * 60);
    await approval.request();
    await host.simulator.answerPrompt(APP.key, 'approve');
    host.advance(24 * 60 * MINUTE);
    await host.simulator.deliver();
    expect(approval.readNotice(bodies[0] ?? '')).toEqual({ ok: false, reason: 'expired' });
  });

  test('a forged notice reads well and fails the probe', async () => {
    const { host, broker, approval } = await startPushed();
    const forged = approval.readNotice(
      JSON.stringify({
        client_id: APP.key,
        user_id: '4HAB72',
        access_token: 'forged.to.ken',
        token_type: 'Bearer',
        expires_at: String(host.now() + MINUTE),
        issued_at: String(host.now()),
        message_type: 'access_token',
      }),
    );
    if (!forged.ok) throw new Error(forged.reason);
    expect(await broker.probe(forged.token)).toMatchObject({ reason: 'sign-in-needed' });
  });

  test.each([
    ['repeatedRequest', 'UDAPI100069'],
    ['clientInactive', true],
  ])('a refused request is configuration (%s)', async (name, value) => {
    const { host, approval } = await startPushed();
    await approval.request();
    host.simulator.setSwitch(name, value);
    expect(await approval.request()).toMatchObject({ ok: false, reason: 'configuration' });
  });
});
