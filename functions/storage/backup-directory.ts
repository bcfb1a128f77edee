/**
 * Daily copies in a directory: a second disk, or a mounted bucket.
 *
 * Never makes the directory, since what is not mounted must not look like a safe place. Never reads a copy
 * back. Made by `compose.ts` where `BACKUP_DIRECTORY` is set.
 */

import { join } from 'node:path';
import type { Random } from '../clock.ts';
import type { Secret } from '../secret.ts';
import type { BackupPlace } from './backup.ts';
import { sealBackup } from './backup-file.ts';
import { listNames, removeQuietly, replacePrivate, requireFile } from './private-files.ts';

export type BackupDirectoryOptions = {
  readonly directory: string;
  readonly passphrase: Secret;
  readonly random: Random;
};

export function createBackupDirectory(options: BackupDirectoryOptions): BackupPlace {
  const { directory, passphrase, random } = options;
  return {
    async list() {
      await requireFile(directory);
      return listNames(directory);
    },
    async save(name, backup) {
      await requireFile(directory);
      // By rename, not by link: mounted buckets have no links.
      await replacePrivate(directory, name, await sealBackup(backup, passphrase, random), random);
    },
    remove: (name) => removeQuietly(join(directory, name)),
  };
}
