/** The doctor finds each planted fault by name, says what to do, and harms nothing by looking. */

import { beforeEach, describe, expect, it } from 'vitest';
import type { Broker } from '../../functions/brokers/broker.ts';
import { EventError, StoreError } from '../../functions/errors.ts';
import type { Checks } from '../../functions/operations/checks.ts';
import { diagnose, verdictOf } from '../../functions/operations/diagnose.ts';
import type { Finding } from '../../functions/operations/finding.ts';
import { renewSessions } from '../../functions/operations/renew-sessions.ts';
import { aChecks } from '../fixtures/checks.ts';
import { brokerFailure, TIMEOUT } from '../fixtures/fake-broker.ts';
import {
  createTestSystem,
  eventsDown,
  messengerRefuses,
  storeDenied,
  type TestSystem,
} from '../fixtures/system.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../fixtures/test-clock.ts';

let world: TestSystem;

beforeEach(async () => {
  world = createTestSystem();
  await world.signIn();
  await renewSessions(world.system, null);
});

describe('with nothing wrong', () => {
  it('says ok of every part', async () => {
    const findings = await look();
    expect(verdictOf(findings)).toBe('ok');
    expect(findings.map(({ check }) => check)).toEqual([
      'configuration',
      'clock etrade-sandbox',
      'broker etrade-sandbox',
      'store etrade-sandbox',
      'token etrade-sandbox',
      'service record',
      'keep-alive',
      'events',
      'messenger',
      'pages',
      'calendar',
    ]);
    expect(findings.every(({ fix }) => fix === null)).toBe(true);
  });

  it('leaves record, token and people as they are', async () => {
    const before = await world.record();
    const service = await world.service();
    world.steps.forget();
    await look();
    expect(await world.record()).toEqual(before);
    expect(await world.service()).toEqual(service);
    expect(world.steps.effects()).toEqual([
      'broker.begin etrade-sandbox',
      'store.replace etrade-sandbox',
      'broker.probe etrade-sandbox',
      'store.replaceService',
    ]);
  });
});

type Fault = {
  readonly name: string;
  readonly plant: (world: TestSystem) => Partial<Checks>;
  readonly check: string;
  readonly what: RegExp;
  readonly fix: RegExp;
};

const FAULTS: readonly Fault[] = [
  {
    name: 'a wrong consumer key',
    plant: ({ broker }) => {
      broker().failNext('begin', brokerFailure('configuration'));
      return {};
    },
    check: 'broker etrade-sandbox',
    what: /refuses the consumer key \(consumer_key_rejected\)/,
    fix: /"ETRADE_SANDBOX_CONSUMER"/,
  },
  {
    name: 'a clock ten minutes off',
    plant: ({ broker }) => {
      broker().failNext('begin', brokerFailure('clock', { skewMs: -10 * MINUTE_MS }));
      return {};
    },
    check: 'clock etrade-sandbox',
    what: /this machine’s clock is 10 min ahead of/,
    fix: /time server/,
  },
  {
    name: 'a store that refuses',
    plant: ({ steps }) => {
      steps.fail(
        'store.replace etrade-sandbox',
        new StoreError(
          'Secret Manager refuses "updateSecret" on secret "etrade-sandbox-session": grant "secretmanager.secrets.update" on it',
          { code: 'STORE_DENIED', retryable: false },
        ),
      );
      return {};
    },
    check: 'store etrade-sandbox',
    what: /refuses "updateSecret" on secret "etrade-sandbox-session"$/,
    fix: /^grant "secretmanager.secrets.update"/,
  },
  {
    name: 'a missing topic',
    plant: () => ({
      events: {
        ...aChecks().events,
        check: () =>
          Promise.reject(
            new EventError('The topic "token-renewed" is missing in project "p": create it', {
              code: 'EVENTS_REFUSED',
              retryable: false,
            }),
          ),
      },
    }),
    check: 'events',
    what: /The topic "token-renewed" is missing/,
    fix: /create it/,
  },
  {
    name: 'a chat that has blocked the bot',
    plant: () => ({
      messenger: { ...aChecks().messenger, check: () => Promise.reject(messengerRefuses()) },
    }),
    check: 'messenger',
    what: /The bot was blocked/,
    fix: /./,
  },
];

describe('each planted fault', () => {
  it.each(FAULTS)('$name is found by name', async ({ plant, check, what, fix }) => {
    const findings = await look(plant(world));
    const wrong = findings.filter(({ verdict }) => verdict !== 'ok');
    expect(wrong).toEqual([
      {
        check,
        verdict: 'broken',
        what: expect.stringMatching(what),
        fix: expect.stringMatching(fix),
      },
    ]);
  });

  it('does not hide another', async () => {
    // Behind a wrong clock nothing can be said of the key.
    const together = FAULTS.filter(({ name }) => name !== 'a clock ten minutes off');
    const checks = together.map(({ plant }) => plant(world));
    const findings = await look(Object.assign({}, ...checks) as Partial<Checks>);
    expect(
      findings.filter(({ verdict }) => verdict === 'broken').map(({ check }) => check),
    ).toEqual(together.map(({ check }) => check));
  });
});

describe('the clock', () => {
  it.each([
    { off: 60 * SECOND_MS, verdict: 'ok' },
    { off: 61 * SECOND_MS, verdict: 'problem' },
    { off: -299 * SECOND_MS, verdict: 'problem' },
    { off: 300 * SECOND_MS, verdict: 'broken' },
  ] as const)('off by $off ms is $verdict', async ({ off, verdict }) => {
    world.broker().setSkew(off);
    expect(await verdictFor('clock etrade-sandbox')).toBe(verdict);
  });
});

