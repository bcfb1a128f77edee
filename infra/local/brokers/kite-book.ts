/**
 * Kite's book: logins that are open, request tokens that wait to be traded, access tokens.
 *
 * Holds state and lifetimes, answers no request, knows no HTTP; time is an argument. Its snapshot is plain
 * JSON, so that a restarted local run still knows its tokens. Called by the other `kite-*` files.
 */

import { z } from 'zod';
import type { Random } from '../../../functions/clock.ts';
import { minuteInIndia, nextInIndia } from './india.ts';
import type { Switches } from './kite-switches.ts';

/** How long the login page stays good. */
const LOGIN_OPEN_MS = 15 * 60_000;

/** Long enough to tell "expired" from "never heard of", short enough to keep the snapshot small. */
const KEEP_ENDED_MS = 7 * 86_400_000;

const person = z.enum(['default', 'other']);

const loginSchema = z.object({
  id: z.string(),
  apiKey: z.string(),
  /** What the app asked to have back, as it was given. */
  redirectParams: z.string(),
  openedAt: z.number(),
  state: z.enum(['open', 'approved', 'ended']),
  requestToken: z.string().nullable(),
  approvedAt: z.number(),
  person: person.nullable(),
});

const accessSchema = z.object({
  token: z.string(),
  apiKey: z.string(),
  person,
  loggedInAt: z.number(),
  ended: z.boolean(),
});

const snapshotSchema = z.object({
  version: z.literal(1),
  logins: z.array(loginSchema),
  accesses: z.array(accessSchema),
});

export type Person = z.infer<typeof person>;
export type Login = Readonly<z.infer<typeof loginSchema>>;
export type Access = Readonly<z.infer<typeof accessSchema>>;
export type KiteSnapshot = z.infer<typeof snapshotSchema>;

/** When the flush of the day takes a token. */
export function endOf({ loggedInAt }: Access, switches: Switches): number {
  const flush = nextInIndia(switches.flushAt, loggedInAt);
  const [hours = 0, minutes = 0] = switches.flushAt.split(':').map(Number);
  const isBefore = minuteInIndia(loggedInAt) < hours * 60 + minutes;
  const isSpared = switches.loginBeforeFlush === 'next-day' && isBefore;
  return isSpared ? nextInIndia(switches.flushAt, flush) : flush;
}

export type KiteBook = ReturnType<typeof createKiteBook>;

/** @throws {Error} when the snapshot is not one of this version */
export function createKiteBook(options: { random: Random; snapshot: unknown }) {
  const restored = restore(options.snapshot);
  const logins = new Map(restored.logins.map((login) => [login.id, login]));
  const accesses = new Map(restored.accesses.map((access) => [access.token, access]));
  let changed = false;

  function draw(): string {
    // 32 letters and digits, as Kite's tokens are.
    const text = Buffer.from(options.random(48)).toString('base64').replaceAll(/[+/=]/g, 'x');
    return text.slice(0, 32);
  }

  function putLogin(login: Login): Login {
    logins.set(login.id, login);
    changed = true;
    return login;
  }

  function putAccess(access: Access): Access {
    accesses.set(access.token, access);
    changed = true;
    return access;
  }

  return {
    accesses: (): readonly Access[] => [...accesses.values()],
    access: (token: string): Access | null => accesses.get(token) ?? null,

    open: (apiKey: string, redirectParams: string, now: number): Login =>
      putLogin({
        id: draw(),
        apiKey,
        redirectParams,
        openedAt: now,
        state: 'open',
        requestToken: null,
        approvedAt: 0,
        person: null,
      }),

    /** A login whose page can still be answered. */
    openLogin(id: string, now: number): Login | null {
      const login = logins.get(id);
      if (login === undefined || login.state === 'ended') return null;
      return now - login.openedAt < LOGIN_OPEN_MS ? login : null;
    },

    newestOpen: (apiKey: string, now: number): Login | null =>
      [...logins.values()].findLast(
        (login) =>
          login.apiKey === apiKey && login.state === 'open' && now - login.openedAt < LOGIN_OPEN_MS,
      ) ?? null,

    /** Approving again, as a reloaded page does, gives the same request token. */
    approve(login: Login, who: Person, now: number): string {
      if (login.requestToken !== null) return login.requestToken;
      const requestToken = draw();
      putLogin({ ...login, state: 'approved', requestToken, approvedAt: now, person: who });
      return requestToken;
    },

    end(login: Login): void {
      putLogin({ ...login, state: 'ended' });
    },

    /** Spends a request token, whatever becomes of it; `null` when it is unknown, spent or too old. */
    spend(requestToken: string, lifeMs: number, now: number): Login | null {
      const login = [...logins.values()].find((known) => known.requestToken === requestToken);
      if (login?.state !== 'approved') return null;
      putLogin({ ...login, state: 'ended' });
      return now - login.approvedAt < lifeMs ? login : null;
    },

    /** One live token for key and user: the older ones end. */
    issue(login: Login): Access {
      const who = login.person ?? 'default';
      for (const access of accesses.values()) {
        const isSame = access.apiKey === login.apiKey && access.person === who;
        if (isSame && !access.ended) putAccess({ ...access, ended: true });
      }
      return putAccess({
        token: draw(),
        apiKey: login.apiKey,
        person: who,
        loggedInAt: login.approvedAt,
        ended: false,
      });
    },

    logOut(access: Access): void {
      putAccess({ ...access, ended: true });
    },

    /** Forgets what can no longer matter. */
    prune(now: number): void {
      for (const { id, openedAt } of logins.values()) {
        if (now - openedAt > KEEP_ENDED_MS) logins.delete(id);
      }
      for (const { token, loggedInAt } of accesses.values()) {
        if (now - loggedInAt > KEEP_ENDED_MS) accesses.delete(token);
      }
    },

    /** Whether anything changed since the last call. */
    takeChanged(): boolean {
      const had = changed;
      changed = false;
      return had;
    },

    snapshot: (): KiteSnapshot => ({
      version: 1,
      logins: [...logins.values()],
      accesses: [...accesses.values()],
    }),
  };
}

function restore(snapshot: unknown): KiteSnapshot {
  if (snapshot === undefined || snapshot === null) return { version: 1, logins: [], accesses: [] };
  const parsed = snapshotSchema.safeParse(snapshot);
  if (parsed.success) return parsed.data;
  throw new Error(
    `Kite's snapshot is unreadable; remove it to start afresh. ${z.prettifyError(parsed.error)}`,
  );
}
