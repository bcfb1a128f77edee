/**
 * The page after a sign-in: until when it is good or when it is confirmed, who has been told, what is next.
 *
 * From data to text. Shown by `GET /sign-in/<key>?done`.
 */

import { nextKeepAliveAt } from '../../lifecycle/decide.ts';
import { stillToDo } from '../../operations/judge-status.ts';
import type { SessionStatus, Status } from '../../operations/read-status.ts';
import type { OutcomeResult } from '../outcome.ts';
import { unconfirmedText } from './banner-texts.ts';
import { html } from './html.ts';
import { layout } from './layout.ts';
import { momentText } from './moments.ts';
import { DASHBOARD, SUCCESS } from './texts.ts';

export type SuccessData = {
  readonly now: number;
  readonly zone: string;
  readonly session: { readonly key: SessionStatus['key']; readonly title: string };
  readonly result: Extract<OutcomeResult, { word: 'signed-in' }>;
  /** `null` when the store could not say. */
  readonly status: Status | null;
};

export function successPage({ now, zone, session, result, status }: SuccessData): string {
  const mine = status?.sessions.find(({ key }) => key === session.key);
  const others = status === null ? [] : stillToDo(status, session.key);
  const until = result.hardEndsAt === null ? null : momentText(result.hardEndsAt, now, zone);
  const isWaiting = isUnconfirmed(result, mine);
  const title = isWaiting ? SUCCESS.saved : SUCCESS.title;
  const lead = isWaiting
    ? unconfirmedText(momentText(nextKeepAliveAt(now), now, zone))
    : SUCCESS.until(session.title, until);
  return layout({
    title,
    now,
    zone,
    back: true,
    reload: false,
    body: html`<div class="mark${!isWaiting && ' good'}" aria-hidden="true">${isWaiting ? '…' : '✓'}</div>
<h1 class="center" id="outcome" data-outcome="signed-in">${title}</h1>
<p class="center lead">${lead}</p>
<section class="card"><dl class="facts first">
<div><dt>${SUCCESS.token}</dt><dd>${SUCCESS.generation(result.generation)}</dd></div>
${!isWaiting && mine?.coverage.untilClose === true && html`<div><dt>${DASHBOARD.coverage}</dt><dd>${DASHBOARD.covered}</dd></div>`}
<div class="wide"><dt>${SUCCESS.workers}</dt><dd>${SUCCESS.follow[result.follow === 'adopting' && !isWaiting ? 'told' : result.follow]}</dd></div>
</dl></section>
<div class="actions">
${others.map(
  ({ key, title: other }, index) =>
    html`<a class="button${index > 0 && ' second'}" href="/sign-in/${key}">${SUCCESS.next(other)}</a>`,
)}
<a class="button second" href="/">${SUCCESS.dashboard}</a>
</div>
${others.length === 0 && html`<p class="center soft small after">${SUCCESS.done}</p>`}`,
  });
}

/** What the store knows now counts before what was known when it was saved. */
function isUnconfirmed(
  { generation, follow }: SuccessData['result'],
  mine: SessionStatus | undefined,
): boolean {
  if (mine?.unconfirmed?.generation === generation) return true;
  return follow === 'adopting' && (mine === undefined || mine.generation < generation);
}
