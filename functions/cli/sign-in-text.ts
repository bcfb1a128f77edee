/**
 * What an unfinished sign-in means at the terminal: what happened, what to do, whether the PIN is still
 * worth something.
 *
 * Pure and exhaustive over the operation's results. Used by `start.ts`.
 */

import type { OpenSignIn } from '../brokers/broker.ts';
import type { CompleteResult } from '../operations/complete-sign-in.ts';
import { readPasted } from '../operations/read-address.ts';
import type { ConfiguredSession } from '../operations/system.ts';
import type { Secret } from '../secret.ts';
import { EXIT, type ExitCode, exitCodeOf } from './exit-code.ts';
import { detailsText, failureText } from './failure-text.ts';

export type Advice = {
  readonly lines: readonly [fact: string, ...advice: string[]];
  readonly exitCode: ExitCode;
  /** Nothing was spent: the same sign-in takes a PIN again. */
  readonly pinIsGood: boolean;
  /** A fresh sign-in may work. */
  readonly again: boolean;
};

/** What was typed, as the broker's verifier; or why it is none. */
export function verifierOf(
  { broker }: ConfiguredSession,
  signIn: OpenSignIn,
  typed: string,
): { readonly verifier: Secret } | { readonly advice: Advice } {
  const read = readPasted(broker, signIn, typed);
  switch (read.type) {
    case 'verifier':
      return read;
    case 'unreadable':
      return {
        advice: keep(
          broker.verifierKind === 'pin'
            ? 'There is no PIN in that address. Nothing was sent.'
            : 'There is no code in that: paste the whole address, up to its end. Nothing was sent.',
        ),
      };
    case 'foreign':
      return { advice: keep('That address is of another sign-in: paste the newest one.') };
    case 'not-granted':
      return {
        advice: fresh(
          read.reason === 'declined'
            ? `You did not grant access at ${broker.title}. The old token stays.`
            : `${broker.title} did not let you in.`,
          ...(read.reason === 'declined' ? [] : [detailsText(read.problem)]),
        ),
      };
  }
}

export function adviceFor(
  session: ConfiguredSession,
  result: Extract<CompleteResult, { ok: false }>,
): Advice {
  const { title, key, broker } = session;
  const what = broker.verifierKind === 'pin' ? 'PIN' : 'code';
  switch (result.reason) {
    case 'verifier-empty':
      return keep('That was empty: paste the PIN that the page shows.');
    case 'verifier-too-long':
      return keep(`That is too long for a ${what}: copy only the ${what}. Nothing was sent.`);
    case 'verifier-malformed':
      return keep(
        broker.verifierKind === 'pin'
          ? 'That is not a PIN: one short code of letters and digits. Nothing was sent.'
          : 'That is not a code of this broker. Nothing was sent.',
      );
    case 'store-unavailable':
      return {
        ...keep(
          `The store did not answer. Nothing is spent: the ${what} was not sent.`,
          'Paste it again in a moment.',
        ),
        exitCode: EXIT.away,
      };
    case 'not-sent':
      return {
        ...keep(
          `${title} could not be reached. Nothing is spent: the ${what} was not sent.`,
          'Paste it again in a moment.',
          detailsText(result.failure.problem),
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
      return fresh(`Time is up for that ${what}.`);
    case 'pin-rejected':
      return fresh(
        broker.verifierKind === 'pin'
          ? `${broker.title} did not accept the PIN: mistyped, too old, or not the newest one.`
          : `${broker.title} did not take its own code: it lives seconds and is good once.`,
      );
    case 'too-many-attempts':
      return { ...fresh('Too many failed tries.'), again: false };
    case 'foreign-account':
      return fresh(
        `That login is of another ${broker.title} account. Its token was discarded; the old one stays.`,
        'Log in with the right one.',
      );
    case 'spent-not-saved':
      return {
        ...fresh(`${broker.title} took the ${what}, then the store failed: the token is lost.`),
        exitCode: EXIT.away,
      };
    case 'broker': {
      const { failure } = result;
      // A refused PIN has a reason of its own; what is left says nothing of what the page showed.
      const lines: Advice['lines'] =
        failure.reason === 'transient' && !failure.answered
          ? [
              `${title} did not answer: nobody knows whether the ${what} is spent.`,
              detailsText(failure.problem),
            ]
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
