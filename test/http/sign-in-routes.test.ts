/** The sign-in over HTTP: page, tap, PIN, callback, and every way it can end. */

import { beforeEach, describe, expect, it } from 'vitest';
import type { CompleteResult } from '../../functions/operations/complete-sign-in.ts';
import {
  AUTHORIZE_URL,
  createFrontDoor,
  type FrontDoor,
  MIDNIGHT,
  MORNING,
  openSignIn,
  PROD,
  SANDBOX,
  sessionStatus,
  statusOf,
} from '../fixtures/front-door.ts';

const FIVE_MINUTES_MS = 5 * 60_000;
const PAGE = `/sign-in/${SANDBOX}`;

let door: FrontDoor;
beforeEach(() => {
  door = createFrontDoor();
});

const cookieOf = (answer: Response) => answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';

async function visitorOf(answer: Response) {
  return door.wiring.cookies.read(cookieOf(answer));
}

async function pageOf(path: string, cookie: string): Promise<string> {
  return (await door.request(path, { headers: { cookie } })).text();
}

/** Posts a PIN with a sign-in open and follows to the page that says what came of it. */
async function postPin(result: CompleteResult | null, pin = '8F3KD') {
  const { cookie, csrf } = await door.enter({ [SANDBOX]: openSignIn() });
  if (result !== null) door.answers.complete = result;
  const answer = await door.post(PAGE, { pin, csrf }, { cookie });
  const location = answer.headers.get('location') ?? '';
  const text = location === '' ? '' : await pageOf(location, cookieOf(answer));
  return { answer, location, text, csrf, visitor: await visitorOf(answer) };
}

/** For a closer look: a code never stands in a sentence. */
function expectOnlyInDetails(text: string, code: string): void {
  const details = `<details><summary>Details</summary><p class="small"><code>${code}</code></p></details>`;
  expect(text).toContain(details);
  expect(text.replace(details, '')).not.toContain(code);
}

describe('the page', () => {
  it('offers to open the broker in a new tab, and the field beside it', async () => {
    const { cookie, csrf } = await door.enter();
    const text = await pageOf(PAGE, cookie);
    expect(text).toContain('data-step="start"');
    expect(text).toContain(
      `<form method="post" action="${PAGE}/start" target="_blank" rel="noopener" class="actions"><input type="hidden" name="csrf" value="${csrf}">`,
    );
    expect(text).toMatch(
      /<label for="pin">PIN from E\*TRADE<\/label>\s*<div><input id="pin" name="pin" type="text" inputmode="text" autocapitalize="characters" autocomplete="off" autocorrect="off" spellcheck="false" enterkeyhint="done" maxlength="4096" required/,
    );
    expect(text).not.toContain('autofocus');
  });

  it('goes on after a reload: the countdown, the field in focus', async () => {
    const { cookie } = await door.enter({ [SANDBOX]: openSignIn() });
    door.now = MORNING + 28_000;
    const text = await pageOf(PAGE, cookie);
    expect(text).toContain('data-step="open"');
    expect(text).toContain(`data-until="${MORNING + FIVE_MINUTES_MS}"`);
    expect(text).toContain('>4:32</time>');
    expect(text).toContain(' autofocus>');
  });

  it.each([
    [FIVE_MINUTES_MS - 1, 'open'],
    [FIVE_MINUTES_MS, 'over'],
  ])('%i ms after the tap the step is "%s"', async (elapsed, step) => {
    const { cookie } = await door.enter({ [SANDBOX]: openSignIn() });
    door.now = MORNING + elapsed;
    expect(await pageOf(PAGE, cookie)).toContain(`data-step="${step}"`);
  });

  it('knows sign-ins of other sessions apart', async () => {
    const { cookie } = await door.enter({ [PROD]: openSignIn() });
    expect(await pageOf(PAGE, cookie)).toContain('data-step="start"');
  });

  it('says when the present token is still good', async () => {
    const { cookie } = await door.enter();
    expect(await pageOf(PAGE, cookie)).toContain('You’re signed in until midnight.');
  });

  it('is there although the store does not answer', async () => {
    const { cookie } = await door.enter();
    Object.defineProperty(door.answers, 'status', {
      get: () => {
        throw new Error('store down');
      },
    });
    const answer = await door.request(PAGE, { headers: { cookie } });
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain('Open E*TRADE');
    expect(door.logged.map(({ event }) => event)).toContain('status-not-read');
  });

  it('finds no session it does not have', async () => {
    const { cookie } = await door.enter();
    expect((await door.request('/sign-in/etrade-prod-ira', { headers: { cookie } })).status).toBe(
      404,
    );
  });

  it('shows neither request token nor its secret', async () => {
    const { cookie } = await door.enter({ [SANDBOX]: openSignIn() });
    expect(await pageOf(PAGE, cookie)).not.toMatch(/request-token|canary/);
  });
});

