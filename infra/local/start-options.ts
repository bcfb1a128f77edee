/**
 * The options of `npm start`: parsed, checked, with words for what is wrong.
 *
 * Pure: arguments and environment are handed in. Used by `start.ts`.
 */

import { parseArgs } from 'node:util';

export type StartOptions = {
  readonly sessions: readonly string[];
  readonly port: number;
  readonly broker: 'simulator' | 'real';
  /** Google's parts instead of files and local events. */
  readonly emulators: boolean;
  readonly stateDirectory: string;
  /** The functions' whole log, not only their trouble. */
  readonly verbose: boolean;
};

export type ParsedStart =
  | { readonly ok: true; readonly help: false; readonly options: StartOptions }
  | { readonly ok: true; readonly help: true }
  | { readonly ok: false; readonly problem: string };

export const START_HELP = `Runs the whole system on this machine.

  npm start -- [options]

  --sessions a,b    the sessions to run (default: etrade-sandbox; also etrade-prod-ira,
                    tradestation-sandbox, upstox-prod, schwab-prod, kite-prod, …)
  --port N          first of four ports in a row: pages, broker, chat, control (default: $PORT or 8080)
  --broker real     the real brokers with the consumer keys of .env, on the real clock
  --emulators       Secret Manager's stand-in and Google's Pub/Sub emulator (two more ports) through
                    Google's own clients, instead of files and local events
  --state DIR       where keys, tokens and the clock are kept (default: .token-cadence/local)
  --verbose         the functions' whole log, not only their trouble
  --help            this text
`;

const DEFAULT_PORT = 8080;
/** Six ports in a row must exist. */
const LAST_PORT = 65_535 - 5;

export function parseStartOptions(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ParsedStart {
  let values: { [name: string]: string | boolean | undefined };
  try {
    ({ values } = parseArgs({
      args: [...args],
      allowPositionals: false,
      options: {
        sessions: { type: 'string' },
        port: { type: 'string' },
        broker: { type: 'string' },
        emulators: { type: 'boolean' },
        state: { type: 'string' },
        verbose: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }));
  } catch (error) {
    return wrong(error instanceof Error ? error.message : 'These options cannot be read');
  }
  if (values['help'] === true) return { ok: true, help: true };

  const broker = values['broker'] ?? 'simulator';
  if (broker !== 'simulator' && broker !== 'real') {
    return wrong(`--broker is "real" or "simulator", not "${broker}"`);
  }
  const portText = String(values['port'] ?? env['PORT'] ?? DEFAULT_PORT);
  const port = Number(portText);
  if (!/^\d+$/.test(portText) || port > LAST_PORT) {
    return wrong(`The port is a number up to ${LAST_PORT} (0: any free ones), not "${portText}"`);
  }
  const sessions = String(values['sessions'] ?? 'etrade-sandbox')
    .split(',')
    .map((session) => session.trim())
    .filter((session) => session !== '');
  if (sessions.length === 0) return wrong('--sessions names no session');
  const options: StartOptions = {
    sessions: [...new Set(sessions)],
    port,
    broker,
    emulators: values['emulators'] === true,
    verbose: values['verbose'] === true,
    // A clock that was moved, and keys that only the simulator knows, must never meet the real broker.
    stateDirectory: String(
      values['state'] ?? `.token-cadence/${broker === 'real' ? 'real' : 'local'}`,
    ),
  };
  return { ok: true, help: false, options };
}

function wrong(problem: string): ParsedStart {
  return { ok: false, problem };
}
