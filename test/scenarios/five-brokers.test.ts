/**
 * Five brokers in one local run: real function processes, five simulators, one virtual clock. Each session is
 * signed in through the pages, is used by three workers, and ends at its own broker's hour.
 *
 * One clock, so the tests are one story and run in this order: from Monday evening in New York, which is
 * Tuesday morning in India, to the Tuesday of the week after.
 */

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBrowser, formOf } from '../../infra/local/browser.ts';
import type { Overview } from '../../infra/local/control-client.ts';
import type { Person } from '../../infra/local/person.ts';
import { spawnCli } from '../fixtures/cli-process.ts';
import { type RunningSystem, startRunningSystem } from '../fixtures/local-system.ts';

const SESSIONS = [
  'etrade-prod',
  'tradestation-sandbox',
  'upstox-prod',
  'schwab-prod',
  'kite-prod',
] as const;
type Key = (typeof SESSIONS)[number];

const WORKERS = 3;
const PAUSED = { paused: true };
const DAY_MS = 86_400_000;
const CLI = join(import.meta.dirname, '../../infra/local/cli.ts');

/** Hundreds of calls to real processes, on a machine that may have other work. */
const SLOW = { timeout: 120_000 };

let running: RunningSystem;
const signedInAt = new Map<Key, number>();

beforeAll(async () => {
  running = await startRunningSystem({
    sessions: SESSIONS,
    startAt: '2026-03-09T22:44:00-04:00',
  });
  // They come in when the story is about them: fifteen are much to wait for.
  await running.control.setFaults({ worker: PAUSED, 'health-check': PAUSED });
}, 120_000);

afterAll(() => running?.stop());

const moveTo = (moment: string | number): Promise<void> =>
  running.control.moveTo(typeof moment === 'number' ? moment : Date.parse(moment));

async function sessionsNow(): Promise<Readonly<Record<string, Overview['sessions'][number]>>> {
  const { sessions } = await running.control.overview();
  return Object.fromEntries(sessions.map((session) => [session.key, session]));
}

async function stateOf(key: Key): Promise<string | undefined> {
  return (await sessionsNow())[key]?.state;
}

async function generationOf(key: Key): Promise<number> {
  return (await sessionsNow())[key]?.generation ?? 0;
}

/** Successful calls to a broker's token endpoint: the sign-in's and the refreshes'. */
function tokensIssued(broker: string): number {
  return running.system.brokerStats(broker)?.calls['token']?.['200'] ?? 0;
}

/** What each message since the first `known` offers. */
async function buttonsSince(known: number): Promise<string[][]> {
  const { messages } = await running.control.overview();
  return messages.slice(known).map(({ buttons }) => buttons.map(({ text }) => text));
}

async function messageCount(): Promise<number> {
  return (await running.control.overview()).messages.length;
}

/** A person with the newest button for a session. */
async function personAt(title: string): Promise<{ person: Person; link: string }> {
  const { messages } = await running.control.overview();
  const buttons = messages.flatMap((message) => message.buttons);
  const link = buttons.findLast(({ text }) => text === `Sign in: ${title}`)?.url;
  if (link === undefined) throw new Error(`The chat has no button for ${title}`);
  return { person: running.newPerson(), link };
}

async function signIn(key: Key, title: string): Promise<void> {
  const { person, link } = await personAt(title);
  const page = await person.signIn(link, key);
  expect(page.html).toContain('data-outcome="signed-in"');
  expect(new URL(page.url).pathname).toBe(`/sign-in/${key}`);
  const issuedAt = (await sessionsNow())[key]?.['issuedAt'];
  signedInAt.set(key, Date.parse(String(issuedAt)));
}

/** The last second of a session, and the one after. */
async function expectEnd(key: Key, endsAt: number): Promise<void> {
  await moveTo(endsAt - 1_000);
  expect(await stateOf(key)).toBe('active');
  await moveTo(endsAt);
  expect(await stateOf(key)).toBe('expired');
}

