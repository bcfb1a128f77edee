/** Who opened a link, as far as a log may know. */

import { describe, expect, it } from 'vitest';
import { openerOf } from '../../functions/http/link-opener.ts';

const KEY = new Uint8Array(32).fill(7);

const addressOf = (forwarded: string, key = KEY) =>
  openerOf(new Headers({ 'x-forwarded-for': forwarded }), key).address;

describe('the kind of browser', () => {
  it.each([
    ['', 'unknown'],
    ['CANARY/1.0', 'unknown'],
    ['TelegramBot (like TwitterBot)', 'link preview'],
    ['WhatsApp/2.23', 'link preview'],
    ['curl/8.5.0', 'program'],
    ['python-requests/2.32', 'program'],
    ['Python/3.12 aiohttp/3.9.5', 'program'],
    ['PostmanRuntime/7.39.0', 'program'],
    [
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/140.0 Safari/537.36',
      'program',
    ],
    [
      'Mozilla/5.0 (Linux; Android 9; CUBOT X19) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36',
      'Chrome on Android',
    ],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 15_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/15.6 Mobile/15E148 Safari/604.1',
      'Safari on iPhone',
    ],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/140.0 Mobile/15E148 Safari/604.1',
      'Chrome on iPhone',
    ],
    [
      'Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36',
      'Chrome on Android',
    ],
    [
      'Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36 Telegram-Android/11.9 (Google Pixel 9; Android 15; SDK 35; HIGH)',
      'Telegram on Android',
    ],
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0',
      'Edge on Windows',
    ],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15',
      'Safari on Mac',
    ],
    ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox on Linux'],
  ])('of %j is %s', (agent, browser) => {
    expect(openerOf(new Headers({ 'user-agent': agent }), KEY).browser).toBe(browser);
  });
});

describe('the address', () => {
  it('is the last entry: all others are what the caller says', () => {
    const alone = addressOf('203.0.113.7');
    expect(alone).toMatch(/^[\w-]{12}$/);
    expect(addressOf('198.51.100.1, 203.0.113.7')).toBe(alone);
    expect(addressOf('198.51.100.1,203.0.113.7 ')).toBe(alone);
    expect(addressOf('203.0.113.7, 198.51.100.1')).not.toBe(alone);
  });

  it('is told apart, and under another key is another text', () => {
    expect(addressOf('2001:db8::1')).not.toBe(addressOf('2001:db8::2'));
    expect(addressOf('2001:db8::1', new Uint8Array(32).fill(8))).not.toBe(addressOf('2001:db8::1'));
  });

  it.each([{}, { 'x-forwarded-for': '' }, { 'x-forwarded-for': '203.0.113.7, ' }])(
    'is none where none is named: %o',
    (headers) => {
      expect(openerOf(new Headers(headers), KEY).address).toBeNull();
    },
  );
});
