/** A backup opens only with its passphrase, only whole, and says which of the two was wrong. */

import { describe, expect, it } from 'vitest';
import { systemRandom } from '../../functions/clock.ts';
import { Secret } from '../../functions/secret.ts';
import type { Backup } from '../../functions/storage/backup.ts';
import { openBackup, sealBackup } from '../../functions/storage/backup-file.ts';
import { anActiveRecord, at, sessionKey } from '../fixtures/records.ts';
import { aToken } from '../fixtures/tokens.ts';

const PASSPHRASE = new Secret('correct horse battery staple');
const SANDBOX = sessionKey('etrade-sandbox');

const BACKUP: Backup = {
  exportedAt: at('2026-03-09T09:00-04:00'),
  sessions: [
    {
      session: SANDBOX,
      record: anActiveRecord(),
      token: aToken({ session: SANDBOX, generation: 7 }),
    },
    { session: sessionKey('etrade-prod'), record: anActiveRecord({ version: null }), token: null },
  ],
};

describe('a backup', () => {
  it('comes back as it was, secrets included', async () => {
    const opened = await openBackup(await sealed(), PASSPHRASE);
    expect(opened).toEqual(BACKUP);
    expect(opened.sessions[0]?.token?.accessToken.reveal()).toBe(
      BACKUP.sessions[0]?.token?.accessToken.reveal(),
    );
  });

  it('shows nothing of what is in it', async () => {
    const text = await sealed();
    const { token } = BACKUP.sessions[0] ?? {};
    expect(token?.accessToken.reveal()).toMatch(/.{8}/);
    for (const word of [token?.accessToken.reveal(), token?.tokenSecret?.reveal(), 'etrade']) {
      expect(text).not.toContain(word);
    }
  });

  it('differs each time it is made', async () => {
    expect(await sealed()).not.toBe(await sealed());
  });

  it('names a wrong passphrase as such', async () => {
    await expect(openBackup(await sealed(), new Secret('correct horse battery'))).rejects.toThrow(
      'The passphrase is not the one that the backup was made with',
    );
  });

  it('refuses a passphrase that can be guessed', async () => {
    await expect(sealBackup(BACKUP, new Secret('elevenchars'), systemRandom)).rejects.toMatchObject(
      {
        code: 'STORE_DENIED',
      },
    );
  });

  const broken: readonly (readonly [string, (text: string) => string, RegExp])[] = [
    ['that was cut off', (text) => text.slice(0, -100), /cut off/],
    ['of another kind', () => '{"format":"token-cadence/1"}', /no backup/],
    ['whose sealed part was changed', (text) => changeSealed(text), /damaged or changed/],
    [
      'that makes guessing cheap',
      (text) => text.replace('"n":32768', '"n":2'),
      /damaged or changed/,
    ],
    [
      'of a newer release',
      (text) => text.replace('"schemaVersion":1', '"schemaVersion":2'),
      /newer release/,
    ],
  ];
  for (const [what, change, message] of broken) {
    it(`refuses a file ${what}`, async () => {
      const text = change(await sealed());
      await expect(openBackup(text, PASSPHRASE)).rejects.toMatchObject({
        code: 'STORE_RECORD_INVALID',
        message: expect.stringMatching(message),
      });
    });
  }
});

async function sealed(): Promise<string> {
  return sealBackup(BACKUP, PASSPHRASE, systemRandom);
}

/** Turns one letter of the ciphertext into another. */
function changeSealed(text: string): string {
  const file: { sealed: string } = JSON.parse(text);
  const inner: { data: string } = JSON.parse(file.sealed);
  const first = inner.data.startsWith('A') ? 'B' : 'A';
  return JSON.stringify({
    ...file,
    sealed: JSON.stringify({ ...inner, data: `${first}${inner.data.slice(1)}` }),
  });
}
