/**
 * The sign-in at brokers that send the person back: nothing to copy, and nothing taken that this browser did
 * not begin.
 */

import { beforeEach, describe, expect, it } from 'vitest';
import { CODE_SHAPE, readOauth2Callback } from '../../functions/brokers/oauth2.ts';
import type { CompleteResult } from '../../functions/operations/complete-sign-in.ts';
import { brokerFailure } from '../fixtures/fake-broker.ts';
import {
  createFrontDoor,
  type FrontDoor,
  MIDNIGHT,
  MORNING,
  openSignIn,
  PROD,
  PUBLIC_URL,
  SANDBOX,
} from '../fixtures/front-door.ts';
import { MINUTE_MS } from '../fixtures/test-clock.ts';

const PAGE = `/sign-in/${SANDBOX}`;
const STATE = 'state-of-this-browser';
const CODE = 'canary-code%40';
const CALLBACK = `/callback/etrade?code=${encodeURIComponent(CODE)}&state=${STATE}`;

let door: FrontDoor;
beforeEach(() => {
  door = createFrontDoor({
    broker: {
      title: 'TradeStation',
      verifierKind: 'redirect',
      verifierShape: CODE_SHAPE,
      readCallback: readOauth2Callback,
    },
  });
});

const begun = (at = MORNING, id = STATE) => ({
  ...openSignIn(at),
  id,
  expiresAt: at + 10 * MINUTE_MS,
});
const cookieOf = (answer: Response) => answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';

async function comeBack(
  path = CALLBACK,
  pending: Parameters<FrontDoor['enter']>[0] = { [SANDBOX]: begun() },
) {
  const { cookie } = await door.enter(pending);
  const answer = await door.request(path, { headers: { cookie } });
  return { answer, cookie };
}

async function shownAfter(answer: Response): Promise<string> {
  const location = answer.headers.get('location') ?? '';
  return (await door.request(location, { headers: { cookie: cookieOf(answer) } })).text();
}

describe('the page', () => {
  it('has one step in this tab, and no field for a PIN', async () => {
    const { cookie } = await door.enter();
    const text = await (await door.request(PAGE, { headers: { cookie } })).text();
    expect(text).toContain('Open TradeStation');
    expect(text).toContain('there is nothing to copy');
    expect(text).not.toContain('target="_blank"');
    expect(text).not.toContain('name="pin"');
    expect(text).toContain('name="address"');
  });
});

describe('the tap', () => {
  it('leads on from a page of ours, so that every further host of the login is free', async () => {
    const address = 'https://signin.example/authorize?state=state-of-this-browser&scope=a%20b';
    door.answers.start = { ok: true, authorizeUrl: address, signIn: begun() };
    const { cookie, csrf } = await door.enter();
    const answer = await door.post(`${PAGE}/start`, { csrf }, { cookie });
    expect([answer.status, answer.headers.get('refresh')]).toEqual([200, `0; url=${address}`]);
    expect(await answer.text()).toContain(`href="${address.replace('&', '&amp;')}"`);
    expect(answer.headers.get('content-security-policy')).toContain("form-action 'self';");
    const visitor = await door.wiring.cookies.read(cookieOf(answer));
    expect(visitor?.pending[SANDBOX]?.id).toBe(STATE);
  });
});

