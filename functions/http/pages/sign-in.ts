/**
 * The sign-in page: open the broker, paste the PIN, five minutes counted down; errors above, the next
 * action always the filled button.
 *
 * From data to text. Works without JavaScript: both steps are always there, the script only moves the
 * emphasis and counts. Shown by `GET /sign-in/<key>`, and by a start that failed.
 */

import type { Broker } from '../../brokers/broker.ts';
import type { ApprovalView } from '../../operations/read-approval.ts';
import type { SessionStatus } from '../../operations/read-status.ts';
import type { Outcome } from '../outcome.ts';
import { approvalCard } from './approval-card.ts';
import { type Html, html } from './html.ts';
import { countdown, layout } from './layout.ts';
import { countdownText, momentText } from './moments.ts';
import { noteOf } from './note.ts';
import { REDIRECT } from './redirect-texts.ts';
import { chipOf } from './session-card.ts';
import { SIGN_IN } from './texts.ts';

export type SignInData = {
  readonly now: number;
  readonly zone: string;
  readonly csrf: string;
  readonly session: { readonly key: string; readonly title: string };
  readonly broker: Pick<Broker, 'title' | 'verifierKind'> & {
    /** How long a sign-in stays open there, for the countdown that begins with the tap. */
    readonly rules: Pick<Broker['rules'], 'signInOpenMs'>;
  };
  /** When this browser's opened sign-in ends; `null` when none is open. */
  readonly openUntil: number | null;
  /** `null` when the store could not say. */
  readonly status: SessionStatus | null;
  readonly outcome: Pick<Outcome, 'result'> | null;
  /** What is on the person's phone; `null` where the broker does not ask there, or nobody knows. */
  readonly approval: ApprovalView | null;
  /** `this-tab` where the page itself was opened by the tap and the broker could not be. */
  readonly openIn: 'new-tab' | 'this-tab';
};

type Step = 'start' | 'open' | 'over';

export function signInPage(data: SignInData): string {
  const { now, session, broker } = data;
  // A note above says already that time is up, or what else is to be done: one voice is enough.
  const isOver = data.openUntil !== null && data.openUntil <= now;
  const isUnopened = data.outcome?.result.word === 'start-failed';
  const openUntil = isUnopened || (isOver && data.outcome !== null) ? null : data.openUntil;
  const said = broker.verifierKind === 'redirect' ? REDIRECT : SIGN_IN;
  const step: Step = openUntil === null ? 'start' : isOver ? 'over' : 'open';
  return layout({
    title: SIGN_IN.title(session.title),
    now,
    zone: data.zone,
    back: true,
    reload: data.openIn === 'new-tab',
    body: html`<h1>${SIGN_IN.title(session.title)}</h1>
${data.outcome !== null && noteOf(data.outcome, broker, data)}
${data.outcome === null && step === 'start' && presentToken(data)}
<ol class="steps" data-step="${step}" data-open-ms="${broker.rules.signInOpenMs}">
${data.approval !== null && approvalCard({ ...data, approval: data.approval })}
${
  broker.verifierKind === 'redirect'
    ? redirectStep(data)
    : html`${logInStep(data)}
${pasteStep({ ...data, openUntil }, step)}`
}
</ol>
<p class="quiet" id="say" aria-live="polite" data-minutes="${said.minutesLeft}" data-seconds="${said.secondsLeft}" data-over="${said.over}"></p>`,
  });
}

function presentToken({ status, now, zone }: SignInData): Html | null {
  if (status === null || status.state !== 'active' || status.hardEndsAt === null) return null;
  const until = momentText(Date.parse(status.hardEndsAt), now, zone);
  return html`<section class="note ${chipOf(status, now).colour}"><p>${SIGN_IN.stillGood(until)}</p></section>
`;
}

