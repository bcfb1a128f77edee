/**
 * The real `terraform`: found on this machine, and run on a folder.
 *
 * Never plans or applies against a cloud: formatting, validation and tests with a mocked provider. With a
 * stand-in of the provider beside the checkout no network is needed; else the registry is asked. Used by
 * `check.ts`, `test-runs.ts` and the tests.
 */

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const ROOT = join(import.meta.dirname, '..', '..');
const OFFLINE = join(ROOT, '..', 'shared', 'tools', 'terraform-offline', 'terraform-offline');

export type Ran = { readonly ok: boolean; readonly lines: readonly string[] };

export type Terraform = {
  readonly version: string;
  /** Whether the provider is stood in for, so that no network is needed. */
  readonly offline: boolean;
  /** One command in `folder`; `onLine` takes each line of standard output instead of keeping it. */
  readonly run: (
    folder: string,
    args: readonly string[],
    onLine?: (line: string) => void,
  ) => Promise<Ran>;
  readonly close: () => Promise<void>;
};

/** `null` on a machine without terraform. */
export async function findTerraform(): Promise<Terraform | null> {
  const found = await start('terraform', ['version', '-json'], ROOT, process.env).catch(() => null);
  if (found === null || !found.ok) return null;
  // Warnings about this machine's own settings may come first.
  const version = /"terraform_version": *"([^"]+)"/.exec(found.lines.join('\n'))?.[1] ?? 'unknown';
  const offline = existsSync(OFFLINE);
  const data = offline ? await mkdtemp(join(tmpdir(), 'token-cadence-terraform-')) : null;
  const env = {
    ...process.env,
    TF_IN_AUTOMATION: '1',
    CHECKPOINT_DISABLE: '1',
    ...(data === null ? {} : { TF_DATA_DIR: data, GRPC_FROM: ROOT }),
  };
  return {
    version,
    offline,
    run: (folder, args, onLine) =>
      start(offline ? OFFLINE : 'terraform', args, folder, env, onLine),
    close: async () => {
      if (data !== null) await rm(data, { recursive: true, force: true });
    },
  };
}

/** Rejects when there is no such program. */
function start(
  program: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
  onLine?: (line: string) => void,
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const lines: string[] = [];
    const keep = (line: string): void => {
      lines.push(line);
    };
    const out = createInterface({ input: child.stdout }).on('line', onLine ?? keep);
    const err = createInterface({ input: child.stderr }).on('line', keep);
    const read = Promise.all(
      [out, err].map((reader) => new Promise((end) => reader.on('close', end))),
    );
    child.on('error', reject);
    child.on('close', (code) => {
      void read.then(() => resolve({ ok: code === 0, lines }));
    });
  });
}
