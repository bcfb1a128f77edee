/**
 * What an unfinished sign-in means at the terminal: what happened, what to do, whether the PIN is still
 * worth something.
 *
 * Pure and exhaustive over the operation's results. Used by `start.ts`.
 */

import type { CompleteResult } from '../operations/complete-sign-in.ts';
import type { ConfiguredSession } from '../operations/system.ts';
import { EXIT, type ExitCode, exitCodeOf } from './exit-code.ts';
import { failureText } from './failure-text.ts';

export type Advice = {
  readonly lines: readonly [fact: string, ...advice: string[]];
  readonly exitCode: ExitCode;
  /** Nothing was spent: the same sign-in takes a PIN again. */
  readonly pinIsGood: boolean;
  /** A fresh sign-in may work. */
  readonly again: boolean;
};

export function adviceFor(
  session: ConfiguredSession,
  result: Extract<CompleteResult, { ok: false }>,
): Advice {
  const { title, key, broker } = session;
  switch (result.reason) {
    case 'verifier-empty':
      return keep('That was empty: paste the PIN that the page shows.');
    case 'verifier-too-long':
      return keep('That is too long for a PIN: copy only the PIN.');
    case 'store-unavailable':
      return {
        ...keep(
          'The store did not answer. Nothing is spent: the PIN was not sent.',
          'Paste it again in a moment.',
        ),
        exitCode: EXIT.away,
      };
    case 'in-progress':
      return {
        ...keep(
          'Somebody else is signing in to this session at this moment.',
          'Look with: token-cadence status',
        ),
        exitCode: EXIT.away,
      };
    case 'sign-in-expired':
    case 'no-open-sign-in':
      return fresh('Time is up for that PIN: it lives five minutes.');
    case 'pin-rejected':
      return fresh(
        `${broker.title} did not accept the PIN: mistyped, too old, or not the newest one.`,
      );
    case 'too-many-attempts':
      return { ...fresh('Too many wrong PINs.'), again: false };
    case 'foreign-account':
      return fresh(
        `That login is of another ${broker.title} account. Its token was discarded; the old one stays.`,
        'Log in with the right one.',
      );
    case 'spent-not-saved':
      return {
        ...fresh(`${broker.title} took the PIN, then the store failed: the token is lost.`),
        exitCode: EXIT.away,
      };
    case 'broker': {
      const { failure } = result;
      // A refused PIN has a reason of its own; what is left says nothing of what the page showed.
      const lines: Advice['lines'] =
        failure.reason === 'transient' && !failure.answered
          ? [`${title} did not answer (${failure.problem}): nobody knows whether the PIN is spent.`]
          : failureText(title, key, failure);
      return {
        lines,
        exitCode: exitCodeOf(failure.reason),
        pinIsGood: false,
        again: failure.reason !== 'configuration' && failure.reason !== 'clock',
      };
    }
  }
}

function keep(...lines: Advice['lines']): Advice {
  return { lines, exitCode: EXIT.failed, pinIsGood: true, again: true };
}

function fresh(...lines: Advice['lines']): Advice {
  return { lines, exitCode: EXIT.failed, pinIsGood: false, again: true };
}
