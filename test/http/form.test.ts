/** What a post must be before it may act. */

import { describe, expect, it } from 'vitest';
import { isFromOwnPage, readForm } from '../../functions/http/form.ts';

const PUBLIC_URL = 'https://pin.example.com';

describe('isFromOwnPage', () => {
  it.each([
    ['our origin', { origin: PUBLIC_URL }, true],
    [
      'no origin, same origin by the browser',
      { origin: 'null', 'sec-fetch-site': 'same-origin' },
      true,
    ],
    ['no Origin header, same origin by the browser', { 'sec-fetch-site': 'same-origin' }, true],
    ['another origin', { origin: 'https://evil.example' }, false],
    [
      'another origin that claims to be the same',
      { origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' },
      false,
    ],
    ['our host over http', { origin: 'http://pin.example.com' }, false],
    ['another port', { origin: `${PUBLIC_URL}:8443` }, false],
    ['a subdomain', { origin: 'https://x.pin.example.com' }, false],
    ['a sandboxed frame elsewhere', { origin: 'null', 'sec-fetch-site': 'cross-site' }, false],
    ['a sister site', { origin: 'null', 'sec-fetch-site': 'same-site' }, false],
    ['an address typed in', { 'sec-fetch-site': 'none' }, false],
    ['a page of ours, by a browser that says no more', { referer: `${PUBLIC_URL}/x?y` }, true],
    ['a page elsewhere', { referer: `https://evil.example/?${PUBLIC_URL}/` }, false],
    ['our host over http for a page', { referer: 'http://pin.example.com/' }, false],
    ['a page that is no address', { referer: 'pin.example.com' }, false],
    [
      'a page of ours against the word of the browser',
      { referer: `${PUBLIC_URL}/`, 'sec-fetch-site': 'cross-site' },
      false,
    ],
    [
      'a page of ours in a frame without an origin',
      { referer: `${PUBLIC_URL}/`, origin: 'null' },
      false,
    ],
    ['nothing at all', {}, false],
    ['an origin of null and nothing else', { origin: 'null' }, false],
  ])('%s: %o is %s', (_name, headers, expected) => {
    expect(isFromOwnPage(new Headers(headers), PUBLIC_URL)).toBe(expected);
  });

  it('compares origins where the public address has a path', () => {
    expect(isFromOwnPage(new Headers({ origin: PUBLIC_URL }), `${PUBLIC_URL}/pin`)).toBe(true);
  });
});

describe('readForm', () => {
  const read = (type: string, body: string) =>
    readForm(
      new Request('http://x/', {
        method: 'POST',
        body,
        headers: type === '' ? {} : { 'content-type': type },
      }),
    );

  it.each([
    ['application/x-www-form-urlencoded', true],
    ['application/x-www-form-urlencoded; charset=UTF-8', true],
    ['APPLICATION/X-WWW-FORM-URLENCODED', true],
    ['application/json', false],
    ['multipart/form-data; boundary=x', false],
    ['text/plain', false],
  ])('takes %s: %s', async (type, taken) => {
    expect((await read(type, 'pin=1')) !== null).toBe(taken);
  });

  it('reads a field that is there once, and neither a missing nor a repeated one', async () => {
    const form = await read(
      'application/x-www-form-urlencoded',
      'pin=8F%203K+D&csrf=a&csrf=b&pin[x]=1&empty=',
    );
    expect(form?.field('pin')).toBe('8F 3K D');
    expect(form?.field('csrf')).toBeNull();
    expect(form?.field('other')).toBeNull();
    expect(form?.field('empty')).toBe('');
  });
});
