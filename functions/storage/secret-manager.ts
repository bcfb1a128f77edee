/**
 * The store in Google Secret Manager: a secret per session, a version per token, the record in one
 * annotation that is replaced by the secret's etag.
 *
 * Keeps annotations of others as they are. Never reads "latest". Adds a version once: whoever must store a
 * token adds it again, and the sweep destroys the double. Made by `compose.ts` on a `SecretAccess`.
 */

import type { Clock } from '../clock.ts';
import { StoreError } from '../errors.ts';
import { RECORD_MAX_BYTES } from '../lifecycle/limits.ts';
import { NEW_SERVICE_RECORD } from '../lifecycle/notices.ts';
import { NEW_RECORD, parseSessionKey, type SessionKey } from '../lifecycle/session.ts';
import type { Log } from '../logging/log.ts';
import { createKnownStates } from './known-states.ts';
import { decodeRecord, encodeFittingRecord } from './record-document.ts';
import type { Annotations, SecretAccess, SecretInfo } from './secret-access.ts';
import { missingSecret } from './secret-failure.ts';
import { decodeService, encodeService } from './service-document.ts';
import type { Replaced, SessionStore } from './session-store.ts';
import { decodeToken, encodeToken } from './token-document.ts';

export type SecretManagerStoreOptions = {
  readonly secrets: SecretAccess;
  readonly clock: Clock;
  readonly log: Log;
  /**
   * Creates secrets that do not exist, for local runs. In the cloud Terraform does, and a missing one is
   * an error that names it.
   * @default false
   */
  readonly createMissing?: boolean;
};

/** The annotation that holds the record. */
const RECORD = 'record';

/** Holds the app's own settings; its annotation is the service's record. */
const APP_SECRET = 'token-cadence-app';

/** Secret Manager wants keys and values of all annotations to be less than 16 KiB. */
const ANNOTATIONS_MAX_BYTES = 16 * 1024 - 1;

/** Up to this many sessions are read one by one, so that no permission on the whole project is needed. */
const READ_ONE_BY_ONE = 20;

/** What was read for a list is for the run that asked, not for a later one. */
const PREFETCHED_FOR_MS = 30_000;

const ID_END = '-session';

/** The tag of a record whose secret does not exist yet. */
const NO_SECRET = '\nnone';

function secretOf(session: SessionKey): string {
  if (parseSessionKey(session) === null) {
    throw new StoreError('The store was asked for something that is no session key', {
      code: 'STORE_RECORD_INVALID',
      retryable: false,
    });
  }
  return `${session}${ID_END}`;
}

/** The etag, and on a second line the annotations of others: a replacement must write them again. */
function tagOf({ etag, annotations }: SecretInfo): string {
  const others = Object.entries(annotations)
    .filter(([key]) => key !== RECORD)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return others.length === 0 ? etag : `${etag}\n${JSON.stringify(others)}`;
}

function readTag(tag: string): { readonly etag: string; readonly others: Annotations } {
  const [etag = '', others = '[]'] = tag.split('\n');
  return { etag, others: Object.fromEntries(JSON.parse(others) as [string, string][]) };
}

/** What the annotations of others leave to the record. */
function roomBeside(others: Annotations): number {
  const sizes = Object.entries(others).map(
    ([key, value]) => Buffer.byteLength(key) + Buffer.byteLength(value),
  );
  const taken = sizes.reduce((sum, size) => sum + size, RECORD.length);
  return Math.min(RECORD_MAX_BYTES, ANNOTATIONS_MAX_BYTES - taken);
}

