/**
 * The book of a simulated OAuth 2 broker: logins that are open, codes, refresh tokens, access tokens.
 *
 * Holds state, answers no request, knows no HTTP and no broker; time and every life are arguments. Its
 * snapshot is plain JSON, so that a restarted local run still knows its tokens. Used by the simulators of
 * brokers with refresh tokens.
 */

import { z } from 'zod';
import type { Random } from '../../../functions/clock.ts';

/** How long a login page stays good. */
export const LOGIN_OPEN_MS = 15 * 60_000;

const person = z.enum(['default', 'other']);

const loginSchema = z.object({
  id: z.string(),
  consumerKey: z.string(),
  redirectUrl: z.string(),
  /** As it was given; `null` when it was not. */
  state: z.string().nullable(),
  scope: z.array(z.string()),
  /** PKCE: what the verifier must hash to. */
  challenge: z.string().nullable(),
  openedAt: z.number(),
  isOpen: z.boolean(),
});

/** Who gave what to whom, and when; everything issued from one login carries it. */
const grantSchema = z.object({
  id: z.string(),
  consumerKey: z.string(),
  person,
  scope: z.array(z.string()),
  loggedInAt: z.number(),
});

const codeSchema = z.object({
  token: z.string(),
  grant: grantSchema,
  redirectUrl: z.string(),
  challenge: z.string().nullable(),
  issuedAt: z.number(),
  isSpent: z.boolean(),
});

const tokenSchema = z.object({
  token: z.string(),
  grant: grantSchema,
  issuedAt: z.number(),
  /** Withdrawn, replaced, or ended by a newer login. */
  isDead: z.boolean(),
});

const snapshotSchema = z.object({
  version: z.literal(1),
  logins: z.array(loginSchema),
  codes: z.array(codeSchema),
  refreshTokens: z.array(tokenSchema),
  accessTokens: z.array(tokenSchema),
});

export type Person = z.infer<typeof person>;
export type Login = Readonly<z.infer<typeof loginSchema>>;
export type Grant = Readonly<z.infer<typeof grantSchema>>;
export type Code = Readonly<z.infer<typeof codeSchema>>;
export type Token = Readonly<z.infer<typeof tokenSchema>>;
export type GrantSnapshot = z.infer<typeof snapshotSchema>;

const NOTHING: GrantSnapshot = {
  version: 1,
  logins: [],
  codes: [],
  refreshTokens: [],
  accessTokens: [],
};

export type GrantBook = ReturnType<typeof createGrantBook>;

/** @throws {Error} when the snapshot is not one of this version */
export function createGrantBook(options: { random: Random; snapshot: unknown }) {
  const restored = restore(options.snapshot);
  const logins = new Map(restored.logins.map((login) => [login.id, login]));
  const codes = new Map(restored.codes.map((code) => [code.token, code]));
  const refreshTokens = new Map(restored.refreshTokens.map((entry) => [entry.token, entry]));
  const accessTokens = new Map(restored.accessTokens.map((entry) => [entry.token, entry]));
  let changed = false;

  function draw(bytes = 32): string {
    return Buffer.from(options.random(bytes)).toString('base64url');
  }

  function put<T extends { readonly token: string }>(book: Map<string, T>, entry: T): T {
    book.set(entry.token, entry);
    changed = true;
    return entry;
  }

  function putLogin(login: Login): Login {
    logins.set(login.id, login);
    changed = true;
    return login;
  }

  return {
    openLogin: (facts: Omit<Login, 'id' | 'openedAt' | 'isOpen'>, now: number): Login =>
      putLogin({ ...facts, id: draw(16), openedAt: now, isOpen: true }),

    login(id: string, now: number): Login | null {
      const login = logins.get(id);
      return login !== undefined && isOpenAt(login, now) ? login : null;
    },

    newestLogin: (consumerKey: string, now: number): Login | null =>
      [...logins.values()].findLast(
        (login) => login.consumerKey === consumerKey && isOpenAt(login, now),
      ) ?? null,

    endLogin(login: Login): void {
      putLogin({ ...login, isOpen: false });
    },

    /** Ends the login with a code; `form` makes one of random text. */
    approve(login: Login, who: Person, now: number, form: (drawn: string) => string): Code {
      putLogin({ ...login, isOpen: false });
      return put(codes, {
        token: form(draw()),
        grant: {
          id: draw(12),
          consumerKey: login.consumerKey,
          person: who,
          scope: login.scope,
          loggedInAt: now,
        },
        redirectUrl: login.redirectUrl,
        challenge: login.challenge,
        issuedAt: now,
        isSpent: false,
      });
    },

    /** Marks a code as spent, whatever becomes of it; `null` when it is unknown, spent or too old. */
    spend(token: string, lifeMs: number, now: number): Code | null {
      const code = codes.get(token);
      if (code === undefined || code.isSpent) return null;
      put(codes, { ...code, isSpent: true });
      return now - code.issuedAt < lifeMs ? code : null;
    },

    refreshToken: (token: string): Token | null => refreshTokens.get(token) ?? null,
    refreshTokens: (): readonly Token[] => [...refreshTokens.values()],
    accessToken: (token: string): Token | null => accessTokens.get(token) ?? null,
    accessTokens: (): readonly Token[] => [...accessTokens.values()],

    issueRefreshToken: (grant: Grant, now: number): Token =>
      put(refreshTokens, { token: draw(), grant, issuedAt: now, isDead: false }),

    issueAccessToken: (grant: Grant, now: number): Token =>
      put(accessTokens, { token: draw(48), grant, issuedAt: now, isDead: false }),

    /** Ends every refresh token of which this is true; access tokens live on. */
    endRefreshTokens(isMeant: (token: Token) => boolean): void {
      for (const token of refreshTokens.values()) {
        if (!token.isDead && isMeant(token)) put(refreshTokens, { ...token, isDead: true });
      }
    },

    /** Forgets what can no longer matter: everything older than `keepMs`, refresh tokens only when dead. */
    prune(now: number, keepMs: number): void {
      const isOld = (at: number): boolean => now - at > keepMs;
      for (const { id, openedAt } of logins.values()) if (isOld(openedAt)) logins.delete(id);
      for (const { token, issuedAt } of codes.values()) if (isOld(issuedAt)) codes.delete(token);
      for (const { token, issuedAt } of accessTokens.values()) {
        if (isOld(issuedAt)) accessTokens.delete(token);
      }
      for (const { token, issuedAt, isDead } of refreshTokens.values()) {
        if (isDead && isOld(issuedAt)) refreshTokens.delete(token);
      }
    },

    /** Whether anything changed since the last call. */
    takeChanged(): boolean {
      const had = changed;
      changed = false;
      return had;
    },

    snapshot: (): GrantSnapshot => ({
      version: 1,
      logins: [...logins.values()],
      codes: [...codes.values()],
      refreshTokens: [...refreshTokens.values()],
      accessTokens: [...accessTokens.values()],
    }),
  };
}

function isOpenAt(login: Login, now: number): boolean {
  return login.isOpen && now - login.openedAt < LOGIN_OPEN_MS;
}

function restore(snapshot: unknown): GrantSnapshot {
  if (snapshot === undefined || snapshot === null) return NOTHING;
  const parsed = snapshotSchema.safeParse(snapshot);
  if (parsed.success) return parsed.data;
  throw new Error(
    `The simulator's snapshot is unreadable; remove it to start afresh. ${z.prettifyError(parsed.error)}`,
  );
}
