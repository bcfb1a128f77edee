/**
 * Every text that people get: a notice and its facts become one message for a phone.
 *
 * The first line is short and bold, because it is what a notification shows; then what to do now. A
 * text speaks of the moment it is delivered, not of the stage it was queued for: a reminder that comes
 * late is still true. Pure besides asking for links. No secret goes into a text: links are in buttons
 * only. Telegram refuses buttons to addresses that are not public (`http://127.0.0.1`); the local
 * stand-in takes them. Called by `telegram.ts`.
 */

import { nextKeepAliveAt } from '../lifecycle/decide.ts';
import { KEEP_ALIVE_EVERY_MS } from '../lifecycle/limits.ts';
import type { Notice, SignInTrouble } from '../lifecycle/notices.ts';
import { isOver, parseSessionKey, type SessionKey } from '../lifecycle/session.ts';
import { asSentence, settingAdvice } from '../lifecycle/setting-advice.ts';
import { endsAhead } from './ends-ahead.ts';
import { detailsOf, howTo } from './how-to.ts';
import { type Html, html, lines, oneLine } from './html.ts';
import { bareMoment, inMinutes, isMorning, moment, momentAndCity } from './moments.ts';
import type { DeliveryFacts } from './notifier.ts';

/** A button that opens an address. The address of a sign-in is a bearer secret. */
export type Button = { readonly text: string; readonly url: string };

/** What a messenger sends: Telegram's HTML and one button a row. */
export type Message = {
  readonly html: string;
  readonly buttons: readonly Button[];
  /** Makes no sound. */
  readonly silent?: true;
};

/** A message whose links are not made yet. */
type Draft = {
  readonly text: Html;
  /** Sessions that get a sign-in button. */
  readonly signIn: readonly SessionKey[];
  readonly dashboard: boolean;
};

type NoticeOf<K extends Notice['kind']> = Extract<Notice, { readonly kind: K }>;

const MINUTE_MS = 60_000;

/** "Opens now" is said up to this long after the open; later the minutes are counted. */
const OPENS_NOW_MS = 2 * MINUTE_MS;

/** Reminders this close to the open are louder. */
const LAST_CALL_MINUTES = 15;

/** Longest title shown; 20 sessions of them stay far under Telegram's 4,096 characters. */
const TITLE_LIMIT = 64;
const SESSIONS_SHOWN = 20;

/** Makes the message of a notice; asks `facts.link` once per button. */
export async function composeMessage(notice: Notice, facts: DeliveryFacts): Promise<Message> {
  const draft = write(notice, facts);
  const shown = draft.signIn.slice(0, SESSIONS_SHOWN);
  const buttons: Button[] = [];
  for (const session of shown) {
    buttons.push({
      text: `Sign in: ${titleOf(session, facts)}`,
      url: await facts.link(session),
    });
  }
  if (draft.dashboard || shown.length < draft.signIn.length) {
    buttons.push({ text: 'Open token-cadence', url: await facts.link(null) });
  }
  const message = { html: draft.text.markup, buttons };
  return notice.kind === 'link' && notice.silent === true ? { ...message, silent: true } : message;
}

function write(notice: Notice, facts: DeliveryFacts): Draft {
  switch (notice.kind) {
    case 'sign-in-due':
      return asking(notice.sessions, signInDue(notice, facts));
    case 'signed-in':
      return asking(notice.stillDue, signedIn(notice, facts));
    case 'sign-in-needed':
      return asking([notice.session], signInNeeded(notice, facts));
    case 'failing':
      return showing(failing(notice, facts));
    case 'worker-behind':
      return showing(workerBehind(notice, facts));
    case 'ends-ahead': {
      const text = endsAhead(notice, namesOf(notice.sessions, facts), facts);
      return notice.clock === 'consumer-key'
        ? showing(text)
        : asking(notice.sessions, [...text, ...howTo(notice.sessions, facts)]);
    }
    case 'recovered':
      return asking([], recovered(notice, facts));
    case 'link':
      return showing(freshLink());
  }
}

function asking(signIn: readonly SessionKey[], text: readonly Html[]): Draft {
  return { text: lines(text), signIn, dashboard: false };
}

function showing(text: readonly Html[]): Draft {
  return { text: lines(text), signIn: [], dashboard: true };
}