export function createSecretManagerStore(options: SecretManagerStoreOptions): SessionStore {
  const { secrets, clock, log, createMissing = false } = options;
  const states = createKnownStates(clock);
  let prefetched: { readonly askedAt: number; readonly infos: Map<string, SecretInfo> } | null =
    null;

  /** Once each: whoever reads again wants to know what has changed. */
  function takePrefetched(secret: string): { info: SecretInfo; askedAt: number } | null {
    if (prefetched !== null && clock() > prefetched.askedAt + PREFETCHED_FOR_MS) prefetched = null;
    const info = prefetched?.infos.get(secret);
    if (prefetched === null || info === undefined) return null;
    prefetched.infos.delete(secret);
    return { info, askedAt: prefetched.askedAt };
  }

  async function read(secret: string): Promise<{ info: SecretInfo | null; askedAt: number }> {
    const askedAt = clock();
    return { info: await secrets.get(secret), askedAt };
  }

  async function loadText(
    secret: string,
    fresh = false,
  ): Promise<{ text: string | null; tag: string }> {
    const recent = fresh ? null : states.recent(secret);
    if (recent !== null) return { text: recent.annotations[RECORD] ?? null, tag: tagOf(recent) };
    const { info: seen, askedAt } = (fresh ? null : takePrefetched(secret)) ?? (await read(secret));
    const judged = seen === null ? null : fresh ? 'old' : states.judge(secret, seen, askedAt);
    const info = judged === 'old' && seen !== null ? await readThrough(secret, seen) : judged;
    if (info === null || info === 'old') {
      if (!createMissing) throw missingSecret(secret);
      return { text: null, tag: NO_SECRET };
    }
    return { text: info.annotations[RECORD] ?? null, tag: tagOf(info) };
  }

  async function readThrough(secret: string, seen: SecretInfo): Promise<SecretInfo | null> {
    log.info('metadata-behind', 'Metadata of a secret may lag behind: read through a write.', {
      secret,
    });
    const info = await secrets.getFresh(secret, seen);
    if (info !== null) states.written(secret, seen.etag, info);
    return info;
  }

  async function replaceText(
    secret: string,
    tag: string,
    encode: (maxBytes: number) => string,
  ): Promise<Replaced> {
    states.forget(secret);
    if (tag === NO_SECRET) {
      const created = await secrets.create(secret, { [RECORD]: encode(roomBeside({})) });
      if (created === 'exists') return CONFLICT;
      states.written(secret, null, created);
      return { ok: true, tag: tagOf(created) };
    }
    const { etag, others } = readTag(tag);
    const annotations = { ...others, [RECORD]: encode(roomBeside(others)) };
    const written = await secrets.annotate(secret, etag, annotations);
    if (written === 'conflict') {
      states.refused(secret, etag);
      return CONFLICT;
    }
    if (written !== 'missing') {
      states.written(secret, etag, written);
      return { ok: true, tag: tagOf(written) };
    }
    if (createMissing) return CONFLICT;
    throw missingSecret(secret);
  }

  return {
    async load(session) {
      const { text, tag } = await loadText(secretOf(session));
      return { record: text === null ? NEW_RECORD : decodeRecord(session, text), tag };
    },

    async loadFresh(session) {
      const { text, tag } = await loadText(secretOf(session), true);
      return { record: text === null ? NEW_RECORD : decodeRecord(session, text), tag };
    },

    async prefetch(sessions) {
      // Whoever goes through the sessions wants to know how they are now.
      for (const secret of [APP_SECRET, ...sessions.map(secretOf)]) states.forget(secret);
      if (sessions.length <= READ_ONE_BY_ONE) return;
      try {
        const askedAt = clock();
        prefetched = { askedAt, infos: new Map(await secrets.listSecrets(ID_END)) };
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        log.error('secrets-not-listed', 'Every session is read by itself, which is slower.', error);
      }
    },

    async replace(session, tag, record) {
      return replaceText(secretOf(session), tag, (maxBytes) =>
        encodeFittingRecord(session, record, maxBytes),
      );
    },

    async addToken(token) {
      const secret = secretOf(token.session);
      const text = encodeToken(token);
      const version = await secrets.addVersion(secret, text);
      if (version !== 'missing') return version;
      if (!createMissing) throw missingSecret(secret);
      await secrets.create(secret, {});
      const first = await secrets.addVersion(secret, text);
      if (first === 'missing') throw missingSecret(secret);
      return first;
    },

    async readToken(session, version) {
      const read = await secrets.readVersion(secretOf(session), version);
      switch (read.status) {
        case 'found':
          return { status: 'found', version, token: decodeToken(session, read.text) };
        case 'unusable':
          return { status: 'destroyed' };
        case 'missing':
          return { status: 'missing' };
      }
    },

    async listVersions(session) {
      const secret = secretOf(session);
      const versions = await secrets.listVersions(secret);
      if (versions === null && !createMissing) throw missingSecret(secret);
      return (versions ?? []).map(({ version, state, createdAt }) => ({
        version,
        destroyed: state === 'destroyed',
        createdAt,
      }));
    },

    async destroyVersion(session, version) {
      await secrets.destroyVersion(secretOf(session), version);
    },

    async loadService() {
      const { text, tag } = await loadText(APP_SECRET);
      return { record: text === null ? NEW_SERVICE_RECORD : decodeService(text), tag };
    },

    async replaceService(tag, record) {
      return replaceText(APP_SECRET, tag, (maxBytes) => encodeService(record, maxBytes));
    },
  };
}

const CONFLICT: Replaced = { ok: false, reason: 'conflict' };
