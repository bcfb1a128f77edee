import { describe, expect, it } from 'vitest';
import { EventError, StoreError } from '../../functions/errors.ts';
import type { ReportCollector } from '../../functions/events/worker-reports.ts';
import type { WorkerHeartbeat } from '../../functions/lifecycle/worker-report.ts';
import { checkHealth } from '../../functions/operations/check-health.ts';
import { collectForPage, collectReports } from '../../functions/operations/collect-reports.ts';
import { readStatus } from '../../functions/operations/read-status.ts';
import { renewSessions } from '../../functions/operations/renew-sessions.ts';
import { sessionKey } from '../fixtures/records.ts';
import { createTestSystem, storeDenied, storeDown, type TestSystem } from '../fixtures/system.ts';
import { HOUR_MS, MINUTE_MS } from '../fixtures/test-clock.ts';
import { aReport } from '../fixtures/worker-reports.ts';

/** A channel that gives what waits, again and again until it is acknowledged. */
function createChannel() {
  const waiting = new Set<WorkerHeartbeat>();
  const facts = { waiting, unreadable: 0, acknowledged: 0, failure: null as Error | null };
  const collector: ReportCollector = {
    async collect() {
      if (facts.failure !== null) throw facts.failure;
      const reports = [...waiting];
      return {
        reports,
        unreadable: facts.unreadable,
        async acknowledge() {
          facts.acknowledged += reports.length;
          for (const report of reports) waiting.delete(report);
        },
      };
    },
  };
  return Object.assign(facts, { collector });
}

async function setUp(workers: readonly string[] = []) {
  const channel = createChannel();
  const world = createTestSystem({
    sessions: [{ key: 'etrade-sandbox', workers }],
    reports: channel.collector,
  });
  await world.signIn();
  /** A worker reports now, on generation 1 unless it says otherwise. */
  const say = (changes: Partial<WorkerHeartbeat> = {}) => {
    const at = world.clock.now();
    channel.waiting.add(aReport({ generation: 1, lastUsedAt: at, at, ...changes }));
  };
  return { world, channel, say };
}

const channelDown = () =>
  new EventError('The event service could not be reached', {
    code: 'EVENTS_UNAVAILABLE',
    retryable: true,
  });

const probes = (world: TestSystem): number =>
  world.steps.taken.filter((name) => name.startsWith('broker.')).length;

describe('collected reports', () => {
  it('are written down in one write a session, and acknowledged afterwards', async () => {
    const { world, channel, say } = await setUp();
    world.clock.advance(5 * MINUTE_MS);
    say();
    say({ worker: 'scalper' });
    world.steps.forget();
    expect(await collectReports(world.system)).toEqual({
      collectedAt: world.clock.now(),
      problem: null,
    });
    expect(world.steps.taken.filter((name) => name.startsWith('store.replace'))).toHaveLength(1);
    expect(channel.acknowledged).toBe(2);
    const record = await world.record();
    expect(Object.keys(record.workers)).toEqual(['orb-bot/host-1', 'scalper/host-1']);
    expect(record.lastUsedAt).toBe(world.clock.now());
  });

  it('from the future count as of now, so that later ones are heeded', async () => {
    const { world, say } = await setUp();
    const future = world.clock.now() + HOUR_MS;
    say({ at: future, lastUsedAt: future });
    await collectReports(world.system);
    const record = await world.record();
    expect(record.workers['orb-bot/host-1']?.at).toBe(world.clock.now());
    expect(record.lastUsedAt).toBe(world.clock.now());
  });

  it('of a session that nobody knows are passed over, and acknowledged', async () => {
    const { world, channel, say } = await setUp();
    say({ session: sessionKey('etrade-prod') });
    channel.unreadable = 1;
    expect((await collectReports(world.system)).problem).toBeNull();
    expect(channel.acknowledged).toBe(1);
    expect((await world.record()).workers).toEqual({});
    expect(world.logged()).toContain('reports-skipped');
  });

  it('older than a day say nothing', async () => {
    const { world, say } = await setUp();
    say({ at: world.clock.now() - 24 * HOUR_MS - 1 });
    await collectReports(world.system);
    expect((await world.record()).workers).toEqual({});
  });

  it('that could not be written come again', async () => {
    const { world, channel, say } = await setUp();
    say();
    world.steps.fail('store.replace', storeDown());
    expect(await collectReports(world.system)).toEqual({
      collectedAt: null,
      problem: expect.stringContaining('The store does not answer'),
    });
    expect(channel.acknowledged).toBe(0);
    world.steps.mend();
    expect((await collectReports(world.system)).problem).toBeNull();
    expect(channel.acknowledged).toBe(1);
  });

  it.each([
    { name: 'refuses', failure: storeDenied() },
    {
      name: 'does not read',
      failure: new StoreError('torn', { code: 'STORE_RECORD_INVALID', retryable: false }),
    },
  ])(
    'of a record that $name are given up: they must not hold back all others',
    async ({ failure }) => {
      const { world, channel, say } = await setUp();
      say();
      world.steps.fail('store.load', failure);
      await collectReports(world.system);
      expect(channel.acknowledged).toBe(1);
    },
  );
});

