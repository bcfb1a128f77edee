/**
 * Looks at everything the system stands on and says of each part: ok, or what is wrong and what to do.
 *
 * Changes nothing that matters: it opens a sign-in that nobody finishes, and writes each record back as
 * it was read. Tells nobody. Answers as it goes. Called by the command line's `doctor`.
 */

import { StoreError } from '../errors.ts';
import { adoptionOf, adoptionText } from '../lifecycle/adoption.ts';
import { isAttemptLost } from '../lifecycle/attempts.ts';
import { KEEP_ALIVE_EVERY_MS, RENEWAL_MARGIN_MS } from '../lifecycle/limits.ts';
import type { Market } from '../lifecycle/rules.ts';
import { type SessionRecord, stateOf } from '../lifecycle/session.ts';
import type { BackupPlace } from '../storage/backup.ts';
import { readNewestToken } from '../storage/session-store.ts';
import { backUpProblem } from './back-up.ts';
import type { Checks } from './checks.ts';
import { broken, brokerFinding, type Finding, factsOf, look, ok, problem } from './finding.ts';
import { marketsOf } from './markets.ts';
import type { ConfiguredSession, System } from './system.ts';

/** Brokers refuse at five minutes; from one on it is only a matter of time. */
const SKEW_PROBLEM_MS = 60_000;
const SKEW_BROKEN_MS = 5 * 60_000;

const REACH_TIMEOUT_MS = 5_000;

/** A worker not heard of for this long is offline, and behind in nothing. */

export async function* diagnose(system: System, checks: Checks): AsyncGenerator<Finding> {
  yield ok('configuration', 'every setting is in order');
  for (const session of system.sessions) yield* checkBroker(checks, session);
  for (const session of system.sessions) yield* checkStore(system, session);
  yield* await look('service record', () => checkService(system));
  yield* await look('events', async () => {
    await checks.events.check();
    return ok('events', 'the event service takes events from here');
  });
  yield* await look('messenger', async () => {
    const bot = await checks.messenger.check();
    return ok('messenger', `@${bot} may write to the chat, a private one`);
  });
  yield await checkPages(checks);
  for (const market of marketsOf(system)) yield checkCalendar(system, market);
  if (checks.backups !== null) {
    const { backups } = checks;
    yield* await look('backup', () => checkBackup(system, backups));
  }
}

/** The worst of all: what a script acts on. */
export function verdictOf(findings: readonly Finding[]): Finding['verdict'] {
  if (findings.some(({ verdict }) => verdict === 'broken')) return 'broken';
  return findings.some(({ verdict }) => verdict === 'problem') ? 'problem' : 'ok';
}

async function* checkBroker(checks: Checks, session: ConfiguredSession): AsyncGenerator<Finding> {
  const check = `broker ${session.key}`;
  const clockCheck = `clock ${session.key}`;
  const begun = await session.broker.begin();
  if (begun.skewMs !== null || (!begun.ok && begun.reason === 'clock')) {
    yield clockFinding(clockCheck, begun.skewMs, session.title);
  }
  if (begun.ok) {
    yield ok(check, `${session.title} takes the consumer key and opens a sign-in`);
    return;
  }
  // Said already, and nothing else can be judged before the clock is right.
  if (begun.reason === 'clock') return;
  const found = brokerFinding(check, begun, factsOf(session));
  const swapped =
    begun.reason === 'configuration' && (await checks.counterpart(session.key)?.begin());
  yield swapped !== false && swapped?.ok === true ? misplacedKey(check, session, found) : found;
}

function clockFinding(check: string, skewMs: number | null, title: string): Finding {
  const fix = 'set the clock, and let it follow a time server';
  if (skewMs === null) return broken(check, `${title} refuses this machine’s clock`, fix);
  const off = Math.abs(skewMs);
  const words = `${spanOf(off)} ${skewMs > 0 ? 'behind' : 'ahead of'} ${title}’s`;
  if (off >= SKEW_BROKEN_MS) return broken(check, `this machine’s clock is ${words}`, fix);
  if (off > SKEW_PROBLEM_MS) return problem(check, `this machine’s clock is ${words}`, fix);
  return ok(check, `within ${Math.max(1, Math.ceil(off / 1_000))} s of ${title}’s`);
}

function misplacedKey(check: string, session: ConfiguredSession, found: Finding): Finding {
  const { consumerName, environment } = factsOf(session);
  const other = environment === 'prod' ? 'sandbox' : 'prod';
  return broken(
    check,
    `${found.what}, and takes it as a ${other} key`,
    `"${consumerName}" holds the ${other} application’s key: put the ${environment} one there`,
  );
}

async function* checkStore(system: System, session: ConfiguredSession): AsyncGenerator<Finding> {
  const check = `store ${session.key}`;
  let record: SessionRecord | null = null;
  const found = await look(check, async () => {
    record = await writeBack(system, session);
    return ok(check, 'the record reads, and can be written');
  });
  yield* found;
  if (record === null) return;
  yield* await look(`token ${session.key}`, () => checkToken(system, session, record ?? missing()));
  yield* checkRecord(system, session, record, await heardUntilOf(system));
}

/** When workers' reports were last collected: silence before that means something. */
async function heardUntilOf(system: System): Promise<number> {
  try {
    const { record } = await system.store.loadService();
    return record.reportsCollectedAt ?? system.clock();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    // The line "service record" says why.
    return system.clock();
  }
}

/** A replacement by what was read: it proves the right to write, and whoever came first has won. */
export async function writeBack(
  system: System,
  session: ConfiguredSession,
): Promise<SessionRecord> {
  const { record, tag } = await system.store.load(session.key);
  await system.store.replace(session.key, tag, record);
  return record;
}

function missing(): never {
  throw new TypeError('the record was read before');
}

