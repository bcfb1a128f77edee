import { describe, expect, it } from 'vitest';
import { checkHealth } from '../../functions/operations/check-health.ts';
import { renewSessions } from '../../functions/operations/renew-sessions.ts';
import { sendAlerts } from '../../functions/operations/send-alerts.ts';
import { at, ny } from '../fixtures/records.ts';
import { Killed } from '../fixtures/steps.ts';
import {
  createTestSystem,
  messengerDown,
  messengerRefuses,
  storeDown,
  type TestSession,
  type TestSystem,
} from '../fixtures/system.ts';
import { MINUTE_MS, SECOND_MS } from '../fixtures/test-clock.ts';
import { playUntil, timelineOf } from '../fixtures/trading-day.ts';

const PROD = { key: 'etrade-prod' };
const SANDBOX = { key: 'etrade-sandbox', required: false };

/** Nobody has signed in; it is Tuesday 2026-03-10, 08:00 in New York, or another `time`. */
function morning(options: { time?: string; sessions?: readonly TestSession[] } = {}): TestSystem {
  const { time = '08:00', sessions = [PROD] } = options;
  return createTestSystem({ startsAt: `2026-03-10T${time}-04:00`, sessions });
}

const LADDER = [
  '08:30 sign-in-due first',
  '09:00 sign-in-due reminder',
  '09:15 sign-in-due reminder',
  '09:30 sign-in-due open',
];

const EVERY_HALF_HOUR = [
  ...['10:00', '10:30', '11:00', '11:30', '12:00', '12:30', '13:00', '13:30', '14:00', '14:30'],
  ...['15:00', '15:30'],
].map((time) => `${time} sign-in-due late`);

describe('outside the hours of the ladder', () => {
  it.each(['00:15', '08:15', '16:15'])('looks at no session at %s', async (time) => {
    const world = morning({ time });
    await sendAlerts(world.system);
    expect(world.steps.taken.filter((step) => !step.startsWith('store.loadService'))).toEqual([]);
  });

  it('looks at every session when a stage is due', async () => {
    const world = morning({ time: '08:30' });
    await sendAlerts(world.system);
    expect(world.steps.taken).toContain('store.load etrade-prod');
  });
});

describe('a trading day on which nobody signs in', () => {
  it('has exactly one message a stage, from 08:30 to the close', async () => {
    const world = morning({ time: '00:00' });
    await playUntil(world, '2026-03-10T23:45-04:00');
    expect(timelineOf(world)).toEqual([...LADDER, ...EVERY_HALF_HOUR]);
  });

  it('is the same when one of the functions is never called', async () => {
    for (const missing of ['morning-alert', 'keep-alive', 'health-check'] as const) {
      const world = morning();
      await playUntil(world, '2026-03-10T16:15-04:00', { except: [missing] });
      expect(timelineOf(world)).toEqual([...LADDER, ...EVERY_HALF_HOUR]);
    }
  });

  it('is the same on the Monday after the clocks went forward, and after they went back', async () => {
    const spring = createTestSystem({ startsAt: '2026-03-08T01:30-05:00', sessions: [PROD] });
    await playUntil(spring, '2026-03-08T04:00-04:00');
    spring.clock.set('2026-03-09T08:00-04:00');
    await playUntil(spring, '2026-03-09T16:00-04:00');
    expect(timelineOf(spring)).toEqual([...LADDER, ...EVERY_HALF_HOUR]);
    expect(spring.messages[0]?.at).toBe(ny('08:30'));
    const autumn = createTestSystem({ startsAt: '2026-11-01T00:30-04:00', sessions: [PROD] });
    await playUntil(autumn, '2026-11-01T03:00-05:00');
    autumn.clock.set('2026-11-02T08:00-05:00');
    await playUntil(autumn, '2026-11-02T16:00-05:00');
    expect(timelineOf(autumn)).toEqual([...LADDER, ...EVERY_HALF_HOUR]);
    expect(autumn.messages[0]?.at).toBe(at('2026-11-02T08:30-05:00'));
  });

  it('ends early on a half day', async () => {
    const world = createTestSystem({ startsAt: '2026-11-27T08:00-05:00', sessions: [PROD] });
    await playUntil(world, '2026-11-27T16:45-05:00');
    expect(timelineOf(world)).toEqual([
      ...LADDER,
      ...EVERY_HALF_HOUR.filter((line) => line < '13:00'),
    ]);
  });

  it.each([
    { name: 'Thanksgiving', day: '2026-11-26', offset: '-05:00' },
    { name: 'a Saturday', day: '2026-03-14', offset: '-04:00' },
    { name: 'a Sunday', day: '2026-03-15', offset: '-04:00' },
  ])('is no trading day, and silent: $name', async ({ day, offset }) => {
    const world = createTestSystem({ startsAt: `${day}T08:00${offset}`, sessions: [PROD] });
    await playUntil(world, `${day}T16:15${offset}`);
    expect(timelineOf(world)).toEqual([]);
  });

  it('is silent on an unscheduled closure that configuration names', async () => {
    const world = createTestSystem({
      startsAt: '2026-03-10T08:00-04:00',
      sessions: [PROD],
      marketChanges: { NYSE: { closures: { '2026-03-10': 'National Day of Mourning' } } },
    });
    await playUntil(world, '2026-03-10T16:15-04:00');
    expect(timelineOf(world)).toEqual([]);
  });

  it('is followed by the same on the next', async () => {
    const world = morning();
    await playUntil(world, '2026-03-10T16:45-04:00');
    world.clock.set('2026-03-11T08:00-04:00');
    await playUntil(world, '2026-03-11T16:45-04:00');
    const day = [...LADDER, ...EVERY_HALF_HOUR];
    expect(timelineOf(world)).toEqual([...day, ...day]);
  });
});

