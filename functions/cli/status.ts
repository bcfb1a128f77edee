/**
 * `token-cadence status [session]`: what every session is worth just now, from the store alone.
 *
 * Asks no broker and writes nothing. With `--json` the same document as `GET /status`.
 */

import { StoreError } from '../errors.ts';
import { homeCalendar } from '../operations/markets.ts';
import { readStatus, type SessionStatus, type Status } from '../operations/read-status.ts';
import type { AddCommand, CommandContext } from './command.ts';
import { examples } from './command.ts';
import { configuredSession } from './configured-session.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { showStatus } from './status-text.ts';
import type { Terminal } from './terminal.ts';

const WATCH_EVERY_MS = 2_000;

type StatusOptions = { readonly json?: boolean; readonly watch?: boolean };

export const addStatus: AddCommand = (program, run) => {
  program
    .command('status')
    .description('show what every session is worth just now')
    .argument('[session]', 'one session instead of all')
    .option('--json', 'the document of GET /status; one line each with --watch')
    .option('-w, --watch', 'show it again every two seconds, until Ctrl-C')
    .addHelpText(
      'after',
      examples('status', 'status etrade-prod --json', 'status --watch') +
        '\n\nExits with 3 when a required session, or the one that is named, needs a sign-in.',
    )
    .action(run(status));
};

export async function status(
  context: CommandContext,
  name: string | undefined,
  options: StatusOptions,
): Promise<ExitCode> {
  const { terminal, interrupts } = context;
  const system = context.compose({ consumers: false });
  const only = name === undefined ? null : configuredSession(system, name).key;
  const read = async (): Promise<Status> => {
    const all = await readStatus(system);
    return { ...all, sessions: all.sessions.filter(({ key }) => only === null || key === only) };
  };
  const show = (shown: Status): void => {
    if (options.json !== true) showStatus(terminal, shown, homeCalendar(system).zone);
    else terminal.line(JSON.stringify(shown, null, options.watch === true ? undefined : 2));
  };
  if (options.watch !== true) {
    const shown = await terminal.progress('Reading the store', read());
    show(shown);
    return exitCodeFor(shown, only !== null);
  }
  let last = (): void => {};
  while (!interrupts.signal.aborted) {
    try {
      const shown = await read();
      last = () => show(shown);
      if (options.json === true) last();
      else terminal.repaint(last);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      showTrouble(terminal, `${error.message} Trying again.`, options.json === true ? null : last);
    }
    await system.wait(WATCH_EVERY_MS, interrupts.signal);
  }
  return EXIT.interrupted;
}

/** On a screen below what was read last, whose moment stands above it. */
function showTrouble(terminal: Terminal, text: string, show: (() => void) | null): void {
  if (!terminal.isShown || show === null) {
    terminal.problem(text);
    return;
  }
  terminal.repaint(() => {
    show();
    terminal.line(`\n${terminal.paint('red', '✗')} ${text}`, 2);
  });
}

function exitCodeFor({ sessions }: Status, isNamed: boolean): ExitCode {
  const counted = sessions.filter(({ required }) => isNamed || required);
  const is = (...states: readonly SessionStatus['state'][]): boolean =>
    counted.some(({ state }) => states.includes(state));
  if (is('none', 'expired')) return EXIT.signIn;
  return is('inactive') ? EXIT.failed : EXIT.ok;
}
