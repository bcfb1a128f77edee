/** The command line on a real pseudo-terminal: what is repainted, and where Ctrl-C leaves the cursor. */

import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { SessionKey } from '../../functions/lifecycle/session.ts';
import { runCli, spawnCli } from '../fixtures/cli-process.ts';
import { addressesOf, CONSUMERS, type EtradeHost, startEtrade } from '../fixtures/etrade-host.ts';
import { temporaryDirectory } from '../fixtures/temporary-directory.ts';
import { SANDBOX } from '../fixtures/tokens.ts';
import { CTRL_C, HAS_PYTHON, spawnOnTerminal } from './terminal-process.ts';

const PASSPHRASE = 'correct horse battery staple';
const HOME = '\u001b[H';
const WIPE = '\u001b[2J';
const END_OF_LINE = '\u001b[K\n';
const BELOW = '\u001b[J';

describe.skipIf(!HAS_PYTHON)('on a terminal', () => {
  let etrade: EtradeHost;
  let directory: string;
  let env: Record<string, string>;

  beforeEach(async () => {
    etrade = await startEtrade();
    etrade.follow(() => Date.now());
    directory = temporaryDirectory();
    const { oauthUrl, apiUrl, authorizeUrl } = addressesOf(etrade.url, 'sandbox');
    env = {
      STORE_DIRECTORY: join(directory, 'store'),
      STORE_KEY_FILE: join(directory, 'store.key'),
      EVENTS_URL: 'http://127.0.0.1:9',
      ETRADE_SANDBOX_CONSUMER: JSON.stringify(CONSUMERS.sandbox),
      ETRADE_SANDBOX_OAUTH_URL: oauthUrl,
      ETRADE_SANDBOX_API_URL: apiUrl,
      ETRADE_SANDBOX_AUTHORIZE_URL: authorizeUrl,
    };
    return () => etrade.close();
  });

  it('a PIN that is typed is exchanged', async () => {
    const cli = spawnOnTerminal(['start', SANDBOX], env);
    await cli.shown(/Paste the PIN/);
    cli.type(`${etrade.approve(SANDBOX as SessionKey)}\r`);
    expect(await cli.ended, cli.screen()).toBe(0);
    expect(stripVTControlCharacters(cli.screen())).toMatch(
      /✓ E\*TRADE sandbox: generation 1 is stored/,
    );
  });

  it('Ctrl-C at the PIN spends nothing, says so, and leaves the cursor on a line of its own', async () => {
    const cli = spawnOnTerminal(['start', SANDBOX], env);
    await cli.shown(/Paste the PIN/);
    cli.type(CTRL_C);
    expect(await cli.ended).toBe(130);
    expect(stripVTControlCharacters(cli.screen())).toMatch(
      /good for 5 min: \nNothing is spent; the old token stays\.\n$/,
    );
    const { out } = await runCli(['status', '--json'], env);
    expect(JSON.parse(out)).toMatchObject({ sessions: [{ state: 'none', generation: 0 }] });
  });

  it('Ctrl-C at any other question leaves the cursor on a line of its own', async () => {
    const revoke = spawnOnTerminal(['revoke', SANDBOX], env);
    await revoke.shown(/\[y\/N\]/);
    revoke.type(CTRL_C);
    expect(await revoke.ended).toBe(130);
    expect(revoke.screen()).toMatch(/\n$/);
    const file = join(directory, 'tokens.backup');
    const saving = spawnOnTerminal(['export', file], env);
    await saving.shown(/Passphrase of the backup: /);
    saving.type(CTRL_C);
    expect(await saving.ended).toBe(130);
    expect(saving.screen()).toBe('Passphrase of the backup: \n');
  });

  it('a passphrase is not shown, however fast it is pasted', async () => {
    const saving = spawnOnTerminal(['export', join(directory, 'tokens.backup')], env);
    await saving.shown(/Passphrase of the backup: /);
    saving.type(`${PASSPHRASE}\r`);
    await saving.shown(/The same again: /);
    saving.type(`${PASSPHRASE}\r`);
    expect(await saving.ended, saving.screen()).toBe(0);
    expect(saving.screen()).not.toContain(PASSPHRASE);
  });

  it('status --watch repaints in place until Ctrl-C, which ends it with 130 and a new line', async () => {
    const cli = spawnOnTerminal(['status', '--watch'], env);
    await cli.shown(/no token[\s\S]*no token/);
    cli.type(CTRL_C);
    expect(await cli.ended).toBe(130);
    const [before, ...frames] = cli.screen().split(HOME);
    // What was there is wiped once; later frames are written over the one before, line by line.
    expect(before).toBe(WIPE);
    expect(frames.length).toBeGreaterThan(1);
    for (const frame of frames) {
      expect(frame).toContain(END_OF_LINE);
      expect(frame).toContain(BELOW);
      expect(frame).not.toContain(WIPE);
    }
    expect(cli.screen()).toMatch(/\^C\n$/);
  });

  it('status --watch says below what was read last that the store is in trouble, and goes on', async () => {
    await signedIn();
    const cli = spawnOnTerminal(['status', '--watch'], env);
    await cli.shown(/active/);
    const store = join(directory, 'store');
    const files = readdirSync(store, { recursive: true, encoding: 'utf8' });
    const records = files
      .map((path) => join(store, path))
      .filter((path) => /record/.test(path) && statSync(path).isFile())
      .map((path) => ({ path, whole: readFileSync(path) }));
    for (const { path } of records) truncateSync(path, 20);
    const screen = await cli.shown(/Trying again/);
    expect(screen.split(HOME).at(-1)).toMatch(/active[\s\S]*✗[\s\S]*Trying again/);
    for (const { path, whole } of records) writeFileSync(path, whole);
    const seen = cli.screen().length;
    await expect.poll(() => cli.screen().slice(seen), { timeout: 10_000 }).toContain('active');
    cli.type(CTRL_C);
    expect(await cli.ended).toBe(130);
  });

  it('status --watch appends on a pipe', async () => {
    const cli = spawnCli(['status', '--watch'], env);
    onTestFinished(() => void cli.child.kill('SIGKILL'));
    await cli.shown(/keep-alive has never run\n\n.* New York · [\s\S]*keep-alive has never run\n/);
    cli.child.kill('SIGINT');
    expect(await cli.ended).toBe(130);
    expect(cli.out() + cli.notes()).not.toContain('\u001b');
  });

  for (const columns of [80, 44]) {
    it(`nothing but an address is wider than a terminal of ${columns} columns`, async () => {
      await signedIn();
      for (const args of [['status'], ['doctor'], ['start', 'no-such-session']]) {
        const cli = spawnOnTerminal(args, env, { columns });
        await cli.ended;
        const lines = stripVTControlCharacters(cli.screen()).split('\n');
        expect(lines.length).toBeGreaterThan(1);
        const long = lines.filter((line) => [...line].length > columns);
        expect(long, `${args}`).toEqual([]);
      }
    });
  }

  async function signedIn(): Promise<void> {
    const cli = spawnCli(['start', SANDBOX, '--pin-stdin'], env);
    await cli.shown('copy the PIN');
    cli.child.stdin.end(`${etrade.approve(SANDBOX as SessionKey)}\n`);
    expect(await cli.ended, cli.notes()).toBe(0);
  }
});
