/** What anyone outside learns of an error. */

import { describe, expect, it } from 'vitest';
import { ConfigError, NotificationError, StoreError } from '../../functions/errors.ts';
import { errorReply, json, retryAfter, wantsOf } from '../../functions/http/reply.ts';

const inside = 'STORE_DIRECTORY /var/secret-place';

const unavailable = new StoreError(inside, { code: 'STORE_UNAVAILABLE', retryable: true });
const denied = new StoreError(inside, { code: 'STORE_DENIED', retryable: false });
const refused = new NotificationError(inside, { code: 'NOTIFICATION_REFUSED', retryable: false });

describe('errorReply', () => {
  it.each([
    ['wrong settings', new ConfigError([inside]), 500, null, 'config-invalid'],
    ['a store that may answer later', unavailable, 503, '30', 'store-unavailable'],
    ['a store that refuses', denied, 500, null, 'store-denied'],
    ['a messenger that refuses', refused, 500, null, 'notification-refused'],
    ['a bug', new TypeError(inside), 500, null, 'internal'],
    ['something that is no error', inside, 500, null, 'internal'],
  ])('answers %s without its words', async (_name, error, status, retry, word) => {
    const forPrograms = errorReply(error, 'json');
    expect(forPrograms.status).toBe(status);
    expect(forPrograms.headers.get('retry-after')).toBe(retry);
    expect(await forPrograms.json()).toEqual({ error: word });

    const forPeople = errorReply(error, 'page');
    const text = await forPeople.text();
    expect(forPeople.status).toBe(status);
    expect(forPeople.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(text).toContain('<h1');
    expect(text).not.toContain('secret-place');
  });
});

describe('wantsOf', () => {
  it.each([
    ['text/html,application/xhtml+xml,*/*;q=0.8', 'page'],
    ['*/*', 'json'],
    ['application/json', 'json'],
    [null, 'json'],
  ])('%s wants a %s', (accept, wants) => {
    expect(wantsOf(new Headers(accept === null ? {} : { accept }))).toBe(wants);
  });
});

describe('json', () => {
  it('takes a status and headers', async () => {
    const answer = json({ a: 1 }, 429, retryAfter(61_001, 1_000));
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '61']);
    expect(await answer.json()).toEqual({ a: 1 });
  });
});
