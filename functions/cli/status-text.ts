/**
 * The status as a person reads it: one line per session, what to do under those that need it.
 *
 * Pure but for the terminal it writes to. Used by `status.ts`.
 */

import type { KeepAliveStatus, SessionStatus, Status } from '../operations/read-status.ts';
import { agoText, cityOf, durationText, momentText, nowText } from './moments.ts';
import type { Style, Terminal } from './terminal.ts';

type Face = { readonly mark: string; readonly style: Style; readonly word: string };

const FACES: Readonly<Record<SessionStatus['state'], Face>> = {
  active: { mark: '●', style: 'green', word: 'active' },
  unknown: { mark: '○', style: 'yellow', word: 'not proven yet' },
  inactive: { mark: '●', style: 'yellow', word: 'inactive' },
  expired: { mark: '●', style: 'red', word: 'expired' },
  none: { mark: '○', style: 'red', word: 'no token' },
};

const KEEP_ALIVE_WORDS: Readonly<Record<KeepAliveStatus['status'], string>> = {
  ok: 'ok',
  failing: 'failing',
  late: 'late: is the scheduler running?',
  'never-run': 'has never run',
};

export function showStatus(terminal: Terminal, status: Status, zone: string): void {
  const { line, paint } = terminal;
  const now = Date.parse(status.now);
  line(paint('dim', `${nowText(now, zone)} · ${marketText(status, now, zone)}`));
  line();
  const head = ['', 'SESSION', 'STATE', 'GEN', 'ENDS', 'IDLE AT', 'PROVEN', 'WORKERS'];
  const text = (moment: string | null): string =>
    moment === null ? '–' : momentText(Date.parse(moment), now, zone);
  terminal.table([
    head.map((word) => (word === '' ? word : paint('dim', word))),
    ...status.sessions.map((session) => {
      const { mark, style, word } = FACES[session.state];
      const { lastSuccessAt, state } = session;
      return [
        paint(style, mark),
        paint('bold', session.key),
        paint(style, word),
        session.generation === 0 ? '–' : String(session.generation),
        endText(session, now, zone),
        text(session.idleAt),
        lastSuccessAt === null || state === 'none'
          ? '–'
          : agoText(Date.parse(lastSuccessAt), now, zone),
        workersText(session),
      ];
    }),
  ]);
  const advice = status.sessions.flatMap((session) => adviceFor(session));
  if (advice.length > 0) line();
  for (const sentence of advice) line(`  ${sentence}`);
  line();
  line(paint('dim', keepAliveText(status.keepAlive, now, zone)));
}

function marketText({ market }: Status, now: number, zone: string): string {
  const { opensAt, closesAt, note } = market;
  if (opensAt === null || closesAt === null) return `no trading today (${note ?? 'closed'})`;
  const text = (moment: string): string => momentText(Date.parse(moment), now, zone);
  const hours = `${text(opensAt)} to ${text(closesAt)} ${cityOf(zone)}`;
  return `market ${hours}${note === null ? '' : ` (${note})`}`;
}

function endText({ hardEndsAt, timeRemainingHours }: SessionStatus, now: number, zone: string) {
  if (hardEndsAt === null) return '–';
  const at = Date.parse(hardEndsAt);
  if (timeRemainingHours === null) return momentText(at, now, zone);
  return `${momentText(at, now, zone)}, ${durationText(at - now)}`;
}

/** `3 of 3`, or `1 of 3 so far`; who is not there, or not on the current token, is said below. */
function workersText({ adoption }: SessionStatus): string {
  if (adoption.text === null) return '–';
  const soFar = adoption.waiting.length > 0 ? ' so far' : '';
  return `${adoption.current} of ${adoption.expected}${soFar}`;
}

function adviceFor({ key, state, counts, coverage, adoption }: SessionStatus): string[] {
  const advice: string[] = [];
  if (state === 'none' || state === 'expired') {
    advice.push(`${key} needs a sign-in:  token-cadence start ${key}`);
  } else if (state === 'inactive') {
    advice.push(`${key} sleeps and wants waking:  token-cadence renew ${key}`);
  } else if (coverage.untilClose === false && coverage.limitedBy === 'hard-end') {
    advice.push(`${key} ends before today's close:  token-cadence start ${key}`);
  }
  if (adoption.lagging.length > 0 || adoption.offline.length > 0) {
    advice.push(`${key}: ${adoption.text}`);
  }
  if (counts.undelivered > 0) {
    advice.push(
      `${key} has ${counts.undelivered} events that workers have not got:  token-cadence run-keep-alive`,
    );
  }
  if (counts.failuresInARow > 0) {
    advice.push(
      `${key} failed ${counts.failuresInARow} times in a row:  token-cadence test ${key}`,
    );
  }
  return advice;
}

function keepAliveText(keepAlive: KeepAliveStatus, now: number, zone: string): string {
  const { status, lastRunAt, consecutiveFailures } = keepAlive;
  const ran = lastRunAt === null ? '' : `, last run ${agoText(Date.parse(lastRunAt), now, zone)}`;
  const failed = consecutiveFailures > 0 ? `, ${consecutiveFailures} failures in a row` : '';
  return `keep-alive ${KEEP_ALIVE_WORDS[status]}${ran}${failed}`;
}
