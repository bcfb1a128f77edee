/** The settings of the daily copies: nothing without a folder, and everything named that a folder needs. */

import { expect, it } from 'vitest';
import { type Reader, readBackup } from '../functions/config-services.ts';

function read(env: Readonly<Record<string, string>>) {
  const problems: string[] = [];
  const reader: Reader = {
    text: (name) => env[name] ?? null,
    address: (name) => env[name] ?? null,
    url: (name) => env[name] ?? null,
    missing: (name) => {
      problems.push(`"${name}" is missing`);
      return '';
    },
  };
  return { backup: readBackup(reader, problems), problems };
}

it('keeps no copies unless a folder is named', () => {
  expect(read({ BACKUP_PASSPHRASE: 'correct horse battery' })).toEqual({
    backup: null,
    problems: [],
  });
});

it('reads folder and passphrase', () => {
  const { backup, problems } = read({ BACKUP_DIRECTORY: '/b', BACKUP_PASSPHRASE: 'twelve chars' });
  expect(backup?.directory).toBe('/b');
  expect(backup?.passphrase.reveal()).toBe('twelve chars');
  expect(problems).toEqual([]);
});

it.each([
  { env: { BACKUP_DIRECTORY: '/b' }, says: '"BACKUP_PASSPHRASE" is missing' },
  {
    env: { BACKUP_DIRECTORY: '/b', BACKUP_PASSPHRASE: 'elevenchars' },
    says: '"BACKUP_PASSPHRASE" has less than 12 characters',
  },
])('refuses $env', ({ env, says }) => {
  expect(read(env).problems).toEqual([says]);
});
