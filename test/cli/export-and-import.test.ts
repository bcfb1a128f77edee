/** `export` and `import` with real files: what is refused, what is said, and that no token shows. */

import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCommand } from '../fixtures/command-line.ts';
import { createTestSystem, storeDown, type TestSystem } from '../fixtures/system.ts';
import { temporaryDirectory } from '../fixtures/temporary-directory.ts';

const PASSPHRASE = 'correct horse battery staple';
const PIPED = ['--passphrase-stdin'];

describe('export', () => {
  it('writes one encrypted file for its owner alone, and shows no token', async () => {
    const { file, exported } = await anExport();
    expect(exported).toMatchObject({ code: 0, out: '✓ etrade-sandbox: generation 1\n' });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).not.toContain('canary');
    expect(exported.all).not.toContain('canary');
    expect(exported.all).not.toContain(PASSPHRASE);
  });

  it('never overwrites a file', async () => {
    const { world, file } = await anExport();
    const before = readFileSync(file, 'utf8');
    const again = await runCommand(world, ['export', file, ...PIPED], { piped: [PASSPHRASE] });
    expect(again).toMatchObject({ code: 2, notes: expect.stringContaining('exists already') });
    expect(readFileSync(file, 'utf8')).toBe(before);
  });

  it('asks twice at a terminal, and writes nothing when the two differ', async () => {
    const file = join(temporaryDirectory(), 'tokens.backup');
    const world = createTestSystem();
    const types = [PASSPHRASE, `${PASSPHRASE}!`];
    const ran = await runCommand(world, ['export', file], { types });
    expect(ran).toMatchObject({ code: 2, notes: expect.stringContaining('not the same') });
    expect(existsSync(file)).toBe(false);
  });

  it('takes BACKUP_PASSPHRASE, and says what to do where there is neither that nor a terminal', async () => {
    const file = join(temporaryDirectory(), 'tokens.backup');
    const world = createTestSystem();
    const nobody = await runCommand(world, ['export', file], { isInteractive: false });
    expect(nobody).toMatchObject({ code: 2, notes: expect.stringContaining('--passphrase-stdin') });
    const env = { BACKUP_PASSPHRASE: PASSPHRASE };
    expect(await runCommand(world, ['export', file], { isInteractive: false, env })).toMatchObject({
      code: 0,
    });
  });

  it('leaves a session out that does not read, and says so in its exit code', async () => {
    const file = join(temporaryDirectory(), 'tokens.backup');
    const world = createTestSystem({
      sessions: [{ key: 'etrade-sandbox' }, { key: 'etrade-prod' }],
    });
    world.steps.fail('store.load etrade-prod', storeDown());
    const ran = await runCommand(world, ['export', file, ...PIPED], { piped: [PASSPHRASE] });
    expect(ran.code).toBe(1);
    expect(ran.out).toContain('✗ etrade-prod: is not in it. The store does not answer');
  });
});

describe('import', () => {
  it('brings a lost session back and tells workers', async () => {
    const { file } = await anExport();
    const lost = createTestSystem();
    const ran = await importInto(lost, file);
    expect(ran).toMatchObject({
      code: 0,
      out: '✓ etrade-sandbox: generation 1 is back, and workers are told.\n',
    });
    expect(lost.published).toHaveLength(1);
    expect(ran.all).not.toContain('canary');
  });

  it('leaves what is here already, and what is newer', async () => {
    const { world, file } = await anExport();
    expect((await importInto(world, file)).out).toBe(
      '– etrade-sandbox: generation 1 is here already.\n',
    );
    world.clock.advance(60_000);
    await world.signIn();
    expect(await importInto(world, file)).toMatchObject({
      code: 0,
      out: '– etrade-sandbox: left alone: generation 2 here is newer than 1 in the backup.\n',
    });
  });

  it.each([
    {
      what: 'a wrong passphrase',
      harm: () => {},
      passphrase: 'wrong horse',
      says: 'The passphrase',
    },
    { what: 'a file that was cut off', harm: cutOff, passphrase: PASSPHRASE, says: 'cut off' },
    {
      what: 'a file of a newer release',
      harm: newer,
      passphrase: PASSPHRASE,
      says: 'newer release',
    },
    {
      what: 'a file that others can read',
      harm: (file: string) => chmodSync(file, 0o644),
      passphrase: PASSPHRASE,
      says: 'chmod 600',
    },
  ])('refuses $what', async ({ harm, passphrase, says }) => {
    const { file } = await anExport();
    harm(file);
    const lost = createTestSystem();
    const ran = await importInto(lost, file, passphrase);
    expect(ran).toMatchObject({ code: 2, out: '', notes: expect.stringContaining(says) });
    expect(lost.steps.effects()).toEqual([]);
  });

  it('says that there is no such file', async () => {
    const ran = await importInto(createTestSystem(), '/nowhere/tokens.backup');
    expect(ran).toMatchObject({ code: 2, notes: expect.stringContaining('There is no file') });
  });

  it('exits with 4 when the store does not answer', async () => {
    const { file } = await anExport();
    const away = createTestSystem();
    away.steps.fail('store', storeDown());
    expect(await importInto(away, file)).toMatchObject({
      code: 4,
      out: '✗ etrade-sandbox: could not be restored. The store does not answer\n',
    });
  });
});

async function anExport() {
  const file = join(temporaryDirectory(), 'tokens.backup');
  const world = createTestSystem();
  await world.signIn();
  const exported = await runCommand(world, ['export', file, ...PIPED], { piped: [PASSPHRASE] });
  return { world, file, exported };
}

function importInto(world: TestSystem, file: string, passphrase = PASSPHRASE) {
  return runCommand(world, ['import', file, ...PIPED], { piped: [passphrase] });
}

function cutOff(file: string): void {
  writeFileSync(file, readFileSync(file, 'utf8').slice(0, -40));
}

function newer(file: string): void {
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replace('"schemaVersion":1', '"schemaVersion":2'));
}
