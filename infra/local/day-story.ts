/**
 * The story of one trading day, told through the control API: midnight, alert, sign-in, hours of
 * trading, an idle gap, the close, midnight again.
 *
 * Plays the person over HTTP and checks at each turn that the day goes as it must. Prints nothing itself.
 * Called by `day.ts`.
 */

import { DateTime } from 'luxon';
import type { ControlClient, Overview } from './control-client.ts';
import { coveredMinutes, createSamples, SLICE_MS } from './day-samples.ts';
import type { Narration } from './narrate.ts';
import type { Person } from './person.ts';

const ZONE = 'America/New_York';
const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const QUARTER_MS = 15 * MINUTE_MS;
const GAP_MS = 130 * MINUTE_MS;
const GAP_BEFORE_CLOSE_MS = 179 * MINUTE_MS;

export type TradingDay = {
  readonly date: string;
  readonly opensAt: number;
  readonly closesAt: number;
};

export type Check = { readonly what: string; readonly ok: boolean };

export type Story = {
  readonly checks: readonly Check[];
  readonly coveredMinutes: number;
  readonly tradingMinutes: number;
};

export type StoryOptions = {
  readonly day: TradingDay;
  readonly session: string;
  readonly control: ControlClient;
  readonly person: Person;
  /** A line of the story, now or at a given moment. */
  readonly say: (narration: Narration, at?: number) => void;
};

/** When the run begins: late in the evening before, so that midnight has a token to end. */
export function eveningBefore({ date }: TradingDay): number {
  return localTime(date, -1, '23:40');
}

export async function playDay(options: StoryOptions): Promise<Story> {
  const checks: Check[] = [];
  const chapter: Chapter = {
    ...options,
    check(what, ok) {
      checks.push({ what, ok });
      if (!ok) options.say({ symbol: '✗', text: `not as it must be: ${what}`, tone: 'bad' });
    },
    look: async () => sessionOf(await options.control.overview(), options.session),
  };
  const { opensAt, closesAt } = options.day;
  await playNight(chapter);
  await playMorning(chapter);
  const slices = await playTrading(chapter);
  await playEvening(chapter);
  return {
    checks,
    coveredMinutes: coveredMinutes(slices, opensAt, closesAt),
    tradingMinutes: (closesAt - opensAt) / MINUTE_MS,
  };
}

type Chapter = StoryOptions & {
  readonly check: (what: string, ok: boolean) => void;
  readonly look: () => Promise<Overview['sessions'][number]>;
};

async function playNight({ day, session, control, person, say, check, look }: Chapter) {
  const midnight = localTime(day.date, 0, '00:00');
  say({ symbol: '☞', text: 'somebody signs in late on the evening before', tone: 'plain' });
  await person.signIn(newestLink(await control.overview()), session);
  await control.advance('PT1M');
  check('a sign-in on the evening before gives generation 1', (await look()).generation === 1);
  await control.moveTo(midnight - SECOND_MS);
  say(
    { symbol: '☾', text: 'midnight in New York ends every E*TRADE token', tone: 'plain' },
    midnight,
  );
  await control.moveTo(midnight + MINUTE_MS);
  check('midnight expired the token', (await look()).state === 'expired');
  const { workers, messages } = await control.overview();
  const ended = `the token ended at ${new Date(midnight).toISOString()}; sign in at http`;
  check(
    'every worker has a clear error',
    workers.length > 0 && workers.every(({ problem }) => problem?.includes(ended) === true),
  );
  await control.moveTo(localTime(day.date, 0, '08:29'));
  const woken = (await control.overview()).messages.length - messages.length;
  check('no message at night', woken === 0);
}

