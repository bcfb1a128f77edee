/** The chat page: what it contains, and what a real browser makes of it. */

import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ChatMessage } from '../../infra/local/telegram-chat.ts';
import { chatPage, chatUpdate, pageHeaders } from '../../infra/local/telegram-page.ts';
import { HAS_CHROMIUM, launchChromium, PHONE } from '../fixtures/chromium.ts';
import { BOT_TOKEN, startTelegram, type TelegramServer } from '../fixtures/telegram-server.ts';

const now = Date.parse('2026-03-09T12:30:00Z');

const message: ChatMessage = {
  id: 1,
  at: now,
  editedAt: null,
  chatId: '77001',
  text: '✅ done',
  safeHtml: '<b>✅ done</b>',
  buttons: [{ text: 'A & <B>', url: 'https://a.example/?x="1"&y=2' }],
  isProtected: true,
  isSilent: false,
  hasPreview: false,
};

function view(messages: ChatMessage[]) {
  return { messages, revision: messages.length, now, zone: 'America/New_York' };
}

describe('chatPage', () => {
  it('escapes what buttons say and where they lead', () => {
    expect(chatPage(view([message]))).toContain(
      '<a class="button" href="https://a.example/?x=&quot;1&quot;&amp;y=2" target="_blank" rel="noopener noreferrer">A &amp; &lt;B&gt;</a>',
    );
  });

  it('writes each day once, and times in its zone', () => {
    const later = { ...message, id: 2, at: now + 3_600_000 };
    const tomorrow = { ...message, id: 3, at: now + 24 * 3_600_000, editedAt: now + 1 };
    const page = chatPage(view([message, later, tomorrow]));
    expect(page.match(/class="day"><span>[^<]*/g)).toEqual([
      'class="day"><span>Monday, 9 March',
      'class="day"><span>Tuesday, 10 March',
    ]);
    expect(page.match(/<div class="at">.*?<\/div>/g)).toEqual([
      '<div class="at"><time datetime="2026-03-09T12:30:00.000Z">08:30</time></div>',
      '<div class="at"><time datetime="2026-03-09T13:30:00.000Z">09:30</time></div>',
      '<div class="at">edited <time datetime="2026-03-10T12:30:00.000Z">08:30</time></div>',
    ]);
  });

  it('keeps a sign in the text and draws it', () => {
    expect(chatPage(view([message]))).toContain(
      '<b><span class="sign sign-done">✅</span> done</b>',
    );
  });

  it('says so when there is nothing', () => {
    expect(chatPage(view([]))).toContain('No messages yet.');
  });

  it('reloads itself only where scripts are off', () => {
    expect(chatPage(view([]))).toContain(
      '<noscript><meta http-equiv="refresh" content="3"></noscript>',
    );
  });
});

it('updates with the same list the page begins with', () => {
  const update = chatUpdate(view([message]));
  expect(chatPage(view([message]))).toContain(update.html);
  expect(update).toMatchObject({
    revision: 1,
    messages: [{ id: 1, at: '2026-03-09T12:30:00.000Z', chatId: '77001', text: '✅ done' }],
  });
});

it('lets nothing but its own style and script run', () => {
  const policy = pageHeaders()['content-security-policy'];
  expect(policy).toMatch(/^default-src 'none';/);
  expect(policy).toMatch(/script-src 'sha256-[\w+/]+={0,2}';/);
  expect(policy).not.toContain('unsafe');
});

describe.skipIf(!HAS_CHROMIUM)('in Chromium', () => {
  let browser: Browser;
  let server: TelegramServer;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    server = await startTelegram({ clock: () => now });
  });
  afterEach(() => server.close());

  async function send(text: string, url: string): Promise<void> {
    const answer = await fetch(`${server.url}/bot${BOT_TOKEN}/sendMessage`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        chat_id: '77001',
        text,
        parse_mode: 'HTML',
        reply_markup: { inline_keyboard: [[{ text: 'Open', url }]] },
      }),
    });
    expect(answer.status).toBe(200);
  }

  it('follows new messages, keeps the newest in view and opens a button in its own tab', async () => {
    const page = await browser.newPage(PHONE);
    const complaints: string[] = [];
    page.on('console', (entry) => {
      if (entry.type() === 'error') complaints.push(entry.text());
    });
    await page.goto(server.url);
    await expect(page.locator('.empty').isVisible()).resolves.toBe(true);

    for (let index = 1; index <= 12; index += 1) {
      await send(`<b>Message ${index}</b>\nwith a second line`, `${server.url}/?opened=${index}`);
    }
    const newest = page.locator('.message').nth(11);
    await newest.waitFor();
    const box = await newest.boundingBox();
    expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThanOrEqual(PHONE.viewport.height);
    expect(box?.y).toBeGreaterThan(0);
    const widest = await page.evaluate<number>('document.documentElement.scrollWidth');
    expect(widest).toBe(PHONE.viewport.width);

    const [opened] = await Promise.all([
      page.waitForEvent('popup'),
      newest.getByRole('link', { name: 'Open' }).click(),
    ]);
    expect(opened.url()).toBe(`${server.url}/?opened=12`);
    expect(complaints).toEqual([]);
    await opened.close();
    await page.close();
  });

  it('shows chat, newest message and buttons with scripts off', async () => {
    await send('first', `${server.url}/?opened=1`);
    await send('second', `${server.url}/?opened=2`);
    const page = await browser.newPage({ ...PHONE, javaScriptEnabled: false });
    await page.goto(server.url);
    expect(await page.locator('.text').allTextContents()).toEqual(['first', 'second']);
    expect(await page.getByRole('link', { name: 'Open' }).count()).toBe(2);
    await page.close();
  });
});
