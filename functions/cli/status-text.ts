/**
 * The status as a person reads it: one line per session, what to do under those that need it. Where the
 * terminal is too narrow for the table, such as a phone's, a few lines per session.
 *
 * Pure but for the terminal it writes to. Used by `status.ts`.
 */

import { type Concern, concernOf } from '../operations/judge-status.ts';
import type { KeepAliveStatus, SessionStatus, Status } from '../operations/read-status.ts';
import { aheadText, clocksText } from './horizon-text.ts';
import { agoText, cityOf, countText, momentText, nowText, shortDurationText } from './moments.ts';
import type { Style, Terminal } from './terminal.ts';
import { tableLines, widthOf } from './text-layout.ts';

type Face = { readonly mark: string; readonly style: Style; readonly word: string };

const FACES: Readonly<Record<SessionStatus['state'], Face>> = {
  active: { mark: '●', style: 'green', word: 'active' },
  unknown: { mark: '○', style: 'yellow', word: 'unproven' },
  inactive: { mark: '●', style: 'yellow', word: 'inactive' },
  expired: { mark: '●', style: 'red', word: 'expired' },
  none: { mark: '○', style: 'red', word: 'no token' },
};

const KEEP_ALIVE_WORDS: Readonly<Record<KeepAliveStatus['status'], string>> = {
  ok: 'ok',
  failing: 'failing',
  late: 'late',
  'never-run': 'has never run',
};

export function showStatus(terminal: Terminal, status: Status, zone: string): void {
  const { line, paint } = terminal;
  const now = Date.parse(status.now);
  line(paint('dim', `${nowText(now, zone)} · ${marketsText(status, now)}`), 0);
  line();
  const zoneOf = (session: SessionStatus): string =>
    status.markets.find(({ name }) => name === session.market)?.zone ?? zone;
  const rows = status.sessions.map((session) => rowOf(session, now, zoneOf(session), paint));
  const table = tableLines([
    ['', ...HEAD].map((word) => (word === '' ? word : paint('dim', word))),
    ...rows.map(({ mark, key, word, facts }) => [mark, key, word, ...facts]),
  ]);
  const isWide = table.every((row) => widthOf(row) <= terminal.columns());
  if (isWide) for (const row of table) line(row);
  else for (const row of rows) showStacked(terminal, row);
  const ticking = status.sessions.filter(({ clocks }) => clocks.length > 0);
  if (ticking.length > 0) line();
  for (const session of ticking) line(paint('dim', `  ${clocksText(session, status, zone)}`), 4);
  const shown = new Set(status.sessions.map(({ key }) => key));
  const ahead = status.warnings.filter(({ sessions }) => sessions.some((key) => shown.has(key)));
  const advice = [
    ...status.sessions.flatMap((session) => adviceFor(session, concernOf(session, status))),
    ...ahead.map((warning) => aheadText(warning, status, zone)),
  ];
  if (advice.length > 0) line();
  for (const sentence of advice) line(`  ${sentence}`, 4);
  line();
  line(paint('dim', keepAliveText(status.keepAlive, now, zone)), 0);
}

/** After the mark. The facts begin with the third. */
const HEAD = ['SESSION', 'STATE', 'GEN', 'ENDS', 'IDLE AT', 'PROVEN', 'WORKERS'];
const FACT_NAMES = ['generation', 'ends', 'idle at', 'proven', 'workers'];
const NOTHING = '–';

type Row = {
  readonly mark: string;
  readonly key: string;
  readonly word: string;
  readonly facts: readonly string[];
};

function rowOf(session: SessionStatus, now: number, zone: string, paint: Terminal['paint']): Row {
  const { mark, style, word } = FACES[session.state];
  const { generation, hardEndsAt, idleAt, lastSuccessAt, state, timeRemainingHours } = session;
  const text = (moment: string): string => momentText(Date.parse(moment), now, zone);
  const left = (moment: string): string =>
    timeRemainingHours === null ? '' : `, ${shortDurationText(Date.parse(moment) - now)}`;
  return {
    mark: paint(style, mark),
    key: paint('bold', session.key),
    word: paint(style, word),
    facts: [
      generation === 0 ? NOTHING : String(generation),
      hardEndsAt === null ? NOTHING : `${text(hardEndsAt)}${left(hardEndsAt)}`,
      idleAt === null ? NOTHING : text(idleAt),
      lastSuccessAt === null || state === 'none'
        ? NOTHING
        : agoText(Date.parse(lastSuccessAt), now, zone),
      workersText(session),
    ],
  };
}