describe('a channel that is down', () => {
  it.each([
    { failure: channelDown(), says: 'the event service could not be reached.' },
    { failure: new TypeError('canary'), says: 'unexpected failure.' },
  ])('stops no run, and is named in health: $says', async ({ failure, says }) => {
    const { world, channel } = await setUp();
    channel.failure = failure;
    expect(await renewSessions(world.system, null)).toMatchObject({ failures: 0 });
    const health = await checkHealth(world.system);
    expect(health.worked).toBe(true);
    expect(health.problems).toEqual([`Workers' reports could not be collected: ${says}`]);
    expect(JSON.stringify(health)).not.toContain('canary');
  });

  it('makes no worker that was heard of look offline', async () => {
    const { world, channel, say } = await setUp();
    say();
    await renewSessions(world.system, null);
    channel.failure = channelDown();
    world.clock.advance(HOUR_MS);
    const [health] = (await checkHealth(world.system)).sessions;
    expect(health?.adoption).toMatchObject({ current: 1, offline: [] });
    expect((await readStatus(world.system)).sessions[0]?.adoption).toMatchObject({ current: 1 });
  });
});

describe('keep-alive', () => {
  it('makes no call for a token that a worker uses', async () => {
    const { world, say } = await setUp();
    world.clock.advance(110 * MINUTE_MS);
    say({ lastUsedAt: world.clock.now() - MINUTE_MS });
    world.steps.forget();
    const { outcomes } = await renewSessions(world.system, null);
    expect(outcomes).toMatchObject([{ action: 'none', reason: 'fresh' }]);
    expect(probes(world)).toBe(0);
  });

  it.each([
    { name: 'nobody uses', changes: { lastUsedAt: null } },
    { name: 'a worker used long ago', changes: { lastUsedAt: Date.parse('2026-03-09T12:33:00Z') } },
    { name: 'a worker has left for an older one', changes: { generation: 0 } },
  ])('makes its call for a token that $name', async ({ changes }) => {
    const { world, say } = await setUp();
    world.clock.advance(110 * MINUTE_MS);
    say(changes);
    world.steps.forget();
    const { outcomes } = await renewSessions(world.system, null);
    expect(outcomes).toMatchObject([{ action: 'probed', reason: 'idle-soon' }]);
    expect(probes(world)).toBe(1);
  });

  it('collects nothing when a worker asks for one session', async () => {
    const { world, channel, say } = await setUp();
    say();
    await renewSessions(world.system, sessionKey('etrade-sandbox'));
    expect(channel.acknowledged).toBe(0);
  });
});

