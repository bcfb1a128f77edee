/**
 * `token-cadence run-keep-alive`: one run of keep-alive from here, for a day without a scheduler.
 *
 * Does and writes down what the function does; alerts only where a messenger is set.
 */

import { type RenewalOutcome, renewSessions } from '../operations/renew-sessions.ts';
import { sendAlerts } from '../operations/send-alerts.ts';
import type { AddCommand, CommandContext } from './command.ts';
import { examples } from './command.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import type { Style } from './terminal.ts';

export const addRunKeepAlive: AddCommand = (program, run) => {
  program
    .command('run-keep-alive')
    .description('do one run of keep-alive: renew what needs it, deliver events that wait')
    .option('--json', 'the report as JSON')
    .addHelpText(
      'after',
      examples('run-keep-alive', 'run-keep-alive --json') +
        '\n\nExits with 3 when a required session needs a sign-in, with 4 when a token' +
        '\ncould not be looked after or workers not be told.',
    )
    .action(run(runKeepAlive));
};

const FACES: Readonly<Record<RenewalOutcome['action'], readonly [mark: string, style: Style]>> = {
  none: ['✓', 'green'],
  probed: ['✓', 'green'],
  renewed: ['✓', 'green'],
  'sign-in-needed': ['✗', 'red'],
  failed: ['✗', 'red'],
};

/** A session that is not required and has no token: nobody need do anything. */
const OPTIONAL_FACE: readonly [mark: string, style: Style] = ['○', 'yellow'];

const WORDS: Readonly<Record<RenewalOutcome['action'], string>> = {
  none: 'nothing to do',
  probed: 'works',
  renewed: 'renewed',
  'sign-in-needed': 'needs a sign-in',
  failed: 'failed',
};

export async function runKeepAlive(
  { compose, terminal, interrupts }: CommandContext,
  options: { readonly json?: boolean },
): Promise<ExitCode> {
  const system = compose();
  const report = await terminal.progress(
    'Looking after every session',
    interrupts.shield(async () => {
      const renewed = await renewSessions(system, null);
      if (system.tellsPeople) await sendAlerts(system);
      return renewed;
    }),
  );
  const { outcomes } = report;
  const required = new Set(
    system.sessions.filter((session) => session.required).map(({ key }) => key),
  );
  if (options.json === true) {
    terminal.line(JSON.stringify({ ...report, at: new Date(report.at).toISOString() }, null, 2));
  } else {
    terminal.table(
      outcomes.map(({ session, action, reason, delivered }) => {
        const isOptional = action === 'sign-in-needed' && !required.has(session);
        const [mark, style] = isOptional ? OPTIONAL_FACE : FACES[action];
        const late = delivered ? '' : ' · workers could not be told yet';
        return [
          terminal.paint(style, mark),
          terminal.paint('bold', session),
          terminal.paint(style, WORDS[action]),
          `${terminal.paint('dim', reason)}${late}`,
        ];
      }),
    );
  }
  const needsPerson = outcomes.some(
    ({ session, action }) => action === 'sign-in-needed' && required.has(session),
  );
  if (needsPerson) return EXIT.signIn;
  const isUntold = outcomes.some(({ delivered }) => !delivered);
  return report.failures > 0 || isUntold ? EXIT.away : EXIT.ok;
}
