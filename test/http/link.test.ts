/** Sign-in links: what opens, until when, and for whom. */

import { EncryptJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { deriveKey } from '../../functions/http/derive-key.ts';
import { createLinks, type LinkOptions } from '../../functions/http/link.ts';
import { Secret } from '../../functions/secret.ts';
import { CHAT, LINK_KEY, MIDNIGHT, MORNING, PUBLIC_URL, SANDBOX } from '../fixtures/front-door.ts';

function linksAt(now: number, changes: Partial<LinkOptions> = {}) {
  return createLinks({
    key: new Secret(LINK_KEY),
    chatId: CHAT,
    publicUrl: PUBLIC_URL,
    clock: () => now,
    endsAt: () => MIDNIGHT,
    ...changes,
  });
}

const tokenOf = (link: string) => link.slice(`${PUBLIC_URL}/go/`.length);

describe('createLinks', () => {
  it('makes an address of the public function that names neither chat nor session', async () => {
    const link = await linksAt(MORNING).create(SANDBOX);
    expect(link).toMatch(/^https:\/\/pin\.example\.com\/go\/[\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+$/);
    expect(Buffer.from(link, 'latin1').toString()).not.toMatch(/4711|etrade/);
    expect(link.length).toBeLessThan(400);
  });

  it.each([
    ['a session', SANDBOX],
    ['the dashboard', null],
  ])('opens for %s, as often as it is asked', async (_name, session) => {
    const links = linksAt(MORNING);
    const token = tokenOf(await links.create(session));
    const expected = { ok: true, session, endsAt: MIDNIGHT };
    expect(await links.open(token)).toEqual(expected);
    expect(await links.open(token)).toEqual(expected);
  });

  it.each([
    ['one second before its end', MIDNIGHT - 1_000, true],
    ['at its end', MIDNIGHT, false],
    ['after its end', MIDNIGHT + 1_000, false],
  ])('%s it is open: %s', async (_name, now, isOpen) => {
    const token = tokenOf(await linksAt(MORNING).create(SANDBOX));
    const opened = await linksAt(now).open(token);
    expect(opened).toEqual(
      isOpen ? expect.objectContaining({ ok: true }) : { ok: false, reason: 'expired' },
    );
  });

  it('does not open for another chat', async () => {
    const token = tokenOf(await linksAt(MORNING, { chatId: '4712' }).create(SANDBOX));
    expect(await linksAt(MORNING).open(token)).toEqual({ ok: false, reason: 'other-chat' });
  });

  it('does not open with another key', async () => {
    const foreign = linksAt(MORNING, { key: new Secret('another-key-another-key-another-key') });
    const token = tokenOf(await foreign.create(SANDBOX));
    expect(await linksAt(MORNING).open(token)).toEqual({ ok: false, reason: 'forged' });
  });

  it('does not open once a single sign of it was changed', async () => {
    const links = linksAt(MORNING);
    const token = tokenOf(await links.create(SANDBOX));
    for (const at of [50, 70, 100, token.length - 2]) {
      const sign = token[at] === 'A' ? 'B' : 'A';
      const changed = token.slice(0, at) + sign + token.slice(at + 1);
      expect(await links.open(changed)).toEqual({ ok: false, reason: 'forged' });
    }
  });

  it.each(['', 'x', 'a.b.c.d.e', 'eyJhbGciOiJub25lIn0..'])('calls %j forged', async (token) => {
    expect(await linksAt(MORNING).open(token)).toEqual({ ok: false, reason: 'forged' });
  });

  it.each([
    ['the cookie key', 'cookie', { chat: CHAT, session: SANDBOX }],
    ['an unreadable session', 'link', { chat: CHAT, session: 'etrade-live' }],
    ['no session', 'link', { chat: CHAT }],
  ] as const)('calls a token with %s forged', async (_name, label, claims) => {
    const token = await new EncryptJWT(claims)
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
      .setExpirationTime(MIDNIGHT / 1000)
      .encrypt(deriveKey(new Secret(LINK_KEY), label));
    expect(await linksAt(MORNING).open(token)).toEqual({ ok: false, reason: 'forged' });
  });

  it('calls a token without an end forged', async () => {
    const token = await new EncryptJWT({ chat: CHAT, session: null })
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
      .encrypt(deriveKey(new Secret(LINK_KEY), 'link'));
    expect(await linksAt(MORNING).open(token)).toEqual({ ok: false, reason: 'forged' });
  });
});

describe('deriveKey', () => {
  it('gives every label and every secret a key of its own, the same each time', () => {
    const keys = (['link', 'cookie', 'account'] as const).flatMap((label) =>
      ['a', 'b'].map((secret) => Buffer.from(deriveKey(new Secret(secret), label)).toString('hex')),
    );
    expect(new Set(keys).size).toBe(6);
    expect(Buffer.from(deriveKey(new Secret('a'), 'link')).toString('hex')).toBe(keys[0]);
    expect(keys[0]).toHaveLength(64);
  });
});
