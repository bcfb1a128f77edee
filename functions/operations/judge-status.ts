/**
 * What matters in a status, worst first: the one judgement behind the banner, the colours of the cards, the
 * success page and the command line.
 *
 * Pure: a status in, a verdict out. Asks with the same functions as the messages do, so that page and chat agree.
 */

import { isAdoptionUrgent } from '../lifecycle/adoption.ts';
import { byOpening, type MarketPhase, phaseOf } from '../lifecycle/market-phase.ts';
import type { MarketStatus, SessionStatus, Status } from './read-status.ts';

/** What keeps a session from being ready, the worst first. */
const CONCERNS = [
  /** Its market trades today, and only a person can help. */
  'sign-in',
  /** A worker uses an older token while it should trade. */
  'worker-behind',
  /** All of its workers are offline while they should trade. */
  'workers-offline',
  /** The token stops before today's close unless the next checks work again. */
  'wont-last',
  /** The broker's checks fail. */
  'failing',
  /** A sign-in is saved, and the broker has not confirmed it. */
  'unconfirmed',
  /** It sleeps, or is to be proven again; keep-alive does that. */
  'inactive',
  /** Workers have not been told of the token. */
  'untold',
  /** A worker uses an older token, and its market has yet to open. */
  'worker-not-switched',
] as const;

export type Concern = (typeof CONCERNS)[number];

export type Severity = 'bad' | 'warn' | 'none' | 'good';

/** One thing to say, with the sessions it is about, the most urgent first. */
export type Finding = {
  readonly concern: Concern | 'keep-alive' | 'ends-soon';
  readonly severity: Severity;
  readonly sessions: readonly SessionStatus[];
};

export type Verdict = {
  /** The worst first; empty when there is nothing to do. */
  readonly findings: readonly Finding[];
  /** Without a token while their market is closed: nobody needs it yet. */
  readonly later: readonly SessionStatus[];
};

type WithMarkets = Pick<Status, 'now' | 'market' | 'markets'>;

const ORDER: readonly Finding['concern'][] = [
  'sign-in',
  'worker-behind',
  'workers-offline',
  'wont-last',
  'failing',
  'keep-alive',
  'unconfirmed',
  'inactive',
  'untold',
  'worker-not-switched',
  'ends-soon',
];

export function judge(status: Status): Verdict {
  const ordered = inOrder(status.sessions, status);
  const found = ordered.map((session) => ({ session, concern: concernOf(session, status) }));
  const findings = CONCERNS.flatMap((concern): Finding[] => {
    const about = found.filter((each) => each.concern === concern).map(({ session }) => session);
    if (about.length === 0) return [];
    const required = about.filter((session) => session.required);
    const others = about.filter((session) => !session.required);
    const sessions = [...required, ...others];
    const severities = sessions.map((session) => severityOf(session, concern));
    return [{ concern, severity: severities.includes('bad') ? 'bad' : 'warn', sessions }];
  });
  const isKeepAliveSaid = findings.some(
    ({ concern }) => concern === 'wont-last' || concern === 'failing',
  );
  const { keepAlive, warnings } = status;
  const fails = keepAlive.status === 'late' || (keepAlive.status === 'failing' && !isKeepAliveSaid);
  if (fails) findings.push({ concern: 'keep-alive', severity: 'warn', sessions: [] });
  if (warnings.length > 0) {
    const sessions = ordered.filter(({ key }) =>
      warnings.some((each) => each.sessions.includes(key)),
    );
    findings.push({ concern: 'ends-soon', severity: 'warn', sessions });
  }
  return {
    findings: findings.toSorted((a, b) => ORDER.indexOf(a.concern) - ORDER.indexOf(b.concern)),
    later: found.flatMap(({ session, concern }) =>
      session.needsSignIn && concern !== 'sign-in' ? [session] : [],
    ),
  };
}

/** The worst that is known of a session now; `null` when it is ready, or nobody needs it. */
export function concernOf(session: SessionStatus, status: WithMarkets): Concern | null {
  const { state, coverage, adoption, counts, trouble, unconfirmed } = session;
  const phase = phaseIn(session, status);
  if (session.needsSignIn) return phase === 'over' ? null : 'sign-in';
  if (isTimeToTrade(session, status)) {
    if (adoption.lagging.length > 0) return 'worker-behind';
    const isAnyThere = adoption.expected > 0 && adoption.offline.length < adoption.expected;
    if (adoption.offline.length > 0 && !isAnyThere) return 'workers-offline';
  }
  // A sign-in that waits for its check is not in trouble before people are told of some.
  if (unconfirmed !== null && trouble === null && state !== 'active') return 'unconfirmed';
  const isFailing = trouble !== null || counts.failuresInARow > 0;
  if (coverage.untilClose === false && isFailing) return 'wont-last';
  if (isFailing) return 'failing';
  if (unconfirmed !== null) return 'unconfirmed';
  if (state === 'inactive' || state === 'unknown') return 'inactive';
  if (coverage.untilClose === false) return 'wont-last';
  if (counts.undelivered > 0) return 'untold';
  return adoption.lagging.length > 0 && phase !== 'over' ? 'worker-not-switched' : null;
}

/** Red is for what a person has to see to, and for what people were warned of. */
export function severityOf(session: SessionStatus, concern: Concern | null): Severity {
  switch (concern) {
    case 'sign-in':
      return session.required ? 'bad' : 'warn';
    case 'worker-behind':
      return 'bad';
    case 'wont-last':
    case 'failing':
      return session.trouble === null ? 'warn' : 'bad';
    case 'workers-offline':
    case 'unconfirmed':
    case 'inactive':
    case 'untold':
    case 'worker-not-switched':
      return 'warn';
    case null:
      return 'good';
  }
}

/**
 * The sessions that a person who has just signed in to one goes on with: those that the message names, the
 * most urgent first.
 */
export function stillToDo(
  status: Status,
  signedIn: SessionStatus['key'],
): readonly SessionStatus[] {
  const market = status.sessions.find(({ key }) => key === signedIn)?.market;
  return inOrder(status.sessions, status).filter(
    (session) =>
      session.key !== signedIn &&
      session.required &&
      session.needsSignIn &&
      (session.market === market || phaseIn(session, status) !== 'over'),
  );
}

/** What is open first, then what opens soonest. */
export function inOrder(
  sessions: readonly SessionStatus[],
  status: WithMarkets,
): readonly SessionStatus[] {
  const opensAt = ({ market }: SessionStatus): number | null => {
    const { nextOpensAt = null } = status.markets.find(({ name }) => name === market) ?? {};
    return nextOpensAt === null ? null : Date.parse(nextOpensAt);
  };
  return sessions.toSorted((a, b) => byOpening(opensAt(a), opensAt(b)));
}

export function phaseIn({ market }: SessionStatus, status: WithMarkets): MarketPhase {
  return phaseOf(momentsOf(marketIn(market, status)), Date.parse(status.now));
}

function isTimeToTrade({ market }: SessionStatus, status: WithMarkets): boolean {
  const day = momentsOf(marketIn(market, status));
  return isAdoptionUrgent(day, Date.parse(status.now));
}

function marketIn(
  market: SessionStatus['market'],
  { market: home, markets }: WithMarkets,
): MarketStatus {
  return markets.find(({ name }) => name === market) ?? home;
}

function momentsOf({ opensAt, closesAt }: MarketStatus) {
  return {
    opensAt: opensAt === null ? null : Date.parse(opensAt),
    closesAt: closesAt === null ? null : Date.parse(closesAt),
  };
}