describe('the tap', () => {
  it('leads to the broker and keeps the request token in the cookie', async () => {
    const { cookie, csrf } = await door.enter({ [PROD]: openSignIn() });
    const answer = await door.post(`${PAGE}/start`, { csrf }, { cookie });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, AUTHORIZE_URL]);
    expect((await visitorOf(answer))?.pending).toEqual({
      [SANDBOX]: openSignIn(),
      [PROD]: openSignIn(),
    });
    expect((await visitorOf(answer))?.csrf).toBe(csrf);
    expect(door.asked).toEqual([{ operation: 'start', facts: { session: SANDBOX } }]);
  });

  it('that fails says what the broker has, and offers the tap again in this tab', async () => {
    const { cookie, csrf } = await door.enter();
    const failure = {
      ok: false,
      problem: 'http-500',
      status: 500,
      retryAfterMs: null,
      skewMs: null,
    } as const;
    for (const [reason, answered, words] of [
      ['transient', true, 'It has trouble right now. Try again in a moment.'],
      ['transient', false, 'It did not answer. Try again in a moment.'],
      ['configuration', true, 'Logging in again will not help'],
      ['clock', true, 'Its clock and ours do not agree'],
    ] as const) {
      door.answers.start = {
        ok: false,
        reason: 'broker',
        failure: { ...failure, reason, answered },
      };
      const answer = await door.post(`${PAGE}/start`, { csrf }, { cookie });
      const text = await answer.text();
      expect(answer.status).toBe(502);
      expect(text).toContain('E*TRADE could not be opened');
      expect(text).toContain(words);
      expect(text).toContain(`action="${PAGE}/start" class="actions"`);
      expect(text).not.toContain('data-reload');
      expectOnlyInDetails(text, 'http-500');
      // The tab that the tap was in shows the same once it looks again.
      const there = await pageOf(`${PAGE}?done`, cookieOf(answer));
      expect(there).toContain('E*TRADE could not be opened');
      expect(there).toContain(words);
      expect(there).toContain('data-step="start"');
    }
  });

  it('that fails while an earlier one is open claims nothing of it, and keeps it', async () => {
    const { cookie, csrf } = await door.enter({ [SANDBOX]: openSignIn() });
    const failure = { ok: false, status: null, retryAfterMs: null, skewMs: null } as const;
    door.answers.start = {
      ok: false,
      reason: 'broker',
      failure: { ...failure, reason: 'transient', problem: 'und_err_socket', answered: false },
    };
    const answer = await door.post(`${PAGE}/start`, { csrf }, { cookie });
    expect(await answer.text()).toContain('data-step="start"');
    expect(await pageOf(`${PAGE}?done`, cookieOf(answer))).toContain('data-step="start"');
    expect((await visitorOf(answer))?.pending).toEqual({ [SANDBOX]: openSignIn() });
  });

  it('after too many wrong PINs says when the next try is possible', async () => {
    const { cookie, csrf } = await door.enter();
    door.answers.start = { ok: false, reason: 'too-many-attempts', retryAt: MORNING + 29 * 60_000 };
    const answer = await door.post(`${PAGE}/start`, { csrf }, { cookie });
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '1740']);
    expect(await answer.text()).toContain('the next try is possible at 09:00.');
  });
});

