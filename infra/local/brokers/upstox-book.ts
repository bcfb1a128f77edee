/**
 * Upstox's book: open logins and their codes, access tokens, token requests that wait for the person, notices
 * that wait to be posted.
 *
 * Holds state and lifetimes, answers no request, knows no HTTP; time is an argument. Its snapshot is plain
 * JSON, so that a restarted local run still knows its tokens. Called by the other `upstox-*` files.
 */

import { z } from 'zod';
import type { Random } from '../../../functions/clock.ts';
import { nextInIndia } from './india.ts';

/** When every token and every pending request ends, in India. */
const DAY_ENDS = '03:30';

/** How long login page and code stay good. */
const LOGIN_OPEN_MS = 15 * 60_000;
const CODE_LIFE_MS = 10 * 60_000;

/** Long enough to tell "expired" from "never heard of", short enough to keep the snapshot small. */
const KEEP_ENDED_MS = 7 * 86_400_000;

const person = z.enum(['default', 'other']);

const loginSchema = z.object({
  id: z.string(),
  clientId: z.string(),
  redirectUri: z.string(),
  appState: z.string().nullable(),
  openedAt: z.number(),
  state: z.enum(['open', 'approved', 'ended']),
  code: z.string().nullable(),
  approvedAt: z.number(),
  person: person.nullable(),
});

const accessSchema = z.object({
  token: z.string(),
  clientId: z.string(),
  person,
  issuedAt: z.number(),
  expiresAt: z.number(),
  ended: z.boolean(),
});

const requestSchema = z.object({
  id: z.string(),
  clientId: z.string(),
  requestedAt: z.number(),
  expiresAt: z.number(),
  state: z.enum(['pending', 'approved', 'rejected']),
});

const noticeSchema = z.object({ token: z.string(), dueAt: z.number() });

const snapshotSchema = z.object({
  version: z.literal(1),
  logins: z.array(loginSchema),
  accesses: z.array(accessSchema),
  requests: z.array(requestSchema),
  notices: z.array(noticeSchema),
});

export type Person = z.infer<typeof person>;
export type Login = Readonly<z.infer<typeof loginSchema>>;
export type Access = Readonly<z.infer<typeof accessSchema>>;
export type TokenRequest = Readonly<z.infer<typeof requestSchema>>;
export type UpstoxSnapshot = z.infer<typeof snapshotSchema>;
export type UpstoxBook = ReturnType<typeof createUpstoxBook>;

export function stateAt(access: Access, now: number): 'active' | 'expired' | 'revoked' {
  if (access.ended) return 'revoked';
  return now < access.expiresAt ? 'active' : 'expired';
}

