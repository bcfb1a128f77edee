/**
 * The option `MIRROR_SECRETS`: the token also under the two names that older workers read, such as
 * `ETRADE_OAUTH_PROD_ACCESS_TOKEN` and `ETRADE_OAUTH_PROD_ACCESS_SECRET`.
 *
 * Best effort, after the commit: never throws for a failing store, never decides anything. Readers of two
 * secrets can see half of a pair. Called by the sign-in and, until it is current, by every sweep.
 */

import { StoreError } from '../errors.ts';
import { parseSessionKey, type SessionKey, type SessionRecord } from '../lifecycle/session.ts';
import type { Log } from '../logging/log.ts';
import type { Annotations, SecretAccess } from './secret-access.ts';
import { missingSecret } from './secret-failure.ts';
import type { StoredToken } from './session-store.ts';

export type TokenMirror = {
  /** Writes the token under both names and destroys what was there before. */
  mirrorToken(session: SessionKey, token: StoredToken): Promise<MirrorResult>;
  /**
   * Whether both names hold the token that the record points at; `true` when there is nothing to mirror.
   *
   * @throws {StoreError} when the store does not answer
   */
  isCurrent(
    session: SessionKey,
    record: Pick<SessionRecord, 'generation' | 'issuedAt' | 'version'>,
  ): Promise<boolean>;
};

export type MirrorResult =
  | { readonly ok: true }
  /** `failed`: the next run tries again · `unnamed`: a session with an account in its key has no names. */
  | { readonly ok: false; readonly reason: 'failed' | 'unnamed' };

export type MirrorNames = { readonly token: string; readonly secret: string };

/** On the first of the two secrets: which token both hold. Written last. */
const MARK = 'token-cadence-token';

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

export function createTokenMirror(options: {
  readonly secrets: SecretAccess;
  readonly log: Log;
}): TokenMirror {
  const { secrets, log } = options;
  /** What this instance has mirrored: annotations may lag, and the same token is not mirrored twice. */
  const done = new Map<SessionKey, string>();

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

  async function write(names: MirrorNames, token: StoredToken): Promise<boolean> {
    const before = await annotationsOf(names.token);
    const secret = await add(names.secret, token.tokenSecret?.reveal() ?? '');
    const version = await add(names.token, token.accessToken.reveal());
    const mark = markOf(token.generation, token.issuedAt);
    const annotations = { ...before.annotations, [MARK]: mark };
    const marked = await secrets.annotate(names.token, before.etag, annotations);
    if (typeof marked === 'string') await unmark(names.token);
    await destroyBefore(names.token, version);
    await destroyBefore(names.secret, secret);
    return typeof marked !== 'string';
  }

  return {
    async mirrorToken(session, token) {
      const names = mirrorNames(session);
      if (names === null || token.tokenSecret === null) return { ok: false, reason: 'unnamed' };
      try {
        if (!(await write(names, token))) return { ok: false, reason: 'failed' };
        done.set(session, markOf(token.generation, token.issuedAt));
        return { ok: true };
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        log.error('mirror-failed', 'The token is stored; its mirror is not written yet.', error, {
          session,
          generation: token.generation,
        });
        return { ok: false, reason: 'failed' };
      }
    },

    async isCurrent(session, { generation, issuedAt, version }) {
      const names = mirrorNames(session);
      if (names === null || issuedAt === null || version === null) return true;
      const mark = markOf(generation, issuedAt);
      if (done.get(session) === mark) return true;
      return (await annotationsOf(names.token)).annotations[MARK] === mark;
    },
  };
}
