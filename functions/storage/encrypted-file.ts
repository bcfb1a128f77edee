/**
 * A store in encrypted files, shared by the processes of one machine: for the CLI and for local runs.
 *
 * A folder per session: `record-<n>.json`, the highest number counts, and `version-<n>.json`. Nobody
 * overwrites a record: a replacement is the exclusive creation of the next number, so of two processes
 * one wins. Killed at any point, it leaves the state before or after. Never keeps a token in the clear.
 */

import { join } from 'node:path';
import * as z from 'zod';
import type { Clock, Random } from '../clock.ts';
import { StoreError } from '../errors.ts';
import { NEW_SERVICE_RECORD } from '../lifecycle/notices.ts';
import {
  NEW_RECORD,
  parseSessionKey,
  type SessionKey,
  type SessionRecord,
} from '../lifecycle/session.ts';
import { decodeDocument, encodeDocument, moment } from './documents.ts';
import { type FileKeys, seal, unseal } from './file-encryption.ts';
import { type FileStoreKey, HEADER_FILE, openKeys } from './file-key.ts';
import {
  createPrivate,
  ensureFolder,
  listNames,
  readPrivate,
  removeQuietly,
  replacePrivate,
  requireFile,
} from './private-files.ts';
import { decodeRecord, encodeFittingRecord } from './record-document.ts';
import { decodeService, encodeService } from './service-document.ts';
import type { Loaded, Replaced, SessionStore } from './session-store.ts';
import { decodeToken, encodeToken } from './token-document.ts';

export type EncryptedFileStoreOptions = {
  /** Made on first use, for this user alone. */
  readonly directory: string;
  readonly key: FileStoreKey;
  readonly clock: Clock;
  readonly random: Random;
};

const SERVICE_FOLDER = 'service';

/** Earlier records that stay: to go back to when a disk damages the last one. */
const RECORDS_KEPT = 8;

/** Readers that find their record pruned look again; each time somebody wrote that often meanwhile. */
const READ_TRIES = 10;

type Kind = 'record' | 'version';

/** What a version's file seals; without `token` it is the tombstone that keeps the number taken. */
const versionSchema = z.object({ createdAt: moment, token: z.string().optional() });
type VersionFile = z.output<typeof versionSchema>;

function encodeVersion(folder: string, file: VersionFile): string {
  return encodeDocument(versionSchema, file, `version of "${folder}"`);
}

function nameOf(kind: Kind, number: number): string {
  return `${kind}-${number}.json`;
}

/** Numbers of the files of a kind, ascending. */
function numbersIn(names: readonly string[], kind: Kind): number[] {
  const pattern = new RegExp(`^${kind}-([1-9]\\d{0,14})\\.json$`);
  return names
    .flatMap((name) => {
      const number = pattern.exec(name)?.[1];
      return number === undefined ? [] : [Number(number)];
    })
    .sort((a, b) => a - b);
}

function folderOf(session: SessionKey): string {
  if (parseSessionKey(session) === null) {
    throw new StoreError('The store was asked for something that is no session key', {
      code: 'STORE_RECORD_INVALID',
      retryable: false,
    });
  }
  return session;
}