async function checkToken(
  system: System,
  session: ConfiguredSession,
  record: SessionRecord,
): Promise<Finding> {
  const check = `token ${session.key}`;
  const { version, generation, hardEndsAt } = record;
  const start = `run "token-cadence start ${session.key}", or press the button in Telegram`;
  const state = stateOf(record, session.broker.rules, system.clock());
  if (state === 'none' || state === 'expired') {
    return problem(check, state === 'none' ? 'nobody is signed in' : 'the token has ended', start);
  }
  const newest = await readNewestToken(system.store, session.key, version, generation);
  if (newest === null) {
    return broken(check, `version ${version}, which the record points at, is gone`, start);
  }
  const probe = await session.broker.glance(newest.token);
  if (!probe.ok) return brokerFinding(check, probe, factsOf(session));
  const until = hardEndsAt === null ? '' : `, until ${new Date(hardEndsAt).toISOString()}`;
  return ok(check, `${session.title} takes generation ${newest.token.generation}${until}`);
}

function* checkRecord(
  system: System,
  session: ConfiguredSession,
  record: SessionRecord,
  heardUntil: number,
): Generator<Finding> {
  const now = system.clock();
  if (record.undelivered.length > 0) {
    yield problem(
      `events ${session.key}`,
      `${record.undelivered.length} event(s) have not reached workers`,
      'run "token-cadence run-keep-alive", which sends them; see the line "events"',
    );
  }
  if (isAttemptLost(record, now)) {
    yield problem(
      `sign-in ${session.key}`,
      'a sign-in was used up and nothing was saved',
      `run "token-cadence start ${session.key}": it cannot be brought back`,
    );
  }
  const adoption = adoptionOf(record, session.workers, heardUntil);
  const text = adoptionText(adoption, system.calendar(session.broker.rules.market).zone, now);
  if (text !== null) {
    yield adoption.lagging.length === 0
      ? ok(`workers ${session.key}`, text)
      : problem(
          `workers ${session.key}`,
          text,
          'see whether it reaches Pub/Sub and Secret Manager; a restart makes it read the newest token',
        );
  }
}

async function checkService(system: System): Promise<readonly Finding[]> {
  const { record, tag } = await system.store.loadService();
  await system.store.replaceService(tag, record);
  const { lastRunAt } = record.keepAlive;
  const findings = [ok('service record', 'reads, and can be written')];
  const silentMs = lastRunAt === null ? null : system.clock() - lastRunAt;
  if (silentMs === null) {
    findings.push(
      problem('keep-alive', 'has never run', 'see its job in Cloud Scheduler, and infra/gcp'),
    );
  } else if (silentMs > KEEP_ALIVE_EVERY_MS + RENEWAL_MARGIN_MS) {
    findings.push(
      problem(
        'keep-alive',
        `last ran ${spanOf(silentMs)} ago, and is due every ${spanOf(KEEP_ALIVE_EVERY_MS)}`,
        'see its job in Cloud Scheduler (paused?) and its log; "token-cadence run-keep-alive" fills in',
      ),
    );
  } else {
    findings.push(ok('keep-alive', `last ran ${spanOf(silentMs)} ago`));
  }
  const waiting = record.notices.filter(({ delivery }) => delivery.state === 'refused');
  const last = waiting.at(-1);
  if (last !== undefined) {
    findings.push(
      problem(
        'messages',
        `${waiting.length} message(s) of the last two days were refused`,
        `see the line "messenger"; the last time: ${last.lastProblem ?? 'no reason given'}`,
      ),
    );
  }
  return findings;
}

async function checkPages({ publicUrl, fetch }: Checks): Promise<Finding> {
  const status = await reach(publicUrl, fetch);
  if (status === null) {
    return broken('pages', `${publicUrl} does not answer`, 'see pin-exchange, and "PUBLIC_URL"');
  }
  // Without the cookie the page is refused, and that is right.
  if (status < 500 && status !== 404) return ok('pages', `${publicUrl} answers`);
  return broken('pages', `${publicUrl} answers ${status}`, 'see the log of pin-exchange');
}

/** The status of a page, or `null` when nobody answers. */
export async function reach(url: string, fetch: typeof globalThis.fetch): Promise<number | null> {
  try {
    const response = await fetch(url, {
      redirect: 'manual',
      signal: AbortSignal.timeout(REACH_TIMEOUT_MS),
    });
    await response.body?.cancel();
    return response.status;
  } catch {
    return null;
  }
}

function checkCalendar(system: System, market: Market): Finding {
  const { basis, date, note, isTradingDay } = system.calendar(market).dayOf(system.clock());
  if (basis === 'unknown') {
    return problem(
      'calendar',
      `knows nothing of the ${market} in ${date.slice(0, 4)}: every weekday counts as a trading day`,
      'deploy a release that knows this year, and name its holidays in MARKET_CLOSURES until then',
    );
  }
  const day = isTradingDay
    ? `is a trading day of the ${market}`
    : `is no trading day of the ${market} (${note ?? 'closed'})`;
  const source = basis === 'rule' ? ', by rule: this year is not published yet' : '';
  return ok('calendar', `${date} ${day}${source}`);
}

async function checkBackup(system: System, place: BackupPlace): Promise<Finding> {
  const wrong = await backUpProblem(system, place);
  if (wrong === null) return ok('backup', 'the daily copies are up to date');
  return problem('backup', wrong, 'see the log of keep-alive for "backup-not-saved"');
}

/** `40 s`, `12 min`, `3 h`. */
function spanOf(ms: number): string {
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s`;
  if (ms < 2 * 60 * 60_000) return `${Math.round(ms / 60_000)} min`;
  return `${Math.round(ms / 3_600_000)} h`;
}
