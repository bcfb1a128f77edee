/**
 * `token-cadence start <session>`: the whole sign-in at a terminal, with the functions up or down.
 *
 * The same claim, exchange, account check and event as the page; only the limit on wrong PINs does not
 * count here. Nothing is spent before the PIN is sent; from then on Ctrl-C waits for the token.
 */

import type { Broker, OpenSignIn, VerifierKind } from '../brokers/broker.ts';
import type { CommandLineSystem } from '../compose.ts';
import { nextKeepAliveAt } from '../lifecycle/decide.ts';
import { type CompleteResult, completeSignIn } from '../operations/complete-sign-in.ts';
import { type StartResult, startSignIn } from '../operations/start-sign-in.ts';
import type { ConfiguredSession } from '../operations/system.ts';
import type { AddCommand, CommandContext } from './command.ts';
import { examples, SESSION_ARGUMENT } from './command.ts';
import { configuredSession } from './configured-session.ts';
import { EXIT, type ExitCode, exitCodeOf } from './exit-code.ts';
import { failureText } from './failure-text.ts';
import { Interrupted } from './interrupts.ts';
import { cityOf, durationText, momentText } from './moments.ts';
import { type Advice, adviceFor, verifierOf } from './sign-in-text.ts';
import type { Terminal } from './terminal.ts';

/** An empty line, a store that is away: tried again so often before the person is asked to start over. */
const PINS_ASKED = 10;

const MINUTE_MS = 60_000;

type StartOptions = { readonly open?: boolean; readonly pinStdin?: boolean };

export const addStart: AddCommand = (program, run) => {
  program
    .command('start')
    .description('sign in: page, PIN or address, stored token, workers told')
    .argument('<session>', SESSION_ARGUMENT)
    .option('-o, --open', 'also open the page in the browser')
    .option('--pin-stdin', 'read the PIN (or address) from standard input instead of asking')
    .addHelpText(
      'after',
      `${examples('start etrade-prod', 'start etrade-prod --open', 'start etrade-sandbox --pin-stdin < pipe')}

The PIN is never an argument: arguments stay in the shell's history. Brokers
that send you back by themselves show no PIN: paste the address you end at.
Works with the functions down; workers switch as after any sign-in.`,
    )
    .action(run(start));
};

export async function start(
  context: CommandContext,
  name: string,
  options: StartOptions,
): Promise<ExitCode> {
  const { terminal, interrupts } = context;
  const system = context.compose();
  const session = configuredSession(system, name);
  const fromStdin = options.pinStdin === true;
  if (!fromStdin && !terminal.isInteractive) {
    terminal.problem(
      'There is no terminal to ask for the PIN.',
      'Run it in a terminal, or hand the PIN in: --pin-stdin',
    );
    return EXIT.usage;
  }
  for (;;) {
    const started = await terminal.progress(
      `Asking ${session.broker.title} for a sign-in`,
      startSignIn(system, session, { exempt: true }),
    );
    if (!started.ok) return notStarted(context, session, started);
    await showPage(context, session, started.authorizeUrl, options.open === true);
    const readPin = fromStdin
      ? async () => (await terminal.readLine()) ?? ''
      : () => askVerifier(context, session.broker, started.signIn);
    const advice = await exchange(context, system, session, started.signIn, readPin);
    if (advice === null) return EXIT.ok;
    terminal.problem(...advice.lines);
    if (fromStdin || !advice.again) return advice.exitCode;
    if (interrupts.isWanted()) throw new Interrupted();
    const answer = await terminal.ask('Start again? [Y/n] ');
    if (/^n/i.test(answer.trim())) return advice.exitCode;
  }
}

function notStarted(
  { terminal }: CommandContext,
  { title, key }: ConfiguredSession,
  started: Extract<StartResult, { ok: false }>,
): ExitCode {
  if (started.reason === 'too-many-attempts') {
    terminal.problem(`Too many failed tries for ${title}.`);
    return EXIT.failed;
  }
  terminal.problem(...failureText(title, key, started.failure));
  return exitCodeOf(started.failure.reason);
}

