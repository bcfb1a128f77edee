/**
 * The box at the top of a page that says what the last action came to.
 *
 * Spoken at once by screen readers. Used by the dashboard and the sign-in page.
 */

import type { Outcome, OutcomeResult } from '../outcome.ts';
import { type Html, html } from './html.ts';
import { momentText } from './moments.ts';
import type { Colour } from './session-card.ts';
import { outcomeWords } from './texts.ts';

export function noteOf(
  outcome: Pick<Outcome, 'result'>,
  broker: string,
  view: { readonly now: number; readonly zone: string },
): Html {
  const words = outcomeWords(outcome.result, broker, (at) => momentText(at, view.now, view.zone));
  return html`<section class="note ${colourOf(outcome.result)}" role="alert" id="outcome" data-outcome="${outcome.result.word}">
<h2>${words.title}</h2><p>${words.text}</p></section>
`;
}

function colourOf(result: OutcomeResult): Colour {
  switch (result.word) {
    case 'signed-in':
    case 'signed-out':
      return 'good';
    case 'renewed':
      return result.failed === 0 ? 'good' : 'warn';
    case 'in-progress':
    case 'renewed-lately':
    case 'nothing-to-sign-out':
      return 'none';
    case 'verifier-empty':
    case 'verifier-too-long':
    case 'no-open-sign-in':
    case 'sign-in-expired':
    case 'declined':
      return 'warn';
    case 'too-many-attempts':
    case 'pin-rejected':
    case 'foreign-account':
    case 'store-unavailable':
    case 'spent-not-saved':
    case 'not-granted':
    case 'start-failed':
    case 'exchange-failed':
    case 'sign-out-failed':
      return 'bad';
  }
}