describe('the PIN', () => {
  it('goes to the exchange as typed, trimmed, with the sign-in of this browser', async () => {
    const { answer, location } = await postPin(null, '  8f3Kd\n');
    expect([answer.status, location]).toEqual([303, `${PAGE}?done`]);
    expect(door.asked).toEqual([
      {
        operation: 'complete',
        facts: { session: SANDBOX, signIn: openSignIn(), verifier: '8f3Kd' },
      },
    ]);
  });

  it('is taken out of the address of the callback as well', async () => {
    const token = encodeURIComponent(openSignIn().id);
    const address = 'https://pin.example.com/callback/etrade?oauth_verifier=8F3KD';
    await postPin(null, `\u200b${address}&oauth_token=${token} `);
    await postPin(null, address);
    expect(door.asked.map(({ facts }) => facts['verifier'])).toEqual(['8F3KD', '8F3KD']);
  });

  it.each([
    ['holds no PIN', 'https://pin.example.com/callback/etrade', 'That is not a PIN'],
    [
      'is of another sign-in',
      'https://pin.example.com/callback/etrade?oauth_verifier=8F3KD&oauth_token=x',
      'Begin with step 1',
    ],
  ])('is not tried from an address that %s', async (_name, address, title) => {
    const { text } = await postPin(null, address);
    expect(text).toContain(title);
    expect(text).toContain('data-step="open"');
    expect(door.asked).toEqual([]);
  });

  it('leaves no trace in the address, the page or the log', async () => {
    const { answer, location, text } = await postPin(null, 'CANARYPIN');
    expect([location, text, JSON.stringify(door.logged)].join()).not.toContain('CANARYPIN');
    expect(cookieOf(answer)).not.toContain('CANARYPIN');
  });

  it('that works leads to a page that says until when, and forgets the sign-in', async () => {
    door.answers.status = statusOf([sessionStatus({ generation: 18 })]);
    const { text, visitor } = await postPin({
      ok: true,
      generation: 18,
      hardEndsAt: MIDNIGHT,
      follow: 'queued',
    });
    expect(text).toContain('Signed in</h1>');
    expect(text).toContain('E*TRADE sandbox has a fresh token, good until midnight.');
    expect(text).toContain('<dd>#18</dd>');
    expect(text).toContain('Notified at the next run, within 15 minutes.');
    expect(text).toContain('Covered');
    expect(visitor?.pending).toEqual({});
  });

  const SAVED = 'Saved, not confirmed by the broker yet. Next check at 08:45.';
  const unconfirmed = {
    generation: 18,
    savedAt: '2026-03-09T12:31:00.000Z',
    nextCheckAt: '2026-03-09T12:45:00.000Z',
  };
  it.each([
    { name: 'is not in use', follow: 'adopting', mine: { unconfirmed } },
    { name: 'is in use', follow: 'told', mine: { generation: 18, state: 'unknown', unconfirmed } },
    { name: 'is the first', follow: 'adopting', mine: { generation: 0, state: 'none' } },
  ] as const)(
    'that the broker could not confirm does not look finished: it $name',
    async ({ follow, mine }) => {
      door.answers.status = statusOf([sessionStatus(mine)]);
      const { text } = await postPin({ ok: true, generation: 18, hardEndsAt: MIDNIGHT, follow });
      expect(text).toContain(SAVED);
      expect(text).toContain('Sign-in saved</h1>');
      for (const finished of ['✓', 'mark good', 'Covered', 'fresh token', 'Signed in</h1>']) {
        expect(text).not.toContain(finished);
      }
    },
  );

  it('that the broker has confirmed since looks finished', async () => {
    door.answers.status = statusOf([sessionStatus({ generation: 18 })]);
    const { text } = await postPin({
      ok: true,
      generation: 18,
      hardEndsAt: MIDNIGHT,
      follow: 'adopting',
    });
    expect(text).toContain('Signed in</h1>');
    expect(text).toContain('Workers notified.');
    expect(text).not.toContain(SAVED);
  });

  it('that works does not press on to a session whose market is closed', async () => {
    const indian = sessionStatus({ key: PROD, title: 'Upstox prod', market: 'NSE', state: 'none' });
    const nyse = statusOf([]).markets;
    door.answers.status = statusOf([sessionStatus({ generation: 18 }), indian], {
      markets: [
        ...nyse,
        {
          name: 'NSE',
          zone: 'Asia/Kolkata',
          isTradingDay: true,
          opensAt: '2026-03-09T03:45:00.000Z',
          closesAt: '2026-03-09T10:00:00.000Z',
          note: null,
          nextOpensAt: '2026-03-10T03:45:00.000Z',
        },
      ],
    });
    const { text } = await postPin({
      ok: true,
      generation: 18,
      hardEndsAt: MIDNIGHT,
      follow: 'told',
    });
    expect(text).not.toContain('Next: sign in');
    expect(text).toContain('You can close this page.');
  });

  it('that works leads on to the next session that needs a sign-in', async () => {
    door.answers.status = statusOf([
      sessionStatus(),
      sessionStatus({ key: PROD, title: 'E*TRADE prod', state: 'expired' }),
    ]);
    const { text } = await postPin(null);
    expect(text).toContain(
      `<a class="button" href="/sign-in/${PROD}">Next: sign in to E*TRADE prod</a>`,
    );
  });

  const failure = { ok: false, status: null, retryAfterMs: null, skewMs: null } as const;
  const ENDS: readonly (readonly [string, CompleteResult, string, string, boolean])[] = [
    ['is empty', { ok: false, reason: 'verifier-empty' }, 'No PIN yet', 'open', true],
    [
      'cannot be one',
      { ok: false, reason: 'verifier-malformed' },
      'What you entered was not sent, and no try was used.',
      'open',
      true,
    ],
    [
      'is too long, too',
      { ok: false, reason: 'verifier-too-long' },
      'this was not sent, and no try was used.',
      'open',
      true,
    ],
    [
      'is too long',
      { ok: false, reason: 'verifier-too-long' },
      'Nothing was used up',
      'open',
      true,
    ],
    [
      'is wrong',
      { ok: false, reason: 'pin-rejected', attemptsLeft: 7 },
      '7\u00a0tries left this hour',
      'start',
      false,
    ],
    [
      'is wrong once more',
      { ok: false, reason: 'pin-rejected', attemptsLeft: 1 },
      '1\u00a0try left this hour',
      'start',
      false,
    ],
    [
      'is wrong for the last time',
      { ok: false, reason: 'pin-rejected', attemptsLeft: 0 },
      'No tries are left',
      'start',
      false,
    ],
    [
      'is the eleventh',
      { ok: false, reason: 'too-many-attempts', retryAt: MORNING + 29 * 60_000 },
      'possible at 09:00',
      'open',
      true,
    ],
    [
      'comes too late',
      { ok: false, reason: 'sign-in-expired' },
      'Time is up for that PIN',
      'open',
      true,
    ],
    [
      'belongs to another account',
      { ok: false, reason: 'foreign-account' },
      'The token from before stays',
      'start',
      false,
    ],
    [
      'meets a store that is down',
      { ok: false, reason: 'store-unavailable' },
      'Your PIN was not used',
      'open',
      true,
    ],
    [
      'is spent and not saved',
      { ok: false, reason: 'spent-not-saved' },
      'The PIN is used up',
      'start',
      false,
    ],
    ['is being checked', { ok: false, reason: 'in-progress' }, 'Still being checked', 'open', true],
    [
      'meets a broker that is silent',
      {
        ok: false,
        reason: 'broker',
        failure: { ...failure, reason: 'transient', problem: 'timeout', answered: false },
      },
      'We couldn’t confirm whether the PIN was used',
      'start',
      false,
    ],
    [
      'meets a broker that is out of reach',
      {
        ok: false,
        reason: 'not-sent',
        failure: { ...failure, reason: 'transient', problem: 'econnrefused', answered: false },
      },
      'The PIN was not sent. Paste it again',
      'open',
      true,
    ],
    [
      'meets a broker in trouble',
      {
        ok: false,
        reason: 'broker',
        failure: { ...failure, reason: 'transient', problem: 'http-500', answered: true },
      },
      'Open E*TRADE again for a new PIN',
      'start',
      false,
    ],
    [
      'meets a wrong consumer key',
      {
        ok: false,
        reason: 'broker',
        failure: {
          ...failure,
          reason: 'configuration',
          problem: 'consumer_key_rejected',
          answered: true,
        },
      },
      'It refuses this app’s own key or settings. Logging in again',
      'start',
      false,
    ],
  ];

  it.each(ENDS)(
    'that %s leads back with what happened and what to do',
    async (_name, result, words, step, keeps) => {
      const { location, text, visitor } = await postPin(result);
      expect(location).toBe(`${PAGE}?done`);
      expect(text).toContain('role="alert"');
      expect(text).toContain(words);
      expect(text).toContain(`data-step="${step}"`);
      expect(text).toContain('Open E*TRADE');
      if (!result.ok && result.reason === 'broker') {
        expectOnlyInDetails(text, result.failure.problem);
      }
      expect(Object.keys(visitor?.pending ?? {})).toEqual(keeps ? [SANDBOX] : []);
    },
  );

  it('posted again after its answer reports that answer', async () => {
    const first = await postPin({ ok: false, reason: 'pin-rejected', attemptsLeft: 7 });
    const again = await door.post(
      PAGE,
      { pin: '8F3KD', csrf: first.csrf },
      { cookie: cookieOf(first.answer) },
    );
    expect([again.status, again.headers.get('location')]).toEqual([303, `${PAGE}?done`]);
    expect(door.asked).toHaveLength(1);
  });

  it('without an open sign-in says where to begin', async () => {
    const { cookie, csrf } = await door.enter();
    const answer = await door.post(PAGE, { pin: '8F3KD', csrf }, { cookie });
    expect(await pageOf(`${PAGE}?done`, cookieOf(answer))).toContain('Begin with step 1');
  });

  it.each(['', 'pin=a&pin=b'])('that is not one field (%j) is not tried', async (fields) => {
    const { cookie, csrf } = await door.enter({ [SANDBOX]: openSignIn() });
    const answer = await door.post(PAGE, `csrf=${csrf}&${fields}`, { cookie });
    expect([answer.status, door.asked]).toEqual([400, []]);
  });

  it.each([
    ['the answer is old', 11 * 60_000, '?done'],
    ['nobody asks for it', 0, ''],
  ])('shows no answer when %s', async (_name, elapsed, query) => {
    const { answer } = await postPin({ ok: false, reason: 'pin-rejected', attemptsLeft: 7 });
    door.now = MORNING + elapsed;
    expect(await pageOf(`${PAGE}${query}`, cookieOf(answer))).not.toContain('role="alert"');
  });

  it('shows no answer on the page of another session', async () => {
    const { answer } = await postPin({ ok: false, reason: 'pin-rejected', attemptsLeft: 7 });
    expect(await pageOf(`/sign-in/${PROD}?done`, cookieOf(answer))).not.toContain('role="alert"');
  });

  it('a fresh start forgets the earlier answer', async () => {
    const { answer, csrf } = await postPin({ ok: false, reason: 'pin-rejected', attemptsLeft: 7 });
    const started = await door.post(`${PAGE}/start`, { csrf }, { cookie: cookieOf(answer) });
    expect((await visitorOf(started))?.outcome).toBeNull();
  });
});

