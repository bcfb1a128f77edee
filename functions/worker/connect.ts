/**
 * `token-cadence/worker`: connects a trading worker to one session, whose token it keeps fresh by itself.
 *
 * Never fails for lack of a token: a worker may start before anyone has signed in. The package's entry for
 * workers; holds no rule of its own.
 *
 * @example
 * const broker = await connect({ session: 'etrade-prod', worker: 'orb-bot' });
 * await broker.ready({ timeoutSeconds: 3600 });
 * const answer = await broker.fetch('https://api.etrade.com/v1/accounts/list.json');
 */

import { BROKERS } from '../brokers/registry.ts';
import { createBrake } from './brake.ts';
import { createCalls } from './calls.ts';
import { composeWorker } from './compose.ts';
import { WorkerError } from './errors.ts';
import { createFailures, type Failures } from './failures.ts';
import { startFollowing } from './follow.ts';
import { startHeartbeat } from './heartbeat.ts';
import { createTokenFinder } from './held-token.ts';
import { createAskKeepAlive } from './keep-alive.ts';
import { createLedger } from './ledger.ts';
import { createLine } from './line.ts';
import { createNews } from './news.ts';
import { createTarget, type Target } from './outgoing-call.ts';
import { createReady } from './ready.ts';
import { createRecovery } from './recovery.ts';
import { createRestore } from './restore.ts';
import { type ConnectOptions, readWorkerSettings, type WorkerSettings } from './settings.ts';
import { finalEnd, stateOf } from './state.ts';
import { createTokens } from './tokens.ts';
import type { WorkerSession } from './worker-session.ts';

export type { WorkerErrorCode } from './errors.ts';
export type { ConnectOptions } from './settings.ts';
export type {
  UsableToken,
  WorkerEvents,
  WorkerSession,
  WorkerState,
} from './worker-session.ts';
export { WorkerError };

/** A store that is slow must not hold up a worker's start: it is read on in the background. */
const FIRST_LOOK_MS = 5_000;

/** A process that wants to end does not wait longer for a goodbye. */
const CLOSE_WITHIN_MS = 10_000;

/**
 * Keeps the process alive, as an open socket does, until `close()`.
 *
 * @throws WorkerError `CONFIGURATION`, listing every problem
 */
export async function connect(options: ConnectOptions): Promise<WorkerSession> {
  const settings = readWorkerSettings(options, options.parts?.brokers ?? BROKERS);
  const { session, worker, signInUrl, timeoutMs } = settings;
  const { rules } = settings.broker;
  const wiring = composeWorker(settings, options);
  const { clock, wait, random, fetch, log, instance, store } = wiring;
  const closer = new AbortController();
  const closing = closer.signal;

  const failures: Failures = createFailures({
    session,
    title: settings.broker.title,
    signInUrl,
    consumerSource: settings.consumerSource,
  });
  const news = createNews(log);
  const ledger = createLedger({ session, rules, signInUrl, clock, news });
  const finder = createTokenFinder({ session, store, ledger, clock, wait, log, closing });
  const brake = createBrake(clock);
  ledger.onSwitch(brake.release);
  const line = createLine({ settings, ...wiring, failures, brake, closing });
  const broker = async () => (await line.open()).broker;
  const askKeepAlive = createAskKeepAlive({
    session,
    url: settings.keepAliveUrl,
    ...wiring,
    closing,
  });
  const base = { ledger, rules, clock, wait, failures, broker, brake, closing };
  const { look } = finder;
  const steps = createRestore({ ...base, look, askKeepAlive, doubtCredentials: line.doubt });
  const recovery = createRecovery({ ...base, steps });
  const target = targetOf(settings);
  const shared = { ...base, recovery, line, target };
  const first = finder.look();
  const heartbeat = startHeartbeat({ session, worker, ...wiring, ledger, closing });
  const following = startFollowing({
    ...wiring,
    finder,
    ledger,
    closing,
    nextEnd() {
      const { held } = ledger.facts();
      const end = held === null ? null : finalEnd(held.token, rules);
      return end === null || end <= clock() ? null : end;
    },
  });
  const waited = new AbortController();
  await Promise.race([first, wait(FIRST_LOOK_MS, waited.signal)]);
  waited.abort();

  let closed: Promise<void> | null = null;
  return Object.freeze({
    session,
    worker,
    instance,
    ready: createReady({ session, ...shared }),
    fetch: createCalls({ ...shared, fetch, random, timeoutMs }),
    ...createTokens(shared),
    get state() {
      return stateOf(ledger.facts(), session, rules, clock());
    },
    on: news.on,
    close() {
      closed ??= closeAll();
      return closed;
    },
  });

  async function closeAll(): Promise<void> {
    ledger.close();
    closer.abort();
    const end = new AbortController();
    const all = Promise.all([following.close(), heartbeat.close()]).catch((error: unknown) =>
      log.error('not-closed', 'The connection did not close cleanly.', error),
    );
    await Promise.race([all, wait(CLOSE_WITHIN_MS, end.signal)]);
    end.abort();
  }
}

function targetOf({ session, name, broker, urls }: WorkerSettings): Target {
  const other = name.environment === 'prod' ? 'sandbox' : 'prod';
  const { apiUrl } = urls;
  return createTarget({ session, apiUrl, otherApiUrl: broker.defaults[other]?.apiUrl ?? null });
}
