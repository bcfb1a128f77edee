/**
 * The project in Google Cloud as the scripts see it: questions that change nothing, and changes.
 *
 * Every command names its project, so that the person's own gcloud settings are neither used nor touched. With
 * `--print` nothing runs: commands are printed, and questions answered as in an empty project.
 */

import type * as z from 'zod';
import type { Wait } from '../../functions/clock.ts';
import type { Secret } from '../../functions/secret.ts';
import { explainFailure, type FailureKind, kindOf } from './explain.ts';
import { commandLine, type Gcloud, type GcloudAnswer } from './gcloud.ts';
import { SetupProblem } from './problem.ts';

export type Question<T> = {
  /** `look at the project`: completes "Could not …". */
  readonly doing: string;
  readonly schema: z.ZodType<T>;
  /** What `--print` takes for the answer. */
  readonly whenPrinted: T;
  /** What it means that there is no such thing; without it that is a failure. */
  readonly whenAbsent?: T;
  /** Failures that mean the same. @default ['absent'] */
  readonly absentKinds?: readonly FailureKind[];
  /** The answer is text, not JSON. */
  readonly isText?: boolean;
};

export type Change = {
  /** `make the bucket`: completes "Could not …". */
  readonly doing: string;
  /** For standard input: never an argument. */
  readonly input?: Secret | string;
  /** What `--print` says of the input. */
  readonly inputHint?: string;
  /** An answer that comes while Google has not yet heard of what was made just now. */
  readonly retryWhile?: RegExp;
  /** Another way to say it, where there is a better one than the general. */
  readonly explain?: (stderr: string) => SetupProblem | null;
};

export type Cloud = {
  readonly isPrinted: boolean;
  readonly ask: <T>(args: readonly string[], question: Question<T>) => Promise<T>;
  /** @returns what gcloud wrote, empty when printed */
  readonly change: (args: readonly string[], change: Change) => Promise<string>;
};

export type CloudOptions = {
  readonly gcloud: Gcloud;
  readonly project: string;
  readonly account: string | null;
  readonly wait: Wait;
  /**
   * Its APIs are known to be on, so an answer that one is off is old news: asked again for three minutes.
   * @default false
   */
  readonly areApisOn?: boolean;
};

const RETRIES = 8;
const RETRY_AFTER_MS = 5_000;

/** Google says that it takes "a few minutes" until all its parts know of an API. */
const API_RETRIES = 18;
const API_RETRY_AFTER_MS = 10_000;

/** Runs `call` again for three minutes while Google says that an API is off which was just switched on. */
export async function untilApiIsOn<T>(
  call: () => Promise<T>,
  isOff: (answer: T) => boolean,
  wait: Wait,
): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    const answer = await call();
    if (tries >= API_RETRIES || !isOff(answer)) return answer;
    await wait(API_RETRY_AFTER_MS);
  }
}

export function createCloud(options: CloudOptions): Cloud {
  const { gcloud, project, account, wait, areApisOn = false } = options;
  const scope = [`--project=${project}`, '--quiet'];
  const run = (args: readonly string[], input?: Secret | string): Promise<GcloudAnswer> =>
    untilApiIsOn(
      () => gcloud([...args, ...scope], input),
      ({ exitCode, stderr }) => areApisOn && exitCode !== 0 && kindOf(stderr) === 'api-off',
      wait,
    );
  return {
    isPrinted: false,
    async ask(args, { doing, schema, whenAbsent, absentKinds = ['absent'], isText = false }) {
      const answer = await run([...args, ...(isText ? [] : ['--format=json'])]);
      if (answer.exitCode !== 0) {
        const isAbsent = absentKinds.includes(kindOf(answer.stderr));
        if (whenAbsent !== undefined && isAbsent) return whenAbsent;
        throw explainFailure(answer, { doing, project, account });
      }
      return readAnswer(answer.stdout, { doing, schema, isText });
    },
    async change(args, { doing, input, retryWhile, explain }) {
      for (let tries = 0; ; tries += 1) {
        const answer = await run(args, input);
        if (answer.exitCode === 0) return answer.stdout;
        if (tries < RETRIES && retryWhile?.test(answer.stderr) === true) {
          await wait(RETRY_AFTER_MS);
          continue;
        }
        throw explain?.(answer.stderr) ?? explainFailure(answer, { doing, project, account });
      }
    },
  };
}

/** @throws SetupProblem when gcloud said something else than this release knows */
export function readAnswer<T>(
  stdout: string,
  { doing, schema, isText = false }: Pick<Question<T>, 'doing' | 'schema' | 'isText'>,
): T {
  let value: unknown = stdout;
  if (!isText) {
    try {
      value = JSON.parse(stdout === '' ? '[]' : stdout);
    } catch {
      value = undefined;
    }
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new SetupProblem(`Could not ${doing}: gcloud answered something unknown.`, [
    'Bring it up to date: gcloud components update',
  ]);
}

/** Prints what would be run. */
export function createPrintedCloud(project: string, print: (line: string) => void): Cloud {
  return {
    isPrinted: true,
    ask(args, { whenPrinted }) {
      print(`# look: ${commandLine([...args, `--project=${project}`])}`);
      return Promise.resolve(whenPrinted);
    },
    change(args, { inputHint }) {
      // Who pastes the lines one after the other waits for each of them.
      const waiting = args.filter((arg) => arg !== '--async' && arg !== '--format=json');
      const line = commandLine([...waiting, `--project=${project}`]);
      print(inputHint === undefined ? line : `${inputHint} | ${line}`);
      return Promise.resolve('');
    },
  };
}