describe('the callback', () => {
  const CALLBACK = '/callback/etrade?oauth_verifier=WXYZ89';
  const NAMED = `${CALLBACK}&oauth_token=${encodeURIComponent(openSignIn().id)}`;
  /** What a browser says of a navigation that another site began. */
  const CROSS_SITE = { 'sec-fetch-site': 'cross-site', referer: 'https://elsewhere.example/' };

  it.each([
    ['came from the broker', {}],
    ['was led here by any page', CROSS_SITE],
  ])('with the request token finishes that sign-in, though the browser %s', async (_, headers) => {
    const { cookie } = await door.enter({ [SANDBOX]: openSignIn() });
    const answer = await door.request(NAMED, { headers: { ...headers, cookie } });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, `${PAGE}?done`]);
    expect(door.asked).toEqual([
      {
        operation: 'complete',
        facts: { session: SANDBOX, signIn: openSignIn(), verifier: 'WXYZ89' },
      },
    ]);
  });

  it('without the request token spends nothing and offers the PIN behind one button', async () => {
    const { cookie, csrf } = await door.enter({ [SANDBOX]: openSignIn() });
    const answer = await door.request(CALLBACK, { headers: { ...CROSS_SITE, cookie } });
    const text = await answer.text();
    expect([answer.status, answer.headers.getSetCookie(), door.asked]).toEqual([200, [], []]);
    expect(text).toContain(`<form method="post" action="${PAGE}"`);
    expect(text).toContain(`<input type="hidden" name="csrf" value="${csrf}">`);
    expect(text).toMatch(/<input id="pin" name="pin" [^>]*required value="WXYZ89">/);
    expect([...text.matchAll(/<button[^>]*>([^<]*)</g)].map(([, name]) => name)).toEqual([
      'Finish signing in',
    ]);

    const finished = await door.post(PAGE, { csrf, pin: 'WXYZ89' }, { cookie });
    expect(finished.headers.get('location')).toBe(`${PAGE}?done`);
    expect(door.asked).toEqual([
      {
        operation: 'complete',
        facts: { session: SANDBOX, signIn: openSignIn(), verifier: 'WXYZ89' },
      },
    ]);
  });

  it('without the request token is not finished by a form of another site', async () => {
    const { cookie, csrf } = await door.enter({ [SANDBOX]: openSignIn() });
    for (const [fields, headers] of [
      [
        { csrf, pin: 'WXYZ89' },
        { cookie, ...CROSS_SITE },
      ],
      [{ pin: 'WXYZ89' }, { cookie }],
    ] as const) {
      expect((await door.post(PAGE, fields, headers)).status).toBe(403);
    }
    expect(door.asked).toEqual([]);
  });

  it.each([
    ['PIN by PIN', (round: number) => `/callback/etrade?oauth_verifier=1AAA${round}`],
    ['with tokens of its own', (round: number) => `${CALLBACK}&oauth_token=foreign${round}`],
    ['with two tokens', () => `${NAMED}&oauth_token=x`],
  ])('led to by a foreign page, %s, leaves the sign-in as it is', async (_name, addressOf) => {
    const { cookie, csrf } = await door.enter({ [SANDBOX]: openSignIn() });
    for (let round = 0; round < 11; round += 1) {
      const answer = await door.request(addressOf(round), { headers: { ...CROSS_SITE, cookie } });
      expect(answer.headers.getSetCookie()).toEqual([]);
    }
    expect(door.asked).toEqual([]);
    await door.post(PAGE, { csrf, pin: 'WXYZ89' }, { cookie });
    expect(door.asked).toMatchObject([{ operation: 'complete', facts: { signIn: openSignIn() } }]);
  });

  it('without the cookie shows the PIN to copy and uses nothing up', async () => {
    const answer = await door.request(CALLBACK);
    const text = await answer.text();
    expect(answer.status).toBe(200);
    expect(text).toContain('id="code">WXYZ89</code>');
    expect(text).toContain('This page’s whole address, pasted for the PIN, works as well.');
    expect(text).not.toContain('/sign-in/');
    expect(door.asked).toEqual([]);
  });

  it.each([
    ['no sign-in is open', {}],
    ['its time is up', { [SANDBOX]: openSignIn(MORNING - FIVE_MINUTES_MS) }],
  ])('shows the PIN to copy when %s', async (_name, pending) => {
    const { cookie } = await door.enter(pending);
    const answer = await door.request(CALLBACK, { headers: { cookie } });
    const text = await answer.text();
    expect(text).toContain('id="code">WXYZ89</code>');
    expect(text).not.toContain('<form');
    expect(door.asked).toEqual([]);
  });

  it('with two open sign-ins lets the person choose', async () => {
    const { cookie } = await door.enter({ [SANDBOX]: openSignIn(), [PROD]: openSignIn() });
    const text = await pageOf(CALLBACK, cookie);
    expect(text).toContain(`href="/sign-in/${SANDBOX}"`);
    expect(text).toContain(`href="/sign-in/${PROD}"`);
    expect(door.asked).toEqual([]);
  });

  it('with the request token knows which of two it is', async () => {
    const prod = { ...openSignIn(), id: 'other+token' };
    const { cookie } = await door.enter({ [SANDBOX]: openSignIn(), [PROD]: prod });
    const path = `${CALLBACK}&oauth_token=${encodeURIComponent('other+token')}`;
    const answer = await door.request(path, { headers: { cookie } });
    expect(answer.headers.get('location')).toBe(`/sign-in/${PROD}?done`);
  });

  it("with a stranger's request token is refused and uses nothing up", async () => {
    const { cookie } = await door.enter({ [SANDBOX]: openSignIn() });
    const answer = await door.request(`${CALLBACK}&oauth_token=x`, { headers: { cookie } });
    expect([answer.status, answer.headers.getSetCookie(), door.asked]).toEqual([400, [], []]);
    const text = await answer.text();
    expect(text).toContain('belongs to no sign-in that this browser has open');
    expect(text).toContain('paste it on the sign-in page there: for the PIN');
    expect(door.logged.map(({ event }) => event)).toContain('callback-refused');
  });

  it.each([
    ['HEAD', { method: 'HEAD' }],
    ['a speculative load', { headers: { 'sec-purpose': 'prefetch;prerender' } }],
  ])('by %s uses nothing up', async (_name, init: RequestInit) => {
    const { cookie } = await door.enter({ [SANDBOX]: openSignIn() });
    const headers = { ...Object.fromEntries(new Headers(init.headers)), cookie };
    const answer = await door.request(NAMED, { ...init, headers });
    expect([answer.status, door.asked]).toEqual([503, []]);
  });

  it.each([
    ['', 400],
    ['?oauth_verifier=', 400],
    ['?oauth_verifier=a&oauth_verifier=b', 400],
    [`?oauth_verifier=${'x'.repeat(33)}`, 400],
    ['?oauth_verifier=hello%20my%20friend', 400],
    ['?oauth_verifier=call+0800+555+now!', 400],
    ['?oauth_verifier=%3Cscript%3Ex%3C/script%3E', 400],
    ['?oauth_verifier=1', 400],
  ])('with "%s" answers %i', async (query, status) => {
    expect((await door.request(`/callback/etrade${query}`)).status).toBe(status);
  });

  it('of a broker we do not have is not found', async () => {
    expect((await door.request('/callback/robinhood?oauth_verifier=X')).status).toBe(404);
  });

  it('with what cannot be a PIN says so, spends nothing and repeats nothing of it', async () => {
    const { cookie } = await door.enter({ [SANDBOX]: openSignIn() });
    const path = `/callback/etrade?oauth_verifier=call-0800-canary&oauth_token=${encodeURIComponent(openSignIn().id)}`;
    const answer = await door.request(path, { headers: { cookie } });
    const text = await answer.text();
    expect([answer.status, answer.headers.getSetCookie(), door.asked]).toEqual([400, [], []]);
    expect(text).toContain('nothing was sent on and no try was used');
    expect(text).not.toContain('canary');
  });

  it('loses what nobody sees in it', async () => {
    const { cookie } = await door.enter({ [SANDBOX]: openSignIn() });
    const path = NAMED.replace('WXYZ89', '%E2%80%8BWX%C2%ADYZ89%EF%BB%BF');
    await door.request(path, { headers: { cookie } });
    expect(door.asked[0]?.facts).toMatchObject({ verifier: 'WXYZ89' });
  });
});
