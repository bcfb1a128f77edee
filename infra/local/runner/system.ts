/**
 * The whole local run: servers, processes, scheduler, put together and taken apart again.
 *
 * Everything listens on 127.0.0.1 only. Holds no behaviour of its own beyond order: servers first (their
 * addresses are the functions' settings), then processes, then time. Called by `start.ts`, `day.ts` and tests.
 */

import { systemWait } from '../../../functions/clock.ts';
import { readConfig } from '../../../functions/config.ts';
import { createHooks } from '../../../functions/http/hook.ts';
import { Secret } from '../../../functions/secret.ts';
import type { Activity } from '../activity.ts';
import type { BrokerStats } from '../brokers/simulator.ts';
import { startGoogleEmulators } from '../emulators/google.ts';
import { createFaultsEditor } from '../faults.ts';
import { jobsForMarkets, readJobs } from '../schedule.ts';
import { type Environment, settingsFor, statusKeyOf, usesRealTelegram } from '../settings.ts';
import {
  announceRun,
  leaveStateDirectory,
  openKeys,
  openStateDirectory,
  stateDirectoryAt,
} from '../state.ts';
import { createTelegramStandIn } from '../telegram.ts';
import { createVirtualClock, startClockAt } from '../virtual-clock.ts';
import { openBrokerHost } from './brokers.ts';
import { createControl } from './control.ts';
import { createEventsHub } from './events-hub.ts';
import { createFaultSetter } from './fault-setter.ts';
import { createGateway } from './gateway.ts';
import { LOOPBACK, type OpenServer, openServer, sendJson } from './http.ts';
import { callJob } from './job-call.ts';
import { type Processes, type ProcessName, startProcesses } from './processes.ts';
import { createPublicFunction } from './public-function.ts';
import { createReportBox } from './report-box.ts';
import { createScheduler } from './scheduler.ts';
import { checkSessions, marketsOf, zoneOf } from './sessions.ts';
import { createWorkerBoard } from './workers.ts';

const ACT_TIMEOUT_MS = 60_000;
const WORKER_UP_MS = 2_000;

export type LocalSystemOptions = {
  readonly stateDirectory: string;
  /** The public port; the others follow. 0: any free ports. */
  readonly port: number;
  readonly sessions: readonly string[];
  readonly broker: 'simulator' | 'real';
  /** Secret Manager's stand-in and Google's Pub/Sub emulator instead of files and local events. */
  readonly emulators?: boolean;
  /** The person's own settings. */
  readonly env: Environment;
  /** Where the clock of a fresh state directory starts, if not now. */
  readonly startAt?: number;
  readonly colour?: boolean;
  /** Whether the functions log trouble only. @default false */
  readonly quiet?: boolean;
  /** What people come through to the public function: gets its address, answers its own. */
  readonly front?: (publicUrl: string) => Promise<string>;
  /** A line that one of the processes printed. */
  readonly onLine?: (name: string, line: string) => void;
  readonly onActivity?: (activity: Activity) => void;
};

export type LocalSystem = {
  readonly urls: {
    readonly public: string;
    readonly brokers: string | null;
    readonly telegram: string | null;
    readonly control: string;
    /** `null` without emulators. */
    readonly secretManager: string | null;
    /** `host:port` of the Pub/Sub emulator. */
    readonly pubsub: string | null;
  };
  readonly clock: () => number;
  /** Opens the JSON routes of the public function. */
  readonly statusKey: string;
  /** Of one broker's simulator, or of all together. */
  readonly brokerStats: (broker?: string) => BrokerStats | null;
  /** Kills a process as `kill -9` does; the supervisor restarts it. False when it is not running. */
  readonly kill: (name: ProcessName) => boolean;
  /** Makes sure that the chat has a button when somebody must sign in; answers those sessions. */
  readonly invite: () => Promise<readonly string[]>;
  /** Ends everything, leaving no process behind. */
  readonly close: () => Promise<void>;
};

