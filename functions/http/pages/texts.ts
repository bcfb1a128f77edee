/**
 * Every word of the pages, one constant per page.
 *
 * Says what happened and what to do now, in that order, and never a secret. No markup: the templates
 * escape and place these. Read by the other files of this room.
 */

import type { ClockName, Lead, MovedBy } from '../../lifecycle/horizon.ts';
import type { SessionState } from '../../lifecycle/session.ts';
import type { Concern } from '../../operations/judge-status.ts';
import type { OutcomeResult } from '../outcome.ts';
import { failureWords } from './failure-texts.ts';
import { REDIRECT } from './redirect-texts.ts';
import { NOT_SENT, type Words } from './words.ts';

export type { Words } from './words.ts';

export const LAYOUT = {
  brand: 'token-cadence',
  back: 'All sessions',
  zone: (zone: string) => `Times are ${zone} time.`,
};

export const DASHBOARD = {
  title: 'Sessions',
  needed: 'Needed now',
  signIn: (session: string) => `Sign in to ${session}`,
  signInAgain: 'Sign in again',
  check: 'Check now',
  checkBusy: 'Checking…',
  signOutBrowser: 'Sign out this browser',
  expiresIn: 'Token expires in',
  expired: 'Expired',
  noToken: 'No token',
  token: (generation: number) => `Token #${generation}`,
  nextSignIn: (moment: string) => `The market is closed. Next sign-in: ${moment}.`,
  idleSince: 'Idle since',
  lastUsed: 'Last used',
  lastRenewed: 'Last renewed',
  lastVerified: 'Last verified',
  unauthorized: 'Rejected calls (401)',
  renewals: 'Renewals',
  failures: 'Failures in a row',
  undelivered: 'Events not yet delivered',
  coverage: 'Until today’s close',
  workers: 'Workers',
  worker: (name: string, used: string | null) =>
    used === null ? `${name}: not used yet` : `${name}: used ${used}`,
  workerState: {
    lagging: 'on an older token',
    waiting: 'no report yet',
    offline: 'offline',
  },
  never: 'Never',
  covered: 'Covered',
  wontLast: (limit: string) => `Won’t last until the close: ${limit}`,
  idleNow: (reactivates: string) => `Idle. ${reactivates}`,
  notTrading: 'No trading today',
  tradingOver: 'Trading is over',
  more: 'More',
  signOutText: 'Signing out ends the token at the broker. Workers stop until the next sign-in.',
  signOutButton: (session: string) => `Sign out of ${session}`,
  market: (name: string | null) => (name === null ? 'Market' : `Market: ${name}`),
  clocks: 'Expiry',
  ownZone: (zone: string) => `Times here are ${zone} time.`,
  keepAlive: 'Keep-alive',
  lastRun: 'Last run',
  nextRun: 'Next run',
  failing: (count: number) => `${count} failures in a row`,
};

/** How long a token is good, in words beside the colour. */
export const STATE: Readonly<Record<SessionState, string>> = {
  none: 'No token',
  unknown: 'Not proven yet',
  active: 'Active',
  inactive: 'Inactive',
  expired: 'Expired',
};

export const STATE_SOON = { orange: 'Ends soon', red: 'Last hour' };

/** What concerns a session, beside its colour. */
export const CONCERN: Readonly<Record<Concern, string>> = {
  'sign-in': 'Ends before the close',
  'worker-behind': 'Worker behind',
  'workers-offline': 'Workers offline',
  'wont-last': 'Won’t last',
  failing: 'Checks fail',
  unconfirmed: 'Not confirmed yet',
  inactive: 'Inactive',
  untold: 'Workers not notified',
  'worker-not-switched': 'Worker behind',
};

export const STATE_TEXT: Readonly<Record<SessionState, string | null>> = {
  none: 'Nobody is signed in.',
  unknown: 'The next health check tries it.',
  active: null,
  inactive: 'Unused for too long. It reactivates automatically, no sign-in needed.',
  expired: 'Only a new sign-in helps.',
};

/** A session's clocks, and who can move their ends; an unknown word is shown as it is. */
export const CLOCK: Readonly<Record<ClockName, string>> = {
  access: 'Access token',
  idle: 'Idle limit',
  'hard-end': 'Broker’s daily cut-off',
  'refresh-token': 'Refresh token',
  'consumer-key': 'Consumer key',
};

