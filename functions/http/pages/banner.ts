/**
 * The box at the top of the dashboard: the worst of what is known, what to do about it, and what else there is.
 *
 * From a verdict to markup; judges nothing itself. Used by `dashboard.ts`.
 */

import type { Finding, Severity, Verdict } from '../../operations/judge-status.ts';
import { phaseIn } from '../../operations/judge-status.ts';
import type { SessionStatus, Status } from '../../operations/read-status.ts';
import { BANNER, troubleText } from './banner-texts.ts';
import { type Html, html } from './html.ts';
import { momentText, zoneText } from './moments.ts';
import { DASHBOARD, type Words } from './texts.ts';

export type BannerView = {
  readonly now: number;
  readonly zone: string;
  readonly csrf: string;
  /** Its market's clock is not the page's: its times say so. */
  readonly hasOwnZone: boolean;
};

type ViewOf = (session?: SessionStatus) => BannerView;

/** One thing to say. */
type Entry = {
  readonly concern: Finding['concern'];
  readonly severity: Severity;
  readonly words: Words;
  readonly sessions: readonly SessionStatus[];
};

/** Where a call to the broker may mend it, or tell more. */
const CHECKED: readonly Finding['concern'][] = [
  'wont-last',
  'failing',
  'keep-alive',
  'unconfirmed',
  'inactive',
  'untold',
];

export function offersCheck({ findings: [worst] }: Verdict): boolean {
  return worst !== undefined && CHECKED.includes(worst.concern);
}

export function banner(status: Status, verdict: Verdict, viewOf: ViewOf): Html {
  const [worst, ...others] = verdict.findings.flatMap((finding) =>
    entriesOf(finding, status, viewOf),
  );
  if (worst === undefined) return calm(status, verdict, viewOf);
  const { concern, severity, words, sessions } = worst;
  // Ends have boxes of their own.
  const lines = others.filter((each) => each.concern !== 'ends-soon');
  return html`<section class="note ${severity}" aria-labelledby="next" data-verdict="${concern}"><h2 id="next">${words.title}</h2>
<p>${words.text}</p>${concern === 'sign-in' && signInButtons(sessions)}${offersCheck(verdict) && checkForm(viewOf().csrf, 'button')}
${lines.length > 0 && html`<ul class="plain small after">${lines.map(({ words: also }) => html`<li>${also.title}. ${also.text}</li>`)}</ul>`}</section>
`;
}

export function checkForm(csrf: string, style: string): Html {
  return html`<form method="post" action="/keepalive/force" class="actions"><input type="hidden" name="csrf" value="${csrf}">
<button class="${style}" data-busy="${DASHBOARD.checkBusy}">${DASHBOARD.check}</button></form>`;
}

function signInButtons(sessions: readonly SessionStatus[]): Html {
  return html`<div class="actions">${sessions.map(
    ({ key, title }, index) =>
      html`<a class="button${index > 0 && ' second'}" href="/sign-in/${key}">${DASHBOARD.signIn(title)}</a>`,
  )}</div>`;
}

function calm(status: Status, { later }: Verdict, viewOf: ViewOf): Html {
  const isClosed = status.sessions.every((session) => phaseIn(session, status) === 'over');
  const now = Date.parse(status.now);
  const next = nextSignIn(status, viewOf);
  const endsSoon = status.sessions.find(
    ({ hardEndsAt, needsSignIn }) =>
      !needsSignIn && hardEndsAt !== null && Date.parse(hardEndsAt) - now <= BANNER.soonMs,
  );
  const isGood = later.length === 0 && !(isClosed && endsSoon !== undefined);
  const text =
    isClosed && later.length === 0 && endsSoon?.hardEndsAt != null
      ? BANNER.expiresAsUsual(timeText(endsSoon.hardEndsAt, viewOf(endsSoon)), next)
      : BANNER.fine(isClosed, later.length > 0, next);
  return html`<section class="note ${isGood ? 'good' : 'none'}" aria-labelledby="next" data-verdict="fine"><h2 id="next">${isGood ? BANNER.allGood : BANNER.nothingNow}</h2>
<p>${text}</p></section>
`;
}

