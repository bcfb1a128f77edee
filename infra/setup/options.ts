/**
 * Reads the command line of a script: flags only, each problem named with the list of what there is.
 */

import { type ParseArgsConfig, parseArgs } from 'node:util';
import { SetupProblem } from './problem.ts';

type Flags = NonNullable<ParseArgsConfig['options']>;

/** Flags that every script has. */
export const COMMON = {
  project: { type: 'string' },
  'state-bucket': { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const satisfies Flags;

/** @throws SetupProblem for a flag that does not exist or lacks its value */
export function readOptions<const T extends Flags>(args: readonly string[], options: T) {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    const message = error instanceof Error ? (error.message.split('. ')[0] ?? '') : '';
    throw new SetupProblem(
      `${message}.`,
      [
        `There are: ${Object.keys(options)
          .map((name) => `--${name}`)
          .join(', ')}`,
        'Through npm they stand behind "--": npm run setup -- --project my-trading-123456',
      ],
      { isUsage: true },
    );
  }
}
