/**
 * The card of the sign-in page for a request on the person's phone: send it, wait for it, what if nothing comes.
 *
 * From data to text: the first of the page's steps. Waits without JavaScript too: then by a link. Used by the
 * sign-in page.
 */

import type { ApprovalView } from '../../operations/read-approval.ts';
import { APPROVAL } from './approval-texts.ts';
import { type Html, html } from './html.ts';
import { momentText } from './moments.ts';
import { detailsOf } from './note.ts';

/** The page looks by itself this long after the request; a person who comes back later reloads it anyway. */
const LOOKS_FOR_MS = 15 * 60_000;

export type ApprovalCardData = {
  readonly now: number;
  readonly zone: string;
  readonly csrf: string;
  readonly session: { readonly key: string };
  readonly broker: { readonly title: string };
  readonly approval: ApprovalView;
};

export function approvalCard(data: ApprovalCardData): Html {
  const { approval } = data;
  return approval.state === 'open' || approval.state === 'asking' ? onPhone(data) : notYet(data);
}

function notYet({ session, broker: { title }, csrf, approval }: ApprovalCardData): Html {
  return html`<li class="card" id="approval" data-approval="${approval.state}"><div class="step-head"><h2>${APPROVAL.title(title)}</h2></div>
${approval.problem !== null && approval.state === 'failed' && html`<p role="alert">${APPROVAL.failed(title)}</p>${detailsOf(approval.problem)}`}
<p>${APPROVAL.text(title)}</p>
${button(session.key, csrf, { text: APPROVAL.send, isFirst: true })}</li>
`;
}

function onPhone({
  session,
  broker: { title },
  csrf,
  approval,
  now,
  zone,
}: ApprovalCardData): Html {
  const { state, requestedAt, againAt } = approval;
  const address = `/sign-in/${session.key}?wait`;
  const looks = requestedAt !== null && now < requestedAt + LOOKS_FOR_MS;
  return html`<li class="card" id="approval" data-approval="${state}"${looks && html` data-wait="${address}"`}><div class="step-head"><h2>${APPROVAL.onPhone}</h2></div>
<p aria-live="polite">${requestedAt === null ? '' : APPROVAL.since(title, momentText(requestedAt, now, zone))}</p>
<p>${APPROVAL.goesOn}</p>
<div class="actions"><a class="button second" href="${address}">${APPROVAL.look}</a></div>
<p class="after"><strong>${APPROVAL.noAnswer}</strong> ${APPROVAL.noAnswerText(title)}</p>
${againAt !== null && againAt <= now ? button(session.key, csrf, { text: APPROVAL.again, isFirst: false }) : againAt !== null && html`<p class="soft small">${APPROVAL.againAt(momentText(againAt, now, zone))}</p>`}</li>
`;
}

function button(
  session: string,
  csrf: string,
  { text, isFirst }: { readonly text: string; readonly isFirst: boolean },
): Html {
  return html`<form method="post" action="/sign-in/${session}/approval" class="actions"><input type="hidden" name="csrf" value="${csrf}">
<button class="button${!isFirst && ' second'}" data-busy="${APPROVAL.busy}">${text}</button></form>`;
}