describe('the broker', () => {
  it('says that a key is in the wrong place when the other environment takes it', async () => {
    world.broker().failNext('begin', brokerFailure('configuration'));
    const other = createTestSystem().broker();
    const findings = await look({ counterpart: (): Broker => other });
    expect(of(findings, 'broker etrade-sandbox')).toMatchObject({
      what: expect.stringContaining('takes it as a prod key'),
      fix: expect.stringContaining('holds the prod application’s key'),
    });
  });

  it('that does not answer is the network’s matter, not the key’s', async () => {
    world.broker().failAll(TIMEOUT);
    const finding = of(await look(), 'broker etrade-sandbox');
    expect(finding).toMatchObject({ verdict: 'broken', what: 'E*TRADE does not answer (timeout)' });
  });
});

describe('a session', () => {
  it('that nobody has signed in to is a problem with a way out', async () => {
    world = createTestSystem();
    expect(of(await look(), 'token etrade-sandbox')).toMatchObject({
      verdict: 'problem',
      what: 'nobody is signed in',
      fix: expect.stringContaining('token-cadence start etrade-sandbox'),
    });
  });

  it('whose token the broker refuses needs a sign-in', async () => {
    world.broker().failNext('probe', brokerFailure('sign-in-needed'));
    expect(await verdictFor('token etrade-sandbox')).toBe('broken');
  });

  it('whose version was destroyed is broken', async () => {
    await world.store.destroyVersion(world.session().key, 1);
    expect(of(await look(), 'token etrade-sandbox')?.what).toMatch(/version 1.*is gone/);
  });

  it('with events that wait says how many', async () => {
    world.steps.fail('publish', eventsDown());
    world.clock.advance(MINUTE_MS);
    await world.signIn();
    expect(of(await look(), 'events etrade-sandbox')?.what).toBe(
      '1 event(s) have not reached workers',
    );
  });

  it('whose last PIN was lost says so two minutes later', async () => {
    const { key } = world.session();
    const { record, tag } = await world.store.load(key);
    const pending = { id: 'x', startedAt: world.clock.now() };
    await world.store.replace(key, tag, { ...record, pending });
    expect(of(await look(), 'sign-in etrade-sandbox')).toBeUndefined();
    world.clock.advance(2 * MINUTE_MS);
    expect(await verdictFor('sign-in etrade-sandbox')).toBe('problem');
  });
});

describe('workers', () => {
  it.each([
    { generation: 1, verdict: 'ok', text: '1 of 1 worker on token #1' },
    { generation: 0, verdict: 'problem', text: /orb-bot still without a token since 08:3\d/ },
  ])('on generation $generation are $verdict', async ({ generation, verdict, text }) => {
    const { key } = world.session();
    world.clock.advance(5 * MINUTE_MS);
    const { record, tag } = await world.store.load(key);
    const report = { generation, lastUsedAt: null, at: world.clock.now(), stopped: false };
    await world.store.replace(key, tag, { ...record, workers: { 'orb-bot/a': report } });
    const found = of(await look(), `workers ${key}`);
    expect(found?.verdict).toBe(verdict);
    expect(found?.what).toMatch(text);
  });
});

describe('keep-alive', () => {
  it.each([
    { after: 20 * MINUTE_MS, verdict: 'ok' },
    { after: 20 * MINUTE_MS + 1, verdict: 'problem' },
  ] as const)('is $verdict $after ms after its last run', async ({ after, verdict }) => {
    world.clock.advance(after);
    expect(await verdictFor('keep-alive')).toBe(verdict);
  });

  it('that has never run is a problem', async () => {
    world = createTestSystem();
    expect(of(await look(), 'keep-alive')?.what).toBe('has never run');
  });
});

describe('what stands around', () => {
  it.each([
    { name: 'a 403 without the cookie', status: 403, verdict: 'ok' },
    { name: 'a 404', status: 404, verdict: 'broken' },
    { name: 'a 500', status: 500, verdict: 'broken' },
  ] as const)('pages that answer $name are $verdict', async ({ status, verdict }) => {
    const fetch = async () => new Response(null, { status });
    expect(of(await look({ fetch }), 'pages')?.verdict).toBe(verdict);
  });

  it('pages that do not answer are broken', async () => {
    const fetch = () => Promise.reject(new TypeError('fetch failed'));
    expect(of(await look({ fetch }), 'pages')?.verdict).toBe('broken');
  });

  it('a year past the end of the calendar is a problem', async () => {
    world = createTestSystem({ startsAt: '2100-03-09T08:31-04:00' });
    expect(await verdictFor('calendar')).toBe('problem');
  });

  it.each([
    { names: [], verdict: 'problem' },
    { names: ['token-cadence-2026-03-08-000001.backup'], verdict: 'ok' },
    { names: ['token-cadence-2026-03-07-000001.backup', 'notes.txt'], verdict: 'problem' },
  ] as const)('copies $names are $verdict', async ({ names, verdict }) => {
    const backups = { list: async () => names, save: async () => {}, remove: async () => {} };
    expect(of(await look({ backups }), 'backup')?.verdict).toBe(verdict);
  });

  it('a store that is away everywhere leaves the other checks standing', async () => {
    world.steps.fail('store', storeDenied());
    const findings = await look();
    expect(of(findings, 'service record')?.verdict).toBe('broken');
    expect(of(findings, 'messenger')?.verdict).toBe('ok');
    world.clock.advance(HOUR_MS);
  });
});

async function look(changes: Partial<Checks> = {}): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for await (const finding of diagnose(world.system, aChecks(changes))) findings.push(finding);
  return findings;
}

function of(findings: readonly Finding[], check: string): Finding | undefined {
  return findings.find((finding) => finding.check === check);
}

async function verdictFor(check: string): Promise<Finding['verdict'] | undefined> {
  return of(await look(), check)?.verdict;
}
