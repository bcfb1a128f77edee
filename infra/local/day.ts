/**
 * `npm run day`: one whole trading day on the virtual clock, played by the real processes in seconds.
 *
 * Starts the system on free ports with a throwaway state, tells the day as a timeline, sums it up, and
 * exits with 1 when the day did not go as it must. The story itself is in `day-story.ts`.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { DateTime } from 'luxon';
import { createNyseCalendar } from '../../functions/lifecycle/nyse-calendar.ts';
import { createControlClient } from './control-client.ts';
import { eveningBefore, playDay, type Story, type TradingDay } from './day-story.ts';
import { createPerson } from './person.ts';
import { type LocalSystem, startLocalSystem } from './runner/system.ts';
import { createTerminal, paintTone, type Terminal, timeOf } from './terminal.ts';
import { createTimeline, type DayCounts, type TimelineLine } from './timeline.ts';

const DEFAULT_DATE = '2026-03-09';
const SESSION = 'etrade-sandbox';
const WIDEST_SPAN = 'HH:mm:ss – HH:mm:ss'.length;
const OUTPUT_KEPT = 60;

const HELP = `Plays one trading day in the terminal.

  npm run day -- [--date 2026-03-09]

  --date   the day; if it is none, the next trading day after it (default: ${DEFAULT_DATE})
`;

async function main(terminal: Terminal): Promise<number> {
  const { values } = parseArgs({
    options: { date: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help === true) {
    terminal.line(HELP);
    return 0;
  }
  const day = tradingDayFrom(values.date ?? DEFAULT_DATE);
  const startedAt = performance.now();
  const timeline = createTimeline((line) => printLine(terminal, line));
  const lastLines: string[] = [];
  const stateDirectory = mkdtempSync(join(tmpdir(), 'token-cadence-day-'));
  terminal.line(`${terminal.paint('bold', `${day.date} in New York`)}, played by the real system`);
  terminal.line();
  let system: LocalSystem | null = null;
  try {
    system = await startLocalSystem({
      stateDirectory,
      port: 0,
      sessions: [SESSION],
      broker: 'simulator',
      env: {},
      startAt: eveningBefore(day),
      onLine(name, line) {
        lastLines.push(`${name}: ${line}`);
        if (lastLines.length > OUTPUT_KEPT) lastLines.shift();
      },
      onActivity: timeline.record,
    });
    await system.invite();
    const { urls, clock } = system;
    const story = await playDay({
      day,
      session: SESSION,
      control: createControlClient(urls.control),
      person: createPerson({ controlUrl: urls.control }),
      say: (narration, at) => timeline.say(at ?? clock(), narration),
    });
    timeline.flush();
    const seconds = (performance.now() - startedAt) / 1000;
    return showSummary(terminal, { story, counts: timeline.counts, system, seconds });
  } catch (error) {
    timeline.flush();
    terminal.error(`The day broke off. What the processes last printed:\n${lastLines.join('\n')}`);
    throw error;
  } finally {
    await system?.close();
    rmSync(stateDirectory, { recursive: true, force: true });
  }
}

function tradingDayFrom(date: string): TradingDay {
  const noon = DateTime.fromISO(`${date}T12:00`, { zone: 'America/New_York' });
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date) || !noon.isValid) {
    throw new Error(`"${date}" is no date like ${DEFAULT_DATE}`);
  }
  const calendar = createNyseCalendar();
  const wanted = calendar.dayOf(noon.toMillis());
  const found = wanted.isTradingDay ? wanted : calendar.nextTradingDay(noon.toMillis());
  const { opensAt, closesAt } = found;
  if (opensAt === null || closesAt === null) throw new Error(`${found.date} has no trading hours`);
  return { date: found.date, opensAt, closesAt };
}

function printLine(terminal: Terminal, { at, until, symbol, text, tone }: TimelineLine): void {
  const span = timeOf(at) === timeOf(until) ? timeOf(at) : `${timeOf(at)} – ${timeOf(until)}`;
  const shown = paintTone(terminal, tone, `${symbol} ${text}`);
  terminal.line(`${terminal.paint('dim', span.padEnd(WIDEST_SPAN))}  ${shown}`);
}

type Summary = {
  readonly story: Story;
  readonly counts: Readonly<DayCounts>;
  readonly system: LocalSystem;
  readonly seconds: number;
};

/** The exit code: 0 when every check held. */
function showSummary(terminal: Terminal, { story, counts, system, seconds }: Summary): number {
  const { line, paint } = terminal;
  const calls = Object.values(system.brokerStats()?.calls ?? {})
    .flatMap((byStatus) => Object.values(byStatus))
    .reduce((sum, times) => sum + times, 0);
  const runs = Object.entries(counts.jobs).map(([job, times]) => `${job} ${times}`);
  const rows: readonly (readonly [string, string])[] = [
    ['scheduled runs', runs.join(', ')],
    ['broker calls', `${calls}, of these ${counts.workerCalls} by the workers`],
    ['renewals', String(counts.renewals)],
    ['events', String(counts.events)],
    ['messages', String(counts.messages)],
    ['trading covered', `${story.coveredMinutes} of ${story.tradingMinutes} minutes`],
    ['real time', `${seconds.toFixed(1)} s`],
  ];
  line();
  line(paint('bold', 'The day in numbers'));
  for (const [name, value] of rows) line(`  ${name.padEnd(16)} ${value}`);
  line();
  line(paint('bold', 'As it must be'));
  for (const { what, ok } of story.checks) {
    line(`  ${paintTone(terminal, ok ? 'good' : 'bad', ok ? '✓' : '✗')} ${what}`);
  }
  const failed = story.checks.filter(({ ok }) => !ok).length;
  line();
  line(
    failed === 0
      ? paint('green', 'The day went as it must.')
      : paint('red', `${failed} of ${story.checks.length} did not go as they must.`),
  );
  return failed === 0 ? 0 : 1;
}

const terminal = createTerminal();
main(terminal).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    terminal.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  },
);
