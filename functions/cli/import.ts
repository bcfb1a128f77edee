/**
 * `token-cadence import <file>`: brings a backup back, never over anything newer, and says what it did.
 */

import { resolve } from 'node:path';
import { type ImportOutcome, importSessions } from '../operations/import-sessions.ts';
import { homeCalendar } from '../operations/markets.ts';
import { openBackup } from '../storage/backup-file.ts';
import { readPrivate } from '../storage/private-files.ts';
import type { AddCommand, CommandContext } from './command.ts';
import { examples } from './command.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { nowText } from './moments.ts';
import { type PassphraseOptions, readPassphrase } from './passphrase.ts';

export const addImport: AddCommand = (program, run) => {
  program
    .command('import')
    .description('bring back what "export" has saved, never over anything newer')
    .argument('<file>', 'of "export", or a daily copy')
    .option('--passphrase-stdin', 'read the passphrase from standard input instead of asking')
    .addHelpText(
      'after',
      examples('import tokens.backup', 'import token-cadence-2026-03-09-000042.backup'),
    )
    .action(run(importAll));
};

export async function importAll(
  context: CommandContext,
  file: string,
  options: PassphraseOptions,
): Promise<ExitCode> {
  const { terminal, interrupts } = context;
  const system = context.compose();
  const text = await readPrivate(resolve(file));
  if (text === null) {
    terminal.problem(`There is no file "${file}".`);
    return EXIT.usage;
  }
  const passphrase = await readPassphrase(context, options, 'known');
  if (passphrase === null) return EXIT.usage;
  const backup = await terminal.progress('Opening the backup', openBackup(text, passphrase));
  const { zone } = homeCalendar(system);
  terminal.note(`A backup of ${nowText(backup.exportedAt, zone)}.`);
  const outcomes = await terminal.progress(
    'Writing to the store',
    interrupts.shield(() => importSessions(system, backup)),
  );
  for (const outcome of outcomes) {
    const [style, mark] = MARKS[outcome.result] ?? MARK_OF_REST;
    terminal.line(`${terminal.paint(style, mark)} ${outcome.session}: ${textOf(outcome)}`, 2);
  }
  if (outcomes.some(({ result }) => result === 'failed')) return EXIT.away;
  return outcomes.some(({ result }) => result === 'foreign-account') ? EXIT.failed : EXIT.ok;
}

const MARK_OF_REST = ['dim', '–'] as const;

const MARKS: Readonly<
  Partial<Record<ImportOutcome['result'], readonly ['green' | 'yellow' | 'red', string]>>
> = {
  restored: ['green', '✓'],
  'record-only': ['yellow', '!'],
  'foreign-account': ['red', '✗'],
  failed: ['red', '✗'],
};

function textOf({ result, generation, generationHere, told, problem }: ImportOutcome): string {
  switch (result) {
    case 'restored':
      return told === true
        ? `generation ${generation} is back, and workers are told.`
        : `generation ${generation} is back. Workers could not be told yet; the next keep-alive does it.`;
    case 'record-only':
      return `the token has ended; generation ${generation} and the account are remembered. A sign-in is needed.`;
    case 'same':
      return generation === 0
        ? 'nobody had signed in: nothing to bring back.'
        : `generation ${generation} is here already.`;
    case 'newer-here':
      return `left alone: generation ${generationHere} here is newer than ${generation} in the backup.`;
    case 'signed-out-here':
      return `left alone: somebody has signed out of generation ${generation}.`;
    case 'ended':
      return 'left alone: the token in the backup has ended.';
    case 'foreign-account':
      return 'left alone: the token in the backup is of another account.';
    case 'not-configured':
      return 'left alone: "SESSIONS" does not name it.';
    case 'failed':
      return `could not be restored. ${problem ?? ''}`.trim();
  }
}
