/**
 * What a broker's refusal means, in words: what happened, then what to do.
 *
 * Holds no secret: `problem` is the broker's own safe word. Used by every command that asks a broker.
 */

import type { BrokerFailure } from '../brokers/broker.ts';
import type { SessionKey } from '../lifecycle/session.ts';
import { asSentence, settingAdvice } from '../lifecycle/setting-advice.ts';

/** The fact, the next step, and the code for a closer look. */
export function failureText(
  title: string,
  key: SessionKey,
  failure: BrokerFailure,
): readonly [fact: string, advice: string, details: string] {
  return [...sentences(title, key, failure), detailsText(failure.problem)];
}

/** A code never stands in a sentence. */
export function detailsText(problem: string): string {
  return `Details: ${problem}`;
}

function sentences(
  title: string,
  key: SessionKey,
  { reason, problem, answered, skewMs }: BrokerFailure,
): readonly [fact: string, advice: string] {
  switch (reason) {
    case 'sign-in-needed':
      return [`${title} refuses the token.`, `Sign in: token-cadence start ${key}`];
    case 'renewable':
      return [`The token of ${title} is inactive.`, `Wake it up: token-cadence renew ${key}`];
    case 'configuration': {
      const known = settingAdvice(problem);
      if (known !== null) {
        return [`${title} ${known.what}.`, asSentence(known.advice)];
      }
      return [
        `${title} refuses this app's own key or settings. A sign-in does not help.`,
        'Check the consumer key: expired, disabled, or of the other environment?',
      ];
    }
    case 'clock':
      return [
        `${title} and this machine do not agree on the time${skewText(skewMs)}.`,
        "Set this machine's clock; a sign-in does not help.",
      ];
    case 'transient':
      return answered
        ? [`${title} did not do it.`, 'Its trouble, not yours: try again in a moment.']
        : [`${title} did not answer.`, 'Try again in a moment; is the network up?'];
  }
}

function skewText(skewMs: number | null): string {
  if (skewMs === null) return '';
  const seconds = Math.round(Math.abs(skewMs) / 1_000);
  return `: this clock is ${seconds} seconds ${skewMs > 0 ? 'behind' : 'ahead'}`;
}
