/**
 * `npm run cost`: what a month costs, item by item, and what limits the system at other sizes.
 *
 * Computes alone; asks no cloud and reads no clock. Exits with 2 on wrong arguments.
 */

import { parseArgs } from 'node:util';
import { ETRADE_RULES } from '../../functions/brokers/etrade-rules.ts';
import { jobsForMarkets, readJobs } from '../local/schedule.ts';
import { MONTH } from './assumptions.ts';
import { readMonth } from './month.ts';
import { costReport } from './report.ts';
import { readSizes } from './sizes.ts';
import type { Question } from './usage.ts';

const HELP = `What a month of token-cadence costs, from the schedule, the sizes of the functions
and Google's published prices.

  npm run cost -- [--sessions 2] [--workers 0] [--month ${MONTH}]

  --sessions  how many sessions; the second one is of another environment
  --workers   trading workers that are connected in the hours of trading
  --month     the month whose runs are counted; ${MONTH} is as full as months get`;

const MOST_SESSIONS = 10_000;

/** @returns what is asked, or what is wrong with it; `help` where that is wanted */
export function readQuestion(
  args: readonly string[],
): { readonly question: Question } | { readonly problem: string } | 'help' {
  let values: { sessions: string; workers: string; month: string; help: boolean };
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        sessions: { type: 'string', default: '2' },
        workers: { type: 'string', default: '0' },
        month: { type: 'string', default: MONTH },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }));
  } catch (error) {
    return { problem: error instanceof Error ? error.message : 'wrong arguments' };
  }
  if (values.help) return 'help';
  const sessions = wholeNumber(values.sessions, 1);
  if (sessions === null) return { problem: outOfRange('sessions', values.sessions, 1) };
  const workers = wholeNumber(values.workers, 0);
  if (workers === null) return { problem: outOfRange('workers', values.workers, 0) };
  const jobs = readJobs();
  const markets = new Set([ETRADE_RULES.market]);
  const month = readMonth(values.month, jobsForMarkets(jobs, markets), markets);
  if (month === null)
    return { problem: `--month "${values.month}" is not a month such as ${MONTH}` };
  // Every session that is counted is one of E*TRADE.
  return { question: { sessions, workers, month, jobs, markets, sizes: readSizes() } };
}

function wholeNumber(text: string, least: number): number | null {
  if (!/^\d{1,6}$/.test(text)) return null;
  const value = Number(text);
  return value >= least && value <= MOST_SESSIONS ? value : null;
}

function outOfRange(name: string, text: string, least: number): string {
  return `--${name} "${text}" is no whole number from ${least} to ${MOST_SESSIONS}`;
}

if (import.meta.main) {
  const read = readQuestion(process.argv.slice(2));
  if (read === 'help') {
    process.stdout.write(`${HELP}\n`);
  } else if ('problem' in read) {
    process.stderr.write(`${read.problem}\n\n${HELP}\n`);
    process.exitCode = 2;
  } else {
    process.stdout.write(`${costReport(read.question)}\n`);
  }
}
