/**
 * `token-cadence test <session>` and `renew <session>`: a real call with the token, and the renewal.
 *
 * What the broker says is written down, as after a probe of the functions. Neither asks a person.
 */

import { stateOf } from '../lifecycle/session.ts';
import { deliverEvents } from '../operations/deliver-events.ts';
import { proveSession } from '../operations/prove-session.ts';
import { settleSession } from '../operations/settle-session.ts';
import type { AddCommand, CommandContext } from './command.ts';
import { examples, SESSION_ARGUMENT } from './command.ts';
import { configuredSession } from './configured-session.ts';
import { EXIT, type ExitCode, exitCodeOf } from './exit-code.ts';
import { detailsText, failureText } from './failure-text.ts';

/** The broker refuses calls at five minutes; a minute is worth a word. */
const SKEW_SHOWN_MS = 60_000;

export const addTest: AddCommand = (program, run) => {
  program
    .command('test')
    .description('make a real call with the token; renew it once after a 401')
    .argument('<session>', SESSION_ARGUMENT)
    .addHelpText(
      'after',
      examples('test etrade-prod', 'test etrade-prod || token-cadence start etrade-prod'),
    )
    .action(run((context, name: string) => prove(context, name, 'probe')));
};

export const addRenew: AddCommand = (program, run) => {
  program
    .command('renew')
    .description('wake the token up now, and prove it')
    .argument('<session>', SESSION_ARGUMENT)
    .addHelpText('after', examples('renew etrade-prod'))
    .action(run((context, name: string) => prove(context, name, 'renew')));
};

export async function prove(
  { compose, terminal }: CommandContext,
  name: string,
  begin: 'probe' | 'renew',
): Promise<ExitCode> {
  const system = compose();
  const session = configuredSession(system, name);
  const { key, title, broker } = session;
  const asking = `Asking ${broker.title}`;
  // What an interrupted sign-in left counts as well, and nobody waits for an event that is due.
  await terminal.progress(asking, settleSession(system, session, { prune: false }));
  await terminal.progress(asking, deliverEvents(system, session));
  const { record } = await system.store.load(key);
  const state = stateOf(record, broker.rules, system.clock());
  if (state === 'none' || state === 'expired') {
    terminal.problem(
      state === 'none' ? `${title} has no token.` : `The token of ${title} is over.`,
      `Sign in: token-cadence start ${key}`,
    );
    return EXIT.signIn;
  }
  const proof = await terminal.progress(asking, proveSession(system, session, record, begin));
  if (proof.outcome === 'proven') {
    const renewed = proof.renewed ? ' It was renewed.' : '';
    terminal.line(
      `${terminal.paint('green', '✓')} ${title}: generation ${record.generation} works.${renewed}`,
    );
    if (proof.skewMs !== null && Math.abs(proof.skewMs) >= SKEW_SHOWN_MS) {
      const seconds = Math.round(Math.abs(proof.skewMs) / 1_000);
      terminal.note(
        `  This machine's clock is off by ${seconds} seconds: set it before it matters.`,
      );
    }
    return EXIT.ok;
  }
  if (proof.outcome === 'rejected') {
    terminal.problem(
      `${title} refuses the token.`,
      `Sign in: token-cadence start ${key}`,
      detailsText(proof.problem),
    );
    return EXIT.signIn;
  }
  if (proof.outcome === 'busy') {
    terminal.problem(`Another process refreshes the token of ${title}.`, 'Try again in a minute.');
    return EXIT.away;
  }
  terminal.problem(...failureText(title, key, proof.failure));
  return exitCodeOf(proof.failure.reason);
}
