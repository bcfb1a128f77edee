/**
 * One session on the dashboard: its state in colour and words, its clocks and its counts.
 *
 * From status data to markup; decides nothing but the colour. Used by `dashboard.ts`, and for the colour
 * by `sign-in.ts`.
 */

import { GREEN_ABOVE_MS, ORANGE_ABOVE_MS } from '../../lifecycle/limits.ts';
import type { SessionStatus } from '../../operations/read-status.ts';
import { clocksFact } from './horizon.ts';
import { type Html, html, type Part } from './html.ts';
import { countdown } from './layout.ts';
import { agoText, countdownText, momentText, zoneText } from './moments.ts';
import { DASHBOARD, LIMITING_CLOCK, STATE, STATE_SOON, STATE_TEXT } from './texts.ts';

export type Colour = 'good' | 'warn' | 'bad' | 'none';

export type Chip = { readonly colour: Colour; readonly word: string };

/** Green above three hours, orange above one, red below and when expired. */
export function chipOf(session: SessionStatus, now: number): Chip {
  const word = STATE[session.state];
  switch (session.state) {
    case 'none':
      return { colour: session.required ? 'bad' : 'none', word };
    case 'expired':
      return { colour: 'bad', word };
    case 'inactive':
    case 'unknown':
      return { colour: 'warn', word };
    case 'active': {
      const left =
        session.hardEndsAt === null ? GREEN_ABOVE_MS + 1 : Date.parse(session.hardEndsAt) - now;
      if (left > GREEN_ABOVE_MS) return { colour: 'good', word };
      if (left > ORANGE_ABOVE_MS) return { colour: 'warn', word: STATE_SOON.orange };
      return { colour: 'bad', word: STATE_SOON.red };
    }
  }
}

type View = { readonly now: number; readonly zone: string };

export type SessionView = View & {
  readonly csrf: string;
  readonly isTradingDay: boolean;
  /** Its market's clock is not the page's: its times say so. */
  readonly hasOwnZone: boolean;
};

export function sessionCard(session: SessionStatus, view: SessionView): Html {
  const chip = chipOf(session, view.now);
  const past = (iso: string | null) => (iso === null ? DASHBOARD.never : pastOf(iso, view));
  const hasToken = session.state !== 'none';
  const live = hasToken && session.state !== 'expired';
  const { counts } = session;
  return html`<section class="card ${chip.colour}" aria-labelledby="${session.key}">
<div class="card-head"><h2 id="${session.key}">${session.title}</h2><span class="chip">${chip.word}</span></div>
${live ? remaining(session, view) : html`<p>${STATE_TEXT[session.state]}</p>`}
${live && STATE_TEXT[session.state] !== null && html`<p>${STATE_TEXT[session.state]}</p>`}
${
  hasToken &&
  html`<dl class="facts">
${live && html`<div class="wide"><dt>${DASHBOARD.coverage}</dt><dd>${coverageText(session, view)}</dd></div>`}
${fact(DASHBOARD.lastUsed, past(session.lastUsedAt))}
${fact(DASHBOARD.lastRenewed, past(session.lastRenewedAt))}
${fact(DASHBOARD.lastProven, past(session.lastSuccessAt))}
${live && idleSince(session, view)}
${fact(DASHBOARD.renewals, counts.renewals)}
${fact(DASHBOARD.unauthorized, counts.unauthorized)}
${counts.failuresInARow > 0 && fact(DASHBOARD.failures, counts.failuresInARow)}
${counts.undelivered > 0 && fact(DASHBOARD.undelivered, counts.undelivered)}
${clocksFact(session, view)}
${session.workers.length > 0 && html`<div class="wide"><dt>${DASHBOARD.workers}</dt><dd>${workers(session, view)}</dd></div>`}
</dl>
${view.hasOwnZone && html`<p class="small soft after">${DASHBOARD.ownZone(zoneText(view.zone))}</p>`}`
}
${
  live &&
  html`<details><summary>${DASHBOARD.more}</summary>
<a class="button second" href="/sign-in/${session.key}">${DASHBOARD.signInAgain}</a>
<p class="small soft after">${DASHBOARD.signOutText}</p>
<form method="post" action="/sign-out/${session.key}" class="actions"><input type="hidden" name="csrf" value="${view.csrf}">
<button class="button second danger">${DASHBOARD.signOutButton(session.title)}</button></form></details>`
}
</section>
`;
}

function remaining(session: SessionStatus, view: View): Html | null {
  if (session.hardEndsAt === null) return null;
  const until = Date.parse(session.hardEndsAt);
  return html`<p><span class="soft small">${DASHBOARD.expiresIn}</span>
${countdown(until, countdownText(until - view.now))}
<span class="soft small">${DASHBOARD.since(momentText(until, view.now, view.zone))}</span></p>`;
}

function coverageText(session: SessionStatus, { isTradingDay }: SessionView): string {
  const { untilClose, limitedBy } = session.coverage;
  if (untilClose === null) return isTradingDay ? DASHBOARD.tradingOver : DASHBOARD.notTrading;
  if (untilClose) return DASHBOARD.covered;
  if (session.state === 'inactive') return DASHBOARD.waking;
  return DASHBOARD.limitedBy(LIMITING_CLOCK[limitedBy ?? ''] ?? limitedBy ?? '');
}

function workers(session: SessionStatus, view: View): Part {
  const { text } = session.adoption;
  return html`${text !== null && html`<p>${text}</p>`}<ul class="plain small soft">${session.workers.map(
    (worker) => {
      const used =
        worker.lastUsedAt === null ? null : agoText(Date.parse(worker.lastUsedAt), view.now);
      return html`<li>${DASHBOARD.worker(worker.name, used)}${
        worker.state !== 'current' && html` (${DASHBOARD.workerState[worker.state]})`
      }</li>`;
    },
  )}</ul>`;
}

function fact(name: string, value: Part): Html | null {
  if (value === null) return null;
  return html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
}

/** Only what has happened: when it will go idle is one of its clocks. */
function idleSince(session: SessionStatus, view: View): Html | null {
  if (session.idleAt === null || Date.parse(session.idleAt) > view.now) return null;
  return fact(DASHBOARD.idleSince, timeOf(session.idleAt, view));
}

function timeOf(iso: string, view: View): Html {
  return html`<time datetime="${iso}">${momentText(Date.parse(iso), view.now, view.zone)}</time>`;
}

/** The age first, because it is what tells at a glance; the moment beside it. */
function pastOf(iso: string, view: View): Html {
  const at = Date.parse(iso);
  const moment = momentText(at, view.now, view.zone);
  return html`<time datetime="${iso}">${agoText(at, view.now)} <span class="soft small">${moment}</span></time>`;
}
