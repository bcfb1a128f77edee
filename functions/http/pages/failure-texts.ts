/**
 * What a broker's failure means to the person who tapped: what happened, then what to do. Its code is apart.
 *
 * Words only. Used by `texts.ts`.
 */

import { asSentence, settingAdvice } from '../../lifecycle/setting-advice.ts';
import type { OutcomeResult } from '../outcome.ts';
import type { Words } from './words.ts';

type FailedResult = Extract<OutcomeResult, { reason: string }>;

/** @param spent what the person brought, and may have to bring anew */
export function failureWords(
  failure: FailedResult,
  broker: string,
  title: string,
  spent: 'PIN' | 'code' = 'PIN',
): Words {
  return { title, text: textOf(failure, broker, spent), detail: failure.problem };
}

function textOf(failure: FailedResult, broker: string, spent: string): string {
  switch (failure.reason) {
    case 'configuration': {
      const known = settingAdvice(failure.problem);
      if (known !== null) return `It ${known.what}. ${asSentence(known.advice)}`;
      return 'It refuses this app’s own key or settings. Logging in again will not help: correct the settings.';
    }
    case 'clock':
      return 'Its clock and ours do not agree. Try again in a moment.';
    case 'sign-in-needed':
    case 'renewable':
      return `It no longer takes this sign-in. Open ${broker} again for a fresh one.`;
    case 'transient':
      return transientText(failure, broker, spent);
  }
}

function transientText({ word, answered }: FailedResult, broker: string, spent: string): string {
  const what = answered ? 'It has trouble right now.' : 'It did not answer.';
  if (word !== 'exchange-failed') return `${what} Try again in a moment.`;
  return answered
    ? `${what} Open ${broker} again for a new ${spent}.`
    : `${what} We couldn’t confirm whether the ${spent} was used: open ${broker} again for a new one.`;
}