function signInDue(notice: NoticeOf<'sign-in-due'>, facts: DeliveryFacts): Html[] {
  const { now, zone } = facts;
  const { opensAt, closesAt, sessions } = notice;
  const who = namesOf(sessions, facts);
  const [needs, has] = sessions.length === 1 ? ['needs', 'has'] : ['need', 'have'];
  const opens = moment(opensAt, now, zone);
  const closes = moment(closesAt, now, zone);

  if (now < opensAt) {
    const minutes = Math.ceil((opensAt - now) / MINUTE_MS);
    if (notice.stage === 'first') {
      const greeting = isMorning(now, zone) ? 'Good morning. ' : '';
      return [
        html`<b>${greeting}${who} ${needs} a sign-in.</b>`,
        html`The market opens in ${inMinutes(minutes)} (${opens}).`,
        ...howTo(sessions, facts),
      ];
    }
    const bell = minutes <= LAST_CALL_MINUTES ? '⏰⏰' : '⏰';
    return [
      html`<b>${bell} ${inMinutes(minutes)} to the open: ${who} still ${needs} a sign-in.</b>`,
      html`The market opens at ${opens}. Workers cannot trade without a token.`,
      ...howTo(sessions, facts),
    ];
  }

  if (now >= closesAt) {
    return [
      html`<b>The market has closed (${closes}). ${who} ${has} no token.</b>`,
      html`Nothing is urgent any more: trading is over for the day.`,
    ];
  }
  const open = Math.floor((now - opensAt) / MINUTE_MS);
  return [
    now - opensAt < OPENS_NOW_MS
      ? html`<b>🔴 The market opens now without a token: ${who}.</b>`
      : html`<b>🔴 Trading has been open for ${inMinutes(open)} without a token: ${who}.</b>`,
    html`Workers cannot trade until you sign in. The market closes at ${closes}.`,
    ...howTo(sessions, facts),
  ];
}

function signedIn(notice: NoticeOf<'signed-in'>, facts: DeliveryFacts): Html[] {
  const { now, zone } = facts;
  const who = titleOf(notice.session, facts);
  const { hardEndsAt } = notice;
  const ends = hardEndsAt === null ? null : momentAndCity(hardEndsAt, now, zone);
  const text =
    ends !== null && isOver(hardEndsAt, now)
      ? [html`<b>✅ ${who}: Signed in. That token expired at ${ends}.</b>`]
      : notice.proven
        ? [
            ends === null
              ? html`<b>✅ ${who}: Signed in. It renews automatically.</b>`
              : html`<b>✅ ${who}: Signed in. Valid until ${ends}.</b>`,
            html`${coverageOf(notice)} Workers switch to the new token by themselves.`,
          ]
        : saved(who, now, zone);
  if (notice.boundTo.length > 0) {
    text.push(
      html`First sign-in: from now on this session accepts only the ${notice.boundTo.length === 1 ? 'account' : 'accounts'} ending in ${inWords(notice.boundTo)}. Not yours? Sign out on the page, and set <code>${variable(notice.session)}_ACCOUNT</code> to the right account id.`,
    );
  }
  if (notice.stillDue.length === 0) return text;
  return [
    ...text,
    html`Still without a sign-in: ${namesOf(notice.stillDue, facts)}.`,
    ...howTo(notice.stillDue, facts),
  ];
}

/** The broker could not be asked: no ✅ before it has been. */
function saved(who: string, now: number, zone: string): Html[] {
  const next = bareMoment(nextKeepAliveAt(now), now, zone);
  return [
    html`<b>⏳ ${who}: Saved, not confirmed by the broker yet. Next check at ${next}.</b>`,
    html`Nothing to do: a message follows once the broker has confirmed it.`,
  ];
}

function coverageOf({ coversClose }: NoticeOf<'signed-in'>): string {
  if (coversClose === null) return 'There is no more trading today.';
  return coversClose
    ? 'It covers today’s close.'
    : '⚠️ It ends before today’s close: another sign-in will be needed.';
}

const TROUBLE: Record<SignInTrouble, (who: string) => Html[]> = {
  'token-rejected': (who) => [
    html`<b>🔴 ${who} needs a new sign-in now.</b>`,
    html`The broker no longer accepts its token, earlier than expected. Workers cannot trade with it.`,
    html`Tap the button and log in at the broker.`,
  ],
  'pin-spent-nothing-saved': (who) => [
    html`<b>🔴 ${who}: a sign-in was used up, but nothing was saved.</b>`,
    html`It broke off at its last step, and what the broker gives for it works only once.`,
    html`Start again with the button.`,
  ],
  'foreign-account': (who) => [
    html`<b>⚠️ ${who}: someone signed in with a different broker account.</b>`,
    html`That sign-in was thrown away. The token that was in use stays in use.`,
    html`If it was you: sign in again with the right login. If it was nobody you know: change <code>linkKey</code> in <code>token-cadence-app</code>, that ends every link sent so far.`,
  ],
  'record-unreadable': (who) => [
    html`<b>🔴 ${who}: its saved record cannot be read.</b>`,
    html`Nothing can be renewed or signed in until it is repaired. The log of <code>health-check</code> names the secret and the field.`,
  ],
};

