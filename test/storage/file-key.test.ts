import { chmodSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemRandom } from '../../functions/clock.ts';
import { Secret } from '../../functions/secret.ts';
import { createEncryptedFileStore } from '../../functions/storage/encrypted-file.ts';
import type { FileStoreKey } from '../../functions/storage/file-key.ts';
import { anActiveRecord } from '../fixtures/records.ts';
import { aToken, SANDBOX } from '../fixtures/tokens.ts';

let root: string;
let directory: string;
let keyFile: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'token-cadence-key-'));
  directory = join(root, 'store');
  keyFile = join(root, 'store.key');
});

afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

function open(key: FileStoreKey) {
  return createEncryptedFileStore({ directory, key, clock: () => 0, random: systemRandom });
}

const passphrase = (text: string) => ({ passphrase: new Secret(text) });
const refusal = (text: string) => ({
  name: 'StoreError',
  code: 'STORE_DENIED',
  retryable: false,
  message: expect.stringContaining(text),
});

describe('a key file', () => {
  it('is made on first use: 32 bytes in base64, for its user alone', async () => {
    await open({ keyFile }).addToken(aToken());
    expect(Buffer.from(await readFile(keyFile, 'utf8'), 'base64')).toHaveLength(32);
    expect(statSync(keyFile).mode & 0o777).toBe(0o600);
  });

  it('is made once when several processes start at the same moment', async () => {
    const stores = Array.from({ length: 8 }, () => open({ keyFile }));
    const numbers = await Promise.all(stores.map((store) => store.addToken(aToken())));
    expect(new Set(numbers).size).toBe(8);
    for (const store of [...stores, open({ keyFile })]) {
      expect(await store.readToken(SANDBOX, 8)).toMatchObject({ status: 'found' });
    }
  });

  it.each([
    ['a byte-order mark', (text: string) => Buffer.from(`\uFEFF${text}`)],
    ['lines of Windows', (text: string) => Buffer.from(`\r\n${text.trim()}\r\n`)],
    ['UTF-16', (text: string) => Buffer.from(`\uFEFF${text}`, 'utf16le')],
  ])('that an editor saved with %s is the same key', async (_how, saved) => {
    await open({ keyFile }).addToken(aToken());
    await writeFile(keyFile, saved(await readFile(keyFile, 'utf8')));
    expect(await open({ keyFile }).readToken(SANDBOX, 1)).toMatchObject({ status: 'found' });
  });

  it.each([0o640, 0o604, 0o644, 0o660])(
    'with mode %o is refused with the command that helps, until that was run',
    async (mode) => {
      await open({ keyFile }).addToken(aToken());
      chmodSync(keyFile, mode);
      const store = open({ keyFile });
      await expect(store.readToken(SANDBOX, 1)).rejects.toMatchObject(
        refusal(`chmod 600 "${keyFile}"`),
      );
      chmodSync(keyFile, 0o600);
      expect(await store.readToken(SANDBOX, 1)).toMatchObject({ status: 'found' });
    },
  );

  it('of another store is refused before anything is read or written', async () => {
    await open({ keyFile }).addToken(aToken());
    await writeFile(keyFile, `${Buffer.alloc(32, 1).toString('base64')}\n`);
    const store = open({ keyFile });
    await expect(store.load(SANDBOX)).rejects.toMatchObject(refusal(`"${keyFile}" is not the one`));
    await expect(store.addToken(aToken())).rejects.toMatchObject(refusal('is not the one'));
  });

  it.each(['', 'too short', Buffer.alloc(31).toString('base64')])(
    'that holds %j is refused',
    async (text) => {
      await writeFile(keyFile, text, { mode: 0o600 });
      await expect(open({ keyFile }).load(SANDBOX)).rejects.toMatchObject(
        refusal('does not hold a key'),
      );
    },
  );

  it('is not made anew for a store that was made with a lost one', async () => {
    await open({ keyFile }).addToken(aToken());
    await rm(keyFile);
    await expect(open({ keyFile }).load(SANDBOX)).rejects.toMatchObject(
      refusal(`"${keyFile}" is missing`),
    );
    expect(existsSync(keyFile)).toBe(false);
  });
});

describe('a passphrase', () => {
  it('opens the store again, and no other passphrase does', async () => {
    await open(passphrase('correct horse')).addToken(aToken());
    expect(await open(passphrase('correct horse')).readToken(SANDBOX, 1)).toMatchObject({
      status: 'found',
    });
    const wrong = open(passphrase('correct house')).readToken(SANDBOX, 1);
    await expect(wrong).rejects.toMatchObject(refusal('The passphrase is not the one'));
    await expect(wrong).rejects.not.toMatchObject({ message: expect.stringContaining('house') });
  });

  it('is stretched with a cost of its own store, kept beside a random salt', async () => {
    await open(passphrase('correct horse')).load(SANDBOX);
    const header: unknown = JSON.parse(await readFile(join(directory, 'store.json'), 'utf8'));
    expect(header).toMatchObject({
      schemaVersion: 1,
      key: 'passphrase',
      scrypt: { n: 131_072, r: 8, p: 1 },
    });
  });

  it('is refused when it is empty', async () => {
    await expect(open(passphrase('')).load(SANDBOX)).rejects.toMatchObject(refusal('is empty'));
  });

  it('does not open a store made with a key file, nor the other way round', async () => {
    await open({ keyFile }).load(SANDBOX);
    await expect(open(passphrase('correct horse')).load(SANDBOX)).rejects.toMatchObject(
      refusal('was made with a key file, not with a passphrase'),
    );
  });
});

describe('the directory', () => {
  it.each([0o770, 0o707, 0o777])('with mode %o is refused: others can change it', async (mode) => {
    mkdirSync(directory);
    chmodSync(directory, mode);
    await expect(open({ keyFile }).load(SANDBOX)).rejects.toMatchObject(
      refusal(`chmod 700 "${directory}"`),
    );
  });

  it('without its header but with sessions is refused, not started anew', async () => {
    const store = open({ keyFile });
    await store.replace(SANDBOX, (await store.load(SANDBOX)).tag, anActiveRecord());
    await rm(join(directory, 'store.json'));
    await expect(open({ keyFile }).load(SANDBOX)).rejects.toMatchObject({
      code: 'STORE_RECORD_INVALID',
      message: expect.stringContaining('"store.json" is missing'),
    });
  });

  it.each([
    '',
    '{"schemaVersion":1}',
    '{"schemaVersion":1,"key":"passphrase","salt":"","check":"","scrypt":{"n":1073741824,"r":8,"p":1}}',
  ])('with the header %j is refused', async (text) => {
    await open({ keyFile }).load(SANDBOX);
    await writeFile(join(directory, 'store.json'), text);
    await expect(open({ keyFile }).load(SANDBOX)).rejects.toMatchObject({
      code: 'STORE_RECORD_INVALID',
      message: expect.stringContaining('"store.json"'),
    });
  });

  it('that is a file makes the store unavailable, and works once that is repaired', async () => {
    await writeFile(directory, 'not a directory');
    const store = open({ keyFile });
    await expect(store.load(SANDBOX)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await rm(directory);
    expect((await store.load(SANDBOX)).record.generation).toBe(0);
  });
});
