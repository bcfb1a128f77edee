/**
 * `token-cadence curl <session> URL`: one signed GET, its status and its body.
 *
 * Only GET: orders are no business of a command line that is used in a hurry. Sent once, no redirect
 * followed. The body goes to standard output, the rest beside it.
 */

import { sendOnce } from '../brokers/send.ts';
import type { AddCommand, CommandContext } from './command.ts';
import { examples, SESSION_ARGUMENT } from './command.ts';
import { EXIT, type ExitCode, exitCodeOf } from './exit-code.ts';
import { detailsText, failureText } from './failure-text.ts';
import { signedCall } from './signed-call.ts';

const TIMEOUT_MS = 15_000;

/** A whole option chain is some hundred KiB. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

export const addCurl: AddCommand = (program, run) => {
  program
    .command('curl')
    .description('make one signed GET and print what the broker answers')
    .argument('<session>', SESSION_ARGUMENT)
    .argument('<url>', "of the session's API host, or a path of it")
    .addHelpText(
      'after',
      examples(
        'curl etrade-prod /v1/accounts/list.json',
        'curl etrade-prod /v1/market/quote/SPY.json | jq .',
      ),
    )
    .action(run(curl));
};

export async function curl(
  context: CommandContext,
  name: string,
  address: string,
): Promise<ExitCode> {
  const { terminal } = context;
  const system = context.compose();
  const call = await signedCall(context, system, name, 'GET', address);
  if (call === null) return EXIT.signIn;
  const { session, url, access, authorization, method } = call;
  const answer = await terminal.progress(
    `Asking ${session.broker.title}`,
    sendOnce(
      { method, url: url.href, headers: { ...access.calls.headers, Authorization: authorization } },
      {
        fetch: system.fetch,
        clock: system.clock,
        timeoutMs: TIMEOUT_MS,
        maxBodyBytes: MAX_ANSWER_BYTES,
      },
    ),
  );
  if (!answer.answered) {
    terminal.problem(
      `${session.title} did not answer. Try again in a moment.`,
      detailsText(answer.problem),
    );
    return EXIT.away;
  }
  const isGood = answer.status >= 200 && answer.status < 300;
  terminal.note(`HTTP ${answer.status} · ${session.key} generation ${call.generation}`);
  terminal.line(answer.body.trimEnd());
  if (!answer.complete) {
    terminal.problem(
      'The answer is not whole: longer than 16 MiB, or it stopped on the way.',
      'Ask for less, or try again in a moment.',
    );
  }
  const refusal = access.calls.judge(answer);
  if (refusal === null) return isGood && answer.complete ? EXIT.ok : EXIT.failed;
  terminal.problem(...failureText(session.title, session.key, refusal));
  return exitCodeOf(refusal.reason);
}
