/**
 * What to do now, at the end of every message that asks for a sign-in.
 *
 * Pure. A request on the phone comes first: with it there is nothing to type. Called by `messages.ts`.
 */

import type { SessionKey } from '../lifecycle/session.ts';
import { type Html, html, oneLine } from './html.ts';
import type { ApprovalFact, DeliveryFacts } from './notifier.ts';

/** Longest code shown. */
const CODE_LIMIT = 160;

export function howTo(
  sessions: readonly SessionKey[],
  { approvals = new Map() }: Pick<DeliveryFacts, 'approvals'>,
): Html[] {
  const facts = sessions.map((session) => approvals.get(session));
  const brokers = new Map<string, ApprovalFact>();
  for (const fact of facts)
    if (fact !== undefined) brokers.set(`${fact.broker} ${fact.problem}`, fact);
  const onPhones = [...brokers.values()];
  const pushed = onPhones.map(sayOnPhone);
  const codes = onPhones.flatMap(({ problem }) => (problem === null ? [] : [detailsOf(problem)]));
  const isAllPushed = facts.length > 0 && facts.every((fact) => fact?.problem === null);
  if (isAllPushed) {
    return [
      ...pushed,
      html`No request there? The button leads to the page that signs in without it.`,
    ];
  }
  return [
    ...pushed,
    sessions.length === 1
      ? html`Tap the button and log in at the broker.`
      : html`Each has its own button: tap it and log in at the broker.`,
    ...codes,
  ];
}

function sayOnPhone({ broker, problem }: ApprovalFact): Html {
  return problem === null
    ? html`Approve it in the ${broker} app: there is nothing to type.`
    : html`${broker} did not put its request on your phone.`;
}

/** The code of a failure, for a closer look: the last line, never within a sentence. */
export function detailsOf(code: string): Html {
  return html`Details: <code>${oneLine(code, CODE_LIMIT)}</code>`;
}
