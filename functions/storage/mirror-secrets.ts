/**
 * The option `MIRROR_SECRETS`: the token also under the two names that older workers read, such as
 * `ETRADE_OAUTH_PROD_ACCESS_TOKEN` and `ETRADE_OAUTH_PROD_ACCESS_SECRET`.
 *
 * Best effort, after the commit: never throws for a failing store, never decides anything. Readers of two
 * secrets can see half of a pair. Made by `compose.ts`.
 */

import type { Clock } from '../clock.ts';
import { StoreError } from '../errors.ts';
import { parseSessionKey, type SessionKey } from '../lifecycle/session.ts';
import type { Log } from '../logging/log.ts';
import type { Annotations, SecretAccess } from './secret-access.ts';
import { missingSecret } from './secret-failure.ts';
import type { StoredToken } from './session-store.ts';
import type { MirrorNames, MirrorResult, TokenMirror } from './token-mirror.ts';

/** On the first of the two secrets: which token both hold. Written last. */
const MARK = 'token-cadence-token';

/** No further call begins later than this: a person waits for the page, and the sweep tries again. */
const START_WITHIN_MS = 6_000;

/** The two names of a session, or `null`: accounts within one environment would overwrite each other. */
export function mirrorNames(session: SessionKey): MirrorNames | null {
  const name = parseSessionKey(session);
  if (name === null || name.account !== null) return null;
  const prefix = `${name.broker}_OAUTH_${name.environment}_ACCESS`.toUpperCase();
  return { token: `${prefix}_TOKEN`, secret: `${prefix}_SECRET` };
}

function markOf(generation: number, issuedAt: number): string {
  return `${generation} ${new Date(issuedAt).toISOString()}`;
}

/** @param options.sessions those that are mirrored; the others are left alone */
export function createTokenMirror(options: {
  readonly secrets: SecretAccess;
  readonly sessions: readonly SessionKey[];
  readonly clock: Clock;
  readonly log: Log;
}): TokenMirror {
  const { secrets, sessions, clock, log } = options;
  /** What this instance has mirrored: annotations may lag, and the same token is not mirrored twice. */
  const done = new Map<SessionKey, string>();

  const namesOf = (session: SessionKey): MirrorNames | null =>
    sessions.includes(session) ? mirrorNames(session) : null;

  async function annotationsOf(
    secret: string,
  ): Promise<{ etag: string; annotations: Annotations }> {
    const info = await secrets.get(secret);
    if (info === null) throw missingSecret(secret);
    return info;
  }

  async function add(secret: string, text: string): Promise<number> {
    const version = await secrets.addVersion(secret, text);
    if (version === 'missing') throw missingSecret(secret);
    return version;
  }

  async function destroyBefore(secret: string, version: number): Promise<void> {
    for (const older of (await secrets.listVersions(secret)) ?? []) {
      if (older.version < version && older.state !== 'destroyed') {
        await secrets.destroyVersion(secret, older.version);
      }
    }
  }

  /** Two mirrored at once, and nobody knows whose versions came last: the next sweep does it again. */
  async function unmark(secret: string): Promise<void> {
    const { etag, annotations } = await annotationsOf(secret);
    const { [MARK]: _mark, ...others } = annotations;
    await secrets.annotate(secret, etag, others);
  }

  async function write(names: MirrorNames, token: StoredToken): Promise<void> {
    const giveUpAt = clock() + START_WITHIN_MS;
    const before = await annotationsOf(names.token);
    inTime(giveUpAt);
    const secret = await add(names.secret, token.tokenSecret?.reveal() ?? '');
    inTime(giveUpAt);
    const version = await add(names.token, token.accessToken.reveal());
    inTime(giveUpAt);
    const mark = markOf(token.generation, token.issuedAt);
    const annotations = { ...before.annotations, [MARK]: mark };
    const marked = await secrets.annotate(names.token, before.etag, annotations);
    if (typeof marked === 'string') await unmark(names.token);
    inTime(giveUpAt);
    await Promise.all([destroyBefore(names.token, version), destroyBefore(names.secret, secret)]);
    if (typeof marked === 'string') {
      throw new StoreError(
        `Two runs wrote secret "${names.token}" at once; the next health check writes it again`,
        { code: 'STORE_CONTENDED', retryable: true },
      );
    }
  }

  function inTime(giveUpAt: number): void {
    if (clock() <= giveUpAt) return;
    throw new StoreError('Secret Manager is too slow for the mirror now', {
      code: 'STORE_UNAVAILABLE',
      retryable: true,
    });
  }

  async function attempt(
    session: SessionKey,
    work: (names: MirrorNames) => Promise<void>,
  ): Promise<MirrorResult> {
    const names = namesOf(session);
    if (names === null) return { ok: false, problem: null };
    try {
      await work(names);
      return { ok: true };
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      done.delete(session);
      log.error('mirror-failed', 'The mirror of a session is not up to date.', error, {
        session,
      });
      return { ok: false, problem: error.message };
    }
  }

  return {
    namesOf,

    async mirrorToken(session, token) {
      if (token.tokenSecret === null) return { ok: false, problem: null };
      return attempt(session, async (names) => {
        await write(names, token);
        done.set(session, markOf(token.generation, token.issuedAt));
      });
    },

    async clear(session) {
      return attempt(session, async (names) => {
        done.delete(session);
        await unmark(names.token);
        await Promise.all([
          destroyBefore(names.token, Number.POSITIVE_INFINITY),
          destroyBefore(names.secret, Number.POSITIVE_INFINITY),
        ]);
      });
    },

    async isCurrent(session, { generation, issuedAt, version }) {
      const names = namesOf(session);
      if (names === null || issuedAt === null || version === null) return true;
      const mark = markOf(generation, issuedAt);
      if (done.get(session) === mark) return true;
      return (await annotationsOf(names.token)).annotations[MARK] === mark;
    },
  };
}
