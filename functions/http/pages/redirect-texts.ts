/**
 * The words for brokers that send the person back by themselves, where they differ from those for a PIN.
 *
 * Words only. Used by the sign-in page and the note above it.
 */

import type { OutcomeResult } from '../outcome.ts';
import { failureWords } from './failure-texts.ts';
import { NOT_SENT, type Words } from './words.ts';

export const REDIRECT = {
  logInText: (broker: string) =>
    `${broker} opens in this tab. Log in, agree, and you come back here with the token saved: there is nothing to copy.`,
  logInInstead: (broker: string) => `Or log in at ${broker} here`,
  loggedInText: 'Log in there and agree. If you did not come back, open it again.',
  onward: (broker: string) => `On to ${broker} …`,
  goOn: (broker: string) => `Go on to ${broker}`,
  over: 'That took too long',
  minutesLeft: 'minutes left',
  secondsLeft: 'seconds left',
  overText: (broker: string) => `Open ${broker} again.`,
  elsewhere: 'Page not found after login?',
  elsewhereText: (broker: string) =>
    `Some apps are registered at ${broker} with an address that does not exist. Copy the whole address from the browser's bar, from https to the end, at once: its code lives seconds.`,
  address: 'Address you were led to',
  placeholder: 'https://127.0.0.1/?code=…',
  submit: 'Use this address',
};

/** `null` where the words for a PIN fit as well. */
export function redirectWords(
  result: OutcomeResult,
  broker: string,
  moment: (at: number) => string,
): Words | null {
  switch (result.word) {
    case 'verifier-empty':
      return {
        title: 'No code in that address',
        text: `Copy the whole address that ${broker} led you to, up to its end. What you entered ${NOT_SENT}`,
      };
    case 'verifier-malformed':
    case 'verifier-too-long':
      return {
        title: 'That is not a code',
        text: `${broker} sends no such code: it ${NOT_SENT} Open ${broker} again.`,
      };
    case 'sign-in-expired':
      return {
        title: 'That took too long',
        text: `This sign-in was begun more than ten minutes ago. Open ${broker} again.`,
      };
    case 'no-open-sign-in':
      return {
        title: 'Begin with the button',
        text: `What ${broker} sends back is good for a sign-in that was opened here. Open it again.`,
      };
    case 'pin-rejected':
      return {
        title: `${broker} did not take its own code`,
        text: `Such a code lives seconds and is good once. Open ${broker} again.`,
      };
    case 'too-many-attempts':
      return {
        title: 'Too many tries',
        text: `To keep the account safe, the next one is possible at ${moment(result.retryAt)}.`,
      };
    case 'store-unavailable':
      return {
        title: 'The store did not answer',
        text: `The code was not sent. Open ${broker} again in a moment.`,
      };
    case 'not-sent':
      return {
        title: `${broker} could not be reached`,
        text: `The code was not sent. Open ${broker} again in a moment.`,
        detail: result.problem,
      };
    case 'exchange-failed':
      return failureWords(result, broker, `${broker} did not finish the sign-in`, 'code');
    case 'spent-not-saved':
      return {
        title: 'The token could not be saved',
        text: `The code is used up and the store did not answer in time. Open ${broker} again.`,
      };
    case 'in-progress':
      return {
        title: 'Still being checked',
        text: 'The code is on its way to the broker. Look at all sessions in a moment.',
      };
    default:
      return null;
  }
}
