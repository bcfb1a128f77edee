/**
 * `npm run setup`: from an empty Google Cloud project to the first alert. See `guided.ts` for what it does.
 */

import { runSetup } from './guided.ts';
import { COMMON, readOptions } from './options.ts';
import { runInProcess, type Script } from './script.ts';
import { parseSessions } from './sessions-option.ts';

const HELP = `npm run setup -- [--project <id>] [--region <region>] [--sessions <key>,<key>]

Takes a Google Cloud project from empty to the first alert. Each step looks first: run it again at any point.

  --project <id>         the project; asked for when it is not given
  --region <region>      us-central1 if not given
  --sessions <keys>      etrade-sandbox if not given, later what is deployed
  --replace <secret>     ask for a new value of a secret: etrade-sandbox-consumer, token-cadence-app
  --checked              run linter, types and all tests first, half an hour more; files that differ
                         from the commit are checked anyway
  --print                print all commands, run none
  --state-bucket <name>  another bucket than <project>-terraform

Without a terminal the answers are read from standard input, a line each:
  PROJECT=…  ETRADE_SANDBOX_CONSUMER_KEY=…  ETRADE_SANDBOX_CONSUMER_SECRET=…
  TELEGRAM_BOT_TOKEN=…  TELEGRAM_CHAT_ID=… (found by itself if left out)
  BUDGET=… (a whole number, or no; not asked if left out)
`;

export const setup: Script = async (parts, args) => {
  const options = readOptions(args, {
    ...COMMON,
    region: { type: 'string' },
    sessions: { type: 'string' },
    replace: { type: 'string', multiple: true, default: [] },
    checked: { type: 'boolean', default: false },
    print: { type: 'boolean', default: false },
  });
  if (options.help) {
    parts.terminal.line(HELP);
    return;
  }
  await runSetup(parts, {
    project: options.project,
    region: options.region,
    sessions: options.sessions === undefined ? undefined : parseSessions(options.sessions),
    stateBucket: options['state-bucket'],
    replace: options.replace,
    isChecked: options.checked,
    isPrinted: options.print,
  });
};

if (import.meta.main) await runInProcess(setup);