async function playMorning({ day, session, control, person, say, check }: Chapter) {
  const before = (await control.overview()).messages.length;
  await control.moveTo(localTime(day.date, 0, '08:41'));
  const alerts = (await control.overview()).messages.slice(before);
  check('exactly one alert, with a button', alerts.length === 1 && alerts[0]?.buttons.length === 1);

  say({ symbol: '☞', text: 'the person taps the button', tone: 'plain' });
  await person.open(newestLink(await control.overview()));
  const broker = await person.start(session);
  say({ symbol: '☞', text: `"Open E*TRADE" leads to ${new URL(broker).pathname}`, tone: 'plain' });
  await control.advance('PT1M30S');
  const pin = await person.approve(session);
  say({ symbol: '☞', text: 'logged in at the broker, which shows a PIN', tone: 'plain' });
  await control.advance('PT20S');
  say({ symbol: '☞', text: 'the PIN is pasted', tone: 'plain' });
  await person.paste(session, pin);
  await control.advance('PT10S');

  const { sessions, events, workers } = await control.overview();
  const renewed = sessions.find(({ key }) => key === session);
  check('generation 2 is active and proven', isProven(renewed) && renewed?.generation === 2);
  check('one event tells of generation 2', generationOf(events.at(-1)?.data) === 2);
  check(
    'every worker makes a signed call with generation 2',
    workers.every(({ generation, lastCall }) => generation === 2 && lastCall?.status === 200),
  );
}

async function playTrading(chapter: Chapter) {
  const { day, control, say, check, look } = chapter;
  const messagesBefore = (await control.overview()).messages.length;
  await control.moveTo(day.opensAt);
  say({ symbol: '☼', text: 'the market opens', tone: 'plain' });
  const samples = await createSamples({
    from: day.opensAt,
    moveTo: control.moveTo,
    isActive: async () => (await look()).state === 'active',
  });

  // Over before the close, also on half days.
  const gapFrom = day.closesAt - GAP_BEFORE_CLOSE_MS;
  await samples.until(gapFrom);
  const gap = 'workers, keep-alive and health-check stand still for 2 h 10 min';
  say({ symbol: '‖', text: gap, tone: 'bad' });
  const paused = { paused: true };
  await control.setFaults({ worker: paused, 'keep-alive': paused, 'health-check': paused });
  await samples.until(gapFrom + GAP_MS);
  const idle = await look();
  check('two hours without a call made the session inactive', idle.state === 'inactive');
  say({ symbol: '○', text: 'the session is inactive; the scheduler is back', tone: 'plain' });
  await control.setFaults({ 'keep-alive': null, 'health-check': null });
  const resumedAt = Math.ceil((gapFrom + GAP_MS) / QUARTER_MS) * QUARTER_MS;
  await samples.until(resumedAt);
  const renewed = await look();
  check(
    'the next keep-alive renewed it and a probe proved it',
    isProven(renewed) && renewed.counts.renewals === idle.counts.renewals + 1,
  );
  await control.setFaults({ worker: null });

  await samples.until(day.closesAt);
  say({ symbol: '☼', text: 'the market is closed', tone: 'plain' });
  const lost = samples.slices.filter(
    ({ isCovered, from, until }) => !isCovered && from < day.closesAt && until > day.opensAt,
  );
  check(
    'every minute of trading outside the gap was covered',
    lost.every(({ from, until }) => from >= gapFrom && until <= resumedAt + SLICE_MS),
  );
  const messages = (await control.overview()).messages.length - messagesBefore;
  check('silence after the success message', messages === 0);
  return samples.slices;
}

async function playEvening({ day, control, say, check, look }: Chapter) {
  const midnight = localTime(day.date, 1, '00:00');
  await control.moveTo(midnight - SECOND_MS);
  check('the token is good until the last second', (await look()).state === 'active');
  say({ symbol: '☾', text: 'midnight again', tone: 'plain' }, midnight);
  await control.moveTo(midnight + MINUTE_MS);
  check('midnight expired the token again', (await look()).state === 'expired');
}

/** A wall-clock time, so many days after a date. */
function localTime(date: string, days: number, time: string): number {
  const midnight = DateTime.fromISO(date, { zone: ZONE }).plus({ days });
  return DateTime.fromISO(`${midnight.toISODate()}T${time}`, { zone: ZONE }).toMillis();
}

function sessionOf(overview: Overview, key: string): Overview['sessions'][number] {
  const found = overview.sessions.find((session) => session.key === key);
  if (found === undefined) throw new Error(`The status shows no session "${key}"`);
  return found;
}

function isProven(session: Overview['sessions'][number] | undefined): boolean {
  return session?.state === 'active' && session.apiValidated;
}

function newestLink({ messages }: Overview): string {
  const link = messages.at(-1)?.buttons[0]?.url;
  if (link === undefined) throw new Error('The chat has no button');
  return link;
}

function generationOf(data: unknown): number | null {
  if (typeof data !== 'object' || data === null || !('generation' in data)) return null;
  return typeof data.generation === 'number' ? data.generation : null;
}
