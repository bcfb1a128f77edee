/**
 * The page after a sign-in that worked: until when it is good, who has been told, what is next.
 *
 * From data to text. Shown by `GET /sign-in/<key>?done`.
 */

import type { Status } from '../../operations/read-status.ts';
import type { OutcomeResult } from '../outcome.ts';
import { nextStep } from './dashboard.ts';
import { html } from './html.ts';
import { layout } from './layout.ts';
import { momentText } from './moments.ts';
import { DASHBOARD, SUCCESS } from './texts.ts';

export type SuccessData = {
  readonly now: number;
  readonly zone: string;
  readonly session: { readonly key: string; readonly title: string };
  readonly result: Extract<OutcomeResult, { word: 'signed-in' }>;
  /** `null` when the store could not say. */
  readonly status: Status | null;
};

export function successPage({ now, zone, session, result, status }: SuccessData): string {
  const mine = status?.sessions.find(({ key }) => key === session.key);
  const next = status === null ? null : nextStep(status);
  const others =
    next?.type === 'sign-in' ? next.sessions.filter(({ key }) => key !== session.key) : [];
  const until = result.hardEndsAt === null ? null : momentText(result.hardEndsAt, now, zone);
  return layout({
    title: SUCCESS.title,
    now,
    zone,
    back: true,
    reload: false,
    body: html`<div class="mark good" aria-hidden="true">✓</div>
<h1 class="center" id="outcome" data-outcome="signed-in">${SUCCESS.title}</h1>
<p class="center lead">${SUCCESS.until(session.title, until)}</p>
<section class="card"><dl class="facts first">
<div><dt>${SUCCESS.token}</dt><dd>${SUCCESS.generation(result.generation)}</dd></div>
${mine?.coverage.untilClose === true && html`<div><dt>${DASHBOARD.coverage}</dt><dd>${DASHBOARD.covered}</dd></div>`}
<div class="wide"><dt>${SUCCESS.workers}</dt><dd>${SUCCESS.follow[result.follow]}</dd></div>
</dl></section>
<div class="actions">
${others.map(
  ({ key, title }, index) =>
    html`<a class="button${index > 0 && ' second'}" href="/sign-in/${key}">${SUCCESS.next(title)}</a>`,
)}
<a class="button second" href="/">${SUCCESS.dashboard}</a>
</div>
${others.length === 0 && html`<p class="center soft small after">${SUCCESS.done}</p>`}`,
  });
}
