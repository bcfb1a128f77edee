/**
 * The credential horizon in the terminal: one line of clocks per session, one sentence per end that is near.
 *
 * Pure. Used by `status-text.ts`.
 */

import type { SessionStatus, Status, WarningStatus } from '../operations/read-status.ts';
import { cityOf, dateText, momentText } from './moments.ts';

type Clock = SessionStatus['clocks'][number];

const CLOCKS: Readonly<Record<Clock['name'], string>> = {
  access: 'access token',
  idle: 'idle limit',
  'hard-end': 'daily end',
  'refresh-token': 'refresh token',
  'consumer-key': 'consumer key',
};

const MOVED_BY: Readonly<Record<Clock['movedBy'], string>> = {
  renewal: 'keep-alive moves it',
  'sign-in': 'a sign-in moves it',
  'broker-site': 'a new key from the broker moves it',
};

/** `etrade-prod: idle limit 11:00 (keep-alive moves it), daily end midnight (a sign-in moves it)`. */
export function clocksText(
  { key, market, clocks }: SessionStatus,
  status: Pick<Status, 'now' | 'markets'>,
  homeZone: string,
): string {
  const zone = zoneOf(market, status, homeZone);
  const ends = clocks.map(
    ({ name, endsAt, movedBy }) =>
      `${CLOCKS[name]} ${endText({ clock: name, endsAt }, status, zone)} (${MOVED_BY[movedBy]})`,
  );
  return `${key}: ${ends.join(', ')}${zone === homeZone ? '' : `; ${cityOf(zone)} time`}`;
}

/** What people are told ahead, in one sentence. */
export function aheadText(warning: WarningStatus, status: Status, homeZone: string): string {
  const { sessions, clock, lead } = warning;
  const who = sessions.join(', ');
  const market = status.sessions.find(({ key }) => sessions.includes(key))?.market;
  const zone = zoneOf(market, status, homeZone);
  const ends = endText(warning, status, zone);
  if (clock === 'consumer-key') {
    return `${who}: the consumer key may die around ${ends}; ask the broker for a new one`;
  }
  const when =
    lead === 'hour' ? 'while the market is open' : 'before the next close it is needed for';
  return `${who} ends ${ends} ${cityOf(zone)}, ${when}:  token-cadence start ${sessions[0] ?? ''}`;
}

/** A key's end is a day, for nobody knows the hour. */
function endText(
  { clock, endsAt }: Pick<WarningStatus, 'clock' | 'endsAt'>,
  { now }: Pick<Status, 'now'>,
  zone: string,
): string {
  const at = Date.parse(endsAt);
  return clock === 'consumer-key' ? dateText(at) : momentText(at, Date.parse(now), zone);
}

function zoneOf(
  market: SessionStatus['market'] | undefined,
  { markets }: Pick<Status, 'markets'>,
  homeZone: string,
): string {
  return markets.find(({ name }) => name === market)?.zone ?? homeZone;
}