async function showPage(
  { terminal, openBrowser }: CommandContext,
  { title, broker }: ConfiguredSession,
  address: string,
  open: boolean,
): Promise<void> {
  const isOpened = open && (await openBrowser(address));
  terminal.note();
  terminal.note(`Sign in to ${title}`);
  terminal.note(isOpened ? '  1. Your browser shows the page. If not, open' : '  1. Open');
  // Alone on its line, and a result: scripts read it.
  terminal.line(address);
  for (const line of TAKE_WORDS[broker.verifierKind]) terminal.note(line);
}

const TAKE_WORDS: Readonly<Record<VerifierKind, readonly string[]>> = {
  pin: ['  2. Log in, accept, copy the PIN.'],
  redirect: [
    '  2. Log in, agree. The browser then shows some page, or an error: both are fine.',
    '     Copy the whole address from its bar, at once: its code lives seconds.',
  ],
};

/** Shown as it is typed: it is worth nothing afterwards, and a typing error is found by looking. */
async function askVerifier(
  { terminal, clock }: CommandContext,
  { verifierKind }: Broker,
  { expiresAt }: OpenSignIn,
): Promise<string> {
  const minutes = Math.max(0, Math.ceil((expiresAt - clock()) / MINUTE_MS));
  const what = verifierKind === 'pin' ? `the PIN, good for ${minutes} min` : 'the address';
  try {
    return await terminal.ask(`  3. Paste ${what}: `);
  } catch (error) {
    if (error instanceof Interrupted) terminal.note('Nothing is spent; the old token stays.');
    throw error;
  }
}

/** Asks again while nothing is spent. `null` when the token is stored. */
async function exchange(
  { terminal, interrupts, clock }: CommandContext,
  system: CommandLineSystem,
  session: ConfiguredSession,
  signIn: OpenSignIn,
  readPin: () => Promise<string>,
): Promise<Advice | null> {
  for (let tries = 1; ; tries += 1) {
    const read = verifierOf(session, signIn, await readPin());
    let advice: Advice;
    if ('verifier' in read) {
      const { verifier } = read;
      const result = await terminal.progress(
        'Exchanging it and storing the token',
        interrupts.shield(() =>
          completeSignIn(system, session, { signIn, verifier, exempt: true }),
        ),
      );
      if (result.ok) {
        showDone(terminal, system, session, result, clock());
        return null;
      }
      advice = adviceFor(session, result);
    } else {
      advice = read.advice;
    }
    const isLast = tries === PINS_ASKED || interrupts.isWanted();
    if (!advice.pinIsGood || !terminal.isInteractive || isLast) return advice;
    terminal.problem(...advice.lines);
  }
}

function showDone(
  { line, note, paint }: Terminal,
  system: CommandLineSystem,
  { title, broker }: ConfiguredSession,
  { generation, hardEndsAt, follow }: Extract<CompleteResult, { ok: true }>,
  now: number,
): void {
  const { zone } = system.calendar(broker.rules.market);
  line(`${paint('green', '✓')} ${title}: generation ${generation} is stored.`);
  if (hardEndsAt === null) line('  Good until the broker ends it; keep-alive renews it.');
  else {
    const ends = `${momentText(hardEndsAt, now, zone)} ${cityOf(zone)}`;
    line(`  Good until ${ends}, ${durationText(hardEndsAt - now)} from now.`);
  }
  for (const sentence of FOLLOW_WORDS[follow]) line(`  ${sentence}`);
  if (follow === 'adopting') {
    const next = momentText(nextKeepAliveAt(now), now, zone);
    line(`  Saved, not confirmed by the broker yet. Next check at ${next}.`);
  }
  if (!system.tellsPeople)
    note('  No messenger is set here: the ✅ comes with the next function run.');
}

const FOLLOW_WORDS: Readonly<
  Record<Extract<CompleteResult, { ok: true }>['follow'], readonly string[]>
> = {
  told: ['Workers are told.'],
  queued: [
    'Workers could not be told yet: the next keep-alive does it, or you now with',
    'token-cadence run-keep-alive',
  ],
  adopting: [],
};
