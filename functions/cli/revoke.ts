/**
 * `token-cadence revoke <session>`: ends the token at the broker and forgets it here.
 *
 * Asks first: workers stop until the next sign-in. When the broker does not answer, everything stays.
 */

import { revokeSession } from '../operations/revoke-session.ts';
import type { AddCommand, CommandContext } from './command.ts';
import { examples, SESSION_ARGUMENT } from './command.ts';
import { configuredSession } from './configured-session.ts';
import { EXIT, type ExitCode, exitCodeOf } from './exit-code.ts';
import { failureText } from './failure-text.ts';

export const addRevoke: AddCommand = (program, run) => {
  program
    .command('revoke')
    .description('sign out: revoke the token at the broker and destroy it here')
    .argument('<session>', SESSION_ARGUMENT)
    .option('-y, --yes', 'do not ask')
    .addHelpText('after', examples('revoke etrade-sandbox', 'revoke etrade-sandbox --yes'))
    .action(run(revoke));
};

export async function revoke(
  { compose, terminal, interrupts }: CommandContext,
  name: string,
  options: { readonly yes?: boolean },
): Promise<ExitCode> {
  const system = compose();
  const session = configuredSession(system, name);
  const { key, title } = session;
  if (options.yes !== true) {
    if (!terminal.isInteractive) {
      terminal.problem('There is no terminal to ask whether you mean it.', 'Say so: --yes');
      return EXIT.usage;
    }
    terminal.note(`This ends the token of ${title}. Workers stop until the next sign-in.`);
    const answer = await terminal.ask('Revoke it? [y/N] ');
    if (!/^y(es)?$/i.test(answer.trim())) {
      terminal.note('Nothing was done.');
      return EXIT.failed;
    }
  }
  const result = await terminal.progress(
    `Signing out of ${title}`,
    interrupts.shield(() => revokeSession(system, session)),
  );
  if (result.ok) {
    const at = result.revokedAtBroker ? '' : ' The broker had nothing to end.';
    terminal.line(`${terminal.paint('green', '✓')} ${title} is signed out.${at}`);
    return EXIT.ok;
  }
  switch (result.reason) {
    case 'no-token':
      terminal.line(`${title} has no token: nothing to do.`);
      return EXIT.ok;
    case 'in-progress':
      terminal.problem('Somebody is signing in at this moment. Nothing was done.');
      return EXIT.away;
    case 'broker': {
      terminal.problem(...failureText(title, key, result.failure), 'Everything stays as it was.');
      return exitCodeOf(result.failure.reason);
    }
  }
}