export const MOVED_BY: Readonly<Record<MovedBy, string>> = {
  renewal: 'Renewed by keep-alive',
  'sign-in': 'Extended only by signing in',
  'broker-site': 'Moved by a new key from the broker only',
};

/** Ends that no renewal moves, ahead of time. */
export const AHEAD: Readonly<Record<Lead, (who: string, ends: string) => Words>> = {
  hour: (who, ends) => ({
    title: `${who} ends at ${ends}`,
    text: 'That is while the market is open, and no renewal moves it. Sign in before.',
  }),
  evening: (who, ends) => ({
    title: `${who} ends ${ends}`,
    text: 'It does not reach the close of the next trading day. Sign in at a quiet moment before.',
  }),
  month: (who, ends) => ({
    title: `The consumer key of ${who} grows old`,
    text: `Around ${ends} the broker may let it die. No sign-in moves that: ask the broker for a new key.`,
  }),
  week: (who, ends) => ({
    title: `The consumer key of ${who} is at its end`,
    text: `Around ${ends} the broker may let it die, and then no sign-in works. Put a new key in place before.`,
  }),
};

export const KEEP_ALIVE_STATE = {
  ok: 'Working',
  failing: 'Failing',
  late: 'Late',
  'never-run': 'Not run yet',
};

export const MARKET = {
  open: (closes: string) => `Open until ${closes}`,
  before: (opens: string) => `Trading day, opens at ${opens}`,
  opensIn: 'Opens in',
  over: (closed: string) => `Closed since ${closed}`,
  closed: 'No trading today',
};

export const SIGN_IN = {
  title: (session: string) => `Sign in to ${session}`,
  stillGood: (until: string) =>
    `You’re signed in until ${until}. Signing in again replaces the token.`,
  logIn: (broker: string) => `Log in at ${broker}`,
  logInText: (broker: string, minutes: number) =>
    `${broker} opens in a new tab. Log in, accept, and copy the PIN it shows. Then come back to this page: you have ${minutes} minutes.`,
  loggedIn: (broker: string) => `${broker} is open`,
  loggedInText: 'Log in there, accept, and copy the PIN. No tab, or no PIN? Open it again.',
  open: (broker: string) => `Open ${broker}`,
  openAgain: (broker: string) => `Open ${broker} again`,
  over: 'Time is up for that PIN',
  overText: (broker: string) => `It no longer works. Open ${broker} again for a new one.`,
  paste: 'Paste the PIN',
  pin: (broker: string) => `PIN from ${broker}`,
  placeholder: 'for example 8F3KD',
  pasteButton: 'Paste',
  submit: 'Save the token',
  submitBusy: 'Checking…',
  timeLeft: 'left',
  minutesLeft: 'minutes left for the PIN',
  secondsLeft: 'seconds left for the PIN',
};

export const SUCCESS = {
  title: 'Signed in',
  saved: 'Sign-in saved',
  until: (session: string, until: string | null) =>
    until === null
      ? `${session} has a fresh token. It renews automatically.`
      : `${session} has a fresh token, good until ${until}.`,
  token: 'Token',
  generation: (generation: number) => `#${generation}`,
  workers: 'Workers',
  follow: {
    told: 'Workers notified.',
    queued: 'Notified at the next run, within 15 minutes.',
    adopting: 'They switch once it is confirmed.',
  },
  next: (session: string) => `Next: sign in to ${session}`,
  dashboard: 'See all sessions',
  done: 'You can close this page.',
};

export const LINK = {
  ended: {
    title: 'This link has ended',
    text: 'Links end with the token they are for. A new one is one tap away.',
  },
  needed: {
    title: 'Open this from Telegram',
    text: 'This page opens with the link in your Telegram chat. Have a new one sent there.',
  },
  sent: {
    title: 'Look at your Telegram',
    text: 'A new link is in your chat. It opens this page.',
  },
  tooSoon: (sentAt: string | null, retryAt: string): Words =>
    sentAt === null
      ? {
          title: 'Telegram has not taken the last one yet',
          text: `It is tried again by itself. Another one can be sent at ${retryAt}.`,
        }
      : {
          title: 'One was sent already',
          text: `The last link was sent at ${sentAt} and still works: look at your Telegram chat. Another one can be sent at ${retryAt}.`,
        },
  notDelivered: {
    title: 'Telegram did not take it',
    text: 'The link could not be sent. Try again in a moment.',
  },
  left: {
    title: 'Signed out',
    text: 'This browser no longer opens the page. The link in your chat opens it again.',
  },
  button: 'Send a new link to my Telegram',
};

