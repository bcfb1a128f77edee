/**
 * The pages in a real browser: under their own policy, in light and dark, with scripts and without, and
 * the tap really arriving at another origin.
 */

import type { Server } from 'node:http';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { OpenSignIn } from '../../functions/brokers/broker.ts';
import { CODE_SHAPE, readOauth2Callback } from '../../functions/brokers/oauth2.ts';
import type { Outcome } from '../../functions/http/outcome.ts';
import { HAS_CHROMIUM, launchChromium, PHONE } from '../fixtures/chromium.ts';
import {
  createFrontDoor,
  type FrontDoor,
  listen,
  MIDNIGHT,
  MORNING,
  openSignIn,
  PROD,
  SANDBOX,
  sessionStatus,
  statusOf,
} from '../fixtures/front-door.ts';
import { poorContrasts, smallTargets, unlabelled, widthOverflow } from '../fixtures/page-checks.ts';

const SIGN_IN = `/sign-in/${SANDBOX}`;

type Arrival = { readonly method: string; readonly path: string; readonly referer: string | null };

const FETCH_METADATA = ['sec-fetch-site', 'sec-fetch-mode', 'sec-fetch-dest', 'sec-fetch-user'];

describe.skipIf(!HAS_CHROMIUM)('in Chromium', () => {
  let browser: Browser;
  let broker: { url: string; server: Server };
  let site: { url: string; server: Server };
  let door: FrontDoor;
  let arrivals: Arrival[];
  /** Headers of every post that reached us. */
  let posts: Headers[];
  let complaints: string[];
  /** Whether what came since 2020 is taken off every request. */
  let isOldBrowser = false;

  beforeAll(async () => {
    browser = await launchChromium();
    broker = await listen(async (request) => {
      const { pathname, search } = new URL(request.url);
      if (pathname !== '/favicon.ico') {
        const referer = request.headers.get('referer');
        arrivals.push({ method: request.method, path: pathname + search, referer });
      }
      return new Response('<h1>Log in</h1>', { headers: { 'content-type': 'text/html' } });
    });
    site = await listen(async (request) => {
      if (request.method === 'POST') posts.push(request.headers);
      const { pathname, search } = new URL(request.url);
      const { method } = request;
      const headers = new Headers(request.headers);
      if (isOldBrowser) for (const name of FETCH_METADATA) headers.delete(name);
      const body = method === 'POST' ? { body: await request.text() } : {};
      return door.request(pathname + search, { method, headers, ...body });
    });
  });

  afterAll(async () => {
    await browser.close();
    for (const { server } of [site, broker]) server.close();
  });

  beforeEach(() => {
    arrivals = [];
    posts = [];
    complaints = [];
    isOldBrowser = false;
    door = createFrontDoor({ publicUrl: site.url, authorizeOrigin: broker.url });
    door.answers.start = {
      ok: true,
      authorizeUrl: `${broker.url}/authorize?key=k&token=t%2F1`,
      signIn: openSignIn(),
    };
  });

  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
  });

  /** A phone with the cookie, as after the tap on the Telegram button. */
  async function phone(
    state: { pending?: Record<string, OpenSignIn>; outcome?: Outcome } = {},
    options: BrowserContextOptions = {},
  ): Promise<Page> {
    const context = await browser.newContext({ ...PHONE, ...options });
    const { cookies } = door.wiring;
    const visitor = { ...cookies.admit(MIDNIGHT), pending: {}, outcome: null, ...state };
    const [pair = ''] = (await cookies.write(visitor)).split(';');
    const at = pair.indexOf('=');
    await context.addCookies([
      { name: pair.slice(0, at), value: pair.slice(at + 1), url: site.url },
    ]);
    const page = await context.newPage();
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (!message.text().startsWith('Failed to load resource')) complaints.push(message.text());
    });
    return page;
  }

  const outcome = (result: Outcome['result']): Outcome => ({
    at: MORNING,
    session: SANDBOX,
    result,
  });

  const PAGES: readonly (readonly [string, string, Parameters<typeof phone>[0]])[] = [
    ['the dashboard', '/', {}],
    ['the sign-in page', SIGN_IN, {}],
    ['an open sign-in', SIGN_IN, { pending: { [SANDBOX]: openSignIn() } }],
    [
      'an error',
      `${SIGN_IN}?done`,
      { outcome: outcome({ word: 'pin-rejected', attemptsLeft: 7 }) },
    ],
    [
      'a success',
      `${SIGN_IN}?done`,
      {
        outcome: outcome({
          word: 'signed-in',
          generation: 18,
          hardEndsAt: MIDNIGHT,
          follow: 'told',
        }),
      },
    ],
    ['an ended link', '/go/forged', {}],
    ['a callback of a stranger', '/callback/etrade?oauth_verifier=WXYZ89', {}],
    ['a page that is not there', '/nowhere', {}],
  ];

  describe.each(['light', 'dark'] as const)('in %s', (colorScheme) => {
    it.each(PAGES)('%s is styled, readable and within its policy', async (_name, path, state) => {
      const due = sessionStatus({ key: PROD, title: 'E*TRADE prod', state: 'expired' });
      door.answers.status = statusOf([sessionStatus(), due]);
      const page = await phone(state, { colorScheme });
      await page.goto(site.url + path);
      expect(complaints).toEqual([]);
      expect(await page.locator('main').count()).toBe(1);
      expect(await page.locator('h1').count()).toBe(1);
      expect(await widthOverflow(page)).toBe(0);
      expect(await smallTargets(page)).toEqual([]);
      expect(await poorContrasts(page)).toEqual([]);
      expect(await unlabelled(page)).toEqual([]);
    });
  });

  describe.each([true, false])('with JavaScript: %s', (javaScriptEnabled) => {
    it('one tap opens the broker in a new tab, and the PIN saves the token', async () => {
      const page = await phone({}, { javaScriptEnabled });
      await page.goto(site.url + SIGN_IN);
      const [tab] = await Promise.all([
        page.context().waitForEvent('page'),
        page.getByRole('button', { name: 'Open E*TRADE' }).click(),
      ]);
      await tab.waitForURL(`${broker.url}/authorize?key=k&token=t%2F1`);
      expect(arrivals).toEqual([
        { method: 'GET', path: '/authorize?key=k&token=t%2F1', referer: null },
      ]);
      expect(await tab.evaluate('window.opener')).toBeNull();

      await page.getByLabel('PIN from E*TRADE').fill(' 8f3kd ');
      await page.getByRole('button', { name: 'Save the token' }).click();
      await page.waitForURL(`${site.url}${SIGN_IN}?done`);
      expect(await page.locator('h1').textContent()).toBe('Signed in');
      expect(door.asked.map(({ operation }) => operation)).toEqual(['start', 'complete']);
      expect(door.asked[1]?.facts).toMatchObject({ verifier: '8f3kd', signIn: openSignIn() });
      expect(complaints).toEqual([]);
    });

    it('posts name our origin, which is all that browsers without Fetch Metadata can say', async () => {
      const page = await phone({}, { javaScriptEnabled });
      await page.goto(site.url);
      await page.getByRole('button', { name: 'Check now' }).click();
      await page.waitForURL(`${site.url}/?done`);
      expect(
        posts.map((headers) => [headers.get('origin'), headers.get('sec-fetch-site')]),
      ).toEqual([[site.url, 'same-origin']]);
      expect(await page.getByRole('alert').textContent()).toContain('Nothing to check');
    });

    it('signs this browser out, an old one too', async () => {
      isOldBrowser = true;
      const page = await phone({}, { javaScriptEnabled });
      await page.goto(site.url);
      await page.getByRole('button', { name: 'Sign out this browser' }).click();
      await page.getByRole('heading', { name: 'Signed out' }).waitFor();
      expect(await page.context().cookies()).toEqual([]);
      await page.goto(site.url);
      await page.getByRole('button', { name: 'Send a new link to my Telegram' }).click();
      await page.getByRole('heading', { name: 'Look at your Telegram' }).waitFor();
      expect(door.asked).toEqual([{ operation: 'link', facts: { asker: 'anyone' } }]);
    });

    it('signs out after a second look', async () => {
      const page = await phone({}, { javaScriptEnabled });
      await page.goto(site.url);
      const button = page.getByRole('button', { name: 'Sign out of E*TRADE sandbox' });
      expect(await button.isVisible()).toBe(false);
      await page.getByText('More').click();
      await button.click();
      await page.waitForURL(`${site.url}/?done`);
      expect(door.asked).toEqual([{ operation: 'revoke', facts: { session: SANDBOX } }]);
    });

    it('asks for a new link from outside', async () => {
      const page = await phone({}, { javaScriptEnabled });
      await page.context().clearCookies();
      await page.goto(site.url);
      await page.getByRole('button', { name: 'Send a new link to my Telegram' }).click();
      await page.getByRole('heading', { name: 'Look at your Telegram' }).waitFor();
      expect(door.asked).toEqual([{ operation: 'link', facts: { asker: 'anyone' } }]);
    });

    it('a failed start says so in the new tab, which can try again itself', async () => {
      const { start } = door.answers;
      door.answers.start = { ok: false, reason: 'too-many-attempts', retryAt: MORNING + 60_000 };
      const page = await phone({}, { javaScriptEnabled });
      await page.goto(site.url + SIGN_IN);
      const [tab] = await Promise.all([
        page.context().waitForEvent('page'),
        page.getByRole('button', { name: 'Open E*TRADE' }).click(),
      ]);
      await tab.getByRole('alert').waitFor();
      door.answers.start = start;
      await tab.getByRole('button', { name: 'Open E*TRADE' }).click();
      await tab.waitForURL(`${broker.url}/authorize?key=k&token=t%2F1`);
    });
  });

  it.each([
    ['after a tap', {}],
    ['while an earlier sign-in is open', { [SANDBOX]: openSignIn() }],
  ])(
    'two tabs agree that the broker could not be opened, and that it then was: %s',
    async (_name, pending) => {
      const { start } = door.answers;
      door.answers.start = {
        ok: false,
        reason: 'broker',
        failure: {
          ok: false,
          reason: 'transient',
          problem: 'und_err_socket',
          answered: false,
          status: null,
          retryAfterMs: null,
          skewMs: null,
        },
      };
      const page = await phone({ pending });
      await page.goto(site.url + SIGN_IN);
      const tap = page.getByRole('button', { name: /^Open E\*TRADE/ }).click();
      const [tab] = await Promise.all([page.context().waitForEvent('page'), tap]);
      for (const each of [tab, page]) {
        await each.getByRole('heading', { name: 'E*TRADE could not be opened' }).waitFor();
        expect(await each.locator('[data-step="start"]').count()).toBe(1);
        expect(await each.getByRole('heading', { name: 'E*TRADE is open' }).isVisible()).toBe(
          false,
        );
        expect(await each.getByRole('timer').isVisible()).toBe(false);
        expect(await each.getByText('und_err_socket').isVisible()).toBe(false);
        await each.getByText('Details', { exact: true }).click();
        expect(await each.getByText('und_err_socket').isVisible()).toBe(true);
      }

      door.answers.start = start;
      await tab.getByRole('button', { name: 'Open E*TRADE' }).click();
      await tab.waitForURL(`${broker.url}/authorize?key=k&token=t%2F1`);
      await page.getByRole('heading', { name: 'E*TRADE is open' }).waitFor();
      expect(await page.getByRole('alert').count()).toBe(0);
      expect(await page.getByRole('timer').textContent()).toMatch(/^(5:00|4:5\d)$/);
      expect(complaints).toEqual([]);
    },
  );

  it('without JavaScript the first tab claims nothing, and says what happened once reloaded', async () => {
    door.answers.start = { ok: false, reason: 'too-many-attempts', retryAt: MORNING + 60_000 };
    const page = await phone({}, { javaScriptEnabled: false });
    await page.goto(site.url + SIGN_IN);
    const tap = page.getByRole('button', { name: 'Open E*TRADE' }).click();
    const [tab] = await Promise.all([page.context().waitForEvent('page'), tap]);
    await tab.getByRole('alert').waitFor();
    expect(await page.getByRole('heading', { name: 'E*TRADE is open' }).isVisible()).toBe(false);
    await page.goto(`${site.url}${SIGN_IN}?done`);
    expect(await page.getByRole('alert').textContent()).toContain('Too many wrong PINs');
  });

  it('shows both steps without JavaScript, and the countdown as it stood', async () => {
    const page = await phone(
      { pending: { [SANDBOX]: openSignIn(MORNING - 28_000) } },
      { javaScriptEnabled: false },
    );
    await page.goto(site.url + SIGN_IN);
    expect(await page.getByRole('timer').textContent()).toBe('4:32');
    expect(await page.getByRole('button', { name: 'Paste', exact: true }).isVisible()).toBe(false);
    expect(await page.getByLabel('PIN from E*TRADE').isEditable()).toBe(true);
  });

  it('moves to the PIN by itself after the tap, and counts down', async () => {
    const page = await phone();
    await page.clock.install({ time: MORNING });
    await page.goto(site.url + SIGN_IN);
    expect(await page.getByRole('timer').isVisible()).toBe(false);
    await page.getByRole('button', { name: 'Open E*TRADE' }).click();
    await page.getByText('E*TRADE is open').waitFor();
    expect(await page.getByRole('timer').textContent()).toMatch(/^(5:00|4:5\d)$/);
    await page.clock.runFor(61_000);
    expect(await page.getByRole('timer').textContent()).toMatch(/^(4:00|3:5\d)$/);
    expect(await page.locator('#say').textContent()).toBe('4 minutes left for the PIN');
  });

  it('offers a fresh start in one tap once the time is up', async () => {
    const page = await phone({ pending: { [SANDBOX]: openSignIn(MORNING - 290_000) } });
    await page.clock.install({ time: MORNING });
    await page.goto(site.url + SIGN_IN);
    expect(await page.getByRole('heading', { name: 'E*TRADE is open' }).isVisible()).toBe(true);
    await page.clock.runFor(11_000);
    expect(await page.getByRole('heading', { name: 'Time is up for that PIN' }).isVisible()).toBe(
      true,
    );
    expect(await page.locator('#say').textContent()).toBe('Time is up for that PIN');
    await page.getByRole('button', { name: 'Open E*TRADE again' }).click();
    await page.getByRole('heading', { name: 'E*TRADE is open' }).waitFor();
  });

  it('counts by our clock, not by a phone that is an hour off', async () => {
    const page = await phone({ pending: { [SANDBOX]: openSignIn(MORNING - 28_000) } });
    await page.clock.install({ time: MORNING + 3_600_000 });
    await page.goto(site.url + SIGN_IN);
    await page.clock.runFor(10);
    expect(await page.getByRole('timer').textContent()).toMatch(/^4:3[0-2]$/);
  });

  it('keeps the sign-in through a reload', async () => {
    const page = await phone();
    await page.goto(site.url + SIGN_IN);
    const [tab] = await Promise.all([
      page.context().waitForEvent('page'),
      page.getByRole('button', { name: 'Open E*TRADE' }).click(),
    ]);
    await tab.waitForURL(/authorize/);
    await page.reload();
    expect(await page.locator('[data-step="open"]').count()).toBe(1);
    expect(await page.locator('#pin').evaluate((field) => field.matches(':focus'))).toBe(true);
  });

  it('sends a PIN once however often the button is pressed', async () => {
    const page = await phone({ pending: { [SANDBOX]: openSignIn() } });
    await page.goto(site.url + SIGN_IN);
    await page.getByLabel('PIN from E*TRADE').fill('8F3KD');
    await page.getByRole('button', { name: 'Save the token' }).dblclick({ noWaitAfter: true });
    await page.waitForURL(/done/);
    expect(door.asked.map(({ operation }) => operation)).toEqual(['complete']);
  });

  it('pastes the PIN with one tap', async () => {
    const page = await phone({ pending: { [SANDBOX]: openSignIn() } });
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.goto(site.url + SIGN_IN);
    await page.evaluate(`navigator.clipboard.writeText(' \\u200b8F\\u00ad3KD\\ufeff\\n')`);
    await page.getByRole('button', { name: 'Paste', exact: true }).click();
    await page.locator('#pin:focus').waitFor();
    expect(await page.getByLabel('PIN from E*TRADE').inputValue()).toBe('8F3KD');
  });

  it('sends a long paste whole, to be judged, and not what is left of it', async () => {
    const page = await phone({ pending: { [SANDBOX]: openSignIn() } });
    await page.goto(site.url + SIGN_IN);
    const pasted = `${'\u200b'.repeat(30)}8F3KD`;
    await page.getByLabel('PIN from E*TRADE').fill(pasted);
    await page.getByRole('button', { name: 'Save the token' }).click();
    await page.waitForURL(/done/);
    expect(door.asked[0]?.facts).toMatchObject({ verifier: '8F3KD' });
  });

  it('takes the status along when the dashboard is looked at again', async () => {
    const page = await phone();
    await page.clock.install({ time: MORNING });
    await page.goto(site.url);
    door.answers.status = statusOf([sessionStatus({ state: 'expired' })]);
    await page.clock.runFor(31_000);
    await page.evaluate(`document.dispatchEvent(new Event('visibilitychange'))`);
    await page.getByRole('link', { name: 'Sign in to E*TRADE sandbox' }).waitFor();
  });

  it('would stop a form that leads anywhere else', async () => {
    door.answers.start = { ok: true, authorizeUrl: 'http://localhost:1/', signIn: openSignIn() };
    const page = await phone({}, { javaScriptEnabled: true });
    await page.goto(site.url + SIGN_IN);
    await page.locator('form[target]').evaluate((form) => form.removeAttribute('target'));
    await page.getByRole('button', { name: 'Open E*TRADE' }).click();
    await expect.poll(() => complaints.join()).toContain('form-action');
  });

  it('leads over several hosts of a login and back, with no complaint and no script', async () => {
    const hops = await listen(async (request) => {
      const location = request.url.endsWith('/back')
        ? `${site.url}/callback/etrade?code=canary-code&state=the-state`
        : `${broker.url.replace('127.0.0.1', 'localhost')}/log-in`;
      return new Response(null, { status: 302, headers: { location } });
    });
    door = createFrontDoor({
      publicUrl: site.url,
      broker: {
        title: 'Schwab',
        verifierKind: 'redirect',
        verifierShape: CODE_SHAPE,
        readCallback: readOauth2Callback,
      },
    });
    door.answers.start = {
      ok: true,
      authorizeUrl: `${hops.url}/authorize?a=1&b=2`,
      signIn: { ...openSignIn(), id: 'the-state' },
    };
    const page = await phone({}, { javaScriptEnabled: false });
    await page.goto(site.url + SIGN_IN);
    await page.getByRole('button', { name: 'Open Schwab' }).click();
    await page.getByRole('heading', { name: 'Log in' }).waitFor();
    expect(new URL(page.url()).hostname).toBe('localhost');
    await page.goto(`${hops.url}/back`);
    await page.getByRole('heading', { name: 'Signed in' }).waitFor();
    expect(complaints).toEqual([]);
    hops.server.close();
  });
});