/** Every worker's generation and last answer, by session. */
async function workerCalls(): Promise<Record<string, string[]>> {
  const { workers } = await running.control.overview();
  const calls: Record<string, string[]> = {};
  for (const { session, generation, lastCall, problem } of workers) {
    calls[session] ??= [];
    calls[session].push(problem ?? `${generation} ${lastCall?.status}`);
  }
  return calls;
}

const threeTimes = (text: string): string[] => Array.from({ length: WORKERS }, () => text);

describe('signing in', SLOW, () => {
  it('is asked for in India’s morning, for India’s sessions alone', async () => {
    await moveTo('2026-03-10T08:15:00+05:30');
    expect(await buttonsSince(0)).toEqual([['Sign in: Upstox prod', 'Sign in: Zerodha Kite prod']]);
  });

  it('goes through Upstox’s own page and back', async () => {
    await signIn('upstox-prod', 'Upstox prod');
  });

  it('goes back from Kite after a yes through the control API', async () => {
    const { person, link } = await personAt('Zerodha Kite prod');
    await person.open(link);
    const address = await person.start('kite-prod');
    await expect(running.control.approve('kite-prod')).rejects.toThrow('No sign-in is open');
    expect((await fetch(address)).status).toBe(200);
    const approval = await running.control.approve('kite-prod');
    if (!('redirect' in approval)) throw new Error('Kite shows no PIN');
    const { public: publicUrl } = running.system.urls;
    expect(approval.redirect).toContain(`${publicUrl}/callback/kite?`);
    const page = await person.open(approval.redirect);
    expect(page.html).toContain('data-outcome="signed-in"');
    expect(await stateOf('kite-prod')).toBe('active');
  });

  it('is asked for in New York’s morning, for New York’s sessions alone', async () => {
    const before = await messageCount();
    await moveTo('2026-03-10T08:30:00-04:00');
    expect(await buttonsSince(before)).toEqual([
      ['Sign in: E*TRADE prod', 'Sign in: TradeStation sandbox', 'Sign in: Charles Schwab prod'],
    ]);
  });

  it('gives a PIN at E*TRADE, also through the control API', async () => {
    await running.control.advance('PT3M');
    const { person, link } = await personAt('E*TRADE prod');
    await person.open(link);
    await person.start('etrade-prod');
    expect(await running.control.approve('etrade-prod')).toEqual({
      pin: expect.stringMatching(/^\w{5,7}$/),
    });
    await signIn('etrade-prod', 'E*TRADE prod');
  });

  it('is declined at TradeStation, explained, and done after all', async () => {
    const { person, link } = await personAt('TradeStation sandbox');
    await person.open(link);
    const back = await person.logIn(await person.start('tradestation-sandbox'), 'Decline');
    expect(new URL(back.url).pathname).toBe('/sign-in/tradestation-sandbox');
    expect(back.html).not.toContain('data-outcome="signed-in"');
    expect(back.html).toContain('role="alert"');
    expect(await generationOf('tradestation-sandbox')).toBe(0);
    await signIn('tradestation-sandbox', 'TradeStation sandbox');
  });

  it('leaves nobody without a token', async () => {
    await signIn('schwab-prod', 'Charles Schwab prod');
    const sessions = await sessionsNow();
    expect(SESSIONS.map((key) => [key, sessions[key]?.state, sessions[key]?.generation])).toEqual(
      SESSIONS.map((key) => [key, 'active', 1]),
    );
  });
});

