/**
 * One session on the dashboard: its state in colour and words, its clocks and its counts.
 *
 * From status data to markup; judges nothing. Used by `dashboard.ts`, and for the colour by `sign-in.ts`.
 */

import { GREEN_ABOVE_MS, ORANGE_ABOVE_MS } from '../../lifecycle/limits.ts';
import type { MarketPhase } from '../../lifecycle/market-phase.ts';
import { type Concern, severityOf } from '../../operations/judge-status.ts';
import type { SessionStatus } from '../../operations/read-status.ts';
import { limitText, timeText } from './banner.ts';
import { reactivatesText, unconfirmedText } from './banner-texts.ts';
import { clocksFact } from './horizon.ts';
import { type Html, html, type Part } from './html.ts';
import { countdown } from './layout.ts';
import { agoText, countdownText, momentText, zoneText } from './moments.ts';
import { CONCERN, DASHBOARD, STATE, STATE_SOON, STATE_TEXT } from './texts.ts';

export type Colour = 'good' | 'warn' | 'bad' | 'none';

export type Chip = { readonly colour: Colour; readonly word: string };

/** What was judged of it: the worst that is known, and where its market stands. */
export type Judged = { readonly concern: Concern | null; readonly phase: MarketPhase };

const UNJUDGED: Judged = { concern: null, phase: 'open' };

/**
 * What concerns the session comes first. A token that works is green above three hours, orange above one, red
 * below, while its market trades today; after that nothing is urgent.
 */
export function chipOf(session: SessionStatus, now: number, judged: Judged = UNJUDGED): Chip {
  const { concern, phase } = judged;
  const word = STATE[session.state];
  const isOver = phase === 'over';
  switch (session.state) {
    case 'none':
    case 'expired': {
      if (concern === 'unconfirmed') return { colour: 'warn', word: CONCERN.unconfirmed };
      if (isOver) return { colour: 'none', word };
      const optional = session.state === 'none' ? 'none' : 'warn';
      return { colour: session.required ? 'bad' : optional, word };
    }
    case 'inactive':
    case 'unknown':
      if (concern === null || concern === 'inactive') return { colour: 'warn', word };
      return {
        colour: severityOf(session, concern),
        // What would not last has stopped already.
        word: session.state === 'inactive' && concern === 'wont-last' ? word : CONCERN[concern],
      };
    case 'active': {
      if (concern !== null) {
        return { colour: severityOf(session, concern), word: CONCERN[concern] };
      }
      const left =
        session.hardEndsAt === null ? GREEN_ABOVE_MS + 1 : Date.parse(session.hardEndsAt) - now;
      if (left > GREEN_ABOVE_MS) return { colour: 'good', word };
      const isLastHour = left <= ORANGE_ABOVE_MS;
      const urgent = isLastHour ? 'bad' : 'warn';
      return {
        colour: isOver ? 'none' : urgent,
        word: isLastHour ? STATE_SOON.red : STATE_SOON.orange,
      };
    }
  }
}

type View = { readonly now: number; readonly zone: string };

export type SessionView = View & {
  readonly csrf: string;
  readonly isTradingDay: boolean;
  /** Its market's clock is not the page's: its times say so. */
  readonly hasOwnZone: boolean;
  readonly nextRunAt: string;
};

export function sessionCard(session: SessionStatus, view: SessionView, judged: Judged): Html {
  const chip = chipOf(session, view.now, judged);
  const past = (iso: string | null) => (iso === null ? DASHBOARD.never : pastOf(iso, view));
  const hasToken = session.state !== 'none';
  const live = hasToken && session.state !== 'expired';
  const { counts, unconfirmed } = session;
  // The banner has the buttons of those that are needed today.
  const signsInHere = session.needsSignIn && judged.concern !== 'sign-in';
  return html`<section class="card ${chip.colour}" aria-labelledby="${session.key}">
<div class="card-head"><h2 id="${session.key}">${session.title}</h2><span class="chip">${chip.word}</span></div>
${live ? remaining(session, view) : html`<p>${STATE_TEXT[session.state]}</p>`}
${live && STATE_TEXT[session.state] !== null && html`<p>${STATE_TEXT[session.state]}</p>`}
${unconfirmed !== null && html`<p>${DASHBOARD.token(unconfirmed.generation)}: ${unconfirmedText(timeText(unconfirmed.nextCheckAt, view))}</p>`}
${!live && session.nextSignInAt !== null && judged.phase === 'over' && html`<p>${DASHBOARD.nextSignIn(timeText(session.nextSignInAt, view))}</p>`}
${
  hasToken &&
  html`<dl class="facts">
${live && html`<div class="wide"><dt>${DASHBOARD.coverage}</dt><dd>${coverageText(session, view)}</dd></div>`}
${fact(DASHBOARD.lastUsed, past(session.lastUsedAt))}
${fact(DASHBOARD.lastRenewed, past(session.lastRenewedAt))}
${fact(DASHBOARD.lastVerified, past(session.lastSuccessAt))}
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
${signsInHere && html`<a class="button second" href="/sign-in/${session.key}">${DASHBOARD.signIn(session.title)}</a>`}
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
<span class="soft small">${momentText(until, view.now, view.zone)}</span></p>`;
}

function coverageText(session: SessionStatus, view: SessionView): string {
  const { untilClose } = session.coverage;
  if (untilClose === null) return view.isTradingDay ? DASHBOARD.tradingOver : DASHBOARD.notTrading;
  if (untilClose) return DASHBOARD.covered;
  if (session.state === 'inactive') {
    return DASHBOARD.idleNow(
      reactivatesText(timeText(view.nextRunAt, { ...view, hasOwnZone: false })),
    );
  }
  return DASHBOARD.wontLast(limitText(session, { ...view, hasOwnZone: false }));
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
