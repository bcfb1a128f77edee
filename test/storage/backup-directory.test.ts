/** Daily copies in a real directory. */

import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemRandom } from '../../functions/clock.ts';
import { Secret } from '../../functions/secret.ts';
import { createBackupDirectory } from '../../functions/storage/backup-directory.ts';
import { openBackup } from '../../functions/storage/backup-file.ts';
import { anActiveRecord, ny } from '../fixtures/records.ts';
import { temporaryDirectory } from '../fixtures/temporary-directory.ts';
import { aToken, SANDBOX } from '../fixtures/tokens.ts';

const passphrase = new Secret('correct horse battery staple');
const NAME = 'token-cadence-2026-03-09-000007.backup';
const BACKUP = {
  exportedAt: ny('09:00'),
  sessions: [{ session: SANDBOX, record: anActiveRecord(), token: aToken() }],
};

it('keeps a copy that only its owner can read and the passphrase opens', async () => {
  const directory = temporaryDirectory();
  const place = createBackupDirectory({ directory, passphrase, random: systemRandom });
  await place.save(NAME, BACKUP);
  expect(await place.list()).toEqual([NAME]);
  expect(statSync(join(directory, NAME)).mode & 0o777).toBe(0o600);
  const text = readFileSync(join(directory, NAME), 'utf8');
  expect(text).not.toContain('canary');
  expect(await openBackup(text, passphrase)).toEqual(BACKUP);
});

it('replaces a copy in one step, and removes one', async () => {
  const directory = temporaryDirectory();
  const place = createBackupDirectory({ directory, passphrase, random: systemRandom });
  writeFileSync(join(directory, NAME), 'torn');
  await place.save(NAME, BACKUP);
  expect(readFileSync(join(directory, NAME), 'utf8')).toMatch(/^\{"format"/);
  await place.remove(NAME);
  await place.remove(NAME);
  expect(await place.list()).toEqual([]);
});

it('never makes the directory: what is not mounted is no safe place', async () => {
  const directory = join(temporaryDirectory(), 'not-mounted');
  const place = createBackupDirectory({ directory, passphrase, random: systemRandom });
  await expect(place.list()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  await expect(place.save(NAME, BACKUP)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
});
