/** Ends that no renewal moves are told ahead, once each, on the day and at the hour that help. */

import { describe, expect, it } from 'vitest';
import { dateIn, timeIn } from '../../functions/lifecycle/wall-clock.ts';
import { sendAlerts } from '../../functions/operations/send-alerts.ts';
import { at } from '../fixtures/records.ts';
import { createRefreshingBroker } from '../fixtures/refreshing-broker.ts';
import { KITE, SCHWAB, TRADESTATION, UPSTOX } from '../fixtures/rules.ts';
import {
  createTestSystem,
  messengerDown,
  noticeName,
  storeDown,
  type TestSystem,
} from '../fixtures/system.ts';
import { playUntil } from '../fixtures/trading-day.ts';

const ZONE = 'America/New_York';

/** One session whose access tokens are refreshed and whose sign-in lasts as long as the rules say. */
function refreshing(options: {
  readonly startsAt: string;
  readonly rules?: typeof SCHWAB;
  readonly rotating?: boolean;
}): TestSystem {
  const { startsAt, rules = SCHWAB, rotating = false } = options;
  return createTestSystem({
    startsAt,
    sessions: [{ key: 'schwab-prod' }],
    brokers: {
      broker: (_key, { clock }) => createRefreshingBroker({ clock, rules, rotating }),
      approve: () => 'code',
    },
  });
}

/** `2026-03-13 18:00 ends-ahead refresh-token evening`, in New York, after the sign-in's own message. */
function told(world: TestSystem): string[] {
  return world.messages
    .filter(({ notice }) => notice.kind !== 'signed-in')
    .map(({ at: sentAt, notice }) =>
      [dateIn(ZONE, sentAt), timeIn(ZONE, sentAt), noticeName(notice)].join(' '),
    );
}

describe('Schwab’s week', () => {
  it('is announced on Friday evening, asked for on Monday morning, and named in its last hour', async () => {
    const world = refreshing({ startsAt: '2026-03-09T11:00-04:00' });
    await world.signIn();
    world.clock.set('2026-03-13T17:30-04:00');
    await playUntil(world, '2026-03-16T11:45-04:00');
    expect(told(world)).toEqual([
      '2026-03-13 18:00 ends-ahead refresh-token evening',
      '2026-03-16 08:30 sign-in-due first',
      '2026-03-16 10:00 ends-ahead refresh-token hour',
      '2026-03-16 11:00 sign-in-due late',
      '2026-03-16 11:30 sign-in-due late',
    ]);
  });

  it('is told no more after a sign-in on that evening', async () => {
    const world = refreshing({ startsAt: '2026-03-09T11:00-04:00' });
    await world.signIn();
    world.clock.set('2026-03-13T17:45-04:00');
    await playUntil(world, '2026-03-13T18:00-04:00');
    await world.signIn();
    await playUntil(world, '2026-03-16T16:00-04:00');
    expect(told(world)).toEqual(['2026-03-13 18:00 ends-ahead refresh-token evening']);
    expect((await world.record()).hardEndsAt).toBe(at('2026-03-20T18:00-04:00'));
  });

  it('says what ends, when, and has the button', async () => {
    const world = refreshing({ startsAt: '2026-03-09T11:00-04:00' });
    await world.signIn();
    world.clock.set('2026-03-13T18:00-04:00');
    await sendAlerts(world.system);
    const { html, buttons } = world.messages.at(-1) ?? { html: '', buttons: [] };
    expect(html).toContain('it ends Mon 16 Mar, 11:00 New York');
    expect(buttons).toEqual(['https://pin.example.com/go/schwab-prod']);
  });
});

describe('TradeStation’s day', () => {
  it('has the hour’s warning where the key rotates and the end falls into trading', async () => {
    const rules = {
      ...TRADESTATION,
      hardEnd: { kind: 'age-when-rotating', ms: 86_400_000 },
    } as const;
    const world = refreshing({ startsAt: '2026-03-10T10:20-04:00', rules, rotating: true });
    await world.signIn();
    await playUntil(world, '2026-03-11T10:15-04:00');
    expect(told(world)).toEqual([
      '2026-03-11 08:30 sign-in-due first',
      '2026-03-11 09:30 ends-ahead refresh-token hour',
    ]);
  });

  it('has nothing to announce where it does not rotate', async () => {
    const rules = {
      ...TRADESTATION,
      hardEnd: { kind: 'age-when-rotating', ms: 86_400_000 },
    } as const;
    const world = refreshing({ startsAt: '2026-03-10T10:20-04:00', rules });
    await world.signIn();
    await playUntil(world, '2026-03-11T16:15-04:00');
    expect(told(world)).toEqual([]);
  });
});

