/**
 * The passphrase of a backup: from the environment, from standard input, or asked for. Never an argument.
 */

import { Secret } from '../secret.ts';
import type { CommandContext } from './command.ts';

export type PassphraseOptions = { readonly passphraseStdin?: boolean };

/** `null` when there is none to be had; what to do has been said then. */
export async function readPassphrase(
  { terminal, env }: Pick<CommandContext, 'terminal' | 'env'>,
  options: PassphraseOptions,
  asking: 'new' | 'known',
): Promise<Secret | null> {
  if (options.passphraseStdin === true) return new Secret((await terminal.readLine()) ?? '');
  const given = env['BACKUP_PASSPHRASE']?.trim();
  if (given !== undefined && given !== '') return new Secret(given);
  if (!terminal.isInteractive) {
    terminal.problem(
      'There is no terminal to ask for the passphrase.',
      'Set BACKUP_PASSPHRASE, or hand it in: --passphrase-stdin',
    );
    return null;
  }
  const first = await terminal.askHidden('Passphrase of the backup: ');
  if (asking === 'known') return new Secret(first);
  const second = await terminal.askHidden('The same again: ');
  if (first === second) return new Secret(first);
  terminal.problem('The two are not the same. Nothing was written.');
  return null;
}
