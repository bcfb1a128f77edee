import { existsSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { chmod, copyFile, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemRandom } from '../../functions/clock.ts';
import { Secret } from '../../functions/secret.ts';
import {
  describeSessionStore,
  describeSharedDocuments,
} from '../contracts/session-store.contract.ts';
import { type FileStoreHarness, makeFileStore } from '../fixtures/file-store.ts';
import { anActiveRecord } from '../fixtures/records.ts';
import { aToken, CANARIES, PROD, SANDBOX } from '../fixtures/tokens.ts';

describeSessionStore('encrypted file', makeFileStore);
describeSharedDocuments('encrypted file', makeFileStore);

describe('the encrypted file store', () => {
  let harness: FileStoreHarness;

  beforeEach(async () => {
    harness = await makeFileStore();
  });

  afterEach(async () => {
    await harness.close();
  });

  async function save(generation: number, session = SANDBOX): Promise<void> {
    const { tag } = await harness.store.load(session);
    const replaced = await harness.store.replace(session, tag, anActiveRecord({ generation }));
    expect(replaced.ok).toBe(true);
  }

  const modeOf = (path: string) => statSync(path).mode & 0o777;
  const pathOf = (file: string) => join(harness.directory, file);

  it('makes files and directories for its user alone', async () => {
    await save(1);
    await harness.store.addToken(aToken());
    await harness.store.destroyVersion(SANDBOX, 1);
    const files = await harness.files();
    expect(files).toEqual([
      'etrade-sandbox/record-1.json',
      'etrade-sandbox/version-1.json',
      'store.json',
    ]);
    for (const file of files) expect(modeOf(pathOf(file))).toBe(0o600);
    expect(modeOf(harness.keyFile)).toBe(0o600);
    expect(modeOf(harness.directory)).toBe(0o700);
    expect(modeOf(pathOf('etrade-sandbox'))).toBe(0o700);
  });

  it('keeps nothing readable in its files, not even who has an account', async () => {
    await save(1);
    await harness.store.addToken(aToken({ refreshToken: new Secret('canary-refresh-token') }));
    const bytes = await harness.bytes();
    for (const text of [...CANARIES, 'canary', 'account-hash', 'accessToken']) {
      expect(bytes).not.toContain(text);
      expect(bytes).not.toContain(Buffer.from(text).toString('base64').replace(/=+$/, ''));
    }
  });

  it('finds everything again after a restart', async () => {
    await save(7);
    await harness.store.addToken(aToken());
    const restarted = harness.open();
    expect((await restarted.load(SANDBOX)).record).toEqual(anActiveRecord());
    expect(await restarted.readToken(SANDBOX, 1)).toMatchObject({ status: 'found' });
  });

  it('keeps the last eight records and no more', async () => {
    for (let generation = 1; generation <= 12; generation += 1) await save(generation);
    const records = (await harness.files()).filter((file) => file.includes('/record-'));
    expect(records).toHaveLength(8);
    expect(records).toContain('etrade-sandbox/record-12.json');
    expect(records).not.toContain('etrade-sandbox/record-4.json');
  });

  it.each(['record-1.json', 'version-1.json'])(
    'refuses %s when others can read it, and says what to run',
    async (name) => {
      await save(1);
      await harness.store.addToken(aToken());
      const path = pathOf(`etrade-sandbox/${name}`);
      await chmod(path, 0o644);
      const reading = name.startsWith('record')
        ? harness.store.load(SANDBOX)
        : harness.store.readToken(SANDBOX, 1);
      await expect(reading).rejects.toMatchObject({
        code: 'STORE_DENIED',
        retryable: false,
        message: expect.stringContaining(`chmod 600 "${path}"`),
      });
    },
  );

  it('refuses a file with any bit changed, and says which', async () => {
    await save(1);
    const path = pathOf('etrade-sandbox/record-1.json');
    const sealed = await readFile(path);
    // The last character is the line's end, which seals nothing.
    const bits = fc.integer({ min: 0, max: (sealed.length - 1) * 8 - 1 });
    await fc.assert(
      fc.asyncProperty(bits, async (bit) => {
        const changed = Buffer.from(sealed);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        await writeFile(path, changed);
        const read = await harness.store.load(SANDBOX).then(
          ({ record }) => record,
          (error: unknown) => error,
        );
        expect(read).toMatchObject({
          code: 'STORE_RECORD_INVALID',
          message: expect.stringContaining('"etrade-sandbox/record-1.json"'),
        });
      }),
    );
  });

  it.each([0, 1, 40, 200])('refuses a file torn after %i bytes', async (length) => {
    await save(1);
    const path = pathOf('etrade-sandbox/record-1.json');
    await writeFile(path, (await readFile(path)).subarray(0, length));
    await expect(harness.store.load(SANDBOX)).rejects.toMatchObject({
      code: 'STORE_RECORD_INVALID',
      message: expect.stringContaining('remove it to go on with the record before it'),
    });
  });

  it('goes on with the record before a damaged one that was removed', async () => {
    await save(1);
    await save(2);
    await rm(pathOf('etrade-sandbox/record-2.json'));
    expect((await harness.store.load(SANDBOX)).record.generation).toBe(1);
    await save(3);
    expect((await harness.store.load(SANDBOX)).record.generation).toBe(3);
  });

  it.each([
    ['an older record', 'etrade-sandbox/record-1.json', 'etrade-sandbox/record-2.json'],
    ["another session's record", 'etrade-prod/record-1.json', 'etrade-sandbox/record-2.json'],
    ['a token', 'etrade-sandbox/version-1.json', 'etrade-sandbox/record-2.json'],
  ])('refuses %s under the name of the current record', async (_what, from, to) => {
    await save(1);
    await save(2);
    await save(1, PROD);
    await harness.store.addToken(aToken());
    await copyFile(pathOf(from), pathOf(to));
    await expect(harness.store.load(SANDBOX)).rejects.toMatchObject({
      code: 'STORE_RECORD_INVALID',
    });
  });

  it.each([
    ["another session's token", 'etrade-prod/version-1.json'],
    ['a token of another number', 'etrade-sandbox/version-2.json'],
  ])('refuses %s under the name of a version', async (_what, from) => {
    await harness.store.addToken(aToken());
    await harness.store.addToken(aToken());
    await harness.store.addToken(aToken({ session: PROD }));
    await copyFile(pathOf(from), pathOf('etrade-sandbox/version-1.json'));
    await expect(harness.store.readToken(SANDBOX, 1)).rejects.toMatchObject({
      code: 'STORE_RECORD_INVALID',
    });
  });

  it('tells a writer who was overtaken that it lost, though its number was free again', async () => {
    await save(1);
    const folder = pathOf('etrade-sandbox');
    let stalled = false;
    // Runs between the writer's look at the directory and its own write.
    const slow = harness.open((size) => {
      if (!stalled) {
        stalled = true;
        for (let number = 3; number <= 10; number += 1) {
          writeFileSync(join(folder, `record-${number}.json`), '', { mode: 0o600 });
        }
      }
      return systemRandom(size);
    });
    expect(await slow.replace(SANDBOX, '1', anActiveRecord())).toEqual({
      ok: false,
      reason: 'conflict',
    });
    expect(existsSync(join(folder, 'record-2.json'))).toBe(false);
    expect(existsSync(join(folder, 'record-10.json'))).toBe(true);
  });

  it('sweeps what a killed writer left behind, and nothing else', async () => {
    await save(1);
    const leave = async (name: string, ageMs: number) => {
      const path = pathOf(`etrade-sandbox/${name}`);
      await writeFile(path, 'half a rec', { mode: 0o600 });
      const then = (statSync(pathOf('store.json')).mtimeMs - ageMs) / 1000;
      await utimes(path, then, then);
      return path;
    };
    const abandoned = await leave('.token-cadence-tmp-4711-1-00ff', 11 * 60_000);
    const busy = await leave('.token-cadence-tmp-4712-1-00ff', 9 * 60_000);
    const foreign = await leave('.tmp-notes', 11 * 60_000);
    await save(2);
    expect(existsSync(abandoned)).toBe(false);
    expect(existsSync(busy)).toBe(true);
    expect(existsSync(foreign)).toBe(true);
    expect((await harness.store.load(SANDBOX)).record.generation).toBe(2);
  });

  it('leaves no temporary file behind when it loses or wins', async () => {
    await save(1);
    const { tag } = await harness.store.load(SANDBOX);
    await Promise.all(
      Array.from({ length: 10 }, () => harness.store.replace(SANDBOX, tag, anActiveRecord())),
    );
    expect((await harness.files()).filter((file) => file.includes('tmp'))).toEqual([]);
  });

  it('whose disk disappears is unavailable, never a store in which nobody has signed in', async () => {
    await save(1);
    const { tag } = await harness.store.load(SANDBOX);
    renameSync(harness.directory, `${harness.directory}-away`);
    for (const attempt of [
      () => harness.store.load(SANDBOX),
      () => harness.store.load(PROD),
      () => harness.store.replace(SANDBOX, tag, anActiveRecord()),
      () => harness.store.addToken(aToken()),
      () => harness.store.readToken(SANDBOX, 1),
    ]) {
      await expect(attempt()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
    }
    expect(existsSync(harness.directory)).toBe(false);
  });

  it('does not take something else for a session', async () => {
    for (const name of ['../etrade-prod', 'service', '', 'etrade-prod/..']) {
      await expect(harness.store.load(name as typeof SANDBOX)).rejects.toMatchObject({
        code: 'STORE_RECORD_INVALID',
      });
    }
  });

  it('ignores files that are not its own', async () => {
    await save(1);
    for (const name of ['record-99.json.bak', 'record-099.json', 'record-x.json', 'notes.txt']) {
      await writeFile(pathOf(`etrade-sandbox/${name}`), 'x');
    }
    expect((await harness.store.load(SANDBOX)).record.generation).toBe(1);
  });
});