export const CALLBACK = {
  title: 'Copy your PIN',
  text: (broker: string) =>
    `${broker} sent you back with this PIN. Nothing has been used up: copy it, and paste it on the page where you began.`,
  copy: 'Copy the PIN',
  copied: 'Copied',
  goOn: (session: string) => `Paste it for ${session}`,
  finishTitle: (session: string) => `Sign in to ${session}`,
  finishText: (broker: string) =>
    `${broker} sent you back with this PIN. Nothing is sent until you tap.`,
  pin: (broker: string) => `PIN from ${broker}`,
  finish: 'Finish signing in',
  finishBusy: 'Checking…',
  elsewhere:
    'Began in another browser, or in Telegram? Go back there. This page’s whole address, pasted for the PIN, works as well.',
};

/** Where an address is pasted, as the sign-in page calls it. */
const REDIRECT_FIELDS = `for the PIN, or under “${REDIRECT.elsewhere}”`;

export const MESSAGE = {
  notFound: { title: 'Nothing here', text: 'This address leads nowhere.' },
  unknownSession: { title: 'No such session', text: 'No session of this name is configured.' },
  wrongMethod: { title: 'Not like this', text: 'This address takes another kind of request.' },
  notAForm: { title: 'Not a form', text: 'This address takes a form and nothing else.' },
  tooLarge: { title: 'Too much', text: 'The request is larger than anything this page sends.' },
  unreadable: { title: 'Not readable', text: 'The request could not be read.' },
  foreignPost: {
    title: 'Sent from elsewhere',
    text: 'This did not come from our own page, so nothing was done. Open the page and try again.',
  },
  staleForm: {
    title: 'The page was out of date',
    text: 'Nothing was done. Open it again and repeat the last step.',
  },
  noVerifier: {
    title: 'No PIN or code came back',
    text: 'This address holds nothing that a broker sends as a PIN or code, so nothing was sent on and no try was used. Start the sign-in again.',
  },
  foreignCallback: {
    title: 'Not begun in this browser',
    text: `This answer of the broker belongs to no sign-in that this browser has open, so nothing was done and nothing was used up. Began in another browser? Copy this page’s whole address, at once, and paste it on the sign-in page there: ${REDIRECT_FIELDS}. Or start the sign-in again here and stay in this browser.`,
  },
  prefetch: { title: 'Not yet', text: 'This address acts, so it is not opened in advance.' },
  home: 'See all sessions',
};

/** What a person reads when something broke; the code is in the log. */
export const TROUBLE = {
  settings: {
    title: 'The settings are not right',
    text: 'Nothing was done. The log names every setting to correct.',
  },
  store: {
    title: 'The store did not answer',
    text: 'Nothing is lost. Try again in a moment.',
  },
  storeDenied: {
    title: 'The store refuses access',
    text: 'This service lacks a permission it needs. The log says which call was refused.',
  },
  storeMissing: {
    title: 'The store is not set up',
    text: 'A place to store in is missing. The log names it and says what to do.',
  },
  record: {
    title: 'A saved record cannot be read',
    text: 'It was written by hand or by a newer release. The log names it.',
  },
  events: {
    title: 'The event service did not take it',
    text: 'What was saved is safe and will be told later. Try again in a moment.',
  },
  messenger: {
    title: 'Telegram did not take it',
    text: 'Try again in a moment. The log says what it answered.',
  },
  broker: {
    title: 'The broker did not answer',
    text: 'Try again in a moment.',
  },
  bug: {
    title: 'Something broke on our side',
    text: 'It is in the log. Trying again may help.',
  },
} as const satisfies Record<string, Words>;

