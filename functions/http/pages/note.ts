/**
 * The box at the top of a page that says what the last action came to.
 *
 * Spoken at once by screen readers. Used by the dashboard and the sign-in page.
 */

import type { Broker } from '../../brokers/broker.ts';
import type { Outcome, OutcomeResult } from '../outcome.ts';
import { type Html, html } from './html.ts';
import { momentText } from './moments.ts';
import { redirectWords } from './redirect-texts.ts';
import type { Colour } from './session-card.ts';
import { outcomeWords } from './texts.ts';
import { DETAILS } from './words.ts';

/** As far as words about it differ. */
export type BrokerName = Pick<Broker, 'title' | 'verifierKind'>;

export function noteOf(
  outcome: Pick<Outcome, 'result'>,
  broker: BrokerName,
  view: { readonly now: number; readonly zone: string },
): Html {
  const { result } = outcome;
  const moment = (at: number): string => momentText(at, view.now, view.zone);
  const own =
    broker.verifierKind === 'redirect' ? redirectWords(result, broker.title, moment) : null;
  const words = own ?? outcomeWords(result, broker.title, moment);
  return html`<section class="note ${colourOf(outcome.result)}" role="alert" id="outcome" data-outcome="${outcome.result.word}">
<h2>${words.title}</h2><p>${words.text}</p>${words.detail !== undefined && detailsOf(words.detail)}</section>
`;
}

/** The code of a failure, folded away. */
export function detailsOf(code: string): Html {
  return html`<details><summary>${DETAILS}</summary><p class="small"><code>${code}</code></p></details>`;
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
    case 'verifier-malformed':
    case 'no-open-sign-in':
    case 'sign-in-expired':
    case 'declined':
      return 'warn';
    case 'too-many-attempts':
    case 'pin-rejected':
    case 'foreign-account':
    case 'store-unavailable':
    case 'not-sent':
    case 'spent-not-saved':
    case 'not-granted':
    case 'start-failed':
    case 'exchange-failed':
    case 'sign-out-failed':
      return 'bad';
  }
}