/** @throws PortError, or Error with words for the person at the terminal */
export async function startLocalSystem(options: LocalSystemOptions): Promise<LocalSystem> {
  checkSessions(options.sessions);
  const closers: (() => Promise<void> | void)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    return { ...(await start(options, (closer) => closers.push(closer))), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function start(
  options: LocalSystemOptions,
  onClose: (closer: () => Promise<void> | void) => void,
): Promise<Omit<LocalSystem, 'close'>> {
  const { sessions, port, env, onActivity = () => {}, onLine = () => {} } = options;
  const isReal = options.broker === 'real';
  const portAt = (offset: number): number => (port === 0 ? 0 : port + offset);
  const { fetch } = globalThis;

  const state = stateDirectoryAt(options.stateDirectory);
  openStateDirectory(state);
  onClose(() => leaveStateDirectory(state));
  if (options.startAt !== undefined) startClockAt(state.clockFile, options.startAt);
  const clock = createVirtualClock(state.clockFile);
  const keys = openKeys(state, sessions);
  const faults = createFaultsEditor(state.faultsFile);
  faults.clear();

  const open = async (offset: number, handler: Parameters<typeof openServer>[0]) => {
    const server = await openServer(handler, portAt(offset));
    onClose(server.close);
    return server;
  };

  // Servers come first: their addresses are settings of the processes that answer behind them.
  let processes: Processes | null = null;
  const portOf = async (name: ProcessName, timeoutMs: number): Promise<number> => {
    if (processes === null) throw new Error('the processes are starting');
    return processes.portOf(name, timeoutMs);
  };
  const gateway = createGateway({ portOf, faults, wait: systemWait });
  const publicServer = await open(0, (req, res) => void gateway(req, res));
  const publicUrl =
    (await options.front?.(publicServer.url)) ??
    (isReal ? env['PUBLIC_URL'] : undefined) ??
    publicServer.url;

  const brokers = isReal
    ? null
    : await openBrokerHost({
        clock: clock.now,
        port: portAt(1),
        sessions,
        consumers: keys.consumers,
        snapshotFile: state.brokerFile,
        publicUrl,
        notifierUrl: createHooks({ key: new Secret(keys.app.linkKey), publicUrl }).address,
      });
  if (brokers !== null) onClose(brokers.server.close);

  const telegram =
    isReal && usesRealTelegram(env)
      ? null
      : createTelegramStandIn({
          clock: clock.now,
          token: keys.app.telegramBotToken,
          onMessage: (message) => onActivity({ kind: 'message', at: message.at, message }),
        });
  const telegramServer: OpenServer | null =
    telegram === null ? null : await open(2, (req, res) => void telegram.handle(req, res));

  const workerUrl = async (path: string): Promise<string> =>
    `http://${LOOPBACK}:${await portOf('worker', WORKER_UP_MS)}${path}`;
  const hub = createEventsHub({
    clock: clock.now,
    wait: systemWait,
    faults,
    fetch,
    subscribers: [{ name: 'sample-workers', url: () => workerUrl('/') }],
    onEvent: (event) => onActivity({ kind: 'event', at: event.at, event }),
  });
  onClose(hub.close);
  const box = createReportBox({ faults, wait: systemWait });
  const board = createWorkerBoard((report) =>
    onActivity({ kind: 'worker', at: clock.now(), report }),
  );

  async function letWorkersAct(): Promise<void> {
    if (faults.of('worker')?.fault.paused === true) return;
    try {
      const signal = AbortSignal.timeout(ACT_TIMEOUT_MS);
      await fetch(await workerUrl('/act'), { method: 'POST', signal });
    } catch {
      // Not up, or told to be away: it acts by its own timer once it is back.
    }
  }

  const jobs = jobsForMarkets(readJobs(), marketsOf(sessions));
  const scheduler = createScheduler({
    jobs,
    clock,
    call: (job, scheduledAt, isByHand) =>
      callJob(publicServer.url, job, scheduledAt, isByHand, fetch),
    isPaused: (name) => faults.isPaused(name),
    arrive: letWorkersAct,
    settle: async () => {
      await hub.flush();
      await letWorkersAct();
    },
    onRun: (run) => onActivity({ kind: 'job', at: run.at, run }),
  });

  const google =
    options.emulators === true
      ? await startGoogleEmulators({
          clock: clock.now,
          sessions,
          ports: { secretManager: portAt(4), pubsub: portAt(5) },
          snapshotFile: state.secretsFile,
          env,
        })
      : null;
  if (google !== null) onClose(google.close);

  const statusKey = statusKeyOf(env, keys, isReal);
  const publicFunction = createPublicFunction(publicServer.url, statusKey, fetch);
  const ours = {
    public: publicUrl,
    brokers: brokers?.server.url ?? null,
    telegram: telegramServer?.url ?? null,
  };
  const urls: { -readonly [K in keyof LocalSystem['urls']]: LocalSystem['urls'][K] } = {
    ...ours,
    control: '',
    secretManager: google?.urls.secretManager ?? null,
    pubsub: google?.urls.pubsub ?? null,
  };
  const control = createControl({
    clock: clock.now,
    zone: zoneOf(sessions),
    scheduler,
    whyTimeIsFixed: isReal ? 'The real broker lives in real time: the clock cannot be moved' : null,
    async overview() {
      const status = await publicFunction.status().catch(() => null);
      return {
        clock: isoOf(clock.now()),
        urls: { ...ours, control: urls.control, ...google?.urls },
        sessions: status?.sessions ?? [],
        messages: (telegram?.messages() ?? []).map((message) => ({
          ...message,
          at: isoOf(message.at),
        })),
        events: hub.events().map((event) => ({ ...event, at: isoOf(event.at) })),
        workers: board.reports(),
        jobs: scheduler.view().map((job) => ({
          ...job,
          lastRunAt: isoOf(job.lastRunAt),
          nextRunAt: isoOf(job.nextRunAt),
        })),
        faults: faults.all(),
        /** Set when the sessions could not be asked for. */
        problem: status === null ? 'The public function does not answer /status' : null,
      };
    },
    approve(session) {
      if (brokers === null) {
        return { ok: false, status: 409, problem: 'Sign in at the real broker yourself' };
      }
      if (!sessions.includes(session)) {
        const problem = `There is no session "${session}"; there are ${sessions.join(', ')}`;
        return { ok: false, status: 400, problem };
      }
      const approval = brokers.approve(session);
      return approval === null
        ? { ok: false, status: 409, problem: `No sign-in is open for "${session}": start one` }
        : { ok: true, approval };
    },
    setFaults: createFaultSetter({
      faults,
      brokers,
      telegram,
      google,
      clock: clock.now,
      onActivity,
    }),
    onMove: ({ now, sleptUntil }) => onActivity({ kind: 'clock', at: now, sleptUntil }),
    mounted: {
      '/events': hub.handle,
      '/events/reports': box.send,
      '/events/reports/pull': box.pull,
      '/events/reports/acknowledge': box.acknowledge,
      '/workers': board.handle,
    },
    streams: { '/events/follow': hub.follow },
  });
  const controlServer = await open(3, (req, res) => {
    control(req, res).catch((error: unknown) => {
      onLine('runner', `the control API failed: ${error instanceof Error ? error.stack : error}`);
      sendJson(res, 500, { error: 'The runner could not do this; see its output' });
    });
  });
  urls.control = controlServer.url;
  await google?.pushTo(`${controlServer.url}/events`);

  const run = {
    sessions: [...sessions],
    urls: {
      public: publicUrl,
      keepAlive: `${publicServer.url}/keep-alive`,
      events: `${controlServer.url}/events`,
      workerReports: `${controlServer.url}/workers`,
      telegram: telegramServer?.url ?? null,
    },
    brokerVariables: brokers?.variables ?? null,
    googleVariables: google?.variables ?? null,
  };
  const { colour = false, quiet = false } = options;
  const settings = settingsFor({ ...run, state, keys, env, colour, quiet });
  // Once here, with all problems by name, rather than in the log of each function.
  readConfig(settings);
  announceRun(state, run);
  processes = startProcesses(settings, {
    onLine,
    onChange(name, change) {
      // A fault that killed its process is over: the restarted one lives.
      if (change.change === 'died' && change.signal === 'SIGKILL') faults.clearCrash(name);
      onActivity({ kind: 'process', at: clock.now(), name, change });
    },
  });
  const { stop, allReady, kill } = processes;
  onClose(async () => {
    const stopped = scheduler.stop();
    await stop();
    await stopped;
  });
  await allReady();
  await publicFunction.status();
  scheduler.start();

  return {
    urls,
    clock: clock.now,
    statusKey,
    brokerStats: (broker) => brokers?.stats(broker) ?? null,
    kill,
    async invite() {
      const { sessions: states } = await publicFunction.status();
      const due = states.filter(({ state: is }) => is === 'none' || is === 'expired');
      if (due.length === 0) return [];
      const before = telegram?.messages().length ?? 0;
      const alert = jobs.find((job) => job.function === 'morning-alert');
      if (alert !== undefined) await scheduler.run(alert.name);
      if ((telegram?.messages().length ?? 0) === before) await publicFunction.sendLink();
      return due.map(({ key }) => key);
    },
  };
}

function isoOf(at: number): string;
function isoOf(at: number | null): string | null;
function isoOf(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}
