/**
 * Small JSON files that several processes of the local run share: written whole, read whole.
 *
 * A reader never sees half a file: writes go to a neighbour that is renamed over the old one. Used for the
 * clock's offset, the faults, keys and the simulator's memory.
 */

import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

const OWNER_ONLY = 0o600;

/** The file's JSON, or `null` when there is no such file. */
export function readJsonFile(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`"${file}" is not JSON; delete it to start afresh`);
  }
}

export function writeJsonFile(file: string, value: unknown): void {
  const neighbour = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    writeFileSync(neighbour, `${JSON.stringify(value, null, 2)}\n`, { mode: OWNER_ONLY });
    renameSync(neighbour, file);
  } catch (error) {
    rmSync(neighbour, { force: true });
    throw error;
  }
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
