/**
 * `token-cadence calendar [date]`: is it a trading day, when does it open and close, and if not, why.
 *
 * Needs no settings but follows `MARKET_CLOSURES` and `MARKET_SESSIONS`. Makes no remote call.
 */

import { marketChangesOf } from '../config.ts';
import type { MarketDay } from '../lifecycle/calendar.ts';
import { createCalendars, MARKETS, parseMarket } from '../lifecycle/calendars.ts';
import { momentOf } from '../lifecycle/wall-clock.ts';
import type { AddCommand, CommandContext } from './command.ts';
import { examples } from './command.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { cityOf, dayText, timeText } from './moments.ts';

const DEFAULT_MARKET = 'NYSE';

type CalendarOptions = { readonly market?: string; readonly json?: boolean };

export const addCalendar: AddCommand = (program, run) => {
  program
    .command('calendar')
    .description('is it a trading day of the market, and when is the open')
    .argument('[date]', 'as 2026-11-27; today in the market’s city if left out')
    .option('-m, --market <name>', MARKETS.join(' or '), DEFAULT_MARKET)
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `${examples('calendar', 'calendar 2026-11-27', 'calendar --market NSE', 'calendar > /dev/null && ./trade.sh')}

Exits with 0 on a trading day and with 1 on another.`,
    )
    .action(run(calendar));
};

export async function calendar(
  { terminal, env, clock }: CommandContext,
  date: string | undefined,
  options: CalendarOptions,
): Promise<ExitCode> {
  const market = parseMarket(options.market ?? DEFAULT_MARKET);
  if (market === null) {
    terminal.problem(`That is not a market: there are ${MARKETS.join(' and ')}.`);
    return EXIT.usage;
  }
  const days = createCalendars(marketChangesOf(env))(market);
  const at = date === undefined ? clock() : noonOf(days.zone, date);
  if (at === null) {
    terminal.problem('That is not a date: write it as 2026-11-27.');
    return EXIT.usage;
  }
  const day = days.dayOf(at);
  const next = days.nextTradingDay(at);
  if (options.json === true) {
    terminal.line(JSON.stringify({ market, ...isoDay(day), nextTradingDay: next.date }, null, 2));
  } else {
    const { line, paint } = terminal;
    const open = day.isTradingDay ? paint('green', 'trading day') : paint('yellow', 'no trading');
    line(`${paint('bold', dayText(at, days.zone))}: ${open}${whyText(day)}`);
    if (day.opensAt !== null && day.closesAt !== null) {
      const [opens, closes] = [day.opensAt, day.closesAt].map((end) => timeText(end, days.zone));
      line(`  opens ${opens}, closes ${closes} ${cityOf(days.zone)}`);
    }
    line(`  next trading day: ${dayText(next.opensAt ?? at, days.zone)}`);
    if (day.basis !== 'published') line(paint('dim', `  ${BASIS_WORDS[day.basis]}`));
  }
  return day.isTradingDay ? EXIT.ok : EXIT.failed;
}

const BASIS_WORDS = {
  rule: 'The exchange has not published this year yet: computed from its rules.',
  unknown: 'Nothing is known of this year: every weekday counts as a trading day.',
} as const;

function whyText({ note }: MarketDay): string {
  return note === null ? '' : ` (${note})`;
}

/** `null` for what is no day of the calendar: 31 February is none. */
function noonOf(zone: string, date: string): number | null {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date)) return null;
  const midnight = Date.parse(`${date}T00:00:00Z`);
  if (Number.isNaN(midnight) || !new Date(midnight).toISOString().startsWith(date)) return null;
  return momentOf(zone, date, '12:00');
}

function isoDay(day: MarketDay): object {
  const iso = (at: number | null): string | null =>
    at === null ? null : new Date(at).toISOString();
  return { ...day, opensAt: iso(day.opensAt), closesAt: iso(day.closesAt) };
}