function logInStep({ session, broker: { title: broker, rules }, csrf, openIn }: SignInData): Html {
  const minutes = Math.floor(rules.signInOpenMs / 60_000);
  return html`<li class="card log-in"><div class="step-head"><h2><span class="if-start">${SIGN_IN.logIn(broker)}</span><span class="if-open">${SIGN_IN.loggedIn(broker)}</span><span class="if-over">${SIGN_IN.over}</span></h2></div>
<p class="if-start">${SIGN_IN.logInText(broker, minutes)}</p>
<p class="if-open">${SIGN_IN.loggedInText}</p>
<p class="if-over">${SIGN_IN.overText(broker)}</p>
<form method="post" action="/sign-in/${session.key}/start"${openIn === 'new-tab' && html` target="_blank" rel="noopener"`} class="actions"><input type="hidden" name="csrf" value="${csrf}">
<button class="button" id="open"><span class="if-start">${SIGN_IN.open(broker)}</span><span class="if-open">${SIGN_IN.openAgain(broker)}</span><span class="if-over">${SIGN_IN.openAgain(broker)}</span></button></form></li>`;
}

/** One step for brokers that send the person back: in this tab, so that the code finds its cookie and page. */
function redirectStep({ session, broker: { title: broker }, csrf, approval }: SignInData): Html {
  return html`<li class="card log-in"><div class="step-head"><h2><span class="if-start">${approval === null ? SIGN_IN.logIn(broker) : REDIRECT.logInInstead(broker)}</span><span class="if-open">${SIGN_IN.loggedIn(broker)}</span><span class="if-over">${REDIRECT.over}</span></h2></div>
<p class="if-start">${REDIRECT.logInText(broker)}</p>
<p class="if-open">${REDIRECT.loggedInText}</p>
<p class="if-over">${REDIRECT.overText(broker)}</p>
<form method="post" action="/sign-in/${session.key}/start" class="actions"><input type="hidden" name="csrf" value="${csrf}">
<button class="button${approval !== null && ' second'}" id="open"><span class="if-start">${SIGN_IN.open(broker)}</span><span class="if-open">${SIGN_IN.openAgain(broker)}</span><span class="if-over">${SIGN_IN.openAgain(broker)}</span></button></form>
<details><summary>${REDIRECT.elsewhere}</summary><p class="small">${REDIRECT.elsewhereText(broker)}</p>
<form method="post" action="/sign-in/${session.key}" autocomplete="off"><input type="hidden" name="csrf" value="${csrf}">
<label for="address">${REDIRECT.address}</label>
<input id="address" name="address" type="text" inputmode="url" autocapitalize="none" autocomplete="off" autocorrect="off" spellcheck="false" maxlength="${PASTED_MAX_LENGTH}" required placeholder="${REDIRECT.placeholder}">
<div class="actions"><button class="button second" data-busy="${SIGN_IN.submitBusy}">${REDIRECT.submit}</button></div></form></details></li>`;
}

/**
 * Far above any PIN: a field that cuts what is pasted makes something of it that nobody sent. The server judges
 * the whole.
 */
const PASTED_MAX_LENGTH = 4_096;

function pasteStep(
  { session, broker: { title }, csrf, openUntil, now }: SignInData,
  step: Step,
): Html {
  return html`<li class="card paste"><div class="step-head"><h2>${SIGN_IN.paste}</h2>
<span class="if-open">${openUntil === null ? EMPTY_COUNTDOWN : countdown(openUntil, countdownText(openUntil - now))} <span class="soft small">${SIGN_IN.timeLeft}</span></span></div>
<form method="post" action="/sign-in/${session.key}" autocomplete="off"><input type="hidden" name="csrf" value="${csrf}">
<label for="pin">${SIGN_IN.pin(title)}</label>
<div>${pinField(step)}<button class="button second" type="button" id="paste" hidden>${SIGN_IN.pasteButton}</button></div>
<div class="actions"><button class="button" data-busy="${SIGN_IN.submitBusy}">${SIGN_IN.submit}</button></div></form></li>`;
}

/** Filled by the script when the tap opens the broker. */
const EMPTY_COUNTDOWN = html`<span class="left" role="timer" data-until=""></span>`;

/**
 * `autocomplete` is off and not `one-time-code`: brokers text a code of their own for the login, and a
 * phone would offer that one here.
 */
function pinField(step: Step): Html {
  return html`<input id="pin" name="pin" type="text" inputmode="text" autocapitalize="characters" autocomplete="off" autocorrect="off" spellcheck="false" enterkeyhint="done" maxlength="${PASTED_MAX_LENGTH}" required placeholder="${SIGN_IN.placeholder}"${step === 'open' && html` autofocus`}>`;
}