describe('the redirect', () => {
  it('finishes the sign-in of this browser with its code, decoded once', async () => {
    const { answer } = await comeBack();
    expect([answer.status, answer.headers.get('location')]).toEqual([303, `${PAGE}?done`]);
    expect(door.asked).toMatchObject([
      { operation: 'complete', facts: { session: SANDBOX, verifier: CODE } },
    ]);
    expect(await shownAfter(answer)).toContain('Signed in');
  });

  it('knows by its state which of several sessions it is for', async () => {
    const { answer } = await comeBack(CALLBACK, {
      [SANDBOX]: begun(MORNING, 'another-state'),
      [PROD]: begun(),
    });
    expect(answer.headers.get('location')).toBe(`/sign-in/${PROD}?done`);
  });

  it.each([
    ['a forged state', CALLBACK.replace(STATE, 'forged'), { [SANDBOX]: begun() }],
    ['no state', `/callback/etrade?code=${CODE}`, { [SANDBOX]: begun() }],
    ['a refusal and no state', '/callback/etrade?error=access_denied', { [SANDBOX]: begun() }],
    ['two states', `${CALLBACK}&state=${STATE}`, { [SANDBOX]: begun() }],
    ['two codes', `${CALLBACK}&code=x`, { [SANDBOX]: begun() }],
    [
      'an endless code',
      `${CALLBACK.replace(CODE, '')}${'x'.repeat(CODE_SHAPE.maxLength + 1)}`,
      { [SANDBOX]: begun() },
    ],
    ['the state of another browser', CALLBACK, { [SANDBOX]: begun(MORNING, 'mine') }],
    ['a state that was used already', CALLBACK, {}],
  ])('with %s takes nothing and says so', async (_name, path, pending) => {
    const { answer } = await comeBack(path, pending);
    expect(answer.status).toBe(400);
    expect(door.asked).toEqual([]);
    const text = await answer.text();
    expect(text).not.toContain('canary');
    expect(answer.headers.getSetCookie()).toEqual([]);
  });

  it('in a browser without a cookie takes nothing and shows no code', async () => {
    const answer = await door.request(CALLBACK);
    expect(answer.status).toBe(400);
    const text = await answer.text();
    expect(text).toContain('Not begun in this browser');
    expect(text).not.toContain('canary');
    expect(door.asked).toEqual([]);
  });

  it('in another browser says that its address works in the first one, and so it does', async () => {
    const { cookie, csrf } = await door.enter({ [SANDBOX]: begun() });
    const elsewhere = await (await door.request(CALLBACK)).text();
    expect(elsewhere).toContain('nothing was used up');
    expect(elsewhere).toContain('Copy this page’s whole address, at once');
    const text = await (await door.request(PAGE, { headers: { cookie } })).text();
    const summary = /<summary>([^<]*)<\/summary>/.exec(text)?.[1] ?? 'no such place';
    expect(elsewhere).toContain(
      `paste it on the sign-in page there: for the PIN, or under “${summary}”`,
    );

    await door.post(PAGE, { address: `${PUBLIC_URL}${CALLBACK}`, csrf }, { cookie });
    expect(door.asked).toMatchObject([{ operation: 'complete', facts: { verifier: CODE } }]);
  });

  it('is good once: the cookie it leaves does not know the state any more', async () => {
    const first = await comeBack();
    const again = await door.request(CALLBACK, { headers: { cookie: cookieOf(first.answer) } });
    expect(again.status).toBe(400);
    expect(door.asked).toHaveLength(1);
  });

  it.each([
    ['HEAD', { method: 'HEAD' }],
    ['a speculative load', { headers: { 'sec-purpose': 'prefetch;prerender' } }],
  ])('by %s takes nothing', async (_name, init: RequestInit) => {
    const { cookie } = await door.enter({ [SANDBOX]: begun() });
    const headers = { ...Object.fromEntries(new Headers(init.headers)), cookie };
    const answer = await door.request(CALLBACK, { ...init, headers });
    expect([answer.status, door.asked]).toEqual([503, []]);
  });

  it('without consent says so, and that sign-in is over', async () => {
    const { answer } = await comeBack(
      `/callback/etrade?error=access_denied&error_description=canary+text&state=${STATE}`,
    );
    const text = await shownAfter(answer);
    expect(text).toContain('You did not grant access at TradeStation');
    expect(text).not.toContain('canary');
    const visitor = await door.wiring.cookies.read(cookieOf(answer));
    expect(visitor?.pending).toEqual({});
    expect(door.asked).toEqual([]);
  });

  it('with an error of the broker names it', async () => {
    const { answer } = await comeBack(`/callback/etrade?error=invalid_scope&state=${STATE}`);
    expect(await shownAfter(answer)).toContain('invalid_scope');
  });

  it.each([
    [{ ok: false, reason: 'pin-rejected', attemptsLeft: 9 }, 'did not take its own code'],
    [{ ok: false, reason: 'sign-in-expired' }, 'That took too long'],
    [{ ok: false, reason: 'store-unavailable' }, 'The code was not sent'],
    [
      {
        ok: false,
        reason: 'not-sent',
        failure: brokerFailure('transient', { problem: 'enotfound', answered: false }),
      },
      'The code was not sent',
    ],
    [{ ok: false, reason: 'spent-not-saved' }, 'The code is used up'],
    [{ ok: false, reason: 'in-progress' }, 'on its way'],
    [{ ok: false, reason: 'too-many-attempts', retryAt: MIDNIGHT }, 'Too many tries'],
    [{ ok: false, reason: 'foreign-account' }, 'That is another account'],
  ] satisfies [CompleteResult, string][])(
    'that ends with %j speaks of codes, not of PINs',
    async (result, words) => {
      door.answers.complete = result;
      const { answer } = await comeBack();
      const text = await shownAfter(answer);
      expect(text).toContain(words);
      expect(text).not.toMatch(/\bPIN\b/);
    },
  );
});

describe('the address that a person was led to', () => {
  async function paste(
    address: string,
    pending: Parameters<FrontDoor['enter']>[0] = { [SANDBOX]: begun() },
  ) {
    const { cookie, csrf } = await door.enter(pending);
    const answer = await door.post(PAGE, { address, csrf }, { cookie });
    return shownAfter(answer);
  }

  it('is taken as the redirect itself', async () => {
    const text = await paste(
      `  https://127.0.0.1:8182/?code=${encodeURIComponent(CODE)}&state=${STATE}\n`,
    );
    expect(text).toContain('Signed in');
    expect(door.asked).toMatchObject([{ facts: { session: SANDBOX, verifier: CODE } }]);
  });

  it.each([
    ['of another sign-in', `https://127.0.0.1/?code=x&state=other`, 'Begin with the button'],
    ['without a code', `https://127.0.0.1/?state=${STATE}`, 'No code in that address'],
    ['that is none', 'what the page said', 'No code in that address'],
    [
      'of a refusal',
      `https://127.0.0.1/?error=access_denied&state=${STATE}`,
      'did not grant access',
    ],
  ])('%s takes nothing', async (_name, address, words) => {
    expect(await paste(address)).toContain(words);
    expect(door.asked).toEqual([]);
  });

  it('without an open sign-in takes nothing', async () => {
    expect(await paste(`https://127.0.0.1/?code=x&state=${STATE}`, {})).toContain(
      'Begin with the button',
    );
    expect(door.asked).toEqual([]);
  });
});
