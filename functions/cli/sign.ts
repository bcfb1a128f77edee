/**
 * `token-cadence sign <session> METHOD URL`: the `Authorization` header for one call of one's own.
 *
 * The header is a credential for that call: shown whole only with `--show`. Sends nothing to a broker.
 */

import type { AddCommand, CommandContext } from './command.ts';
import { examples, SESSION_ARGUMENT } from './command.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { signedCall } from './signed-call.ts';

export const addSign: AddCommand = (program, run) => {
  program
    .command('sign')
    .description('print the header for one call, whole only with --show')
    .argument('<session>', SESSION_ARGUMENT)
    .argument('<method>', 'such as GET')
    .argument('<url>', "of the session's API host, or a path of it")
    .option('--show', 'print the header whole: it is good for one call, for five minutes')
    .addHelpText(
      'after',
      examples(
        'sign etrade-prod GET /v1/accounts/list.json',
        'sign etrade-prod GET /v1/market/quote/SPY.json --show',
      ),
    )
    .action(run(sign));
};

export async function sign(
  context: CommandContext,
  name: string,
  method: string,
  address: string,
  options: { readonly show?: boolean },
): Promise<ExitCode> {
  const { terminal } = context;
  const call = await signedCall(context, context.compose(), name, method, address);
  if (call === null) return EXIT.signIn;
  const isWhole = options.show === true;
  terminal.line(`Authorization: ${isWhole ? call.authorization : redacted(call.authorization)}`);
  if (!isWhole) terminal.note('Token, key and signature are left out; --show prints them.');
  return EXIT.ok;
}

/** What identifies or proves anything goes; of a header of an unknown form everything but its scheme. */
function redacted(header: string): string {
  const [scheme = '', ...rest] = header.split(' ');
  if (scheme !== 'OAuth') return `${scheme} [redacted]`;
  const fields = rest
    .join(' ')
    .replace(
      /\b(oauth_token|oauth_signature|oauth_consumer_key|oauth_nonce)="[^"]*"/g,
      '$1="[redacted]"',
    );
  return `${scheme} ${fields}`;
}
