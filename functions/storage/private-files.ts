/**
 * Files that only their owner can read and that are never seen half written.
 *
 * A file is written under a temporary name, flushed, and then given its final name in one step: by a
 * link (which fails when the name is taken) or by a rename (which replaces). Knows nothing of what the
 * files hold. Used by `encrypted-file.ts` and `file-key.ts`.
 */

import { link, mkdir, open, readdir, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Random } from '../clock.ts';
import { StoreError } from '../errors.ts';

const PRIVATE_FILE = 0o600;
const PRIVATE_DIRECTORY = 0o700;
const ANYONE_ELSE = 0o077;
const WRITABLE_BY_OTHERS = 0o022;

/** Windows has neither these modes nor directories that can be flushed. */
const IS_POSIX = process.platform !== 'win32';

const TEMPORARY = '.token-cadence-tmp-';

/** A temporary file this much older than a fresh one belongs to a process that died. */
const ABANDONED_AFTER_MS = 10 * 60_000;

const REFUSED = new Set(['EACCES', 'EPERM', 'EROFS']);
const NO_LINKS = new Set(['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP']);

let temporaryFiles = 0;

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}

function denied(message: string): StoreError {
  return new StoreError(message, { code: 'STORE_DENIED', retryable: false });
}

/** What a failed file operation means for the store's caller: denied, full, or not there. */
export function storeErrorOf(error: unknown, path: string): StoreError {
  if (error instanceof StoreError) return error;
  const code = codeOf(error);
  if (REFUSED.has(code)) {
    return new StoreError(
      `The store may not use "${path}" (${code}): give this user read and write access to it`,
      { code: 'STORE_DENIED', retryable: false, cause: error },
    );
  }
  const advice =
    code === 'ENOSPC' || code === 'EDQUOT'
      ? 'the disk is full, free some space'
      : 'see whether its disk is there and healthy';
  return new StoreError(`The store cannot use "${path}" (${code}): ${advice}`, {
    code: 'STORE_UNAVAILABLE',
    retryable: true,
    cause: error,
  });
}

async function guarded<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw storeErrorOf(error, path);
  }
}

/**
 * Makes a directory for this user alone, and refuses one that others can change.
 *
 * @throws {StoreError} `STORE_DENIED`, `STORE_UNAVAILABLE`
 */
export async function ensureDirectory(path: string): Promise<void> {
  await makeDirectory(path);
  await guarded(path, async () => {
    const { mode } = await stat(path);
    if (IS_POSIX && (mode & WRITABLE_BY_OTHERS) !== 0) {
      throw denied(
        `The directory "${path}" can be changed by other users: run chmod 700 "${path}"`,
      );
    }
  });
}

/** Makes a directory, and those above it, for this user alone; leaves existing ones as they are. */
export async function makeDirectory(path: string): Promise<void> {
  await guarded(path, () => mkdir(path, { recursive: true, mode: PRIVATE_DIRECTORY }));
}

/** Makes a directory inside an existing one; quiet when it is there. */
export async function ensureFolder(path: string): Promise<void> {
  await guarded(path, async () => {
    try {
      await mkdir(path, { mode: PRIVATE_DIRECTORY });
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
  });
}

/** Names in a directory; none when it does not exist. */
export async function listNames(path: string): Promise<readonly string[]> {
  return guarded(path, async () => {
    try {
      return await readdir(path);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return [];
      throw error;
    }
  });
}

/** @throws {StoreError} `STORE_UNAVAILABLE` when there is no such file */
export async function requireFile(path: string): Promise<void> {
  await guarded(path, () => stat(path));
}

/**
 * Reads a file, or `null` when there is none.
 *
 * @throws {StoreError} `STORE_DENIED` when others can read it too, `STORE_UNAVAILABLE`
 */
export async function readPrivate(path: string): Promise<string | null> {
  return guarded(path, async () => {
    let file: Awaited<ReturnType<typeof open>>;
    try {
      file = await open(path, 'r');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return null;
      throw error;
    }
    try {
      const { mode } = await file.stat();
      if (IS_POSIX && (mode & ANYONE_ELSE) !== 0) {
        throw denied(`The file "${path}" can be read by other users: run chmod 600 "${path}"`);
      }
      return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  });
}

/** Writes and flushes a temporary file in `folder`; answers its path and the file system's own time. */
async function writeTemporary(
  folder: string,
  text: string,
  random: Random,
): Promise<{ path: string; writtenAt: number }> {
  temporaryFiles += 1;
  const unique = `${process.pid}-${temporaryFiles}-${Buffer.from(random(8)).toString('hex')}`;
  const path = join(folder, `${TEMPORARY}${unique}`);
  const file = await open(path, 'wx', PRIVATE_FILE);
  try {
    await file.writeFile(text, 'utf8');
    await file.sync();
    return { path, writtenAt: (await file.stat()).mtimeMs };
  } catch (error) {
    await removeQuietly(path);
    throw error;
  } finally {
    await file.close();
  }
}

/** Makes names in a directory survive a power cut. */
async function flushDirectory(path: string): Promise<void> {
  if (!IS_POSIX) return;
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Removes a file that is in nobody's way; what cannot be removed now stays for the next time. */
export async function removeQuietly(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch {
    // A write that succeeded does not fail for its housekeeping.
  }
}

/**
 * Creates `folder/name` with its whole text, or answers `false` when the name is taken.
 * Exactly one of many processes that try at once gets `true`.
 */
export async function createPrivate(
  folder: string,
  name: string,
  text: string,
  random: Random,
): Promise<boolean> {
  return guarded(folder, async () => {
    const temporary = await writeTemporary(folder, text, random);
    try {
      await link(temporary.path, join(folder, name));
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false;
      if (NO_LINKS.has(codeOf(error))) {
        throw denied(
          `The file system of "${folder}" has no hard links: put the store on another disk`,
        );
      }
      throw error;
    } finally {
      await removeQuietly(temporary.path);
    }
    await flushDirectory(folder);
    await sweep(folder, temporary.writtenAt);
    return true;
  });
}

/** Puts a new text in the place of `folder/name` in one step. */
export async function replacePrivate(
  folder: string,
  name: string,
  text: string,
  random: Random,
): Promise<void> {
  await guarded(folder, async () => {
    const temporary = await writeTemporary(folder, text, random);
    try {
      await rename(temporary.path, join(folder, name));
    } catch (error) {
      await removeQuietly(temporary.path);
      throw error;
    }
    await flushDirectory(folder);
  });
}

/**
 * Removes temporary files of processes that died. Ages are differences between two files' times, so
 * neither our clock nor the machine's has to be right.
 */
async function sweep(folder: string, writtenAt: number): Promise<void> {
  for (const name of await listNames(folder)) {
    if (!name.startsWith(TEMPORARY)) continue;
    const path = join(folder, name);
    const found = await stat(path).catch(() => null);
    if (found !== null && writtenAt - found.mtimeMs > ABANDONED_AFTER_MS) await removeQuietly(path);
  }
}