function showStacked({ line }: Terminal, { mark, key, word, facts }: Row): void {
  line(`${mark} ${key}  ${word}`);
  for (const [index, fact] of facts.entries()) {
    if (fact !== NOTHING) line(`  ${FACT_NAMES[index]} ${fact}`, 4);
  }
}

/** One part a market, on its own clock; which market is said where there are several. */
function marketsText({ markets }: Status, now: number): string {
  return markets.map((market) => marketText(market, now, markets.length > 1)).join(' · ');
}

function marketText(market: Status['markets'][number], now: number, isOneOfMany: boolean): string {
  const { name, zone, opensAt, closesAt, note } = market;
  const who = isOneOfMany ? name : 'market';
  if (opensAt === null || closesAt === null) {
    return `no ${isOneOfMany ? `${name} ` : ''}trading today (${note ?? 'closed'})`;
  }
  const text = (moment: string): string => momentText(Date.parse(moment), now, zone);
  const hours = `${text(opensAt)} to ${text(closesAt)} ${cityOf(zone)}`;
  return `${who} ${hours}${note === null ? '' : ` (${note})`}`;
}

/** `3 of 3`, or `1 of 3 so far`; who is not there, or not on the current token, is said below. */
function workersText({ adoption }: SessionStatus): string {
  if (adoption.text === null) return NOTHING;
  const soFar = adoption.waiting.length > 0 ? ' so far' : '';
  return `${adoption.current} of ${adoption.expected}${soFar}`;
}

function adviceFor(session: SessionStatus, concern: Concern | null): string[] {
  const { key, state, counts, adoption, unconfirmed } = session;
  const advice: string[] = [];
  if (session.needsSignIn && (state === 'none' || state === 'expired')) {
    const when = concern === 'sign-in' ? '' : ' before its market opens';
    advice.push(`${key} needs a sign-in${when}:  token-cadence start ${key}`);
  } else if (session.needsSignIn) {
    advice.push(`${key} ends before today's close:  token-cadence start ${key}`);
  } else if (unconfirmed !== null) {
    advice.push(`${key}: saved, not confirmed by the broker yet:  token-cadence run-keep-alive`);
  } else if (state === 'inactive') {
    advice.push(`${key} sleeps and wants waking:  token-cadence renew ${key}`);
  }
  if (concern === 'wont-last') advice.push(`${key} will not last until today's close`);
  const isBehind = adoption.lagging.length > 0 || adoption.offline.length > 0;
  if (isBehind && adoption.text !== null) {
    advice.push(`${key}: ${adoption.text}`);
  }
  if (counts.undelivered > 0) {
    const events = countText(counts.undelivered, 'undelivered event');
    advice.push(`${key} has ${events}:  token-cadence run-keep-alive`);
  }
  if (counts.failuresInARow > 0) {
    const times = countText(counts.failuresInARow, 'time');
    const inARow = counts.failuresInARow === 1 ? '' : ' in a row';
    advice.push(`${key} failed ${times}${inARow}:  token-cadence test ${key}`);
  }
  return advice;
}

function keepAliveText(keepAlive: KeepAliveStatus, now: number, zone: string): string {
  const { status, lastRunAt, consecutiveFailures } = keepAlive;
  const ran = lastRunAt === null ? '' : `, last run ${agoText(Date.parse(lastRunAt), now, zone)}`;
  const times = countText(consecutiveFailures, 'failure');
  const inARow = consecutiveFailures > 1 ? ' in a row' : '';
  const failed = consecutiveFailures > 0 ? `, ${times}${inARow}` : '';
  const advice = status === 'late' ? ': is the scheduler running?' : '';
  return `keep-alive ${KEEP_ALIVE_WORDS[status]}${ran}${failed}${advice}`;
}
