import { describe, expect, it } from 'vitest';
import { checkHealth } from '../../functions/operations/check-health.ts';
import { brokerFailure, TIMEOUT } from '../fixtures/fake-broker.ts';
import { signedIn } from '../fixtures/sign-in.ts';
import {
  createTestSystem,
  eventsDown,
  messengerDown,
  storeDown,
  type TestSystem,
} from '../fixtures/system.ts';
import { HOUR_MS } from '../fixtures/test-clock.ts';

const KEY = 'etrade-sandbox';

/** The report's sentences and whether health-check could do its own work. */
async function verdict(world: TestSystem) {
  const { worked, problems } = await checkHealth(world.system);
  return { worked, problems };
}

describe('a health check', () => {
  it('probes with a real call and reports, with nothing to complain about', async () => {
    const world = await signedIn();
    expect(await checkHealth(world.system)).toEqual({
      at: '2026-03-09T12:32:00.000Z',
      worked: true,
      problems: [],
      sessions: [
        {
          session: KEY,
          state: 'active',
          outcome: 'proven',
          problem: null,
          adopted: null,
          destroyedVersions: [],
          undelivered: 0,
          deliveryProblem: null,
          mirrorProblem: null,
          clockSkewSeconds: 0,
          adoption: {
            expected: 0,
            current: 0,
            lagging: [],
            waiting: [],
            offline: [],
            text: null,
          },
        },
      ],
      messages: { waiting: 0, refused: 0, lastProblem: null },
      calendarBasis: 'published',
    });
    expect(world.steps.effects()).toEqual([`broker.probe ${KEY}`, `store.replace ${KEY}`]);
  });

  it('recovers a token that the broker has put to sleep', async () => {
    const world = await signedIn();
    world.clock.advance(3 * HOUR_MS);
    const { sessions, problems } = await checkHealth(world.system);
    expect(sessions).toMatchObject([{ state: 'active', outcome: 'renewed' }]);
    expect(problems).toEqual([]);
    expect((await world.record()).counts).toMatchObject({ unauthorized: 1, renewals: 1 });
  });

  it('adopts, delivers and prunes, and says so', async () => {
    const world = await signedIn();
    world.broker().failNext('probe', TIMEOUT, { times: 2 });
    await world.signIn();
    expect((await checkHealth(world.system)).sessions).toMatchObject([
      { adopted: 2, undelivered: 0 },
    ]);
    expect(world.published.map(({ generation }) => generation)).toEqual([1, 2]);
    world.clock.advance(HOUR_MS);
    expect((await checkHealth(world.system)).sessions).toMatchObject([{ destroyedVersions: [1] }]);
  });

  it('called twice tells nobody anything twice', async () => {
    const world = createTestSystem();
    await checkHealth(world.system);
    await checkHealth(world.system);
    await Promise.all([checkHealth(world.system), checkHealth(world.system)]);
    expect(world.told()).toEqual(['sign-in-due first']);
  });

  it('sends the alert that is due', async () => {
    const world = createTestSystem();
    await checkHealth(world.system);
    expect(world.told()).toEqual(['sign-in-due first']);
  });
});

