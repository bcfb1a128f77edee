/**
 * `token-cadence export <file>`: all sessions' tokens and records in one encrypted file.
 *
 * Never overwrites a file and never writes one that others can read.
 */

import { basename, dirname, resolve } from 'node:path';
import { exportSessions } from '../operations/export-sessions.ts';
import { sealBackup } from '../storage/backup-file.ts';
import { createPrivate, requireFile } from '../storage/private-files.ts';
import type { AddCommand, CommandContext } from './command.ts';
import { examples } from './command.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { type PassphraseOptions, readPassphrase } from './passphrase.ts';

export const addExport: AddCommand = (program, run) => {
  program
    .command('export')
    .description('save all tokens and records in one encrypted file')
    .argument('<file>', 'a new file; it is made for you alone')
    .option('--passphrase-stdin', 'read the passphrase from standard input instead of asking')
    .addHelpText(
      'after',
      `${examples('export tokens.backup', 'export tokens.backup --passphrase-stdin < passphrase.txt')}

BACKUP_PASSPHRASE in the environment is used where it is set. With
BACKUP_DIRECTORY as well, keep-alive saves a copy by itself every day.`,
    )
    .action(run(exportAll));
};

export async function exportAll(
  context: CommandContext,
  file: string,
  options: PassphraseOptions,
): Promise<ExitCode> {
  const { terminal } = context;
  const system = context.compose({ consumers: false });
  const path = resolve(file);
  await requireFile(dirname(path));
  const passphrase = await readPassphrase(context, options, 'new');
  if (passphrase === null) return EXIT.usage;
  const { backup, missing } = await terminal.progress('Reading the store', exportSessions(system));
  const text = await sealBackup(backup, passphrase, system.random);
  if (!(await createPrivate(dirname(path), basename(path), text, system.random))) {
    terminal.problem(`"${file}" exists already. Nothing was written.`, 'Name another file.');
    return EXIT.usage;
  }
  for (const { session, record, token } of backup.sessions) {
    const what = token === null ? 'its record, no token' : `generation ${token.generation}`;
    terminal.line(
      `${terminal.paint('green', '✓')} ${session}: ${what}${record.generation === 0 ? ' (nobody has signed in yet)' : ''}`,
      2,
    );
  }
  for (const { session, problem } of missing) {
    terminal.line(`${terminal.paint('red', '✗')} ${session}: is not in it. ${problem}`, 2);
  }
  terminal.note(
    `Saved in "${file}", encrypted. Without the passphrase nobody can read it, you neither.`,
    0,
  );
  return missing.length === 0 ? EXIT.ok : EXIT.failed;
}
