/**
 * `npm start`: the whole system on this machine, until Ctrl-C.
 *
 * Reads options and `.env`, starts the run, says where everything is and what to do now, then shows what
 * happens. The work is in `runner/`.
 */

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { ConfigError } from '../../functions/errors.ts';
import { narrate } from './narrate.ts';
import { PortError } from './runner/http.ts';
import { type LocalSystem, startLocalSystem } from './runner/system.ts';
import { parseStartOptions, START_HELP, type StartOptions } from './start-options.ts';
import { createTerminal, momentOf, paintTone, type Terminal, timeOf } from './terminal.ts';

const ENV_FILE = '.env';
const WIDEST_NAME = 13;

/** Below these, Node runs no TypeScript by itself, and the functions' processes would not start. */
const OLDEST_NODE = { major: 22, minor: 18 };

async function main(terminal: Terminal): Promise<void> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < OLDEST_NODE.major || (major === OLDEST_NODE.major && minor < OLDEST_NODE.minor)) {
    throw new Error(
      `This is Node ${process.versions.node}; Node 24 is needed. "npm start" brings its own.`,
    );
  }
  const parsed = parseStartOptions(process.argv.slice(2), process.env);
  if (!parsed.ok) throw new Error(`${parsed.problem}\n\n${START_HELP}`);
  if (parsed.help) return terminal.line(START_HELP);
  const { options } = parsed;
  if (options.broker === 'real' && existsSync(ENV_FILE)) process.loadEnvFile(ENV_FILE);

  terminal.line(`${terminal.paint('bold', 'token-cadence')} · starting …`);
  let isUp = false;
  const system = await startLocalSystem({
    ...options,
    stateDirectory: resolve(options.stateDirectory),
    env: process.env,
    colour: terminal.hasColour,
    onLine: (name, line) => {
      if (isUp) terminal.line(`${terminal.paint('cyan', name.padEnd(WIDEST_NAME))} ${line}`);
    },
    onActivity: (activity) => {
      // Workers print their own lines.
      const told = activity.kind === 'worker' ? null : narrate(activity);
      if (!isUp || told === null) return;
      const text = paintTone(terminal, told.tone, `${told.symbol} ${told.text}`);
      terminal.line(`${'·'.padEnd(WIDEST_NAME)} ${timeOf(activity.at)}  ${text}`);
    },
  });
  stopOnSignals(system, terminal);
  showSummary(terminal, system, options, await system.invite());
  isUp = true;
}

function showSummary(
  terminal: Terminal,
  { urls, clock }: LocalSystem,
  options: StartOptions,
  due: readonly string[],
): void {
  const { line, paint } = terminal;
  const row = (name: string, url: string | null, what: string): void => {
    if (url !== null) line(`  ${name.padEnd(9)}${paint('cyan', url)}  ${paint('dim', what)}`);
  };
  const chat = urls.telegram ?? 'Telegram on your phone';
  line();
  row('pages', urls.public, 'what the button on the phone opens');
  row('chat', urls.telegram, 'the Telegram chat, with its buttons');
  row('broker', urls.brokers, 'the simulated E*TRADE');
  row('control', urls.control, 'the control API, see infra/local/README.md');
  row('secrets', urls.secretManager, 'the stand-in of Secret Manager, for gcloud too');
  row('pubsub', urls.pubsub, "Google's Pub/Sub emulator");
  line();
  line(`  sessions ${options.sessions.join(', ')}`);
  line(`  clock    ${momentOf(clock())}`);
  line(`  kept in  ${options.stateDirectory}`);
  line();
  if (due.length === 0) {
    line(`  ${paint('green', 'Every session has its token: nothing to do until midnight.')}`);
  } else {
    line(`  ${paint('bold', `What to do now: ${due.join(', ')}`)}`);
    line(`  1. Open the chat, ${chat}, and press the button of the last message.`);
    line('  2. Press "Open E*TRADE", log in there, accept, copy the PIN.');
    line("  3. Paste the PIN. The workers' next lines say generation and 200.");
  }
  line();
  if (urls.brokers !== null) {
    line(`  Move time:  curl -d '{"advance":"PT2H"}' ${urls.control}/local/clock`);
  }
  line(`  See all:    curl ${urls.control}/local`);
  line('  Stop:       Ctrl-C; sessions stay for the next start.');
  line();
}

function stopOnSignals(system: LocalSystem, terminal: Terminal): void {
  let isStopping = false;
  const stop = (): void => {
    // Asked twice: whoever asks cannot wait. The processes end with us all the same.
    if (isStopping) process.exit(1);
    isStopping = true;
    terminal.line('stopping …');
    system.close().then(
      () => process.exit(0),
      (error: unknown) => fail(terminal, error),
    );
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
}

function fail(terminal: Terminal, error: unknown): void {
  terminal.error(`${error instanceof Error ? error.message : String(error)}${adviceFor(error)}`);
  process.exit(1);
}

function adviceFor(error: unknown): string {
  if (error instanceof PortError) {
    return ': choose others with "npm start -- --port 9080" (or PORT=9080).';
  }
  return error instanceof ConfigError
    ? '\nSet it in .env; infra/local/README.md shows how ("With the real E*TRADE").'
    : '';
}

const terminal = createTerminal();
main(terminal).catch((error: unknown) => fail(terminal, error));
