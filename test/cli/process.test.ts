/**
 * The command line as a process: the encrypted file store, the simulated broker over HTTP, no function
 * anywhere. Settings, pipes, signals, damaged files, two writers.
 */

import { chmodSync, existsSync, readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SessionKey } from '../../functions/lifecycle/session.ts';
import { createCallLog, openHttpGate } from '../fixtures/call-gate.ts';
import { type CliProcess, runCli, runCliInto, spawnCli } from '../fixtures/cli-process.ts';
import { addressesOf, CONSUMERS, type EtradeHost, startEtrade } from '../fixtures/etrade-host.ts';
import { startServer } from '../fixtures/telegram-server.ts';
import { SANDBOX } from '../fixtures/tokens.ts';

const START = ['start', SANDBOX, '--pin-stdin'];

describe('the command line as a process', () => {
  let etrade: EtradeHost;
  let hub: { url: string; close: () => Promise<void> };
  let events: string[];
  let directory: string;
  let env: Record<string, string>;
  let running: CliProcess[];
  let closing: (() => Promise<void>)[];

  beforeEach(async () => {
    etrade = await startEtrade();
    etrade.follow(() => Date.now());
    events = [];
    hub = await startServer((req, res) => {
      let body = '';
      req.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      req.on('end', () => {
        events.push(body);
        res.writeHead(204).end();
      });
    });
    directory = await mkdtemp(join(tmpdir(), 'token-cadence-cli-'));
    running = [];
    closing = [];
    const { oauthUrl, apiUrl, authorizeUrl } = addressesOf(etrade.url, 'sandbox');
    env = {
      STORE_DIRECTORY: join(directory, 'store'),
      STORE_KEY_FILE: join(directory, 'store.key'),
      EVENTS_URL: hub.url,
      ETRADE_SANDBOX_CONSUMER: JSON.stringify(CONSUMERS.sandbox),
      ETRADE_SANDBOX_OAUTH_URL: oauthUrl,
      ETRADE_SANDBOX_API_URL: apiUrl,
      ETRADE_SANDBOX_AUTHORIZE_URL: authorizeUrl,
    };
  });

  afterEach(async () => {
    for (const { child } of running) child.kill('SIGKILL');
    for (const close of closing) await close();
    await etrade.close();
    await hub.close();
    await rm(directory, { recursive: true, force: true });
  });

  /** A sign-in that is open and waits for its PIN. */
  async function opened(): Promise<{ cli: CliProcess; pin: string }> {
    const cli = spawnCli(START, env);
    running.push(cli);
    await cli.shown('copy the PIN');
    return { cli, pin: etrade.approve(SANDBOX as SessionKey) };
  }

  /** A sign-in whose PIN is spent at the broker, which keeps its answer until it is released. */
  async function exchanging(): Promise<{ cli: CliProcess; release: () => void }> {
    const spent = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    const log = {
      ...createCallLog(),
      async pass(name: string, handOn: () => Promise<void>): Promise<boolean> {
        await handOn();
        if (name.includes('/access_token')) {
          spent.resolve();
          await answer.promise;
        }
        return true;
      },
    };
    const gate = await openHttpGate(
      log,
      () => etrade.url,
      (_method, path) => path,
    );
    closing.push(gate.close);
    const { oauthUrl } = addressesOf(gate.address, 'sandbox');
    env = { ...env, ETRADE_SANDBOX_OAUTH_URL: oauthUrl };
    const { cli, pin } = await opened();
    cli.child.stdin.end(`${pin}\n`);
    await spent.promise;
    return { cli, release: answer.resolve };
  }

  async function storedGeneration(): Promise<unknown> {
    const { out } = await runCli(['status', '--json'], env);
    return JSON.parse(out).sessions[0].generation;
  }

  async function signIn(): Promise<CliProcess> {
    const { cli, pin } = await opened();
    cli.child.stdin.end(`${pin}\n`);
    expect(await cli.ended, cli.notes()).toBe(0);
    return cli;
  }

  function storeFiles(pattern: RegExp): string[] {
    const entries = readdirSync(join(directory, 'store'), { recursive: true, encoding: 'utf8' });
    return entries
      .filter((path) => pattern.test(path))
      .map((path) => join(directory, 'store', path));
  }

  it('signs in, tests, calls and renews with no function running, and shows no secret', async () => {
    const signedIn = await signIn();
    expect(signedIn.out()).toContain('generation 1 is stored');
    expect(events).toHaveLength(1);
    const ran = [
      await runCli(['status', '--json'], env),
      await runCli(['test', SANDBOX], env),
      await runCli(['curl', SANDBOX, '/v1/accounts/list.json'], env),
      await runCli(['sign', SANDBOX, 'GET', '/v1/accounts/list.json'], env),
      await runCli(['renew', SANDBOX], env),
      await runCli(['run-keep-alive'], env),
      await runCli(['revoke', SANDBOX, '--yes', '-v'], env),
    ];
    expect(ran.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0, 0, 0]);
    expect(ran[2]?.out).toContain('AccountListResponse');
    // The address that the person opens holds the request token, by itself worth nothing.
    const address = signedIn.out().split('\n')[0] ?? '';
    const all = [signedIn.out(), signedIn.notes(), ...ran.flatMap(({ out, notes }) => [out, notes])]
      .join('\n')
      .replace(address, '');
    expect(etrade.secrets().length).toBeGreaterThan(3);
    for (const secret of [...etrade.secrets(), CONSUMERS.sandbox.secret]) {
      expect(all).not.toContain(secret);
    }
  });

  it('names every missing setting at once, and needs none for the calendar', async () => {
    const ran = await runCli(['start', SANDBOX]);
    expect(ran.code).toBe(2);
    for (const name of ['GOOGLE_CLOUD_PROJECT', 'ETRADE_SANDBOX_CONSUMER']) {
      expect(ran.notes).toContain(`"${name}" is missing`);
    }
    expect(ran.notes).not.toMatch(/TOKEN_CADENCE_APP|PUBLIC_URL/);
    expect((await runCli(['calendar', '2026-11-27'])).code).toBe(0);
  });

  it('reads settings from a file, and says so when there is none', async () => {
    const file = join(directory, 'settings.env');
    const lines = Object.entries(env).map(([name, value]) => `${name}='${value}'`);
    writeFileSync(file, lines.join('\n'));
    expect((await runCli(['--settings', file, 'status'])).code).toBe(3);
    const ran = await runCli(['--settings', `${file}.not`, 'status']);
    expect(ran.code).toBe(2);
    expect(ran.notes).toContain('cannot be read');
  });

  it('opens no sign-in without a terminal', async () => {
    const ran = await runCli(['start', SANDBOX], env);
    expect(ran.code).toBe(2);
    expect(ran.notes).toContain('--pin-stdin');
    expect(() => etrade.approve(SANDBOX as SessionKey)).toThrow('no sign-in is open');
  });

  it('interrupted while it waits for the PIN, it ends with 130 and has written nothing', async () => {
    const { cli } = await opened();
    cli.child.kill('SIGINT');
    expect(await cli.ended).toBe(130);
    const { out } = await runCli(['status', '--json'], env);
    expect(JSON.parse(out)).toMatchObject({ sessions: [{ state: 'none', generation: 0 }] });
    expect(events).toEqual([]);
  });

  it('a terminal that is lost while it waits for the PIN ends it with 129', async () => {
    const { cli } = await opened();
    cli.child.kill('SIGHUP');
    expect(await cli.ended).toBe(129);
    expect(await storedGeneration()).toBe(0);
  });

  it('a terminal that is lost while the PIN is exchanged costs no token', async () => {
    const { cli, release } = await exchanging();
    cli.child.kill('SIGHUP');
    release();
    expect(await cli.ended, cli.notes()).toBe(129);
    expect(cli.out()).toContain('generation 1 is stored');
    expect(await storedGeneration()).toBe(1);
    expect(events).toHaveLength(1);
  });

  it('a standard error that is closed while the PIN is exchanged costs no token', async () => {
    const { cli, release } = await exchanging();
    cli.child.stderr.destroy();
    // Is answered there at once: "Finishing first".
    cli.child.kill('SIGINT');
    release();
    expect(await cli.ended).toBe(0);
    expect(await storedGeneration()).toBe(1);
  });

  it.skipIf(!existsSync('/dev/full'))(
    'says that a result could not be written, and exits with 1',
    async () => {
      await signIn();
      for (const args of [
        ['status'],
        ['status', '--json'],
        ['--help'],
        ['sign', SANDBOX, 'GET', '/v1/accounts/list.json', '--show'],
      ]) {
        const ran = await runCliInto('/dev/full', args, env);
        expect(ran.code).toBe(1);
        expect(ran.notes).toMatch(
          /^✗ The result could not be written \(ENOSPC\): it is not whole\.\n(Token, key .*\n)?$/,
        );
      }
    },
  );

  it('ends with 0 when its reader has gone', async () => {
    await signIn();
    const cli = spawnCli(['status', '--watch', '--json'], env);
    running.push(cli);
    await cli.shown('generation');
    cli.child.stdout.destroy();
    expect(await cli.ended).toBe(0);
    expect(cli.notes()).toBe('');
  });

  it('an input that ends without a PIN spends nothing', async () => {
    const { cli } = await opened();
    cli.child.stdin.end();
    expect(await cli.ended).toBe(1);
    expect(cli.notes()).toContain('That was empty');
  });

  it('has no colour in a pipe', async () => {
    const ran = await runCli(['status'], env);
    expect(ran.out + ran.notes).not.toContain('\u001b');
  });

  it('a wrong passphrase opens nothing and is said so', async () => {
    const { STORE_KEY_FILE: _file, ...others } = env;
    env = { ...others, STORE_PASSPHRASE: 'canary passphrase one' };
    await signIn();
    const ran = await runCli(['status'], { ...env, STORE_PASSPHRASE: 'canary passphrase two' });
    expect(ran.code).toBe(2);
    expect(ran.notes).toContain('The passphrase is not the one');
    expect(ran.notes).not.toContain('canary');
  });

  it('a torn file is named, with what to do', async () => {
    await signIn();
    for (const file of storeFiles(/record/)) {
      if (statSync(file).isFile()) truncateSync(file, 20);
    }
    const ran = await runCli(['status'], env);
    expect(ran.code).toBe(2);
    expect(ran.notes).toMatch(/was damaged, changed or moved: remove it/);
  });

  it('a key file that others can read is refused', async () => {
    await signIn();
    chmodSync(env['STORE_KEY_FILE'] ?? '', 0o644);
    const ran = await runCli(['status'], env);
    expect(ran.code).toBe(2);
    expect(ran.notes).toContain('store.key');
    expect(ran.notes).toMatch(/chmod|other/i);
  });

  it('two sign-ins at once leave one whole token each, or one is told to wait', async () => {
    const first = await opened();
    const second = await opened();
    for (const { cli, pin } of [first, second]) cli.child.stdin.end(`${pin}\n`);
    const codes = await Promise.all([first.cli.ended, second.cli.ended]);
    const stored = codes.filter((code) => code === 0).length;
    expect(stored).toBeGreaterThan(0);
    expect(
      codes.every((code) => code === 0 || code === 4),
      `${codes}`,
    ).toBe(true);
    const { out } = await runCli(['status', '--json'], env);
    expect(JSON.parse(out)).toMatchObject({ sessions: [{ generation: stored }] });
    // At least once: whoever finds the other's event undelivered sends it too.
    expect(new Set(events).size).toBe(stored);
    expect((await runCli(['test', SANDBOX], env)).code).toBe(0);
  });
});