describe('adoption', () => {
  it('of a new token is shown in health and status, and a worker that lags is told once before the open', async () => {
    const { world, say } = await setUp(['scalper']);
    for (const worker of ['a', 'b', 'orb-bot', 'scalper']) say({ worker });
    world.clock.set('2026-03-09T09:02-04:00');
    await renewSessions(world.system, null);
    await world.signIn();
    world.clock.set('2026-03-09T09:08-04:00');
    for (const worker of ['a', 'b', 'scalper']) say({ worker, generation: 2 });
    say({ worker: 'orb-bot', generation: 1 });

    const sentence = '3 of 4 workers on token #2, orb-bot still on #1 since 09:02';
    const early = await checkHealth(world.system);
    expect(early.problems).toEqual([`etrade-sandbox: ${sentence}.`]);
    expect(world.told()).not.toContain('worker-behind');
    await renewSessions(world.system, null);
    const [status] = (await readStatus(world.system)).sessions;
    expect(status?.adoption).toEqual({
      expected: 4,
      current: 3,
      lagging: [{ worker: 'orb-bot', generation: 1, since: '2026-03-09T13:02:00.000Z' }],
      waiting: [],
      offline: [],
      text: sentence,
    });

    for (const time of ['09:15', '09:30']) {
      world.clock.set(`2026-03-09T${time}-04:00`);
      for (const worker of ['a', 'b', 'scalper']) say({ worker, generation: 2 });
      say({ worker: 'orb-bot', generation: 1 });
      await checkHealth(world.system);
    }
    expect(world.told().filter((kind) => kind === 'worker-behind')).toHaveLength(1);

    world.clock.set('2026-03-09T09:45-04:00');
    for (const worker of ['a', 'b', 'scalper', 'orb-bot']) say({ worker, generation: 2 });
    expect((await checkHealth(world.system)).problems).toEqual([]);
  });

  it('knows nothing against a worker that has stopped', async () => {
    const { world, say } = await setUp();
    say({ stopped: true });
    world.clock.set('2026-03-09T09:02-04:00');
    await world.signIn();
    world.clock.set('2026-03-09T09:20-04:00');
    const health = await checkHealth(world.system);
    expect(health.problems).toEqual([]);
    expect(health.sessions[0]?.adoption).toMatchObject({ lagging: [], offline: ['orb-bot'] });
    expect(world.told()).not.toContain('worker-behind');
  });
});

describe('reports for a page', () => {
  /** For a person whose second never ends; every other wait is as it was. */
  const patient = ({ system }: TestSystem): TestSystem['system'] => ({
    ...system,
    wait: (ms, signal) => (ms === 1_000 ? new Promise(() => {}) : system.wait(ms, signal)),
  });

  it('are written down before it is shown', async () => {
    const { world, channel, say } = await setUp();
    say();
    await collectForPage(patient(world));
    expect(channel.waiting.size).toBe(0);
    const { sessions } = await readStatus(world.system);
    expect(sessions[0]?.adoption).toMatchObject({ current: 1, waiting: [] });
  });

  it('do not keep it waiting for longer than a second', async () => {
    const { world } = await setUp();
    const asked: unknown[] = [];
    const reports: ReportCollector = {
      collect: (withinMs) => {
        asked.push(withinMs);
        return new Promise(() => {});
      },
    };
    const wait = async (ms: number) => void asked.push(ms);
    await collectForPage({ ...world.system, reports, wait });
    expect(asked).toEqual([700, 1000]);
  });

  it('fail without failing the page', async () => {
    const { world, channel } = await setUp();
    channel.failure = channelDown();
    await collectForPage(patient(world));
    expect(world.logged()).toContain('reports-not-collected');
  });

  it('are neither lost nor doubled when health-check collects at the same time', async () => {
    const { world, channel, say } = await setUp();
    world.clock.advance(5 * MINUTE_MS);
    for (const worker of ['orb-bot', 'rebalancer', 'scalper']) say({ worker });
    const page = patient(world);
    await Promise.all([collectForPage(page), checkHealth(world.system), collectForPage(page)]);
    const once = await world.record();
    expect(Object.keys(once.workers)).toEqual([
      'orb-bot/host-1',
      'rebalancer/host-1',
      'scalper/host-1',
    ]);
    expect(channel.waiting.size).toBe(0);
    const { sessions } = await readStatus(world.system);
    expect(sessions[0]?.adoption).toMatchObject({ expected: 3, current: 3 });
  });

  it('that a page read and did not write down come to the next collection', async () => {
    const { world, channel, say } = await setUp();
    say();
    world.steps.fail('store.replace', storeDown(), { times: 1 });
    await collectForPage(patient(world));
    expect(channel.waiting.size).toBe(1);
    await collectReports(world.system);
    expect(channel.waiting.size).toBe(0);
    expect(Object.keys((await world.record()).workers)).toEqual(['orb-bot/host-1']);
  });
});
