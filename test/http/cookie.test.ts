/** The visitor's cookie: what it keeps, how long, and what does not pass for one. */

import { CompactEncrypt } from 'jose';
import { describe, expect, it } from 'vitest';
import type { OpenSignIn } from '../../functions/brokers/broker.ts';
import {
  COOKIE_MAX_BYTES,
  type CookieOptions,
  createCookies,
  type Visitor,
} from '../../functions/http/cookie.ts';
import { deriveKey } from '../../functions/http/derive-key.ts';
import { Secret } from '../../functions/secret.ts';
import { CHAT, LINK_KEY, MIDNIGHT, MORNING, openSignIn, SANDBOX } from '../fixtures/front-door.ts';

const HOUR_MS = 60 * 60_000;

function cookiesAt(now: number, changes: Partial<CookieOptions> = {}) {
  return createCookies({
    key: new Secret(LINK_KEY),
    chatId: CHAT,
    secure: true,
    clock: () => now,
    random: (size) => new Uint8Array(size).fill(7),
    maxAgeMs: 24 * HOUR_MS,
    ...changes,
  });
}

async function headerFor(visitor: Visitor, cookies = cookiesAt(MORNING)): Promise<string> {
  return (await cookies.write(visitor)).split(';')[0] ?? '';
}

async function sealed(contents: unknown, label: 'cookie' | 'link' = 'cookie'): Promise<string> {
  const value = await new CompactEncrypt(Buffer.from(JSON.stringify(contents)))
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
    .encrypt(deriveKey(new Secret(LINK_KEY), label));
  return `__session=${value}`;
}

const contents = { chat: CHAT, csrf: 'c', exp: MIDNIGHT, pending: {}, outcome: null };

describe('createCookies', () => {
  it('is one HttpOnly, Secure, SameSite=Lax cookie for the whole site', async () => {
    const cookies = cookiesAt(MORNING);
    const header = await cookies.write(cookies.admit(MIDNIGHT));
    expect(header).toMatch(
      /^__session=[\w.-]+; Path=\/; Max-Age=7831740; HttpOnly; Secure; SameSite=Lax$/,
    );
  });

  it('is without Secure where the public address is plain http', async () => {
    const cookies = cookiesAt(MORNING, { secure: false });
    expect(await cookies.write(cookies.admit(MIDNIGHT))).not.toContain('Secure');
  });

  it('brings back the open sign-in, its secret hidden from print', async () => {
    const cookies = cookiesAt(MORNING);
    const visitor = { ...cookies.admit(MIDNIGHT), pending: { [SANDBOX]: openSignIn() } };
    const read = await cookies.read(await headerFor(visitor));
    const signIn = read?.pending[SANDBOX];
    expect(read).toEqual(visitor);
    expect(signIn?.secret.reveal()).toBe('canary-request-secret');
    expect(JSON.stringify(read)).not.toContain('canary');
  });

  it('shows nothing of its contents', async () => {
    const cookies = cookiesAt(MORNING);
    const header = await headerFor({
      ...cookies.admit(MIDNIGHT),
      pending: { [SANDBOX]: openSignIn() },
    });
    const parts = header
      .split('.')
      .map((part) => Buffer.from(part, 'base64url').toString('latin1'));
    expect([header, ...parts].join()).not.toMatch(/canary|etrade|4711/);
  });

  it.each([
    ['the link ends first', MORNING + HOUR_MS, MORNING + HOUR_MS],
    ['a day is over first', MORNING + 7 * 24 * HOUR_MS, MORNING + 24 * HOUR_MS],
  ])('ends when %s', (_name, linkEndsAt, endsAt) => {
    expect(cookiesAt(MORNING).admit(linkEndsAt).endsAt).toBe(endsAt);
  });

  it('is no cookie from its end on', async () => {
    const header = await headerFor(cookiesAt(MORNING).admit(MIDNIGHT));
    expect(await cookiesAt(MIDNIGHT - 1).read(header)).not.toBeNull();
    expect(await cookiesAt(MIDNIGHT).read(header)).toBeNull();
  });

  it('is no cookie for another chat', async () => {
    const header = await headerFor(cookiesAt(MORNING).admit(MIDNIGHT));
    expect(await cookiesAt(MORNING, { chatId: '4712' }).read(header)).toBeNull();
  });

  it.each([
    ['nothing', async () => null],
    ['another cookie', async () => 'theme=dark'],
    ['an empty one', async () => '__session='],
    ['a made-up one', async () => '__session=a.b.c.d.e'],
    ['one sealed with the key of links', () => sealed(contents, 'link')],
    ['one that lacks a field', () => sealed({ ...contents, csrf: undefined })],
    ['one with an empty CSRF token', () => sealed({ ...contents, csrf: '' })],
    ['one with a field too many', () => sealed({ ...contents, admin: true })],
    ['one of another shape', () => sealed('x')],
  ])('takes %s for no cookie', async (_name, header) => {
    expect(await cookiesAt(MORNING).read(await header())).toBeNull();
  });

  it('reads what the table above spoils', async () => {
    expect(await cookiesAt(MORNING).read(await sealed(contents))).not.toBeNull();
  });

  it('finds itself among others, and a good one behind a bad one of its name', async () => {
    const good = await headerFor(cookiesAt(MORNING).admit(MIDNIGHT));
    const header = `a=1; __session=bad; ${good}; __session_x=2`;
    expect(await cookiesAt(MORNING).read(header)).not.toBeNull();
  });

  it('drops the oldest sign-ins rather than outgrow what browsers keep', async () => {
    const cookies = cookiesAt(MORNING);
    const pending = Object.fromEntries(
      Array.from({ length: 40 }, (_, index): [string, OpenSignIn] => [
        `etrade-prod-a${index}`,
        { ...openSignIn(MORNING + index), id: 'x'.repeat(60) },
      ]),
    );
    const header = await headerFor({ ...cookies.admit(MIDNIGHT), pending });
    const kept = Object.keys((await cookies.read(header))?.pending ?? {});
    expect(header.length).toBeLessThanOrEqual(COOKIE_MAX_BYTES + '__session='.length);
    expect(kept.length).toBeGreaterThan(8);
    expect(kept.length).toBeLessThan(40);
    expect(kept).toContain('etrade-prod-a39');
    expect(kept).not.toContain('etrade-prod-a0');
  });

  it('remembers a lapsed sign-in for a quarter of an hour, to say that its time is up', async () => {
    const visitor = { ...cookiesAt(MORNING).admit(MIDNIGHT), pending: { [SANDBOX]: openSignIn() } };
    const pendingAfter = async (minutes: number) => {
      const cookies = cookiesAt(MORNING + minutes * 60_000);
      const read = await cookies.read(await headerFor(visitor, cookies));
      return Object.keys(read?.pending ?? {});
    };
    expect(await pendingAfter(19)).toEqual([SANDBOX]);
    expect(await pendingAfter(20)).toEqual([]);
  });
});
