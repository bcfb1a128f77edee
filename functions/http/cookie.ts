/**
 * The one cookie, `__session`: who the visitor is, their CSRF token and the sign-ins they have open.
 *
 * Encrypted, HttpOnly, under 3.5 KB; the server keeps no other state of a visitor. It is the only name
 * that Firebase Hosting passes on. A stale, forged or foreign cookie is simply no cookie. Used by the
 * routes; its contents never appear in a page or log, the CSRF token excepted.
 */

import { CompactEncrypt, compactDecrypt } from 'jose';
import * as z from 'zod';
import type { OpenSignIn } from '../brokers/broker.ts';
import type { Clock, Random } from '../clock.ts';
import type { SessionKey } from '../lifecycle/session.ts';
import { Secret } from '../secret.ts';
import { deriveKey } from './derive-key.ts';
import { type Outcome, outcomeSchema } from './outcome.ts';

/** @see https://firebase.google.com/docs/hosting/manage-cache#using_cookies */
export const COOKIE_NAME = '__session';

/** Browsers take 4 KB with name and attributes. */
export const COOKIE_MAX_BYTES = 3_500;

/** Browsers keep a cookie this long after its end: then it opens nothing, but shows that there was a link. */
const KEPT_AFTER_END_MS = 90 * 24 * 60 * 60_000;

/** A lapsed sign-in is remembered this long, so that the page can say that its minutes are over. */
const LAPSED_KEPT_MS = 15 * 60_000;

export type Visitor = {
  readonly csrf: string;
  /** Epoch milliseconds: the link's end or `maxAgeMs` after it was opened, whichever is sooner. */
  readonly endsAt: number;
  readonly pending: Readonly<Record<SessionKey, OpenSignIn>>;
  /** What the last action came to, for the page that the visitor is redirected to. */
  readonly outcome: Outcome | null;
};

export type CookieOptions = {
  /** `linkKey` of the app secret; the cookie's key is a derivation of its own. */
  readonly key: Secret;
  /** The configured chat: cookies of another one count as none. */
  readonly chatId: string;
  /** False only where the public address is plain http, on one's own machine. */
  readonly secure: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly maxAgeMs: number;
};

export type Cookies = {
  /** A new visitor for a link that ends at `linkEndsAt`. */
  admit(linkEndsAt: number): Visitor;
  /** The visitor of a `Cookie` header, or `null`. */
  read(header: string | null): Promise<Visitor | null>;
  /** Whether a `Cookie` header shows that its device has had a link for this chat, be it long over. */
  hasHadLink(header: string | null): Promise<boolean>;
  /** The `Set-Cookie` value; drops the oldest sign-ins where all would not fit. */
  write(visitor: Visitor): Promise<string>;
  /** The `Set-Cookie` value that makes a browser forget it. */
  clear(): string;
};

const contentsSchema = z.strictObject({
  chat: z.string(),
  csrf: z.string().min(1),
  exp: z.number(),
  pending: z.record(
    z.string(),
    z.strictObject({
      id: z.string(),
      secret: z.string(),
      startedAt: z.number(),
      expiresAt: z.number(),
    }),
  ),
  outcome: outcomeSchema.nullable(),
});

export function createCookies(options: CookieOptions): Cookies {
  const key = deriveKey(options.key, 'cookie');

  async function open(value: string): Promise<Visitor | null> {
    let plain: Uint8Array;
    try {
      ({ plaintext: plain } = await compactDecrypt(value, key, {
        keyManagementAlgorithms: ['dir'],
        contentEncryptionAlgorithms: ['A256GCM'],
      }));
    } catch {
      return null;
    }
    const contents = contentsSchema.safeParse(parseJson(new TextDecoder().decode(plain)));
    if (!contents.success) return null;
    const { chat, csrf, exp, pending, outcome } = contents.data;
    if (chat !== options.chatId) return null;
    return {
      csrf,
      endsAt: exp,
      pending: Object.fromEntries(
        Object.entries(pending).map(([session, { id, secret, startedAt, expiresAt }]) => [
          session,
          { id, secret: new Secret(secret), startedAt, expiresAt },
        ]),
      ),
      outcome,
    };
  }

  function seal(visitor: Visitor, pending: readonly [string, OpenSignIn][]): Promise<string> {
    const contents: z.infer<typeof contentsSchema> = {
      chat: options.chatId,
      csrf: visitor.csrf,
      exp: visitor.endsAt,
      pending: Object.fromEntries(
        pending.map(([session, { id, secret, startedAt, expiresAt }]) => [
          session,
          { id, secret: secret.reveal(), startedAt, expiresAt },
        ]),
      ),
      outcome: visitor.outcome,
    };
    return new CompactEncrypt(new TextEncoder().encode(JSON.stringify(contents)))
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
      .encrypt(key);
  }

  function setCookie(value: string, maxAge: number): string {
    const attributes = [
      'Path=/',
      `Max-Age=${maxAge}`,
      'HttpOnly',
      ...(options.secure ? ['Secure'] : []),
      'SameSite=Lax',
    ];
    return `${COOKIE_NAME}=${value}; ${attributes.join('; ')}`;
  }

  return {
    admit(linkEndsAt) {
      return {
        csrf: Buffer.from(options.random(18)).toString('base64url'),
        endsAt: Math.min(linkEndsAt, options.clock() + options.maxAgeMs),
        pending: {},
        outcome: null,
      };
    },

    async read(header) {
      for (const value of valuesOf(header)) {
        const visitor = await open(value);
        if (visitor !== null && visitor.endsAt > options.clock()) return visitor;
      }
      return null;
    },

    async hasHadLink(header) {
      for (const value of valuesOf(header)) {
        if ((await open(value)) !== null) return true;
      }
      return false;
    },

    async write(visitor) {
      const now = options.clock();
      let pending = Object.entries(visitor.pending)
        .filter(([, signIn]) => signIn.expiresAt + LAPSED_KEPT_MS > now)
        .sort(([, a], [, b]) => b.startedAt - a.startedAt);
      let sealed = await seal(visitor, pending);
      while (sealed.length > COOKIE_MAX_BYTES && pending.length > 0) {
        pending = pending.slice(0, -1);
        sealed = await seal(visitor, pending);
      }
      return setCookie(
        sealed,
        Math.max(0, Math.floor((visitor.endsAt + KEPT_AFTER_END_MS - now) / 1000)),
      );
    },

    clear: () => setCookie('', 0),
  };
}

function valuesOf(header: string | null): string[] {
  return (header ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${COOKIE_NAME}=`))
    .map((pair) => pair.slice(COOKIE_NAME.length + 1));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