describe('a problem', () => {
  it('is a session that needs a sign-in: no failure of the check', async () => {
    const world = createTestSystem();
    expect(await verdict(world)).toEqual({
      worked: true,
      problems: [`${KEY}: a sign-in is needed.`],
    });
  });

  it('is not a session nobody has used yet and nobody requires', async () => {
    const world = createTestSystem({ sessions: [{ key: KEY, required: false }] });
    const { problems, sessions } = await checkHealth(world.system);
    expect(problems).toEqual([]);
    expect(sessions).toMatchObject([{ state: 'none', outcome: 'not-checked' }]);
  });

  it('is a token that the broker refuses, and people are asked', async () => {
    const world = await signedIn();
    world.broker().rejectTokens();
    expect(await verdict(world)).toMatchObject({ problems: [`${KEY}: a sign-in is needed.`] });
    expect(await verdict(world)).toMatchObject({ problems: [`${KEY}: a sign-in is needed.`] });
    expect(world.told()).toEqual(['signed-in', 'sign-in-needed token-rejected']);
  });

  it.each([
    { failure: TIMEOUT, problem: `${KEY}: transient: timeout.` },
    {
      failure: brokerFailure('configuration'),
      problem: `${KEY}: configuration: consumer_key_rejected.`,
    },
  ])('is a broker that cannot prove the token: $problem', async ({ failure, problem }) => {
    const world = await signedIn();
    world.broker().failAll(failure);
    expect(await verdict(world)).toEqual({ worked: true, problems: [problem] });
  });

  it('is a clock more than a minute off, which the broker’s answers show', async () => {
    const world = await signedIn();
    world.broker().failAll(brokerFailure('clock', { skewMs: -400_000 }));
    expect((await checkHealth(world.system)).problems).toEqual([
      `${KEY}: clock: timestamp_refused.`,
      `${KEY}: our clock and the broker's differ by -400 s.`,
    ]);
  });

  it('is an event that workers have not got', async () => {
    const world = await signedIn();
    world.steps.fail('publish', eventsDown());
    await world.signIn();
    const { sessions, problems } = await checkHealth(world.system);
    expect(sessions).toMatchObject([{ undelivered: 1, outcome: 'proven' }]);
    expect(problems).toEqual([expect.stringContaining(`${KEY}: 1 event(s) not delivered`)]);
  });

  it('is a message that waits', async () => {
    const world = await signedIn();
    world.steps.fail('deliver', messengerDown());
    await world.signIn();
    expect(await verdict(world)).toEqual({
      worked: false,
      problems: ['Messages: 1 waiting, 0 refused. The messenger does not answer'],
    });
  });

  it('is a year that the calendar does not reach', async () => {
    const world = createTestSystem({
      startsAt: '2100-01-04T07:00-05:00',
      sessions: [{ key: KEY, required: false }],
    });
    const { problems, calendarBasis } = await checkHealth(world.system);
    expect(calendarBasis).toBe('unknown');
    expect(problems).toEqual([
      expect.stringMatching(/^The calendar of the NYSE does not reach this year/),
    ]);
  });

  it('is logged, each on a line of its own', async () => {
    const world = createTestSystem();
    await checkHealth(world.system);
    expect(world.logged().filter((event) => event === 'health-problem')).toHaveLength(1);
  });
});

describe('a check that could not do its own work', () => {
  it('is one whose session could not be read; the others are checked', async () => {
    const world = createTestSystem({ sessions: [{ key: 'etrade-prod' }, { key: KEY }] });
    await world.signIn(KEY);
    world.steps.fail('store.readToken etrade-prod', storeDown());
    const { worked, sessions, problems } = await checkHealth(world.system);
    expect(worked).toBe(false);
    expect(sessions).toMatchObject([
      { state: 'unreadable', outcome: 'failed' },
      { state: 'active', outcome: 'proven' },
    ]);
    expect(problems).toEqual(['etrade-prod: The store does not answer.']);
  });

  it('is one that could not read the messages; the sessions are checked', async () => {
    const world = await signedIn();
    world.steps.fail('store.loadService', storeDown());
    const { worked, sessions, problems } = await checkHealth(world.system);
    expect(worked).toBe(false);
    expect(sessions).toMatchObject([{ outcome: 'proven' }]);
    expect(problems).toEqual(['The record of messages could not be read or written.']);
  });

  it('keeps the words of an error that nobody planned for to itself', async () => {
    const world = createTestSystem();
    world.steps.fail('store.readToken', new TypeError('canary: {"oauth_token":"…"}'));
    const { problems } = await checkHealth(world.system);
    expect(problems).toEqual([`${KEY}: unexpected failure.`]);
  });
});
