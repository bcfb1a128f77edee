/**
 * The broker's book of tokens: who was given what, until when, and which nonces were used.
 *
 * Holds state and lifetimes, answers no request, knows no HTTP; time is an argument. Its snapshot is plain
 * JSON, so that a restarted local run still knows its tokens. Called by the other `etrade-*` files.
 */

import { z } from 'zod';
import type { Random } from '../../../functions/clock.ts';
import { nextNewYorkMidnight } from './new-york.ts';

export const REQUEST_TOKEN_LIFE_MS = 5 * 60_000;
export const IDLE_LIMIT_MS = 2 * 3_600_000;

/** Long enough to tell "expired" from "never heard of", short enough to keep the snapshot small. */
const KEEP_ENDED_MS = 7 * 86_400_000;
const KEEP_NONCES_MS = 2 * 3_600_000;

const requestTokenSchema = z.object({
  token: z.string(),
  secret: z.string(),
  consumerKey: z.string(),
  host: z.enum(['api', 'apisb']),
  issuedAt: z.number(),
  state: z.enum(['open', 'approved', 'ended']),
  /** The code-like value of the page before approval: never a verifier. */
  earlyCode: z.string(),
  verifier: z.string().nullable(),
  login: z.enum(['default', 'other']).nullable(),
});

const accessTokenSchema = z.object({
  token: z.string(),
  secret: z.string(),
  consumerKey: z.string(),
  environment: z.enum(['sandbox', 'prod']),
  login: z.enum(['default', 'other']),
  issuedAt: z.number(),
  expiresAt: z.number(),
  lastUsedAt: z.number(),
  revoked: z.boolean(),
});

const snapshotSchema = z.object({
  version: z.literal(1),
  requestTokens: z.array(requestTokenSchema),
  accessTokens: z.array(accessTokenSchema),
  /** `[consumer key, timestamp in seconds, nonce]` */
  nonces: z.array(z.tuple([z.string(), z.number(), z.string()])),
});

export type Host = 'api' | 'apisb';
export type Login = 'default' | 'other';
export type RequestToken = Readonly<z.infer<typeof requestTokenSchema>>;
export type AccessToken = Readonly<z.infer<typeof accessTokenSchema>>;
export type AccessState = 'active' | 'inactive' | 'expired' | 'revoked';
export type TokensSnapshot = z.infer<typeof snapshotSchema>;

/** What an access token is good for at `now`; midnight is stronger than idling, a withdrawal stronger than both. */
export function accessStateAt(access: AccessToken, now: number): AccessState {
  if (access.revoked) return 'revoked';
  if (now >= access.expiresAt) return 'expired';
  return now - access.lastUsedAt >= IDLE_LIMIT_MS ? 'inactive' : 'active';
}

/** Whether the sign-in of this request token can still go on at `now`. */
export function isOpenAt(request: RequestToken, now: number): boolean {
  return request.state !== 'ended' && now - request.issuedAt < REQUEST_TOKEN_LIFE_MS;
}

/**
 * 32 random bytes in base64, drawn again until both `+` and `/` occur: whoever forgets to encode a token
 * then fails every time instead of sometimes.
 */
export function drawToken(random: Random): string {
  let token = '';
  for (let draw = 0; draw < 32; draw += 1) {
    token = Buffer.from(random(32)).toString('base64');
    if (token.includes('+') && token.includes('/')) break;
  }
  return token;
}

const VERIFIER_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
const LOOK_ALIKES = '0O1I';

/** Five to seven capitals and digits; every second one is sure to hold a character that is easily misread. */
export function drawVerifier(random: Random): string {
  const [length = 0, misread = 0, where = 0, which = 0, ...bytes] = random(11);
  const characters = bytes
    .slice(0, 5 + (length % 3))
    .map((byte) => VERIFIER_ALPHABET.charAt(byte % VERIFIER_ALPHABET.length));
  if (misread % 2 === 1) characters[where % characters.length] = LOOK_ALIKES.charAt(which % 4);
  return characters.join('');
}

export type TokenBook = ReturnType<typeof createTokenBook>;

/**
 * @param options.snapshot what an earlier book's `snapshot()` gave, or undefined
 * @throws {Error} when the snapshot is not one of this version
 */
