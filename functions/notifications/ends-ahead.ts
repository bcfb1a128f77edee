/**
 * The words of a warning: which credential ends, when, what it means for trading, and who can help.
 *
 * Pure. Speaks of the moment it is delivered. Called by `messages.ts`.
 */

import type { Notice } from '../lifecycle/notices.ts';
import { parseSessionKey } from '../lifecycle/session.ts';
import { type Html, html } from './html.ts';
import { day, inMinutes, moment } from './moments.ts';
import type { DeliveryFacts } from './notifier.ts';

type EndsAhead = Extract<Notice, { readonly kind: 'ends-ahead' }>;

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** @param who the sessions' names, as people read them */
export function endsAhead(
  { clock, lead, endsAt, sessions }: EndsAhead,
  who: string,
  { now, zone }: Pick<DeliveryFacts, 'now' | 'zone'>,
): Html[] {
  if (clock === 'consumer-key') {
    const days = Math.max(1, Math.ceil((endsAt - now) / DAY_MS));
    const [session] = sessions;
    const name = session === undefined ? null : parseSessionKey(session);
    const secret = name === null ? 'consumer' : `${name.broker}-${name.environment}-consumer`;
    // Which of the two a key came from is not known here: an account may have one of its own.
    const own = sessions.find((key) => `${key}-consumer` !== secret);
    return [
      html`<b>🔑 The consumer key of ${who} will be too old in ${countOfDays(days)}.</b>`,
      html`Around ${day(endsAt, 'utc')} the broker may let it die without notice; then no sign-in works.`,
      html`No sign-in moves that: ask the broker for a new key on its site, put it into <code>${secret}</code>, and its day into <code>${sinceOf(secret)}</code>.`,
      ...(own === undefined
        ? []
        : [
            html`A key that is one account’s alone: into <code>${own}-consumer</code>, its day into <code>${sinceOf(`${own}-consumer`)}</code>.`,
          ]),
    ];
  }
  const ends = moment(endsAt, now, zone);
  if (lead === 'hour') {
    const minutes = Math.max(1, Math.ceil((endsAt - now) / MINUTE_MS));
    return [
      html`<b>⏳ ${inMinutes(minutes)} left: ${who} ends at ${ends}, while the market is open.</b>`,
      html`No renewal moves that end. Sign in before it, and workers trade on without a gap.`,
    ];
  }
  return [
    html`<b>🌙 ${who} needs a new sign-in soon: it ends ${ends}.</b>`,
    html`It does not reach the close of the next trading day. Sign in at a quiet moment before, best now: the new one counts from then.`,
  ];
}

function sinceOf(secret: string): string {
  return `${secret.toUpperCase().replaceAll('-', '_')}_SINCE`;
}

function countOfDays(days: number): string {
  return days === 1 ? 'a day' : `${days} days`;
}
