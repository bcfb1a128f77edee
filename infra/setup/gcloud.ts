/**
 * Runs `gcloud`, the one program by which the scripts reach Google Cloud.
 *
 * A secret goes in through standard input and is never an argument. Changes nothing by itself; what a
 * failure means is judged by `explain.ts`. Made by the entry files, replaced in tests.
 */

import { spawn } from 'node:child_process';
import type { Secret } from '../../functions/secret.ts';
import { SetupProblem } from './problem.ts';

export type GcloudAnswer = {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
};

export type Gcloud = (args: readonly string[], input?: Secret | string) => Promise<GcloudAnswer>;

export type GcloudOptions = {
  readonly env: NodeJS.ProcessEnv;
  /** Where relative paths of arguments begin. */
  readonly cwd: string;
  /** @default the machine's */
  readonly platform?: NodeJS.Platform;
};

export function createGcloud(options: GcloudOptions): Gcloud {
  const { env, cwd, platform = process.platform } = options;
  return (args, input) =>
    new Promise((resolve, reject) => {
      if (platform === 'win32') return reject(onWindows());
      const child = spawn('gcloud', [...args], {
        cwd,
        // Nothing may wait for a person who does not see the question.
        env: { ...env, CLOUDSDK_CORE_DISABLE_PROMPTS: '1' },
        stdio: 'pipe',
      });
      let stdout = '';
      let stderr = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        stdout += text;
      });
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        stderr += text;
      });
      child.on('error', () => reject(new SetupProblem('gcloud is not installed.', INSTALL)));
      child.on('close', (code) => resolve({ exitCode: code ?? 1, stdout, stderr }));
      // A gcloud that fails before it reads says so by its exit code.
      child.stdin.on('error', () => {});
      child.stdin.end(
        input === undefined ? '' : typeof input === 'string' ? input : input.reveal(),
      );
    });
}

/** gcloud is a `.cmd` there, which Node starts through a shell alone, and a shell would read our arguments. */
function onWindows(): SetupProblem {
  return new SetupProblem(
    'This runs on macOS, Linux, WSL and Cloud Shell, not in Windows itself.',
    [
      'In WSL (https://learn.microsoft.com/windows/wsl/install) install Node and gcloud, then run the same there.',
      'Or run it in Cloud Shell, which has both, in the browser: https://shell.cloud.google.com',
    ],
  );
}

const INSTALL = [
  'Install it: https://cloud.google.com/sdk/docs/install',
  'Or run this in Cloud Shell, which has it: https://shell.cloud.google.com',
  'Then: gcloud auth login',
];

/** A line for a shell, with quotes only where they are needed. */
export function commandLine(args: readonly string[]): string {
  return ['gcloud', ...args]
    .map((arg) => (/^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", `'\\''`)}'`))
    .join(' ');
}
