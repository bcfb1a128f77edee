/**
 * The dashboard: the worst of what is known, then every session, the market and keep-alive.
 *
 * From data to text. One large button for the next step, everything else is smaller. Shown by `GET /`.
 */

import { concernOf, inOrder, judge, phaseIn, type Verdict } from '../../operations/judge-status.ts';
import type { SessionStatus, Status } from '../../operations/read-status.ts';
import type { Outcome } from '../outcome.ts';
import { banner, checkForm, offersCheck } from './banner.ts';
import { aheadNotes } from './horizon.ts';
import { type Html, html } from './html.ts';
import { countdown, layout } from './layout.ts';
import { agoText, countdownText, momentText, zoneText } from './moments.ts';
import { type BrokerName, noteOf } from './note.ts';
import { type SessionView, sessionCard } from './session-card.ts';
import { DASHBOARD, KEEP_ALIVE_STATE, MARKET } from './texts.ts';

export type DashboardData = {
  readonly status: Status;
  readonly csrf: string;
  /** The market's zone, in which moments are written. */
  readonly zone: string;
  /** What the last action came to, while it is news. */
  readonly outcome: Outcome | null;
  /** The broker's name for the outcome's text. */
  readonly brokerOf: (session: string | null) => BrokerName;
};

export function dashboardPage(data: DashboardData): string {
  const now = Date.parse(data.status.now);
  const viewOf = (session?: SessionStatus): SessionView => {
    const market = data.status.markets.find(({ name }) => name === session?.market);
    const { isTradingDay } = market ?? data.status.market;
    const zone = market?.zone ?? data.zone;
    return {
      now,
      zone,
      csrf: data.csrf,
      isTradingDay,
      hasOwnZone: zone !== data.zone,
      nextRunAt: data.status.keepAlive.nextRunAt,
    };
  };
  const { status } = data;
  const verdict = judge(status);
  return layout({
    title: DASHBOARD.title,
    now,
    zone: data.zone,
    back: false,
    reload: true,
    broad: true,
    body: html`<h1 class="quiet">${DASHBOARD.title}</h1>
${data.outcome !== null && noteOf(data.outcome, data.brokerOf(data.outcome.session), viewOf(data.status.sessions.find(({ key }) => key === data.outcome?.session)))}
${aheadNotes(data.status, viewOf)}
${banner(status, verdict, viewOf)}
<div class="cards">${inOrder(status.sessions, status).map((session) =>
      sessionCard(session, viewOf(session), {
        concern: concernOf(session, status),
        phase: phaseIn(session, status),
      }),
    )}</div>
<div class="cards">${serviceCards(verdict, data, now)}</div>
${signOutBrowserForm(data.csrf)}`,
  });
}

function signOutBrowserForm(csrf: string): Html {
  return html`<form method="post" action="/browser/sign-out" class="actions"><input type="hidden" name="csrf" value="${csrf}">
<button class="button second">${DASHBOARD.signOutBrowser}</button></form>`;
}

const KEEP_ALIVE_COLOUR = { ok: 'good', failing: 'bad', late: 'warn', 'never-run': 'none' };

function serviceCards(verdict: Verdict, { status, csrf, zone }: DashboardData, now: number): Html {
  const { keepAlive } = status;
  const lastRunAt = keepAlive.lastRunAt === null ? null : Date.parse(keepAlive.lastRunAt);
  return html`${status.markets.map((market, _, all) => marketCard(market, now, all.length > 1))}<section class="card ${KEEP_ALIVE_COLOUR[keepAlive.status]}" aria-labelledby="keep-alive">
<div class="card-head"><h2 id="keep-alive">${DASHBOARD.keepAlive}</h2><span class="chip">${KEEP_ALIVE_STATE[keepAlive.status]}</span></div>
${keepAlive.consecutiveFailures > 0 && html`<p>${DASHBOARD.failing(keepAlive.consecutiveFailures)}</p>`}
<dl class="facts">
<div><dt>${DASHBOARD.lastRun}</dt><dd>${lastRunAt === null ? DASHBOARD.never : html`${agoText(lastRunAt, now)} <span class="soft small">${momentText(lastRunAt, now, zone)}</span>`}</dd></div>
<div><dt>${DASHBOARD.nextRun}</dt><dd><time datetime="${keepAlive.nextRunAt}">${momentText(Date.parse(keepAlive.nextRunAt), now, zone)}</time></dd></div>
</dl>
${!offersCheck(verdict) && checkForm(csrf, 'button second')}
</section>`;
}

function marketCard(market: Status['markets'][number], now: number, isOneOfMany: boolean): Html {
  const { name, zone } = market;
  const id = `market-${name.toLowerCase()}`;
  const title = DASHBOARD.market(isOneOfMany ? `${name}, ${zoneText(zone)} time` : null);
  const note = market.note !== null && html` <span class="soft">(${market.note})</span>`;
  const opensAt = market.opensAt === null ? null : Date.parse(market.opensAt);
  const waiting = opensAt !== null && now < opensAt;
  return html`<section class="card" aria-labelledby="${id}"><h2 id="${id}">${title}</h2>
<p>${marketText(market, now, zone)}${note}</p>
${waiting && html`<p><span class="soft small">${MARKET.opensIn}</span>${countdown(opensAt, countdownText(opensAt - now))}</p>`}
</section>
`;
}

function marketText(market: Status['market'], now: number, zone: string): string {
  if (!market.isTradingDay || market.opensAt === null || market.closesAt === null) {
    return MARKET.closed;
  }
  const opensAt = Date.parse(market.opensAt);
  const closesAt = Date.parse(market.closesAt);
  if (now < opensAt) return MARKET.before(momentText(opensAt, now, zone));
  const close = momentText(closesAt, now, zone);
  return now < closesAt ? MARKET.open(close) : MARKET.over(close);
}
