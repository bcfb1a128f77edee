/**
 * `token-cadence rehearse <sandbox session>`: plays a morning's sign-in and says what would have failed.
 *
 * Refuses a prod session. With `--with-sign-in` a person plays along, and the token that comes is stored.
 */

import { ConfigError } from '../errors.ts';
import { parseSessionKey } from '../lifecycle/session.ts';
import type { Finding } from '../operations/finding.ts';
import { rehearseSignIn } from '../operations/rehearse-sign-in.ts';
import type { AddCommand, CommandContext } from './command.ts';
import { examples } from './command.ts';
import { configuredSession } from './configured-session.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { showFinding } from './finding-text.ts';
import { start } from './start.ts';

type RehearseOptions = { readonly withSignIn?: boolean; readonly open?: boolean };

export const addRehearse: AddCommand = (program, run) => {
  program
    .command('rehearse')
    .description('play a whole sign-in on a sandbox session and say what would have failed')
    .argument('<session>', 'a sandbox session, such as etrade-sandbox')
    .option('--with-sign-in', 'then sign in for real: the page, the PIN, the stored token')
    .option('-o, --open', 'with it, also open the page in the browser')
    .addHelpText(
      'after',
      `${examples('rehearse etrade-sandbox', 'rehearse etrade-sandbox --with-sign-in')}

A message marked as a rehearsal goes to the chat, an event that workers pass
over to the topic, and a request token that nobody uses is opened at the broker.
The session's own token and generation stay as they are.`,
    )
    .action(run(rehearse));
};

export async function rehearse(
  context: CommandContext,
  name: string,
  options: RehearseOptions,
): Promise<ExitCode> {
  const { terminal } = context;
  const system = context.compose({ people: true });
  const session = configuredSession(system, name);
  if (parseSessionKey(session.key)?.environment !== 'sandbox') {
    terminal.problem(
      `${session.title} is no sandbox session: nothing was done.`,
      'Rehearse with one whose key says "sandbox", such as etrade-sandbox.',
    );
    return EXIT.usage;
  }
  if (system.checks === null) throw new ConfigError(['"TOKEN_CADENCE_APP" is missing']);
  const findings: Finding[] = [];
  const startedAt = context.clock();
  const steps = rehearseSignIn(system, system.checks, session);
  for (;;) {
    const next = await terminal.progress('Rehearsing', steps.next());
    if (next.done === true) break;
    for (const finding of next.value.findings) {
      findings.push(finding);
      showFinding(terminal, finding, { tookMs: next.value.tookMs });
    }
  }
  const failed = findings.filter(({ verdict }) => verdict !== 'ok');
  const tookMs = context.clock() - startedAt;
  terminal.note();
  if (failed.length > 0) {
    const names = failed.map(({ check }) => check).join(', ');
    terminal.line(`This morning's sign-in would have failed at: ${names}.`, 0);
    return EXIT.failed;
  }
  terminal.line(`Nothing would have failed. All but the person took ${tookMs} ms.`);
  if (options.withSignIn !== true) return EXIT.ok;
  return start(context, name, options.open === true ? { open: true } : {});
}
