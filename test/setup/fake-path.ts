/**
 * A folder with the fake `gcloud` in it, and one run of a script that finds it first on its PATH.
 */

import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FakeCloud } from './fake-cloud.ts';

export type FakePath = {
  readonly folder: string;
  readonly read: () => FakeCloud;
  readonly remove: () => void;
};

export function createFakePath(cloud: FakeCloud): FakePath {
  const folder = mkdtempSync(join(tmpdir(), 'fake-gcloud-'));
  const file = join(folder, 'cloud.json');
  const program = join(import.meta.dirname, 'fake-gcloud.ts');
  writeFileSync(file, JSON.stringify(cloud));
  writeFileSync(
    join(folder, 'gcloud'),
    `#!/bin/sh\nFAKE_CLOUD='${file}' exec '${process.execPath}' '${program}' "$@"\n`,
  );
  chmodSync(join(folder, 'gcloud'), 0o755);
  return {
    folder,
    read: () => JSON.parse(readFileSync(file, 'utf8')) as FakeCloud,
    remove: () => rmSync(folder, { recursive: true }),
  };
}

export type ProcessOutcome = { readonly exitCode: number; readonly output: string };

/** Runs a file of `test/setup` or `infra/setup` with nothing but the folder and the system on its PATH. */
export function runProcess(
  file: string,
  options: {
    readonly path: string;
    readonly args: readonly string[];
    readonly input?: string;
    readonly env?: Readonly<Record<string, string>>;
  },
): Promise<ProcessOutcome> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [file, ...options.args], {
      env: { PATH: `${options.path}:/usr/bin:/bin`, HOME: options.path, ...options.env },
      stdio: 'pipe',
    });
    let output = '';
    child.stdout.on('data', (text: Buffer) => {
      output += text.toString();
    });
    child.stderr.on('data', (text: Buffer) => {
      output += text.toString();
    });
    child.on('close', (code) => resolve({ exitCode: code ?? 1, output }));
    child.stdin.end(options.input ?? '');
  });
}