/** What the last action came to. `moment` writes a moment for people, `broker` is the broker's name. */
export function outcomeWords(
  result: OutcomeResult,
  broker: string,
  moment: (at: number) => string,
): Words {
  switch (result.word) {
    case 'signed-in':
      return {
        title: SUCCESS.title,
        text:
          result.hardEndsAt === null
            ? 'It renews automatically.'
            : `Good until ${moment(result.hardEndsAt)}.`,
      };
    case 'verifier-empty':
      return { title: 'No PIN yet', text: `Copy the PIN that ${broker} shows and paste it below.` };
    case 'verifier-too-long':
      return {
        title: 'That is too long for a PIN',
        text: `Copy only the short code that ${broker} shows. Nothing was used up: this ${NOT_SENT}`,
      };
    case 'verifier-malformed':
      return {
        title: 'That is not a PIN',
        text: `A PIN from ${broker} is one short code of letters and digits. What you entered ${NOT_SENT}`,
      };
    case 'sign-in-expired':
      return {
        title: 'Time is up for that PIN',
        text: `${broker} no longer takes this PIN. Open it again for a new one.`,
      };
    case 'declined':
      return {
        title: `You did not grant access at ${broker}`,
        text: 'Nothing was changed. Open it again and agree, or the session stays without a token.',
      };
    case 'not-granted':
      return {
        title: `${broker} did not let you in`,
        text: 'Open it again; if that repeats, check the app’s settings at the broker.',
        detail: result.problem,
      };
    case 'no-open-sign-in':
      return {
        title: 'Begin with step 1',
        text: `A PIN works only for a sign-in opened here. Open ${broker} for a fresh one.`,
      };
    case 'too-many-attempts':
      return {
        title: 'Too many wrong PINs',
        text: `To keep the account safe, the next try is possible at ${moment(result.retryAt)}.`,
      };
    case 'pin-rejected':
      return {
        title: `${broker} did not accept the PIN`,
        text:
          result.attemptsLeft === 0
            ? 'No tries are left for now. Wait an hour, then open it again.'
            : `Open ${broker} again for a new PIN. ${triesLeft(result.attemptsLeft)} this hour.`,
      };
    case 'foreign-account':
      return {
        title: 'That is another account',
        text: `This login belongs to a different ${broker} account, so it was refused. The token from before stays. Open ${broker} again and log in with the right one.`,
      };
    case 'store-unavailable':
      return {
        title: 'The store did not answer',
        text: 'Your PIN was not used. Paste it again in a moment.',
      };
    case 'not-sent':
      return {
        title: `${broker} could not be reached`,
        text: 'The PIN was not sent. Paste it again in a moment.',
        detail: result.problem,
      };
    case 'spent-not-saved':
      return {
        title: 'The token could not be saved',
        text: `The PIN is used up and the store did not answer in time. Open ${broker} again for a new one.`,
      };
    case 'in-progress':
      return {
        title: 'Still being checked',
        text: 'Your PIN is on its way to the broker. Look at all sessions in a moment.',
      };
    case 'start-failed':
      return failureWords(result, broker, `${broker} could not be opened`);
    case 'exchange-failed':
      return failureWords(result, broker, `${broker} did not finish the sign-in`);
    case 'sign-out-failed':
      return failureWords(result, broker, `${broker} did not end the token`);
    case 'renewed':
      return renewedWords(result.done, result.failed);
    case 'renewed-lately':
      return {
        title: 'Checked just now',
        text: `You can check again at ${moment(result.retryAt)}.`,
      };
    case 'signed-out':
      return { title: 'Signed out', text: 'The token is gone. Workers wait for the next sign-in.' };
    case 'nothing-to-sign-out':
      return { title: 'Nothing to sign out of', text: 'There was no token.' };
  }
}

/** Tries left, as people say it. */
export function triesLeft(count: number): string {
  return count === 1 ? '1\u00a0try left' : `${count}\u00a0tries left`;
}

function renewedWords(done: number, failed: number): Words {
  if (failed > 0) {
    const count = failed === 1 ? 'One session' : `${failed} sessions`;
    return {
      title: 'Not every check worked',
      text: `${count} did not answer well. Keep-alive tries again at its next run.`,
    };
  }
  return done === 0
    ? { title: 'Nothing to check', text: 'There is no token that a check could help.' }
    : { title: 'Every token works', text: 'Each was tried at the broker just now.' };
}
