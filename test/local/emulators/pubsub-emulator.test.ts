import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  hasPubsubEmulator,
  PUBSUB_EMULATOR_HINT,
  startPubsubEmulator,
} from '../../../infra/local/emulators/pubsub-emulator.ts';
import { PortError } from '../../../infra/local/runner/http.ts';
import { openTestServer } from '../../fixtures/open-test-server.ts';
import { HAS_PUBSUB_EMULATOR } from '../../fixtures/pubsub-emulator.ts';
import { openTcpGate } from '../../fixtures/tcp-gate.ts';
import { temporaryDirectory } from '../../fixtures/temporary-directory.ts';

const OWNER = fileURLToPath(new URL('../../fixtures/processes/emulator-owner.ts', import.meta.url));

async function answers(host: string): Promise<boolean> {
  return fetch(`http://${host}/`).then(
    (response) => response.ok,
    () => false,
  );
}

function writeExecutable(file: string, text: string): string {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  chmodSync(file, 0o755);
  return file;
}

/** A machine with these programs only, besides those of the system. */
function machineWith(programs: Readonly<Record<string, string>>): { PATH: string; home: string } {
  const home = temporaryDirectory();
  for (const [name, text] of Object.entries(programs)) writeExecutable(join(home, name), text);
  return { PATH: `${join(home, 'bin')}:/usr/bin:/bin`, home };
}

const NOTHING = '#!/bin/sh\n';
const LAUNCHER = 'sdk/platform/pubsub-emulator/bin/cloud-pubsub-emulator';

describe('looking for the emulator', () => {
  it('finds none on a machine without programs, and says how to get it', async () => {
    expect(hasPubsubEmulator({})).toBe(false);
    await expect(startPubsubEmulator({ env: {} })).rejects.toThrow(PUBSUB_EMULATOR_HINT);
  });

  it.each([
    { name: 'beside gcloud', programs: { 'bin/java': NOTHING, [LAUNCHER]: NOTHING }, found: true },
    { name: 'no Java', programs: { [LAUNCHER]: NOTHING }, found: false },
    { name: 'no emulator', programs: { 'bin/java': NOTHING }, found: false },
  ])('needs gcloud, its emulator and Java: $name', ({ programs, found }) => {
    const { home } = machineWith({ 'sdk/bin/gcloud': NOTHING, ...programs });
    mkdirSync(join(home, 'bin'), { recursive: true });
    // As packages install it: a link into the SDK.
    symlinkSync(join(home, 'sdk/bin/gcloud'), join(home, 'bin/gcloud'));
    expect(hasPubsubEmulator({ PATH: join(home, 'bin') })).toBe(found);
  });

  it('asks a gcloud that is wrapped in a script where its SDK is', () => {
    const { PATH, home } = machineWith({ 'bin/java': NOTHING, [LAUNCHER]: NOTHING });
    expect(hasPubsubEmulator({ PATH: join(home, 'bin') })).toBe(false);
    writeExecutable(join(home, 'bin/gcloud'), `#!/bin/sh\necho ${join(home, 'sdk')}\n`);
    expect(hasPubsubEmulator({ PATH })).toBe(true);
  });

  it('takes the Java of JAVA_HOME when that is set', () => {
    const { home } = machineWith({ 'jdk/bin/java': NOTHING, [LAUNCHER]: NOTHING });
    writeExecutable(join(home, 'sdk/bin/gcloud'), NOTHING);
    const PATH = join(home, 'sdk/bin');
    expect(hasPubsubEmulator({ PATH })).toBe(false);
    expect(hasPubsubEmulator({ PATH, JAVA_HOME: join(home, 'jdk') })).toBe(true);
    expect(hasPubsubEmulator({ PATH, JAVA_HOME: join(home, 'elsewhere') })).toBe(false);
  });
});

describe('an emulator that does not start', () => {
  it('is reported with what it printed, and waited for no longer', async () => {
    const { PATH } = machineWith({
      'bin/gcloud': `#!/bin/sh\necho "$(dirname "$0")/../sdk"\n`,
      'bin/java': NOTHING,
      [LAUNCHER]: '#!/bin/sh\necho "Unrecognised option: $1" >&2\nexit 1\n',
    });
    await expect(startPubsubEmulator({ env: { PATH } })).rejects.toThrow(
      'does not start:\nUnrecognised option: --host=127.0.0.1',
    );
  });

  it('is ended, with what it started, when it does not answer in time', async () => {
    const { PATH } = machineWith({
      'bin/gcloud': `#!/bin/sh\necho "$(dirname "$0")/../sdk"\n`,
      'bin/java': NOTHING,
      [LAUNCHER]: '#!/bin/sh\nsleep 600 & sleep 600\n',
    });
    // Rejects only when its output has closed, which each of its processes holds open.
    await expect(startPubsubEmulator({ env: { PATH }, startTimeoutMs: 1_000 })).rejects.toThrow(
      'does not answer after 1000 ms',
    );
  });

  it('is not even tried on a port that somebody has', async () => {
    const { port } = await openTestServer((_request, response) => response.end('Ok'));
    const { PATH } = machineWith({
      'bin/gcloud': `#!/bin/sh\necho "$(dirname "$0")/../sdk"\n`,
      'bin/java': NOTHING,
      [LAUNCHER]: '#!/bin/sh\nsleep 600\n',
    });
    await expect(startPubsubEmulator({ env: { PATH }, port })).rejects.toBeInstanceOf(PortError);
  });
});

describe('an emulator that PUBSUB_EMULATOR_HOST names', () => {
  it.each(['', 'http://'])('is used and never ended ("%s" before its address)', async (scheme) => {
    const server = await openTestServer((_request, response) => response.end('Ok'));
    const host = `127.0.0.1:${server.port}`;
    const env = { PUBSUB_EMULATOR_HOST: `${scheme}${host}` };
    expect(hasPubsubEmulator(env)).toBe(true);
    const emulator = await startPubsubEmulator({ env });
    expect(emulator.host).toBe(host);
    await emulator.stop();
    expect(await answers(host)).toBe(true);
  });

  it('is reported when it does not answer', async () => {
    const gate = await openTcpGate();
    await gate.close();
    const env = { PUBSUB_EMULATOR_HOST: gate.host };
    await expect(startPubsubEmulator({ env, startTimeoutMs: 100 })).rejects.toThrow(gate.host);
  });
});

describe.skipIf(!HAS_PUBSUB_EMULATOR)("Google's emulator", () => {
  const env = { ...process.env, PUBSUB_EMULATOR_HOST: undefined };

  it('answers once it is started, and is gone once it is stopped', async () => {
    const lines: string[] = [];
    const emulator = await startPubsubEmulator({ env, onLine: (line) => lines.push(line) });
    expect(await answers(emulator.host)).toBe(true);
    expect(lines.join('\n')).toContain('Pub/Sub');
    await emulator.stop();
    expect(await answers(emulator.host)).toBe(false);
    await emulator.stop();
  });

  it('ends with a process that was killed without a chance to stop it', async () => {
    const owner = spawn(process.execPath, [OWNER], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => {
      owner.kill('SIGKILL');
    });
    const [line] = (await once(owner.stdout, 'data')) as [Buffer];
    const host = line.toString().trim();
    expect(await answers(host)).toBe(true);
    owner.kill('SIGKILL');
    await expect.poll(() => answers(host), { timeout: 10_000 }).toBe(false);
  });
});