describe('a morning of trading', SLOW, () => {
  it('has every worker served, signed by OAuth 1.0a or with a bearer token as the session wants', async () => {
    await running.control.setFaults({ worker: null });
    await running.control.advance('PT1S');
    expect(await workerCalls()).toEqual(
      Object.fromEntries(SESSIONS.map((key) => [key, threeTimes('1 200')])),
    );
    const asked = running.system.brokerStats('etrade')?.calls['accounts/list'];
    expect(asked?.['200']).toBeGreaterThanOrEqual(WORKERS);
  });

  it('learns that TradeStation rotates from the first refresh that brings another token', async () => {
    await moveTo('2026-03-10T08:45:00-04:00');
    // No end is known as long as the refresh token stays the same.
    expect((await sessionsNow())['tradestation-sandbox']).toMatchObject({
      generation: 2,
      hardEndsAt: null,
    });
    await running.control.setFaults({
      broker: { 'tradestation.rotation': true, 'tradestation.rotationMinutes': 40 },
    });
    await moveTo('2026-03-10T09:00:00-04:00');
    const { generation, hardEndsAt } = (await sessionsNow())['tradestation-sandbox'] ?? {};
    expect(generation).toBe(3);
    const end = (signedInAt.get('tradestation-sandbox') ?? 0) + DAY_MS;
    expect(Date.parse(String(hardEndsAt))).toBe(end);
  });

  it('renews what the broker lets be renewed, once a run, and nothing else', async () => {
    await moveTo('2026-03-10T09:30:00-04:00');
    const sessions = await sessionsNow();
    for (const key of ['tradestation-sandbox', 'schwab-prod'] as const) {
      const { generation = 0, counts } = sessions[key] ?? {};
      // At 08:45, 09:00, 09:15 and 09:30.
      expect([key, generation, counts?.renewals]).toEqual([key, 5, 4]);
      expect(tokensIssued(key.split('-')[0] ?? '')).toBe(5);
    }
    for (const key of ['etrade-prod', 'upstox-prod', 'kite-prod'] as const) {
      expect([key, sessions[key]?.generation]).toEqual([key, 1]);
    }
    expect(await workerCalls()).toEqual({
      'etrade-prod': threeTimes('1 200'),
      'tradestation-sandbox': threeTimes('5 200'),
      'upstox-prod': threeTimes('1 200'),
      'schwab-prod': threeTimes('5 200'),
      'kite-prod': threeTimes('1 200'),
    });
    const { workers, messages } = await running.control.overview();
    expect(workers).toHaveLength(WORKERS * SESSIONS.length);
    expect(messages.at(-1)?.text).toContain('✅');
  });

  it('goes on without the scheduler: the workers have keep-alive refresh, once for all three', async () => {
    await running.control.setFaults({ 'keep-alive': PAUSED });
    await running.control.advance('PT31M');
    for (const key of ['tradestation-sandbox', 'schwab-prod'] as const) {
      expect([key, await generationOf(key)]).toEqual([key, 6]);
      expect(tokensIssued(key.split('-')[0] ?? '')).toBe(6);
    }
    const calls = await workerCalls();
    expect(calls['tradestation-sandbox']).toEqual(threeTimes('6 200'));
    expect(calls['schwab-prod']).toEqual(threeTimes('6 200'));
  });

  it.each([
    { key: 'tradestation-sandbox', broker: 'tradestation' },
    { key: 'schwab-prod', broker: 'schwab' },
  ] as const)('makes one refresh of eight calls to keep-alive at once: $key', async (row) => {
    await running.control.setFaults({ worker: PAUSED });
    if (row.key === 'tradestation-sandbox') await running.control.advance('PT31M');
    const answers = await Promise.all(
      Array.from({ length: 8 }, () =>
        fetch(`${running.system.urls.public}/keep-alive`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ session: row.key }),
        }),
      ),
    );
    // 503: the event of whoever refreshed is still on its way.
    for (const { status } of answers) expect([200, 503]).toContain(status);
    const { generation, counts } = (await sessionsNow())[row.key] ?? {};
    expect({ generation, counts }).toMatchObject({ generation: 7, counts: { undelivered: 0 } });
    expect(running.system.brokerStats(row.broker)?.calls['token']).toEqual({ 200: 7 });
  });
});

