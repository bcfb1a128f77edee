/** The simulated E*TRADE as a whole: its clock, its memory over a restart, its counts, `approve`. */
import { afterEach, describe, expect, test } from 'vitest';
import { createEtradeSimulator } from '../../../infra/local/brokers/etrade.ts';
import type { TokensSnapshot } from '../../../infra/local/brokers/etrade-tokens.ts';
import { type Etrade, PROD, SANDBOX, startEtrade } from './etrade-client.ts';

const running: Etrade[] = [];
async function start(options: Parameters<typeof startEtrade>[0] = {}): Promise<Etrade> {
  const etrade = await startEtrade(options);
  running.push(etrade);
  return etrade;
}
afterEach(async () => {
  await Promise.all(running.splice(0).map((etrade) => etrade.close()));
});

describe('the Date header', () => {
  test('follows the virtual clock on every kind of answer', async () => {
    const etrade = await start();
    etrade.setTime(Date.UTC(2031, 6, 4, 16, 30));
    const token = await etrade.signIn();
    const replies = [
      await etrade.begin(),
      await etrade.begin({ oauth: { oauth_nonce: undefined } }),
      await etrade.accounts(token),
      await etrade.accounts({ key: 'unknown', secret: '' }),
      await etrade.send('/us/e/t/etws/authorize'),
      await etrade.send('/nowhere'),
    ];
    for (const { headers } of replies) {
      expect(headers.get('date')).toBe('Fri, 04 Jul 2031 16:30:00 GMT');
    }
  });
});

describe('the snapshot', () => {
  test('keeps tokens, open sign-ins and used nonces over a restart', async () => {
    let saved = '';
    const before = await start({ onChange: (snapshot) => (saved = JSON.stringify(snapshot)) });
    const token = await before.signIn();
    const idle = await before.signIn();
    const pending = await before.requestToken();
    const pin = before.approve();
    await before.accounts(token, { oauth: { oauth_nonce: 'used-before' } });

    const after = await start({ snapshot: JSON.parse(saved) });
    const again = await after.accounts(token, { oauth: { oauth_nonce: 'used-before' } });
    expect(again.problem).toBe('nonce_used');
    const fresh = (name: string) => ({ oauth: { oauth_nonce: name } });
    expect((await after.accounts(token, fresh('new-1'))).status).toBe(200);
    expect(
      (await after.exchange(pending, pin, { oauth: { oauth_nonce: 'new-2', oauth_verifier: pin } }))
        .status,
    ).toBe(200);
    after.advance(2 * 3_600_000);
    expect((await after.accounts(idle, fresh('new-3'))).problem).toBe('token_expired');
  });

  test('is handed over before the answer that it belongs to', async () => {
    const order: string[] = [];
    const etrade = await start({ onChange: () => order.push('saved') });
    await etrade.begin();
    order.push('answered');
    expect(order).toEqual(['saved', 'answered']);
  });

  test('is not written when nothing changed', async () => {
    let writes = 0;
    const etrade = await start({ onChange: () => (writes += 1) });
    await etrade.send('/us/e/t/etws/authorize');
    await etrade.begin({ consumer: { ...SANDBOX, secret: 'wrong' } });
    expect(writes).toBe(0);
  });

  test('stays small: what can no longer matter is dropped', async () => {
    let snapshot: TokensSnapshot | undefined;
    const etrade = await start({ onChange: (taken) => (snapshot = taken) });
    for (let day = 0; day < 30; day += 1) {
      await etrade.signIn();
      etrade.advance(86_400_000);
    }
    expect(snapshot?.nonces).toHaveLength(2);
    expect(snapshot?.requestTokens).toHaveLength(8);
    expect(snapshot?.accessTokens).toHaveLength(8);
  });

  test.each([[{ version: 2 }], ['text'], [{ version: 1, requestTokens: [{}] }]])(
    'that is unreadable is refused: %j',
    (snapshot) => {
      const options = { clock: () => 0, baseUrl: 'http://127.0.0.1', consumers: [], snapshot };
      expect(() => createEtradeSimulator(options)).toThrow("simulator's snapshot is unreadable");
    },
  );
});

describe('approve', () => {
  test('takes the newest open request token of the key', async () => {
    const etrade = await start();
    const older = await etrade.requestToken();
    const newer = await etrade.requestToken();
    await etrade.requestToken({ consumer: PROD });
    const pin = etrade.approve();
    expect((await etrade.exchange(newer, pin)).status).toBe(200);
    const olderPin = etrade.approve();
    expect((await etrade.exchange(older, olderPin)).status).toBe(200);
  });

  test('gives the same PIN when asked again, as a reloaded page would', async () => {
    const etrade = await start();
    await etrade.requestToken();
    expect(etrade.approve()).toBe(etrade.approve());
  });

  test('finds nothing for a key without an open request token', async () => {
    const etrade = await start();
    expect(etrade.simulator.approve(SANDBOX.key)).toBeNull();
    expect(etrade.simulator.approve('unknown')).toBeNull();
    await etrade.requestToken();
    etrade.simulator.setSwitch('consumerKeyRejected', true);
    expect(etrade.simulator.approve(SANDBOX.key)).toBeNull();
  });
});

test('counts answers by endpoint and status, and tokens by state', async () => {
  const etrade = await start();
  const token = await etrade.signIn();
  await etrade.accounts(token);
  await etrade.accounts({ key: 'unknown', secret: '' });
  await etrade.requestToken();
  await etrade.send('/nowhere');
  const revoked = await etrade.signIn();
  await etrade.revoke(revoked);
  expect(etrade.simulator.stats()).toEqual({
    calls: {
      request_token: { 200: 3 },
      access_token: { 200: 2 },
      revoke_access_token: { 200: 1 },
      'accounts/list': { 200: 1, 401: 1 },
      other: { 404: 1 },
    },
    openRequestTokens: 1,
    accessTokens: { active: 1, inactive: 0, expired: 0, revoked: 1 },
  });
});

test('refuses a body of more than 64 KiB and goes on', async () => {
  const etrade = await start();
  const reply = await etrade.send('/api/oauth/request_token', {
    method: 'POST',
    body: 'x'.repeat(10_000_000),
  });
  expect(reply.status).toBe(413);
  expect((await etrade.begin()).status).toBe(200);
});
