/**
 * `npm start`: the whole system on this machine, until Ctrl-C.
 *
 * Reads options and `.env`, starts the run, says where everything is and what to do now, then shows what
 * happens. The work is in `runner/`.
 */

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { BROKERS } from '../../functions/brokers/registry.ts';
import { ConfigError } from '../../functions/errors.ts';
import { parseSessionKey } from '../../functions/lifecycle/session.ts';
import { loadSettings } from './load-settings.ts';
import { narrate } from './narrate.ts';
import { createNews } from './news.ts';
import { PortError } from './runner/http.ts';
import { zoneOf } from './runner/sessions.ts';
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
  if (options.broker === 'real' && existsSync(ENV_FILE)) loadSettings(ENV_FILE);

  terminal.line(`${terminal.paint('bold', 'token-cadence')} · starting …`);
  const zone = zoneOf(options.sessions);
  /** `null` until the summary is printed; what was said before is not shown. */
  let isNews: ReturnType<typeof createNews> | null = null;
  const system = await startLocalSystem({
    ...options,
    stateDirectory: resolve(options.stateDirectory),
    env: process.env,
    colour: terminal.hasColour,
    quiet: !options.verbose,
    onLine: (name, line) => {
      if (isNews === null || !(options.verbose || isNews(name, line))) return;
      terminal.line(`${terminal.paint('cyan', name.padEnd(WIDEST_NAME))} ${line}`);
    },
    onActivity: (activity) => {
      // Workers print their own lines.
      const told = activity.kind === 'worker' ? null : narrate(activity);
      if (isNews === null || told === null) return;
      const text = paintTone(terminal, told.tone, `${told.symbol} ${told.text}`);
      terminal.line(`${'·'.padEnd(WIDEST_NAME)} ${timeOf(activity.at, zone)}  ${text}`);
    },
  });
  stopOnSignals(system, terminal);
  showSummary(terminal, system, options, await system.invite());
  isNews = createNews(system.clock);
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
  row('broker', urls.brokers, `the simulated ${titlesOf(options.sessions).join(', ')}`);
  row('control', urls.control, 'the control API, see infra/local/README.md');
  row('secrets', urls.secretManager, 'the stand-in of Secret Manager, for gcloud too');
  row('pubsub', urls.pubsub, "Google's Pub/Sub emulator");
  line();
  line(`  sessions ${options.sessions.join(', ')}`);
  line(`  clock    ${momentOf(clock(), zoneOf(options.sessions))}`);
  line(`  kept in  ${options.stateDirectory}`);
  line();
  if (due.length === 0) {
    line(`  ${paint('green', 'Every session has its token: nothing to do now.')}`);
  } else {
    line(`  ${paint('bold', `What to do now: ${due.join(', ')}`)}`);
    const [first, ...others] = titlesOf(due);
    line(`  1. Open the chat, ${chat}, and press the button of the last message.`);
    line(`  2. Press "Open ${others.length === 0 ? first : '…'}", log in there, accept.`);
    line('  3. Paste the PIN, if it shows one; if not, you are led back.');
    line("  The workers' next lines say generation and 200.");
  }
  line();
  if (urls.brokers !== null) {
    line(`  Move time:  curl -d '{"advance":"PT2H"}' ${urls.control}/local/clock`);
  }
  line(`  See all:    curl ${urls.control}/local`);
  line('  Stop:       Ctrl-C; sessions stay for the next start.');
  line();
}

/** Of the sessions' brokers, as people call them. */
function titlesOf(sessions: readonly string[]): readonly string[] {
  const names = sessions.map((session) => parseSessionKey(session)?.broker ?? session);
  return [...new Set(names)].map((name) => BROKERS[name]?.title ?? name);
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
    ? '\nSet it in .env; infra/local/README.md shows how ("With the real brokers").'
    : '';
}

const terminal = createTerminal();
main(terminal).catch((error: unknown) => fail(terminal, error));