describe('the ends, each at its own hour', SLOW, () => {
  beforeAll(() => running.control.setFaults({ 'keep-alive': null }));

  it('Upstox: 03:30 in India', async () => {
    await expectEnd('upstox-prod', Date.parse('2026-03-11T03:30:00+05:30'));
  });

  it('Kite: 06:00 in India', async () => {
    await expectEnd('kite-prod', Date.parse('2026-03-11T06:00:00+05:30'));
  });

  it('asks for both in India’s next morning, and at no hour before', async () => {
    const before = await messageCount();
    // Real time goes on between the two: a busy machine needs some of it.
    await moveTo('2026-03-11T08:14:30+05:30');
    expect(await messageCount()).toBe(before);
    await moveTo('2026-03-11T08:15:00+05:30');
    expect(await buttonsSince(before)).toEqual([
      ['Sign in: Upstox prod', 'Sign in: Zerodha Kite prod'],
    ]);
  });

  it('E*TRADE: midnight in New York', async () => {
    await signIn('upstox-prod', 'Upstox prod');
    await signIn('kite-prod', 'Zerodha Kite prod');
    await expectEnd('etrade-prod', Date.parse('2026-03-11T00:00:00-04:00'));
  });

  it('asks for E*TRADE in New York’s next morning', async () => {
    const before = await messageCount();
    await moveTo('2026-03-11T08:29:59-04:00');
    expect(await messageCount()).toBe(before);
    await moveTo('2026-03-11T08:30:00-04:00');
    const [first = []] = await buttonsSince(before);
    expect(first).toContain('Sign in: E*TRADE prod');
    expect(first).not.toContain('Sign in: Charles Schwab prod');
    expect(first.join()).not.toMatch(/Upstox|Kite/);
  });

  it('TradeStation with rotation: a day after the sign-in, whatever was refreshed since', async () => {
    expect(await generationOf('tradestation-sandbox')).toBeGreaterThan(90);
    await expectEnd('tradestation-sandbox', (signedInAt.get('tradestation-sandbox') ?? 0) + DAY_MS);
    const { calls = {} } = running.system.brokerStats('tradestation') ?? {};
    expect(calls['token']).toEqual({ 200: await generationOf('tradestation-sandbox') });
  });

  it('Schwab: seven days after the sign-in, renewed until then', async () => {
    const end = (signedInAt.get('schwab-prod') ?? 0) + 7 * DAY_MS;
    // Nothing in these days is new, and playing them takes minutes. Events that wait for a paused worker
    // would be pushed again at every step.
    await running.control.setFaults({ worker: null });
    await running.control.advance('PT1S');
    await running.control.setFaults({
      worker: PAUSED,
      'keep-alive': PAUSED,
      'morning-alert': PAUSED,
    });
    await moveTo(end - 40 * 60_000);
    const before = await generationOf('schwab-prod');
    await running.control.setFaults({ 'keep-alive': null });
    await moveTo(end - 20 * 60_000);
    expect(await generationOf('schwab-prod')).toBeGreaterThan(before);
    await expectEnd('schwab-prod', end);
    const { calls = {} } = running.system.brokerStats('schwab') ?? {};
    expect(calls['token']).toEqual({ 200: await generationOf('schwab-prod') });
  });
});

describe('the command line', SLOW, () => {
  it('signs in at Schwab with the address that the browser ends at, and workers go on', async () => {
    const before = await generationOf('schwab-prod');
    const env = { LOCAL_STATE_DIRECTORY: running.stateDirectory, PATH: process.env['PATH'] ?? '' };
    const cli = spawnCli(['start', 'schwab-prod', '--pin-stdin'], env, CLI);
    const [address = ''] = /^http\S+$/m.exec(await cli.shown(/^http\S+$/m)) ?? [];

    const browser = createBrowser(globalThis.fetch);
    const login = await browser.open(address);
    const form = { ...formOf(login), decision: 'Accept' };
    const end = await browser.postWithin(login.url, form, new URL(login.url).origin);
    expect(end.url).toContain('/callback/schwab?code=C0.');
    cli.child.stdin.end(`${end.url}\n`);
    expect(await cli.ended).toBe(0);
    expect(cli.out()).toContain(`generation ${before + 1} is stored`);

    await running.control.setFaults({ worker: null });
    await running.control.advance('PT1M');
    expect((await workerCalls())['schwab-prod']).toEqual(threeTimes(`${before + 1} 200`));
  });
});