describe('the first alert', () => {
  it.each([
    { alertAt: '00:05', first: '00:15' },
    { alertAt: '04:00', first: '04:00' },
    { alertAt: '07:45', first: '07:45' },
  ])('comes at ALERT_AT of the coming trading day ($alertAt)', async ({ alertAt, first }) => {
    const world = morning({ time: '00:00', sessions: [{ ...PROD, alertAt }] });
    await playUntil(world, '2026-03-10T09:00-04:00');
    expect(timelineOf(world)).toEqual([`${first} sign-in-due first`, '09:00 sign-in-due reminder']);
  });

  it('is all there is for someone who signs in right after midnight', async () => {
    const world = morning({ time: '00:00', sessions: [{ ...PROD, alertAt: '00:05' }] });
    await playUntil(world, '2026-03-10T00:15-04:00');
    await world.signIn();
    await playUntil(world, '2026-03-10T16:15-04:00');
    expect(timelineOf(world)).toEqual(['00:15 sign-in-due first', '00:15 signed-in']);
  });

  it('comes for each session at its own time, and names those told before while they are required', async () => {
    const sessions = [{ ...PROD, alertAt: '04:00' }, { key: 'etrade-prod-ira' }];
    const world = morning({ time: '03:45', sessions });
    await playUntil(world, '2026-03-10T08:30-04:00');
    expect(world.messages.map(({ notice, buttons }) => [notice, buttons])).toMatchObject([
      [{ sessions: ['etrade-prod'] }, ['https://pin.example.com/go/etrade-prod']],
      [
        { sessions: ['etrade-prod', 'etrade-prod-ira'] },
        ['https://pin.example.com/go/etrade-prod', 'https://pin.example.com/go/etrade-prod-ira'],
      ],
    ]);
  });
});