function signInNeeded(notice: NoticeOf<'sign-in-needed'>, facts: DeliveryFacts): Html[] {
  return TROUBLE[notice.trouble](titleOf(notice.session, facts));
}

function failing(notice: NoticeOf<'failing'>, facts: DeliveryFacts): Html[] {
  const who = titleOf(notice.session, facts);
  const details = detailsOf(notice.problem);
  const since = moment(notice.since, facts.now, facts.zone);
  const again = `tried again every ${inMinutes(KEEP_ALIVE_EVERY_MS / MINUTE_MS)}`;
  switch (notice.reason) {
    case 'transient': {
      const often = notice.failuresInARow > 1 ? ` ${notice.failuresInARow} times in a row` : '';
      return [
        html`<b>⚠️ ${who} isn’t responding (since ${since}).</b>`,
        html`Keep-alive failed${often}. Nothing to do for now: it is ${again}, and you hear when it works again.`,
        details,
      ];
    }
    case 'configuration':
      return [
        html`<b>⚠️ ${who}: a setting is wrong.</b>`,
        html`The broker refuses us since ${since}. Signing in does not help.`,
        settingToCheck(notice.session, notice.problem),
        details,
      ];
    case 'clock':
      return [
        html`<b>⚠️ ${who}: the broker refuses our time of day.</b>`,
        html`It does so since ${since}. Signing in does not help.`,
        html`On your own machine: set its clock by network time. In the cloud: the fault is the broker’s, and it is ${again}.`,
        details,
      ];
  }
}

/** Which setting a configuration failure points at, by the names people find it under. */
function settingToCheck(session: SessionKey, problem: string): Html {
  const known = settingAdvice(problem);
  if (known !== null) return html`${asSentence(known.advice)}`;
  const name = parseSessionKey(session);
  const shared = name === null ? session : `${name.broker}-${name.environment}`;
  const secret = html`<code>${shared}-consumer</code>`;
  const own = session === shared ? html`` : html` (or <code>${session}-consumer</code>)`;
  const variables = variable(shared);
  switch (problem) {
    case 'consumer_key_rejected':
    case 'consumer_key_unknown':
      return html`Check the consumer key in ${secret}${own}: it may have expired, be switched off, or belong to the other environment.`;
    case 'signature_invalid':
      return html`Check ${secret}${own}: the consumer secret does not fit the consumer key.`;
    default:
      return html`Check consumer key and secret in ${secret}${own}, and the broker’s addresses (<code>${variables}_OAUTH_URL</code>, <code>${variables}_API_URL</code>).`;
  }
}

function workerBehind(notice: NoticeOf<'worker-behind'>, facts: DeliveryFacts): Html[] {
  const { generation, newest } = notice;
  const worker = oneLine(notice.worker, TITLE_LIMIT);
  const since = moment(notice.since, facts.now, facts.zone);
  const uses = generation === 0 ? 'has no token' : `still uses token #${generation}`;
  return [
    html`<b>⚠️ ${titleOf(notice.session, facts)}: ${worker} is not on today’s token.</b>`,
    html`It ${uses}; token #${String(newest)} is there since ${since}. It cannot trade with an old one.`,
    html`Nothing to sign in to: look at ${worker} itself, and restart it if it does not catch up.`,
  ];
}

function recovered(notice: NoticeOf<'recovered'>, facts: DeliveryFacts): Html[] {
  const minutes = Math.round(notice.after / MINUTE_MS);
  return [
    html`<b>✅ ${titleOf(notice.session, facts)} works again.</b>`,
    minutes < 1
      ? html`Nothing to do.`
      : html`It had trouble for ${inMinutes(minutes)}. Nothing to do.`,
  ];
}

function freshLink(): Html[] {
  return [
    html`<b>Here is your new link.</b>`,
    html`It is yours alone: whoever has it can sign in. If nobody asked for it, ignore it.`,
  ];
}

/** What the settings of a session begin with. */
function variable(key: string): string {
  return key.toUpperCase().replaceAll('-', '_');
}

/** "A", "A and B", "A, B and C". */
function inWords(items: readonly string[]): string {
  const last = items.at(-1) ?? '';
  return items.length < 2 ? last : `${items.slice(0, -1).join(', ')} and ${last}`;
}

/** The sessions' names, cut when there are too many. */
function namesOf(sessions: readonly SessionKey[], facts: DeliveryFacts): string {
  const names = sessions.slice(0, SESSIONS_SHOWN).map((session) => titleOf(session, facts));
  if (names.length < sessions.length) names.push(`${sessions.length - names.length} more`);
  return names.length === 0 ? 'No session' : inWords(names);
}

function titleOf(session: SessionKey, facts: DeliveryFacts): string {
  return oneLine(facts.title(session), TITLE_LIMIT);
}