export function createTokenBook(options: { random: Random; snapshot: unknown }) {
  const { random } = options;
  const restored = restore(options.snapshot);
  const requests = new Map(restored.requestTokens.map((entry) => [entry.token, entry]));
  const accesses = new Map(restored.accessTokens.map((entry) => [entry.token, entry]));
  let nonces = new Map(restored.nonces.map((entry) => [entry.join(' '), entry]));
  let changed = false;

  function update<T extends { token: string }>(book: Map<string, T>, entry: T): T {
    book.set(entry.token, entry);
    changed = true;
    return entry;
  }

  return {
    request: (token: string): RequestToken | null => requests.get(token) ?? null,
    access: (token: string): AccessToken | null => accesses.get(token) ?? null,
    accessTokens: (): readonly AccessToken[] => [...accesses.values()],

    openRequests: (now: number): readonly RequestToken[] =>
      [...requests.values()].filter((request) => isOpenAt(request, now)),

    open(consumerKey: string, host: Host, now: number): RequestToken {
      return update(requests, {
        token: drawToken(random),
        secret: drawToken(random),
        consumerKey,
        host,
        issuedAt: now,
        state: 'open',
        earlyCode: drawVerifier(random),
        verifier: null,
        login: null,
      });
    },

    /** Approves an open request token; approving again, as a reloaded page does, gives the same verifier. */
    approve(request: RequestToken, login: Login): string {
      if (request.verifier !== null) return request.verifier;
      const drawn = drawVerifier(random);
      const verifier = drawn === request.earlyCode ? drawVerifier(random) : drawn;
      update(requests, { ...request, state: 'approved', verifier, login });
      return verifier;
    },

    /** Spent, declined, or burned by a wrong verifier. */
    end(request: RequestToken): void {
      update(requests, { ...request, state: 'ended' });
    },

    issue(
      request: RequestToken,
      environment: AccessToken['environment'],
      now: number,
    ): AccessToken {
      update(requests, { ...request, state: 'ended' });
      return update(accesses, {
        token: drawToken(random),
        secret: drawToken(random),
        consumerKey: request.consumerKey,
        environment,
        login: request.login ?? 'default',
        issuedAt: now,
        expiresAt: nextNewYorkMidnight(now),
        lastUsedAt: now,
        revoked: false,
      });
    },

    touch(access: AccessToken, now: number): void {
      update(accesses, { ...access, lastUsedAt: now });
    },

    revoke(access: AccessToken): void {
      update(accesses, { ...access, revoked: true });
    },

    /** Notes the nonce; false when this consumer has used it with this timestamp before. */
    useNonce(consumerKey: string, timestamp: number, nonce: string): boolean {
      const key = [consumerKey, timestamp, nonce].join(' ');
      if (nonces.has(key)) return false;
      nonces.set(key, [consumerKey, timestamp, nonce]);
      changed = true;
      return true;
    },

    /** Forgets what can no longer matter. */
    prune(now: number): void {
      for (const { token, issuedAt } of requests.values()) {
        if (now - issuedAt > KEEP_ENDED_MS) requests.delete(token);
      }
      for (const { token, expiresAt } of accesses.values()) {
        if (now - expiresAt > KEEP_ENDED_MS) accesses.delete(token);
      }
      nonces = new Map(
        [...nonces].filter(([, [, timestamp]]) => now - timestamp * 1000 < KEEP_NONCES_MS),
      );
    },

    /** Whether anything changed since the last call. */
    takeChanged(): boolean {
      const had = changed;
      changed = false;
      return had;
    },

    snapshot: (): TokensSnapshot => ({
      version: 1,
      requestTokens: [...requests.values()],
      accessTokens: [...accesses.values()],
      nonces: [...nonces.values()],
    }),
  };
}

function restore(snapshot: unknown): TokensSnapshot {
  if (snapshot === undefined || snapshot === null) {
    return { version: 1, requestTokens: [], accessTokens: [], nonces: [] };
  }
  const parsed = snapshotSchema.safeParse(snapshot);
  if (parsed.success) return parsed.data;
  throw new Error(
    `The simulator's snapshot is unreadable; remove it to start afresh. ${z.prettifyError(parsed.error)}`,
  );
}