describe('several sessions', () => {
  it('are named in one message, a button each', async () => {
    const world = morning({ sessions: [PROD, { key: 'etrade-prod-ira' }, SANDBOX] });
    await playUntil(world, '2026-03-10T08:30-04:00');
    expect(world.messages).toHaveLength(1);
    expect(world.messages[0]?.buttons).toEqual([
      'https://pin.example.com/go/etrade-prod',
      'https://pin.example.com/go/etrade-prod-ira',
      'https://pin.example.com/go/etrade-sandbox',
    ]);
  });

  it('have reminders only while required: the sandbox gets one alert', async () => {
    const world = morning({ sessions: [PROD, SANDBOX] });
    await playUntil(world, '2026-03-10T09:30-04:00');
    expect(world.messages.map(({ notice }) => notice)).toMatchObject([
      { sessions: ['etrade-prod', 'etrade-sandbox'] },
      { sessions: ['etrade-prod'] },
      { sessions: ['etrade-prod'] },
      { sessions: ['etrade-prod'] },
    ]);
  });

  it('are silent when only one that is not required is left', async () => {
    const world = morning({ sessions: [PROD, SANDBOX] });
    await playUntil(world, '2026-03-10T08:30-04:00');
    await world.signIn('etrade-prod');
    await playUntil(world, '2026-03-10T12:00-04:00');
    expect(timelineOf(world)).toEqual(['08:30 sign-in-due first', '08:30 signed-in']);
  });

  it('keep being named until the last of them has signed in', async () => {
    const world = morning({ sessions: [PROD, { key: 'etrade-prod-ira' }] });
    await playUntil(world, '2026-03-10T08:30-04:00');
    await world.signIn('etrade-prod');
    await playUntil(world, '2026-03-10T09:00-04:00');
    await world.signIn('etrade-prod-ira');
    await playUntil(world, '2026-03-10T12:00-04:00');
    expect(world.messages.map(({ notice }) => notice)).toMatchObject([
      { kind: 'sign-in-due', sessions: ['etrade-prod', 'etrade-prod-ira'] },
      { kind: 'signed-in', session: 'etrade-prod', stillDue: ['etrade-prod-ira'] },
      { kind: 'sign-in-due', sessions: ['etrade-prod-ira'] },
      { kind: 'signed-in', session: 'etrade-prod-ira', stillDue: [] },
    ]);
  });

  it('are told of although one record does not read', async () => {
    const world = morning({ sessions: [PROD, { key: 'etrade-prod-ira' }] });
    world.clock.set('2026-03-10T08:30-04:00');
    world.steps.fail('store.load etrade-prod-ira', unreadable());
    await sendAlerts(world.system);
    expect(world.messages.map(({ notice }) => notice)).toMatchObject([
      { sessions: ['etrade-prod'] },
    ]);
  });
});

describe('twenty required sessions', () => {
  const TWENTY = Array.from({ length: 20 }, (_, n) => ({ key: `etrade-sandbox-account${n + 10}` }));

  it('have the whole ladder three days long, though nobody reacts', async () => {
    const world = morning({ sessions: TWENTY });
    for (const day of ['2026-03-10', '2026-03-11', '2026-03-12']) {
      world.clock.set(`${day}T08:15-04:00`);
      await playUntil(world, `${day}T16:00-04:00`, { except: ['keep-alive'] });
    }
    const day = [...LADDER, ...EVERY_HALF_HOUR];
    expect(timelineOf(world)).toEqual([...day, ...day, ...day]);
    expect(world.logged()).not.toContain('notice-not-saved');
  });

  it('may all sign in while the messenger is down, and are told of afterwards', async () => {
    const world = morning({ sessions: TWENTY });
    await playUntil(world, '2026-03-10T08:15-04:00');
    world.steps.fail('deliver', messengerDown());
    for (const { key } of TWENTY) await world.signIn(key);
    expect(world.logged()).not.toContain('notice-not-saved');
    world.steps.mend();
    world.clock.advance(5 * MINUTE_MS);
    await sendAlerts(world.system);
    expect(world.messages.map(({ notice }) => notice)).toMatchObject(
      TWENTY.map(({ key }) => ({ kind: 'signed-in', session: key, stillDue: [] })),
    );
  });
});

function unreadable() {
  return Object.assign(storeDown(), { code: 'STORE_RECORD_INVALID', retryable: false });
}