export function createEncryptedFileStore(options: EncryptedFileStoreOptions): SessionStore {
  const { directory, clock, random } = options;
  const holdsData = (name: string) => name === SERVICE_FOLDER || parseSessionKey(name) !== null;
  let opened: Promise<FileKeys> | null = null;

  /** Opened once; a failure is forgotten, so that the next call sees what a person has repaired. */
  function keys(): Promise<FileKeys> {
    opened ??= openKeys(options, holdsData).catch((error: unknown) => {
      opened = null;
      throw error;
    });
    return opened;
  }

  /** A store whose disk is gone must not look like one in which nobody has signed in. */
  async function stillThere(): Promise<void> {
    await requireFile(join(directory, HEADER_FILE));
  }

  async function numbers(folder: string, kind: Kind): Promise<number[]> {
    const found = numbersIn(await listNames(join(directory, folder)), kind);
    if (found.length === 0) await stillThere();
    return found;
  }

  async function readSealed(folder: string, kind: Kind, number: number): Promise<string | null> {
    const place = `${folder}/${nameOf(kind, number)}`;
    const sealed = await readPrivate(join(directory, folder, nameOf(kind, number)));
    if (sealed === null) {
      await stillThere();
      return null;
    }
    const text = unseal(await keys(), place, sealed);
    if (text !== null) return text;
    throw new StoreError(
      `The file "${place}" of the store "${directory}" was damaged, changed or moved: remove it to go on ${kind === 'record' ? 'with the record before it' : 'without that token'}`,
      { code: 'STORE_RECORD_INVALID', retryable: false },
    );
  }

  async function createSealed(
    folder: string,
    kind: Kind,
    number: number,
    text: string,
  ): Promise<boolean> {
    const name = nameOf(kind, number);
    const sealed = seal(await keys(), random, `${folder}/${name}`, text);
    await ensureFolder(join(directory, folder));
    return createPrivate(join(directory, folder), name, sealed, random);
  }

  async function loadText(folder: string): Promise<{ text: string | null; tag: string }> {
    await keys();
    for (let tries = 0; tries < READ_TRIES; tries += 1) {
      const number = (await numbers(folder, 'record')).at(-1) ?? 0;
      if (number === 0) return { text: null, tag: '0' };
      const text = await readSealed(folder, 'record', number);
      if (text !== null) return { text, tag: String(number) };
    }
    throw new StoreError(`The record in "${folder}" was replaced faster than it could be read`, {
      code: 'STORE_CONTENDED',
      retryable: true,
    });
  }

  async function replaceText(folder: string, tag: string, text: string): Promise<Replaced> {
    await keys();
    const last = (await numbers(folder, 'record')).at(-1) ?? 0;
    if (tag !== String(last)) return { ok: false, reason: 'conflict' };
    const next = last + 1;
    if (!(await createSealed(folder, 'record', next, text))) {
      return { ok: false, reason: 'conflict' };
    }
    const present = await numbers(folder, 'record');
    const newest = present.at(-1) ?? next;
    if (newest >= next + RECORDS_KEPT) {
      // Others wrote so many records since we looked that ours may fill the gap of a pruned one.
      await removeQuietly(join(directory, folder, nameOf('record', next)));
      return { ok: false, reason: 'conflict' };
    }
    for (const number of present.filter((candidate) => candidate <= newest - RECORDS_KEPT)) {
      await removeQuietly(join(directory, folder, nameOf('record', number)));
    }
    return { ok: true, tag: String(next) };
  }

  async function readVersion(folder: string, version: number): Promise<VersionFile | null> {
    const text = await readSealed(folder, 'version', version);
    return text === null ? null : decodeDocument(versionSchema, text, `version of "${folder}"`);
  }

  async function load(session: SessionKey): Promise<Loaded<SessionRecord>> {
    const { text, tag } = await loadText(folderOf(session));
    return { record: text === null ? NEW_RECORD : decodeRecord(session, text), tag };
  }

  return {
    load,
    loadFresh: load,
    prefetch: async () => {},

    async replace(session, tag, record) {
      return replaceText(folderOf(session), tag, encodeFittingRecord(session, record));
    },

    async addToken(token) {
      const folder = folderOf(token.session);
      const text = encodeVersion(folder, { createdAt: clock(), token: encodeToken(token) });
      await keys();
      let version = ((await numbers(folder, 'version')).at(-1) ?? 0) + 1;
      while (!(await createSealed(folder, 'version', version, text))) version += 1;
      return version;
    },

    async readToken(session, version) {
      await keys();
      const file = await readVersion(folderOf(session), version);
      if (file === null) return { status: 'missing' };
      if (file.token === undefined) return { status: 'destroyed' };
      return { status: 'found', version, token: decodeToken(session, file.token) };
    },

    async listVersions(session) {
      await keys();
      const folder = folderOf(session);
      const infos = [];
      for (const version of await numbers(folder, 'version')) {
        const file = await readVersion(folder, version);
        if (file === null) continue;
        infos.push({ version, destroyed: file.token === undefined, createdAt: file.createdAt });
      }
      return infos;
    },

    async destroyVersion(session, version) {
      await keys();
      const folder = folderOf(session);
      const file = await readVersion(folder, version);
      if (file?.token === undefined) return;
      const name = nameOf('version', version);
      const tombstone = encodeVersion(folder, { createdAt: file.createdAt });
      const sealed = seal(await keys(), random, `${folder}/${name}`, tombstone);
      await replacePrivate(join(directory, folder), name, sealed, random);
    },

    async loadService() {
      const { text, tag } = await loadText(SERVICE_FOLDER);
      return { record: text === null ? NEW_SERVICE_RECORD : decodeService(text), tag };
    },

    async replaceService(tag, record) {
      return replaceText(SERVICE_FOLDER, tag, encodeService(record));
    },
  };
}