describe('brokers that end all tokens at night', () => {
  it.each([
    { name: 'E*TRADE', session: { key: 'etrade-prod' } },
    { name: 'Upstox', session: { key: 'upstox-prod', rules: UPSTOX } },
    { name: 'Kite', session: { key: 'kite-prod', rules: KITE } },
  ])('$name: warn of nothing, and cost no look at the record', async ({ session }) => {
    const world = createTestSystem({ startsAt: '2026-03-10T20:00-04:00', sessions: [session] });
    await world.signIn();
    const before = world.steps.taken.length;
    await sendAlerts(world.system);
    const taken = world.steps.taken.slice(before);
    expect(taken.filter((step) => !step.startsWith('store.loadService'))).toEqual([]);
  });
});

describe('a consumer key', () => {
  const start = (startsAt: string): TestSystem =>
    createTestSystem({
      startsAt,
      sessions: ['etrade-prod', 'etrade-prod-ira'].map((key) => ({
        key,
        required: false,
        consumerKeySince: '2024-03-20T00:00Z',
      })),
    });

  it('is announced 30 days and 7 days ahead, once each, for all its sessions', async () => {
    const world = start('2026-02-17T18:30-05:00');
    for (let day = 0; day < 32; day += 1) {
      await playUntil(world, new Date(world.clock.now() + 45 * 60_000).toISOString());
      world.clock.set(new Date(world.clock.now() + 23 * 3_600_000).toISOString());
    }
    const warnings = world.messages.filter(({ notice }) => notice.kind === 'ends-ahead');
    expect(warnings.map(({ notice }) => noticeName(notice))).toEqual([
      'ends-ahead consumer-key month',
      'ends-ahead consumer-key week',
    ]);
    expect(warnings[0]?.notice).toMatchObject({ sessions: ['etrade-prod', 'etrade-prod-ira'] });
  });

  it('says where help is, and has no sign-in button', async () => {
    const world = start('2026-03-13T12:00-04:00');
    await sendAlerts(world.system);
    const { html, buttons } =
      world.messages.find(({ notice }) => notice.kind === 'ends-ahead') ?? world.messages[0] ?? {};
    expect(html).toContain('too old in 7 days');
    expect(html).toContain('20 Mar 2026');
    expect(html).toContain('<code>etrade-prod-consumer</code>');
    expect(html).toContain('<code>ETRADE_PROD_CONSUMER_SINCE</code>');
    expect(html).toContain('<code>etrade-prod-ira-consumer</code>');
    expect(html).toContain('<code>ETRADE_PROD_IRA_CONSUMER_SINCE</code>');
    expect(buttons).toEqual(['https://pin.example.com/go/dashboard']);
  });
});

describe('a warning that could not be sent', () => {
  it('is sent by the next run, and dropped once somebody has signed in', async () => {
    for (const signsIn of [false, true]) {
      const world = refreshing({ startsAt: '2026-03-09T11:00-04:00' });
      await world.signIn();
      world.clock.set('2026-03-13T18:00-04:00');
      world.steps.fail('deliver', messengerDown(), { times: 1 });
      await sendAlerts(world.system);
      expect(told(world)).toEqual([]);
      world.clock.set('2026-03-13T18:15-04:00');
      if (signsIn) await world.signIn();
      await sendAlerts(world.system);
      expect(told(world)).toEqual(
        signsIn ? [] : ['2026-03-13 18:15 ends-ahead refresh-token evening'],
      );
    }
  });

  it('is not told twice when two functions find it at once', async () => {
    const world = refreshing({ startsAt: '2026-03-09T11:00-04:00' });
    await world.signIn();
    world.clock.set('2026-03-13T18:00-04:00');
    await Promise.all([sendAlerts(world.system), sendAlerts(world.restarted().system)]);
    expect(told(world)).toEqual(['2026-03-13 18:00 ends-ahead refresh-token evening']);
  });
});

describe('a record that does not read', () => {
  it('keeps nobody else from the warning', async () => {
    const startsAt = '2026-03-09T11:00-04:00';
    const sessions = [{ key: 'schwab-prod' }, { key: 'schwab-prod-ira' }];
    const world = createTestSystem({
      startsAt,
      sessions,
      brokers: {
        broker: (_key, { clock }) => createRefreshingBroker({ clock, rules: SCHWAB }),
        approve: () => 'code',
      },
    });
    await world.signIn('schwab-prod');
    await world.signIn('schwab-prod-ira');
    world.clock.set('2026-03-13T18:00-04:00');
    const unreadable = Object.assign(storeDown(), {
      code: 'STORE_RECORD_INVALID',
      retryable: false,
    });
    world.steps.fail('store.load schwab-prod', unreadable, { times: 1 });
    await sendAlerts(world.system);
    const last = world.messages.at(-1)?.notice;
    expect(last).toMatchObject({ kind: 'ends-ahead', sessions: ['schwab-prod-ira'] });
  });
});