describe('a call', () => {
  const atHalfPastEight = (): TestSystem => {
    const world = morning();
    world.clock.set('2026-03-10T08:30-04:00');
    return world;
  };

  it('delivered twice sends once', async () => {
    const world = atHalfPastEight();
    expect(await sendAlerts(world.system)).toMatchObject({ sent: 1, waiting: 0 });
    expect(await sendAlerts(world.system)).toMatchObject({ sent: 0, waiting: 0 });
    expect(timelineOf(world)).toEqual(['08:30 sign-in-due first']);
  });

  it('delivered twice at once sends once', async () => {
    const world = atHalfPastEight();
    await Promise.all([sendAlerts(world.system), sendAlerts(world.system)]);
    expect(timelineOf(world)).toEqual(['08:30 sign-in-due first']);
  });

  it('that comes late sends the stage that is due now, and that alone', async () => {
    const world = morning();
    world.clock.set('2026-03-10T09:20-04:00');
    await sendAlerts(world.system);
    expect(timelineOf(world)).toEqual(['09:20 sign-in-due reminder']);
  });

  it('after the close sends nothing', async () => {
    const world = morning();
    world.clock.set('2026-03-10T16:00-04:00');
    await sendAlerts(world.system);
    expect(timelineOf(world)).toEqual([]);
  });

  it('asks the scheduler to come again when the store does not answer', async () => {
    const world = atHalfPastEight();
    world.steps.fail('store.load', storeDown());
    await expect(sendAlerts(world.system)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('that cannot save the notice sends nothing and says that it waits', async () => {
    const world = atHalfPastEight();
    world.steps.fail('store.replaceService', storeDown());
    expect(await sendAlerts(world.system)).toMatchObject({ sent: 0, waiting: 1 });
    world.steps.mend();
    expect(await sendAlerts(world.system)).toMatchObject({ sent: 1, waiting: 0 });
  });

  it('says that the alert waits for as long as the messenger has not taken it', async () => {
    const world = atHalfPastEight();
    world.steps.fail('deliver', messengerDown());
    expect(await sendAlerts(world.system)).toMatchObject({ sent: 0, waiting: 1 });
    world.clock.advance(10 * SECOND_MS);
    expect(await sendAlerts(world.system)).toMatchObject({ sent: 0, waiting: 1 });
    world.steps.mend();
    world.clock.advance(50 * SECOND_MS);
    expect(await sendAlerts(world.system)).toMatchObject({ sent: 1, waiting: 0 });
  });
});

describe('a messenger', () => {
  it('that is down for two hours gets one message when it is back', async () => {
    const world = morning();
    world.steps.fail('deliver', messengerDown());
    await playUntil(world, '2026-03-10T10:15-04:00');
    world.steps.mend();
    await playUntil(world, '2026-03-10T10:30-04:00');
    expect(timelineOf(world)).toEqual(['10:30 sign-in-due late']);
  });

  it('that comes back between two stages gets the stage that is due', async () => {
    const world = morning();
    world.steps.fail('deliver', messengerDown());
    await playUntil(world, '2026-03-10T10:00-04:00');
    world.steps.mend();
    await playUntil(world, '2026-03-10T10:15-04:00');
    expect(timelineOf(world)).toEqual(['10:15 sign-in-due late']);
  });

  it('that comes back after the first alert gets all its sessions in the reminder', async () => {
    const world = morning({ sessions: [PROD, SANDBOX] });
    world.steps.fail('deliver', messengerDown());
    await playUntil(world, '2026-03-10T08:45-04:00');
    world.steps.mend();
    world.clock.set('2026-03-10T09:00-04:00');
    await sendAlerts(world.system);
    expect(world.messages.map(({ notice }) => notice)).toMatchObject([
      { stage: 'reminder', sessions: ['etrade-prod', 'etrade-sandbox'] },
    ]);
  });

  it('that comes back after the close gets none of them', async () => {
    const world = morning();
    world.steps.fail('deliver', messengerDown());
    await playUntil(world, '2026-03-10T15:45-04:00');
    world.steps.mend();
    await playUntil(world, '2026-03-10T16:15-04:00');
    expect(timelineOf(world)).toEqual([]);
  });

  it('that comes back after the sign-in gets the success alone', async () => {
    const world = morning();
    world.steps.fail('deliver', messengerDown());
    await playUntil(world, '2026-03-10T08:45-04:00');
    await world.signIn();
    world.steps.mend();
    await playUntil(world, '2026-03-10T16:45-04:00');
    expect(timelineOf(world)).toEqual(['09:00 signed-in']);
  });

  it('that asks for patience is left alone for that long', async () => {
    const world = morning();
    world.clock.set('2026-03-10T08:30-04:00');
    world.steps.fail('deliver', messengerDown(5 * MINUTE_MS), { times: 1 });
    await sendAlerts(world.system);
    world.clock.advance(5 * MINUTE_MS - 1);
    expect(await sendAlerts(world.system)).toMatchObject({ sent: 0, waiting: 1 });
    world.clock.advance(1);
    expect(await sendAlerts(world.system)).toMatchObject({ sent: 1, waiting: 0 });
  });

  it('that refuses for good is not asked again for that stage, and health says so', async () => {
    const world = morning();
    world.clock.set('2026-03-10T08:30-04:00');
    world.steps.fail('deliver', messengerRefuses());
    expect(await sendAlerts(world.system)).toMatchObject({ sent: 0, waiting: 0 });
    world.clock.advance(5 * MINUTE_MS);
    const report = await checkHealth(world.system);
    expect(world.steps.taken.filter((step) => step.startsWith('deliver'))).toHaveLength(1);
    expect(report.messages).toEqual({ waiting: 0, refused: 1, lastProblem: 'The bot was blocked' });
    expect(report.problems).toContain('Messages: 0 waiting, 1 refused. The bot was blocked');
  });

  it('that refuses the first alert is asked again with the next stage, for optional sessions too', async () => {
    const world = morning({ sessions: [SANDBOX] });
    world.clock.set('2026-03-10T08:30-04:00');
    world.steps.fail('deliver', messengerRefuses(), { times: 1 });
    await sendAlerts(world.system);
    await playUntil(world, '2026-03-10T10:00-04:00');
    expect(timelineOf(world)).toEqual(['09:00 sign-in-due reminder']);
  });
});

describe('a function that is killed', () => {
  it('before the messenger had the message: it is sent when the claim has lapsed', async () => {
    const world = morning();
    world.clock.set('2026-03-10T08:30-04:00');
    world.steps.fail('deliver', new Killed());
    await expect(sendAlerts(world.system)).rejects.toThrow(Killed);
    const next = world.restarted();
    next.clock.advance(MINUTE_MS - 1);
    await sendAlerts(next.system);
    expect(timelineOf(next)).toEqual([]);
    next.clock.advance(1);
    await sendAlerts(next.system);
    expect(timelineOf(next)).toEqual(['08:31 sign-in-due first']);
  });

  it('for half an hour: one message, not the old stage beside the new', async () => {
    const world = morning();
    world.clock.set('2026-03-10T08:30-04:00');
    world.steps.fail('deliver', new Killed());
    await expect(sendAlerts(world.system)).rejects.toThrow(Killed);
    const next = world.restarted();
    next.clock.set('2026-03-10T09:00-04:00');
    await sendAlerts(next.system);
    expect(timelineOf(next)).toEqual(['09:00 sign-in-due reminder']);
  });

  it('between the message and its mark: sent twice, never passed over', async () => {
    const world = morning();
    world.clock.set('2026-03-10T08:30-04:00');
    world.steps.fail('deliver', new Killed(), { phase: 'after' });
    await expect(sendAlerts(world.system)).rejects.toThrow(Killed);
    const next = world.restarted();
    next.clock.advance(2 * MINUTE_MS);
    await sendAlerts(next.system);
    expect(timelineOf(next)).toEqual(['08:30 sign-in-due first', '08:32 sign-in-due first']);
  });
});

describe('a sign-in in between', () => {
  it.each([
    { when: 'after the first alert', until: '08:45', told: 1 },
    { when: 'after the reminders', until: '09:15', told: 3 },
    { when: 'during trading', until: '11:15', told: 7 },
  ])('ends the ladder with one all-clear, then silence: $when', async ({ until, told }) => {
    const world = morning();
    await playUntil(world, `2026-03-10T${until}-04:00`);
    await world.signIn();
    await playUntil(world, '2026-03-10T16:15-04:00');
    const expected = [...LADDER, ...EVERY_HALF_HOUR].slice(0, told);
    expect(timelineOf(world)).toEqual([...expected, `${until} signed-in`]);
  });

  it('before the first alert leaves the morning silent', async () => {
    const world = morning();
    await playUntil(world, '2026-03-10T08:15-04:00');
    await world.signIn();
    await playUntil(world, '2026-03-10T12:00-04:00');
    expect(timelineOf(world)).toEqual(['08:15 signed-in']);
  });

  it('that dies in the middle of the day starts the ladder again where the day is', async () => {
    const world = morning();
    await playUntil(world, '2026-03-10T08:30-04:00');
    await world.signIn();
    await playUntil(world, '2026-03-10T11:00-04:00');
    world.broker().rejectTokens();
    await playUntil(world, '2026-03-10T12:00-04:00');
    expect(timelineOf(world).slice(2)).toEqual([
      '11:15 sign-in-needed token-rejected',
      '11:30 sign-in-due late',
      '12:00 sign-in-due late',
    ]);
  });
});

describe('a token that dies before the day begins', () => {
  it('is asked for once at night, and by the ladder in the morning', async () => {
    const world = morning({ time: '00:00', sessions: [{ ...PROD, alertAt: '00:05' }] });
    await playUntil(world, '2026-03-10T00:15-04:00');
    await world.signIn();
    world.clock.set('2026-03-10T05:00-04:00');
    world.broker().rejectTokens();
    await renewSessions(world.system, null);
    await playUntil(world, '2026-03-10T09:00-04:00');
    expect(timelineOf(world)).toEqual([
      '00:15 sign-in-due first',
      '00:15 signed-in',
      '05:00 sign-in-needed token-rejected',
      '09:00 sign-in-due reminder',
    ]);
  });
});