/** When people are asked next: for a required session, if there is one. */
function nextSignIn({ sessions }: Status, viewOf: ViewOf): string | null {
  const required = sessions.filter((session) => session.required);
  const [first] = (required.length > 0 ? required : sessions)
    .flatMap((session) =>
      session.nextSignInAt === null ? [] : [{ session, at: session.nextSignInAt }],
    )
    .toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
  return first === undefined ? null : timeText(first.at, viewOf(first.session));
}

function entriesOf(
  { concern, severity, sessions }: Finding,
  status: Status,
  viewOf: ViewOf,
): readonly Entry[] {
  const next = timeText(status.keepAlive.nextRunAt, viewOf());
  switch (concern) {
    case 'sign-in':
      return [{ concern, severity, sessions, words: BANNER.signIn(sessions.length) }];
    case 'keep-alive': {
      const { lastRunAt, consecutiveFailures } = status.keepAlive;
      const words =
        status.keepAlive.status === 'late'
          ? BANNER.late(lastRunAt === null ? null : timeText(lastRunAt, viewOf()))
          : BANNER.keepAliveFails(consecutiveFailures, next);
      return [{ concern, severity, sessions, words }];
    }
    case 'ends-soon':
      return [
        { concern, severity, sessions, words: BANNER.endsSoon(sessions.map(({ title }) => title)) },
      ];
    default:
      return sessions.map((session) => ({
        concern,
        severity,
        sessions: [session],
        words: wordsOf(concern, session, next, viewOf(session)),
      }));
  }
}

function wordsOf(
  concern: Exclude<Finding['concern'], 'sign-in' | 'keep-alive' | 'ends-soon'>,
  session: SessionStatus,
  next: string,
  view: BannerView,
): Words {
  const { title, adoption, trouble, unconfirmed } = session;
  const since = trouble === null ? null : timeText(trouble.since, view);
  switch (concern) {
    case 'worker-behind':
      return BANNER.behind(
        title,
        adoption.lagging.map(({ worker }) => worker),
      );
    case 'workers-offline':
      return BANNER.offline(title, adoption.offline);
    case 'wont-last': {
      const says = troubleText(title, trouble?.reason ?? null, since);
      return session.state === 'inactive'
        ? BANNER.idleWhileFailing(title, says, next)
        : BANNER.wontLast(title, limitText(session, view), says, next);
    }
    case 'failing':
      return {
        title: troubleText(title, trouble?.reason ?? null, since),
        text: BANNER.failing(session.coverage.untilClose === true, next),
      };
    case 'unconfirmed':
      return BANNER.unconfirmed(
        title,
        unconfirmed === null ? next : timeText(unconfirmed.nextCheckAt, view),
      );
    case 'inactive':
      return session.state === 'inactive'
        ? BANNER.idle(title, next)
        : BANNER.unverified(title, next);
    case 'untold':
      return BANNER.untold(title, next);
    case 'worker-not-switched':
      return BANNER.notSwitched(
        title,
        adoption.lagging.map(({ worker }) => worker),
      );
  }
}

/** What stops first, and when. */
export function limitText(session: SessionStatus, view: BannerView): string {
  const { limitedBy } = session.coverage;
  const at = {
    idle: session.idleAt,
    access: session.accessExpiresAt,
    'hard-end': session.hardEndsAt,
  };
  const moment = limitedBy !== null && limitedBy in at ? at[limitedBy as keyof typeof at] : null;
  return BANNER.limit(limitedBy, moment === null ? null : timeText(moment, view));
}

/** With the city where the page's own clock is another one. */
export function timeText(iso: string, { now, zone, hasOwnZone }: BannerView): string {
  const moment = momentText(Date.parse(iso), now, zone);
  return hasOwnZone ? `${moment} ${zoneText(zone)}` : moment;
}
