/**
 * The words of the dashboard's banner: what happened, then what to do.
 *
 * Pure. No broker's own code stands in a headline. Used by `banner.ts` and `session-card.ts`.
 */

import { GREEN_ABOVE_MS } from '../../lifecycle/limits.ts';
import type { Words } from './texts.ts';

/** A warning's reason, in words; without one the broker has failed less often than people are told of. */
export function troubleText(session: string, reason: string | null, since: string | null): string {
  switch (reason) {
    case 'configuration':
      return `${session}: a setting is wrong`;
    case 'clock':
      return `${session}: the broker refuses our time of day`;
    default:
      return `${session} isn’t responding${since === null ? '' : ` (since ${since})`}`;
  }
}

export const BANNER = {
  /** A token is said to expire from this long before. */
  soonMs: GREEN_ABOVE_MS,
  allGood: 'Nothing to do',
  nothingNow: 'Nothing to do now',
  fine: (isClosed: boolean, isLater: boolean, next: string | null) =>
    [
      isLater
        ? isClosed
          ? 'Markets are closed.'
          : 'Every session that trades now is active.'
        : 'All sessions are active.',
      next === null ? '' : `Next sign-in: ${next}.`,
    ]
      .join(' ')
      .trim(),
  expiresAsUsual: (ends: string, next: string | null) =>
    `Markets are closed. The token expires at ${ends}, as usual.${next === null ? '' : ` Next sign-in: ${next}.`}`,
  signIn: (count: number): Words => ({
    title: count === 1 ? 'One session needs you' : `${count} sessions need you`,
    text: 'Log in at the broker, and the token is saved. It takes about a minute.',
  }),
  behind: (session: string, workers: readonly string[]): Words => {
    const names = listed(workers);
    const [uses, catches] =
      workers.length === 1 ? ['It still uses', 'it does'] : ['They still use', 'they do'];
    return {
      title: `${names} cannot trade`,
      text: `${uses} an older token of ${session}. Restart ${names} if ${catches} not catch up.`,
    };
  },
  /** The same, while there is time before the open: people get no message of it yet. */
  notSwitched: (session: string, workers: readonly string[]): Words => {
    const names = listed(workers);
    const [uses, does] = workers.length === 1 ? ['uses', 'does'] : ['use', 'do'];
    return {
      title: `${names} still ${uses} an older token`,
      text: `The newest token of ${session} is active. Restart ${names} if ${workers.length === 1 ? 'it' : 'they'} ${does} not catch up before the market opens.`,
    };
  },
  offline: (session: string, workers: readonly string[]): Words => ({
    title: `No worker of ${session} is running`,
    text: `${listed(workers)} ${workers.length === 1 ? 'is' : 'are'} offline.`,
  }),
  wontLast: (session: string, limit: string, trouble: string, next: string): Words => ({
    title: `${session} won’t last until the close`,
    text: `${sentence(limit)} ${trouble}. Next try at ${next}.`,
  }),
  idleWhileFailing: (session: string, trouble: string, next: string): Words => ({
    title: `${session} is idle`,
    text: `${trouble}. It reactivates automatically once a check works. Next try at ${next}.`,
  }),
  failing: (isCovered: boolean, next: string) =>
    `${isCovered ? 'The token lasts until the close. ' : ''}Next try at ${next}.`,
  late: (lastRun: string | null): Words => ({
    title: 'Keep-alive is late',
    text: `${lastRun === null ? '' : `The last run was at ${lastRun}. `}Check that the scheduler is running.`,
  }),
  keepAliveFails: (failures: number, next: string): Words => ({
    title: 'Keep-alive fails',
    text: `${failures === 1 ? 'The last run failed' : `${failures} runs in a row failed`}. Next run at ${next}.`,
  }),
  unconfirmed: (session: string, next: string): Words => ({
    title: `${session} is not confirmed yet`,
    text: unconfirmedText(next),
  }),
  idle: (session: string, next: string): Words => ({
    title: `${session} is idle`,
    text: reactivatesText(next),
  }),
  unverified: (session: string, next: string): Words => ({
    title: `${session} is not verified yet`,
    text: `Next check at ${next}.`,
  }),
  untold: (session: string, next: string): Words => ({
    title: `Workers of ${session} are not notified yet`,
    text: `The event service did not answer. Next try at ${next}.`,
  }),
  endsSoon: (sessions: readonly string[]): Words => ({
    title: `${listed(sessions)}: an end is near`,
    text: 'See above. Everything else is ready.',
  }),
  limit: (limitedBy: string | null, at: string | null): string => {
    switch (limitedBy) {
      case 'idle':
        return at === null ? 'goes idle before it' : `goes idle at ${at}`;
      case 'access':
        return at === null
          ? 'the access token expires before it'
          : `the access token expires at ${at}`;
      case 'hard-end':
        return at === null ? 'expires before it' : `expires at ${at}`;
      case 'no-token':
        return 'no token';
      case 'rejected':
        return 'the broker refuses the token';
      case 'unproven':
        return 'not confirmed by the broker yet';
      default:
        return limitedBy ?? '';
    }
  },
};

/** The same on the success page, the dashboard and in the chat. */
export function unconfirmedText(next: string): string {
  return `Saved, not confirmed by the broker yet. Next check at ${next}.`;
}

export function reactivatesText(next: string): string {
  return `It reactivates automatically at ${next}.`;
}

/** "goes idle at 14:15" as a sentence of its own. */
function sentence(limit: string): string {
  if (/^(goes|expires)/.test(limit)) return `It ${limit}.`;
  return limit === '' ? '' : `${limit.charAt(0).toUpperCase()}${limit.slice(1)}.`;
}

/** "A", "A and B", "A, B and C". */
function listed(names: readonly string[]): string {
  const last = names.at(-1) ?? '';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
}
