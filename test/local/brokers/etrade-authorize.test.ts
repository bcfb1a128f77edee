/** The simulated E*TRADE's pages as a browser meets them: logon, code, refusal, redirect, what they load. */
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type Etrade,
  PROD,
  type Reply,
  SANDBOX,
  startEtrade,
  type Token,
  tokenOf,
} from './etrade-client.ts';

const PAGE = '/us/e/t/etws/authorize';
const DELAY =
  'Due to a logon delay or other issue, your authentication could not be completed at this time.';

let etrade: Etrade;
let pending: Token;
beforeEach(async () => {
  etrade = await startEtrade();
  pending = await etrade.requestToken();
});
afterEach(() => etrade.close());

function open(key: string = SANDBOX.key, token: string = pending.key): Promise<Reply> {
  return etrade.send(`${PAGE}?${new URLSearchParams({ key, token })}`);
}

function decide(fields: Readonly<Record<string, string>> = {}): Promise<Reply> {
  return etrade.send(PAGE, {
    method: 'POST',
    body: new URLSearchParams({
      key: SANDBOX.key,
      token: pending.key,
      userId: 'morning.trader',
      password: 'anything',
      decision: 'Accept',
      ...fields,
    }),
  });
}

function codeOn({ body }: Reply): string {
  return /<input[^>]* value="([^"]*)"/.exec(body)?.[1] ?? '';
}

describe('the logon page', () => {
  test('asks for user and password and offers both decisions, under its simulated name', async () => {
    const { status, body } = await open();
    expect(status).toBe(200);
    expect(body).toContain('Simulated <b>E*TRADE</b>');
    expect(body).toContain('name="userId" value="morning.trader"');
    expect(body).toMatch(/name="password" type="password"/);
    expect(body).toContain('value="Accept">Accept</button>');
    expect(body).toContain('value="Decline">Decline</button>');
    expect(body).toContain('<meta name="viewport" content="width=device-width, initial-scale=1">');
  });

  test('approves nothing by being looked at', async () => {
    await open();
    expect(await etrade.exchange(pending, 'H92GX')).toMatchObject({ problem: 'token_rejected' });
  });

  test.each([
    ['an unknown token', () => open(SANDBOX.key, 'unknown')],
    ['the key of another app', () => open(PROD.key)],
    ['no token', () => etrade.send(`${PAGE}?key=${SANDBOX.key}`)],
    ['no parameters', () => etrade.send(PAGE)],
    [
      'a token that is not encoded',
      () => etrade.send(`${PAGE}?key=${SANDBOX.key}&token=${pending.key}`),
    ],
    ['broken encoding', () => etrade.send(`${PAGE}?key=${SANDBOX.key}&token=%zz`)],
    [
      'the documented OAuth names instead of key and token',
      () =>
        etrade.send(
          `${PAGE}?${new URLSearchParams({ oauth_consumer_key: SANDBOX.key, oauth_token: pending.key })}`,
        ),
    ],
  ])('refuses %s without saying why', async (_case, act) => {
    expect((await act()).body).toContain(DELAY);
  });

  test('refuses an expired token, a used one and a declined one', async () => {
    const pin = etrade.approve();
    await etrade.exchange(pending, pin);
    expect((await open()).body).toContain(DELAY);
    expect((await decide()).body).toContain(DELAY);

    pending = await etrade.requestToken();
    expect((await decide({ decision: 'Decline' })).body).toContain('Access declined');
    expect((await open()).body).toContain(DELAY);

    pending = await etrade.requestToken();
    etrade.advance(5 * 60_000);
    expect((await open()).body).toContain(DELAY);
    expect((await decide()).body).toContain(DELAY);
  });

  test('escapes what it shows', async () => {
    const reply = await open(SANDBOX.key, '"><script>alert(1)</script>');
    expect(reply.body).not.toContain('<script>alert');
    const form = (await open()).body;
    expect(form).toContain(`name="token" value="${pending.key}"`);
  });
});

describe('accepting', () => {
  test('shows the PIN in the value of the only input, and the PIN works', async () => {
    const reply = await decide();
    expect(reply.body.match(/<input/g)).toHaveLength(1);
    const pin = codeOn(reply);
    expect(pin).toMatch(/^[A-Z0-9]{5,7}$/);
    expect(tokenOf(await etrade.exchange(pending, pin)).key).not.toBe('');
  });

  test('shows the same PIN when the page is reloaded', async () => {
    expect(codeOn(await decide())).toBe(codeOn(await decide()));
  });

  test.each([
    ['no user', { userId: ' ' }],
    ['no password', { password: '' }],
    ['no decision', { decision: '' }],
  ])('needs a filled form: %s', async (_case, fields) => {
    const reply = await decide(fields);
    expect(reply.body).toContain('role="alert">Enter your User ID and your password.');
    expect(await etrade.exchange(pending, 'H92GX')).toMatchObject({ problem: 'token_rejected' });
  });

  test.each([
    ['the other user', 'someone.else', true],
    ['the other user in capitals', 'Someone.Else', true],
    ['anyone else', 'whoever', false],
  ])('signs in %s by User ID', async (_case, userId, isOther) => {
    const token = tokenOf(await etrade.exchange(pending, codeOn(await decide({ userId }))));
    expect((await etrade.accounts(token)).body.includes('Someone Else')).toBe(isOther);
  });

  test('prefills the other user when the switch says so', async () => {
    etrade.simulator.setSwitch('signInAs', 'other');
    expect((await open()).body).toContain('name="userId" value="someone.else"');
  });
});

describe('a registered callback', () => {
  test('gets the verifier by redirect, and no page shows it', async () => {
    etrade.simulator.setSwitch('callbackUrl', 'http://127.0.0.1:8080/callback/etrade?x=1');
    etrade.simulator.setSwitch('redirectCarriesToken', true);
    const page = await open();
    expect(page.headers.get('content-security-policy')).toContain(
      "form-action 'self' http://127.0.0.1:8080;",
    );
    const reply = await decide();
    expect([reply.status, reply.body]).toEqual([302, '']);
    const location = new URL(reply.headers.get('location') ?? '');
    expect(location.origin + location.pathname).toBe('http://127.0.0.1:8080/callback/etrade');
    expect(location.searchParams.get('x')).toBe('1');
    expect(location.searchParams.get('oauth_token')).toBe(pending.key);
    const verifier = location.searchParams.get('oauth_verifier') ?? '';
    expect((await etrade.exchange(pending, verifier)).status).toBe(200);
  });
});

describe('every page', () => {
  test('loads nothing from anywhere and allows its own style and script by hash', async () => {
    const pages = [await open(), await decide(), await open(SANDBOX.key, 'unknown')];
    for (const { body, headers } of pages) {
      const policy = headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(body).not.toMatch(/(?:src|href)="(?!data:)/);
      expect(body).not.toMatch(/ style="| on[a-z]+="/);
      for (const [, tag, inline = ''] of body.matchAll(/<(style|script)>([\s\S]*?)<\/\1>/g)) {
        const hash = createHash('sha256').update(inline).digest('base64');
        expect(policy).toContain(`${tag}-src 'sha256-${hash}'`);
      }
    }
  });

  test('answers other methods with 405', async () => {
    expect((await etrade.send(PAGE, { method: 'DELETE' })).status).toBe(405);
  });
});
