/**
 * The morning's sign-in in a real browser against the real local run: from the chat's button to a worker
 * that works, with and without JavaScript, and with all that happens to people and their phones.
 */

import type { Browser, BrowserContextOptions, Page, Request } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Overview } from '../../infra/local/control-client.ts';
import { HAS_CHROMIUM, launchChromium } from '../fixtures/chromium.ts';
import { type RunningSystem, startRunningSystem } from '../fixtures/local-system.ts';
import {
  acceptAtBroker,
  logIn,
  openChat,
  openPhone,
  type Phone,
  signIn,
  submitPin,
  tapLastButton,
  tapOpen,
} from '../fixtures/phone.ts';

/** What follows a sign-in follows within moments, on a busy machine a little later. */
const PATIENCE = { timeout: 10_000 };
const PAUSED = { paused: true };
/** Long enough for a second post to meet the first at work. */
const SLOW_EXCHANGE = { slowMs: 1_500, faultOn: 'access_token' };

describe.skipIf(!HAS_CHROMIUM)('the sign-in in Chromium', () => {
  let browser: Browser;
  let running: RunningSystem;
  const phones: Phone[] = [];

  beforeAll(async () => {
    [browser, running] = await Promise.all([
      launchChromium(),
      startRunningSystem({ startAt: '2026-03-09T08:29:00-04:00' }),
    ]);
    await running.control.moveTo(Date.parse('2026-03-09T08:31:00-04:00'));
  });
  afterAll(async () => {
    await browser?.close();
    await running?.stop();
  });
  afterEach(async () => {
    const complaints = phones.flatMap((phone) => phone.complaints);
    for (const { context } of phones.splice(0)) await context.close();
    await running.control.setFaults({ broker: null, worker: null });
    await running.control.setFaults({ 'keep-alive': null, 'health-check': null });
    expect(complaints).toEqual([]);
  });

  async function newPhone(options?: BrowserContextOptions): Promise<Phone> {
    const phone = await openPhone(browser, options);
    phones.push(phone);
    return phone;
  }

  /** A new phone: its chat, and the page behind the newest button. */
  async function fromChat(options?: BrowserContextOptions) {
    const phone = await newPhone(options);
    const chat = await openChat(phone, running.system.urls.telegram);
    return { phone, chat, page: await tapLastButton(phone, chat) };
  }

  async function expectSignedIn(page: Page): Promise<void> {
    await page.getByRole('heading', { level: 1, name: 'Signed in' }).waitFor();
    expect(await page.locator('main').innerText()).toContain(
      'E*TRADE sandbox has a fresh token, good until midnight.',
    );
  }

  async function expectNote(page: Page, title: string, text: string): Promise<void> {
    const note = page.getByRole('alert');
    await note.getByRole('heading', { name: title }).waitFor();
    expect(await note.innerText()).toContain(text);
  }

  /** The dashboard is green, and the worker has called the broker with the new token. */
  async function expectAllWell(page: Page, generation: number): Promise<Overview> {
    await page.getByRole('link', { name: 'See all sessions' }).click();
    const card = page.getByRole('region', { name: 'E*TRADE sandbox' });
    expect(await card.getAttribute('class')).toBe('card good');
    expect(await card.locator('.chip').innerText()).toBe('Active');
    await page.getByRole('heading', { name: 'Nothing to do' }).waitFor();
    return vi.waitFor(async () => {
      const overview = await running.control.overview();
      expect(overview.workers[0]).toMatchObject({ generation, lastCall: { status: 200 } });
      return overview;
    }, PATIENCE);
  }

  /** One token, one event, one message; the post that shows the page may be ahead of the one at work. */
  async function expectOneMore(before: Overview): Promise<void> {
    await vi.waitFor(async () => {
      const { sessions, events, messages } = await running.control.overview();
      expect(sessions[0]?.generation).toBe((before.sessions[0]?.generation ?? 0) + 1);
      expect(events.length).toBe(before.events.length + 1);
      expect(messages.length).toBe(before.messages.length + 1);
    }, PATIENCE);
  }

  async function generation(): Promise<number> {
    return (await running.session()).generation;
  }

  it('goes from the chat to a working worker by one tap, one login and one paste', async () => {
    const { phone, chat, page } = await fromChat({
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    const tab = await tapOpen(phone, page);
    expect(new URL(tab.url()).origin).toBe(running.system.urls.brokers);
    const pin = await logIn(tab);
    await tab.getByRole('button', { name: 'Copy' }).click();
    await tab.getByRole('button', { name: 'Copied' }).waitFor();
    await tab.close();

    await page.getByRole('button', { name: 'Paste' }).click();
    await vi.waitFor(async () => {
      expect(await page.getByLabel('PIN from E*TRADE').inputValue()).toBe(pin);
    });
    await page.getByRole('button', { name: 'Save the token' }).click();
    await expectSignedIn(page);
    await expectAllWell(page, 1);
    await chat.locator('.message', { hasText: '✅ E*TRADE sandbox: Signed in' }).waitFor();
  });

  it('goes the same way with JavaScript off', async () => {
    const before = await running.control.overview();
    const { phone, chat, page } = await fromChat({ javaScriptEnabled: false });
    const tab = await tapOpen(phone, page);
    expect(new URL(tab.url()).origin).toBe(running.system.urls.brokers);
    await submitPin(page, await logIn(tab));
    await expectSignedIn(page);
    const { messages } = await expectAllWell(page, 2);
    expect(messages.length).toBe(before.messages.length + 1);
    await chat.reload();
    expect(await chat.locator('.message').last().innerText()).toContain('✅ E*TRADE sandbox');
  });

  it.each([
    ['with', true],
    ['without', false],
  ])('goes on after the phone dropped and reloaded the page, %s JavaScript', async (_, js) => {
    const { phone, page } = await fromChat({ javaScriptEnabled: js });
    const tab = await tapOpen(phone, page);
    const pin = await logIn(tab);
    await running.control.advance('PT2M');
    await phone.context.setOffline(true);
    await expect(page.reload()).rejects.toThrow('ERR_INTERNET_DISCONNECTED');
    await phone.context.setOffline(false);
    await page.reload();
    expect(await page.getByRole('timer').innerText()).toMatch(/^(3:00|2:[345]\d)$/);
    await submitPin(page, pin);
    await expectSignedIn(page);
  });

  it('goes on when the tab was closed and the link is opened again', async () => {
    const { phone, chat, page } = await fromChat();
    const tab = await tapOpen(phone, page);
    const pin = await logIn(tab);
    await running.control.advance('PT1M');
    await page.close();
    const again = await tapLastButton(phone, chat);
    expect(await again.getByRole('timer').innerText()).toMatch(/^(4:00|3:[345]\d)$/);
    await submitPin(again, pin);
    await expectSignedIn(again);
  });

  it('says that a PIN was wrong and how many tries are left, and starts afresh in one tap', async () => {
    const { phone, page } = await fromChat();
    await tapOpen(phone, page);
    await submitPin(page, 'WRONG');
    await expectNote(page, 'E*TRADE did not accept the PIN', '9\u00a0tries left this hour');
    await signIn(phone, page);
    await expectSignedIn(page);
  });

  it('says that time is up for a PIN, and starts afresh in one tap', async () => {
    const { phone, page } = await fromChat();
    const tab = await tapOpen(phone, page);
    const pin = await logIn(tab);
    await running.control.advance('PT6M');
    await submitPin(page, pin);
    await expectNote(page, 'Time is up for that PIN', 'Open it again for a new one.');
    await signIn(phone, page);
    await expectSignedIn(page);
  });

  it('uses nothing up for a link preview, be it between tap and paste', async () => {
    const { phone, page } = await fromChat();
    const tab = await tapOpen(phone, page);
    const pin = await logIn(tab);
    const link = await running.newestLink();
    const before = await stateOf(running);
    for (const method of ['GET', 'HEAD', 'GET', 'HEAD', 'GET', 'HEAD']) {
      const headers = { 'user-agent': 'TelegramBot (like TwitterBot)' };
      const first = await fetch(link, { method, headers, redirect: 'manual' });
      expect(first.status).toBe(303);
      const target = new URL(first.headers.get('location') ?? '', link);
      expect((await fetch(target, { method, headers })).status).toBe(401);
    }
    expect(await stateOf(running)).toEqual(before);
    await submitPin(page, pin);
    await expectSignedIn(page);
  });

  it.each([
    ['with nothing to do where the redirect names the sign-in', true, true],
    ['with one tap where the redirect does not name it', false, true],
    ['with one tap, without JavaScript', false, false],
  ])('ends in the broker’s tab %s', async (_name, redirectCarriesToken, javaScriptEnabled) => {
    const callbackUrl = `${running.system.urls.public}/callback/etrade`;
    await running.control.setFaults({ broker: { callbackUrl, redirectCarriesToken } });
    const before = await generation();
    const { phone, page } = await fromChat({ javaScriptEnabled });
    const tab = await tapOpen(phone, page);
    await acceptAtBroker(tab);
    if (!redirectCarriesToken) {
      await tab.getByText('Nothing is sent until you tap.').waitFor();
      expect(await tab.getByLabel('PIN from E*TRADE').inputValue()).toMatch(/^[A-Z0-9]{5,7}$/);
      expect(await generation()).toBe(before);
      await tab.getByRole('button', { name: 'Finish signing in' }).click();
    }
    await expectSignedIn(tab);
    expect(await generation()).toBe(before + 1);
    await page.reload();
    await page.getByText('You’re signed in until midnight.').waitFor();
  });

  it('goes on although a foreign page leads the browser to the callback again and again', async () => {
    const before = await generation();
    const { phone, page } = await fromChat();
    const pin = await logIn(await tapOpen(phone, page));
    const elsewhere = await phone.context.newPage();
    for (const query of ['oauth_verifier=1AAAA', 'oauth_verifier=1AAAA&oauth_token=foreign']) {
      await elsewhere.goto(`${running.system.urls.telegram}`.replace('127.0.0.1', 'localhost'));
      const target = `${running.system.urls.public}/callback/etrade?${query}`;
      await elsewhere.evaluate(`location.href = ${JSON.stringify(target)}`);
      await elsewhere.waitForURL(target);
      await elsewhere.getByRole('heading', { level: 1 }).waitFor();
    }
    await submitPin(page, pin);
    await expectSignedIn(page);
    expect(await generation()).toBe(before + 1);
  });

  it('shows a callback’s PIN to a browser without the cookie, and uses nothing up', async () => {
    const callbackUrl = `${running.system.urls.public}/callback/etrade`;
    await running.control.setFaults({ broker: { callbackUrl } });
    const before = await generation();
    const { phone, page } = await fromChat();
    const tab = await tapOpen(phone, page);

    const other = await newPhone();
    const elsewhere = await other.context.newPage();
    await elsewhere.goto(tab.url());
    await acceptAtBroker(elsewhere);
    await elsewhere.getByRole('heading', { level: 1, name: 'Copy your PIN' }).waitFor();
    await elsewhere.reload();
    const pin = await elsewhere.locator('code').innerText();
    expect(await generation()).toBe(before);

    await submitPin(page, pin);
    await expectSignedIn(page);
    expect(await generation()).toBe(before + 1);
  });

  it.each([
    ['posted once, with JavaScript', true, 1],
    ['posted twice, without JavaScript', false, 2],
  ])('makes one token of two taps, %s', async (_, javaScriptEnabled, expectedPosts) => {
    await running.control.setFaults({ broker: SLOW_EXCHANGE });
    const { phone, page } = await fromChat({ javaScriptEnabled });
    const pin = await logIn(await tapOpen(phone, page));
    const before = await running.control.overview();
    let posts = 0;
    page.on('request', (request) => {
      if (isPost(request)) posts += 1;
    });
    await page.bringToFront();
    await page.getByLabel('PIN from E*TRADE').fill(pin);
    const button = await page.getByRole('button', { name: 'Save the token' }).boundingBox();
    const tap = () => page.mouse.click((button?.x ?? 0) + 20, (button?.y ?? 0) + 20);
    await Promise.all([page.waitForRequest(isPost), tap()]);
    await tap();
    await expectSignedIn(page);
    expect(posts).toBe(expectedPosts);
    await expectOneMore(before);
  });

  it('makes one token of a PIN posted from two tabs at once, and both say so', async () => {
    await running.control.setFaults({ broker: SLOW_EXCHANGE });
    const { phone, chat, page } = await fromChat();
    const pin = await logIn(await tapOpen(phone, page));
    const second = await tapLastButton(phone, chat);
    const before = await running.control.overview();
    await Promise.all([submitPin(page, pin), submitPin(second, pin)]);
    await expectSignedIn(page);
    await expectSignedIn(second);
    await expectOneMore(before);
  });

  it('offers a new link when the old one ended at midnight', async () => {
    // What runs until midnight is no part of this story.
    await running.control.setFaults({ 'keep-alive': PAUSED, 'health-check': PAUSED });
    await running.control.setFaults({ worker: PAUSED });
    await running.control.moveTo(Date.parse('2026-03-10T00:05:00-04:00'));
    const { phone, chat, page } = await fromChat();
    await page.getByRole('heading', { level: 1, name: 'This link has ended' }).waitFor();
    await page.getByRole('button', { name: 'Send a new link to my Telegram' }).click();
    await page.getByRole('heading', { level: 1, name: 'Look at your Telegram' }).waitFor();
    await chat.locator('.message', { hasText: 'Here is your new link.' }).waitFor();
    const dashboard = await tapLastButton(phone, chat);
    await dashboard.getByRole('link', { name: 'Sign in to E*TRADE sandbox' }).click();
    await signIn(phone, dashboard);
    await expectSignedIn(dashboard);
  });
});

/** All that a preview could change. */
async function stateOf({ control, system }: RunningSystem) {
  const { sessions, messages, events } = await control.overview();
  return { sessions, messages, events, broker: system.brokerStats() };
}

function isPost(request: Request): boolean {
  return request.method() === 'POST';
}
