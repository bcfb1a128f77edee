/**
 * The command line as a whole: its commands, its help, and what an error looks like.
 *
 * Parses with commander and nothing else; every command is a file of its own. Touches nothing of the
 * process. Called by `main.ts`, by the local run and by tests.
 */

import { Command, CommanderError } from 'commander';
import type { Clock } from '../clock.ts';
import type { CommandLineSystem } from '../compose.ts';
import type { Uses, Variables } from '../config.ts';
import { CadenceError, ConfigError } from '../errors.ts';
import type { Log } from '../logging/log.ts';
import { ArgumentError } from './argument-error.ts';
import { addCalendar } from './calendar.ts';
import { type AddCommand, type CommandContext, examples, type Run } from './command.ts';
import { addCurl } from './curl.ts';
import { addDoctor } from './doctor.ts';
import { EXIT, EXIT_CODES_HELP, type ExitCode, exitCodeOfError } from './exit-code.ts';
import { addExport } from './export.ts';
import { addHook } from './hook.ts';
import { addImport } from './import.ts';
import { Interrupted, type Interrupts } from './interrupts.ts';
import { addRenew, addTest } from './prove.ts';
import { addRehearse } from './rehearse.ts';
import { addRevoke } from './revoke.ts';
import { addRunKeepAlive } from './run-keep-alive.ts';
import { createRunLog, type RunLog } from './run-log.ts';
import { addSign } from './sign.ts';
import { addStart } from './start.ts';
import { addStatus } from './status.ts';
import type { Terminal } from './terminal.ts';

/** In the order of `--help`. */
const COMMANDS: readonly AddCommand[] = [
  addStart,
  addStatus,
  addTest,
  addRenew,
  addRevoke,
  addRunKeepAlive,
  addSign,
  addCurl,
  addHook,
  addCalendar,
  addDoctor,
  addRehearse,
  addExport,
  addImport,
];

/** Makes the system that a command works on; the local run hands in one on its own clock. */
export type ComposeSystem = (options: {
  readonly env: Variables;
  readonly uses: Partial<Uses>;
  readonly log: Log;
}) => CommandLineSystem;

export type ProgramOptions = {
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly env: Variables;
  readonly composeSystem: ComposeSystem;
  readonly openBrowser: CommandContext['openBrowser'];
  readonly interrupts: Interrupts;
  /** The variables of a file like `.env`; throws where there is none. */
  readonly readVariables: (file: string) => Variables;
};

export type Program = {
  /** @param args without the interpreter and the script */
  readonly run: (args: readonly string[]) => Promise<ExitCode>;
};

export function createProgram(options: ProgramOptions): Program {
  const { terminal, interrupts, clock } = options;

  async function run(args: readonly string[]): Promise<ExitCode> {
    let code: ExitCode = EXIT.ok;
    let env = options.env;
    const program = newProgram(terminal);
    const log = createRunLog({
      clock,
      write: (text) => terminal.note(text, 4),
      isVerbose: () => program.opts()['verbose'] === true,
    });
    const context: CommandContext = {
      terminal,
      clock,
      get env() {
        return env;
      },
      interrupts,
      openBrowser: options.openBrowser,
      compose: (uses = {}) => options.composeSystem({ env, log, uses: { people: false, ...uses } }),
    };
    const asAction: Run =
      (work) =>
      async (...given) => {
        const file: unknown = program.opts()['settings'];
        // What stands in the environment counts more than what stands in a file, as with other tools.
        if (typeof file === 'string') env = { ...variablesOf(file, options), ...env };
        code = await work(context, ...given);
      };
    for (const add of COMMANDS) add(program, asAction);
    try {
      await Promise.race([
        program.parseAsync([...args], { from: 'user' }),
        whenAborted(interrupts),
      ]);
    } catch (error) {
      code = explain(error, options, log);
    }
    // A lost terminal is no failure of the work, which may have been finished.
    if (code !== EXIT.ok && code !== EXIT.hungUp) log.showProblems();
    return code;
  }

  return { run };
}

function newProgram(terminal: Terminal): Command {
  return (
    new Command('token-cadence')
      .description(
        'Fresh broker tokens for trading workers, from a terminal: also when the web does not work.',
      )
      // Not "--env-file": Node itself reads that one, wherever it stands.
      .option('--settings <file>', 'NAME=value lines: what the environment does not have')
      .option('-v, --verbose', 'also say what happens inside')
      .exitOverride()
      .configureOutput({
        writeOut: (text) => terminal.line(text.trimEnd()),
        writeErr: (text) => terminal.note(text.trimEnd()),
        getOutHasColors: () => false,
        getErrHasColors: () => false,
      })
      .configureHelp({ showGlobalOptions: true, subcommandTerm: termOf })
      .showSuggestionAfterError()
      .showHelpAfterError('(see "token-cadence --help")')
      .addHelpText(
        'after',
        `${examples('status', '--settings .env start etrade-prod')}\n\n${EXIT_CODES_HELP}`,
      )
  );
}

/** `start <session>`: without "[options]", so that the descriptions beside fit 80 columns. */
function termOf(command: Command): string {
  return [command.name(), command.usage().replace('[options]', '').trim()].join(' ').trim();
}

function variablesOf(file: string, { readVariables }: ProgramOptions): Variables {
  try {
    return readVariables(file);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError([`The file of "--settings" cannot be read: "${file}"`]);
  }
}

async function whenAborted({ signal }: Interrupts): Promise<never> {
  signal.throwIfAborted();
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Interrupted()), { once: true });
  });
}

/** Says what went wrong, and what that means for a script. */
function explain(error: unknown, { terminal, interrupts }: ProgramOptions, log: RunLog): ExitCode {
  if (error instanceof Interrupted) return interrupts.isHungUp() ? EXIT.hungUp : EXIT.interrupted;
  // Commander has said it already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof ArgumentError) {
    terminal.problem(error.message);
    return EXIT.usage;
  }
  if (error instanceof ConfigError) {
    terminal.problem('Settings are missing or wrong:');
    for (const problem of error.problems) terminal.note(`  · ${problem}`, 4);
    terminal.note('Set them in the environment, or in a file: token-cadence --settings FILE …', 0);
    return EXIT.usage;
  }
  if (error instanceof CadenceError) {
    terminal.problem(error.message, ...(error.retryable ? ['Try again in a moment.'] : []));
  } else {
    terminal.problem('This failed in a way that nobody planned for:');
    log.error('command-failed', 'The command failed.', error);
  }
  return exitCodeOfError(error) ?? EXIT.failed;
}
