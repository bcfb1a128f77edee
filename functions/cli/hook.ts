/**
 * `token-cadence hook <session>`: the address to register at a broker that posts what people approve.
 *
 * Whoever has the address can post to it: shown whole only with `--show`. Asks nobody anything.
 */

import { variablePrefix } from '../config.ts';
import { ArgumentError } from './argument-error.ts';
import type { AddCommand, CommandContext } from './command.ts';
import { examples, SESSION_ARGUMENT } from './command.ts';
import { configuredSession } from './configured-session.ts';
import { EXIT, type ExitCode } from './exit-code.ts';

export const addHook: AddCommand = (program, run) => {
  program
    .command('hook')
    .description('print the address that a broker posts approvals to')
    .argument('<session>', SESSION_ARGUMENT)
    .option('--show', 'print the address whole: it is as good as a password')
    .addHelpText('after', examples('hook upstox-prod', 'hook upstox-prod --show'))
    .action(run(hook));
};

export async function hook(
  context: CommandContext,
  name: string,
  options: { readonly show?: boolean },
): Promise<ExitCode> {
  const { terminal } = context;
  const system = context.compose({ consumers: false, people: true });
  const { key, broker, approval } = configuredSession(system, name);
  if (broker.approval === undefined || system.hooks === null) {
    throw new ArgumentError(`${broker.title} posts nothing: it cannot ask people on their phone`);
  }
  const address = system.hooks.address(key);
  const isWhole = options.show === true;
  terminal.line(isWhole ? address : address.replace(/[^/]+$/, '[redacted]'));
  if (!isWhole) terminal.note('Its last part is left out; --show prints it.');
  if (approval === undefined) {
    terminal.note(`Nothing is taken there before ${variablePrefix(key)}_APPROVAL=push is set.`);
  }
  return EXIT.ok;
}