/** @throws {Error} when the snapshot is not one of this version */
export function createUpstoxBook(options: { random: Random; snapshot: unknown }) {
  const restored = restore(options.snapshot);
  const logins = new Map(restored.logins.map((login) => [login.id, login]));
  const accesses = new Map(restored.accesses.map((access) => [access.token, access]));
  const requests = new Map(restored.requests.map((request) => [request.id, request]));
  let notices = restored.notices;
  let changed = false;

  const draw = (bytes: number): string => Buffer.from(options.random(bytes)).toString('base64url');

  function put<K, V>(map: Map<K, V>, key: K, value: V): V {
    map.set(key, value);
    changed = true;
    return value;
  }

  const isOpen = (login: Login, now: number): boolean =>
    login.state !== 'ended' && now - login.openedAt < LOGIN_OPEN_MS;

  function issue(clientId: string, who: Person, now: number, killsOthers: boolean): Access {
    for (const access of killsOthers ? accesses.values() : []) {
      if (access.clientId !== clientId || access.person !== who || access.ended) continue;
      put(accesses, access.token, { ...access, ended: true });
    }
    // Three parts with dots between, as the real ones are; nothing can be read out of them.
    const token = `${draw(24)}.${draw(120)}.${draw(32)}`;
    const expiresAt = nextInIndia(DAY_ENDS, now);
    const access: Access = { token, clientId, person: who, issuedAt: now, expiresAt, ended: false };
    return put(accesses, token, access);
  }

  return {
    accesses: (): readonly Access[] => [...accesses.values()],
    access: (token: string): Access | null => accesses.get(token) ?? null,

    open(asked: Pick<Login, 'clientId' | 'redirectUri' | 'appState'>, now: number): Login {
      const login: Login = {
        ...asked,
        id: draw(18),
        openedAt: now,
        state: 'open',
        code: null,
        approvedAt: 0,
        person: null,
      };
      return put(logins, login.id, login);
    },

    /** A login whose page can still be answered. */
    openLogin(id: string, now: number): Login | null {
      const login = logins.get(id);
      return login !== undefined && isOpen(login, now) ? login : null;
    },

    newestOpen: (clientId: string, now: number): Login | null =>
      [...logins.values()].findLast(
        (login) => login.clientId === clientId && login.state === 'open' && isOpen(login, now),
      ) ?? null,

    /** Approving again, as a reloaded page does, gives the same code. */
    approve(login: Login, who: Person, now: number): string {
      if (login.code !== null) return login.code;
      const code = draw(12);
      put(logins, login.id, { ...login, state: 'approved', code, approvedAt: now, person: who });
      return code;
    },

    end(login: Login): void {
      put(logins, login.id, { ...login, state: 'ended' });
    },

    /** Spends a code, whatever becomes of it; `null` when it is unknown, spent or too old. */
    spend(code: string, now: number): Login | null {
      const login = [...logins.values()].find((known) => known.code === code);
      if (login?.state !== 'approved') return null;
      put(logins, login.id, { ...login, state: 'ended' });
      return now - login.approvedAt < CODE_LIFE_MS ? login : null;
    },

    issue,

    logOut(access: Access): void {
      put(accesses, access.token, { ...access, ended: true });
    },

    pendingRequests: (now: number): readonly TokenRequest[] =>
      [...requests.values()].filter(
        ({ state, expiresAt }) => state === 'pending' && now < expiresAt,
      ),

    request(clientId: string, now: number): TokenRequest {
      const expiresAt = nextInIndia(DAY_ENDS, now);
      const request: TokenRequest = {
        id: draw(18),
        clientId,
        requestedAt: now,
        expiresAt,
        state: 'pending',
      };
      return put(requests, request.id, request);
    },

    decide(request: TokenRequest, state: 'approved' | 'rejected'): void {
      put(requests, request.id, { ...request, state });
    },

    queueNotice(access: Access, dueAt: number): void {
      notices = [...notices, { token: access.token, dueAt }];
      changed = true;
    },

    /** The notices whose time has come; they are not kept any longer. */
    takeNotices(now: number): readonly Access[] {
      const due = notices.filter(({ dueAt }) => dueAt <= now);
      if (due.length === 0) return [];
      notices = notices.filter(({ dueAt }) => dueAt > now);
      changed = true;
      return due.flatMap(({ token }) => accesses.get(token) ?? []);
    },

    /** Forgets what can no longer matter. */
    prune(now: number): void {
      for (const { id, openedAt } of logins.values()) {
        if (now - openedAt > KEEP_ENDED_MS) logins.delete(id);
      }
      for (const { id, expiresAt } of requests.values()) {
        if (now - expiresAt > KEEP_ENDED_MS) requests.delete(id);
      }
      for (const { token, expiresAt } of accesses.values()) {
        if (now - expiresAt > KEEP_ENDED_MS) accesses.delete(token);
      }
    },

    /** Whether anything changed since the last call. */
    takeChanged(): boolean {
      const had = changed;
      changed = false;
      return had;
    },

    snapshot: (): UpstoxSnapshot => ({
      version: 1,
      logins: [...logins.values()],
      accesses: [...accesses.values()],
      requests: [...requests.values()],
      notices: [...notices],
    }),
  };
}

function restore(snapshot: unknown): UpstoxSnapshot {
  if (snapshot === undefined || snapshot === null) {
    return { version: 1, logins: [], accesses: [], requests: [], notices: [] };
  }
  const parsed = snapshotSchema.safeParse(snapshot);
  if (parsed.success) return parsed.data;
  throw new Error(
    `Upstox's snapshot is unreadable; remove it to start afresh. ${z.prettifyError(parsed.error)}`,
  );
}
