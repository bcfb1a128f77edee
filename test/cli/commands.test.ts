/** The other commands: what each asks of the world, says, and exits with. */

import { describe, expect, it } from 'vitest';
import { API_URL, runCommand } from '../fixtures/command-line.ts';
import { brokerFailure } from '../fixtures/fake-broker.ts';
import { UPSTOX } from '../fixtures/rules.ts';
import { signedIn } from '../fixtures/sign-in.ts';
import { createTestSystem, eventsDown, storeDenied, storeDown } from '../fixtures/system.ts';
import { HOUR_MS } from '../fixtures/test-clock.ts';
import { commandNames } from './command-names.ts';

const KEY = 'etrade-sandbox';
const DAY_MS = 24 * HOUR_MS;

describe('status', () => {
  it('shows one line per session and what to do', async () => {
    const world = createTestSystem({ sessions: [{ key: KEY }, { key: 'etrade-prod' }] });
    await world.signIn(KEY);
    const ran = await runCommand(world, ['status']);
    expect(ran.code).toBe(3);
    expect(ran.out).toMatch(/●\s+etrade-sandbox\s+active\s+1\s+midnight, 15 h /);
    expect(ran.out).toMatch(/○\s+etrade-prod\s+no token/);
    expect(ran.out).toContain('token-cadence start etrade-prod');
  });

  it('lists every clock, with who moves it, on the clock of each market', async () => {
    const upstox = { key: 'upstox-prod', rules: UPSTOX };
    const etrade = { key: 'etrade-prod', consumerKeySince: '2024-03-20T00:00Z' };
    const world = createTestSystem({ sessions: [etrade, upstox] });
    await world.signIn('etrade-prod');
    await world.signIn('upstox-prod');
    const { out } = await runCommand(world, ['status']);
    const text = out.replace(/\s+/g, ' ');
    expect(text).toContain('NYSE 09:30 to 16:00 New York · NSE 09:15 to 15:30 Kolkata');
    expect(text).toContain(
      'etrade-prod: idle limit 10:31 (keep-alive moves it), daily end midnight (a sign-in moves it), consumer key 20 Mar 2026 (a new key from the broker moves it)',
    );
    expect(text).toContain(
      'upstox-prod: daily end Tue 10 Mar 03:30 (a sign-in moves it); Kolkata time',
    );
    expect(text).toContain('etrade-prod: the consumer key may die around 20 Mar 2026');
  });

  it('is the document of GET /status with --json, for one session if one is named', async () => {
    const world = await signedIn();
    const ran = await runCommand(world, ['status', KEY, '--json']);
    expect(JSON.parse(ran.out)).toMatchObject({ sessions: [{ key: KEY, state: 'active' }] });
    expect(ran.code).toBe(0);
  });

  const states = [
    { after: 0, code: 0, state: 'active' },
    { after: 2 * HOUR_MS, code: 1, state: 'inactive' },
    { after: DAY_MS, code: 3, state: 'expired' },
  ];
  for (const { after, code, state } of states) {
    it(`exits with ${code} when the session is ${state}`, async () => {
      const world = await signedIn();
      world.clock.advance(after);
      const ran = await runCommand(world, ['status']);
      expect(ran.out).toContain(state);
      expect(ran.code).toBe(code);
    });
  }

  it('counts a session that is not required only when it is named', async () => {
    const sessions = [{ key: KEY, required: false }];
    const world = createTestSystem({ sessions });
    expect((await runCommand(world, ['status'])).code).toBe(0);
    expect((await runCommand(world, ['status', KEY])).code).toBe(3);
  });

  it('names a worker that is not there only where there is a token to use', async () => {
    const world = createTestSystem({ sessions: [{ key: KEY, workers: ['orb-bot'] }] });
    expect((await runCommand(world, ['status'])).out).not.toContain('null');
    await world.signIn();
    expect((await runCommand(world, ['status'])).out).toContain(
      `${KEY}: 0 of 1 worker on token #1, orb-bot offline`,
    );
  });

  const undelivered = [
    { signIns: 1, says: '1 undelivered event:' },
    { signIns: 2, says: '2 undelivered events:' },
  ];
  for (const { signIns, says } of undelivered) {
    it(`counts ${says} and how to send what waits`, async () => {
      const world = createTestSystem();
      world.steps.fail('publish', eventsDown());
      for (let made = 0; made < signIns; made += 1) await world.signIn();
      expect((await runCommand(world, ['status'])).out).toContain(
        `${KEY} has ${says}  token-cadence run-keep-alive`,
      );
    });
  }

  it('says in words that the store is away, and exits with 4', async () => {
    const world = createTestSystem();
    world.steps.fail('store.load', storeDown());
    const ran = await runCommand(world, ['status']);
    expect(ran.notes).toContain('The store does not answer');
    expect(ran.code).toBe(4);
  });

  it('exits with 2 when the store refuses this caller', async () => {
    const world = createTestSystem();
    world.steps.fail('store.load', storeDenied());
    expect((await runCommand(world, ['status'])).code).toBe(2);
  });
});

describe('test and renew', () => {
  it('makes a real call', async () => {
    const world = await signedIn();
    const before = world.broker().calls.probe;
    const ran = await runCommand(world, ['test', KEY]);
    expect(ran.out).toContain('generation 1 works');
    expect(ran.code).toBe(0);
    expect(world.broker().calls.probe).toBe(before + 1);
  });

  it('renews after a 401', async () => {
    const world = await signedIn();
    world.clock.advance(2 * HOUR_MS);
    const ran = await runCommand(world, ['test', KEY]);
    expect(ran.out).toContain('It was renewed');
    expect(world.broker().calls.renew).toBe(1);
    expect((await world.record()).proof).toBe('proven');
  });

  it('renew renews a token that works, too', async () => {
    const world = await signedIn();
    const ran = await runCommand(world, ['renew', KEY]);
    expect(ran.out).toContain('It was renewed');
    expect(world.broker().calls.renew).toBe(1);
  });

  it('exits with 3 and names the step when only a person helps', async () => {
    const world = await signedIn();
    world.broker().rejectTokens();
    const ran = await runCommand(world, ['test', KEY]);
    expect(ran.notes).toContain(`Sign in: token-cadence start ${KEY}`);
    expect(ran.code).toBe(3);
  });

  it('asks no broker where there is no token', async () => {
    const world = createTestSystem();
    expect((await runCommand(world, ['test', KEY])).code).toBe(3);
    expect(world.broker().calls.probe).toBe(0);
  });

  it('exits with 4 when the broker is away, 2 when it refuses the key', async () => {
    const world = await signedIn();
    world.broker().failNext('probe', brokerFailure('transient'));
    expect((await runCommand(world, ['test', KEY])).code).toBe(4);
    world.broker().failNext('probe', brokerFailure('configuration'));
    expect((await runCommand(world, ['test', KEY])).code).toBe(2);
  });
});

describe('revoke', () => {
  it('asks first, and does nothing without a yes', async () => {
    const world = await signedIn();
    const ran = await runCommand(world, ['revoke', KEY], { types: [''] });
    expect(ran.code).toBe(1);
    expect(world.broker().liveTokens()).toBe(1);
  });

  it('ends the token at the broker and here', async () => {
    const world = await signedIn();
    const ran = await runCommand(world, ['revoke', KEY], { types: ['y'] });
    expect(ran.code).toBe(0);
    expect(world.broker().liveTokens()).toBe(0);
    expect((await world.record()).version).toBeNull();
  });

  it('needs --yes without a terminal', async () => {
    const world = await signedIn();
    expect((await runCommand(world, ['revoke', KEY], { isInteractive: false })).code).toBe(2);
    expect(world.broker().liveTokens()).toBe(1);
    const ran = await runCommand(world, ['revoke', KEY, '--yes'], { isInteractive: false });
    expect(ran.code).toBe(0);
  });

  it('keeps everything when the broker is away', async () => {
    const world = await signedIn();
    world.broker().failNext('revoke', brokerFailure('transient'));
    const ran = await runCommand(world, ['revoke', KEY, '--yes']);
    expect(ran.notes).toContain('Everything stays as it was');
    expect(ran.code).toBe(4);
    expect((await world.record()).version).toBe(1);
  });
});

describe('run-keep-alive', () => {
  it('renews what needs it and writes the run down', async () => {
    const world = await signedIn();
    world.clock.advance(2 * HOUR_MS);
    const ran = await runCommand(world, ['run-keep-alive']);
    expect(ran.out).toMatch(/✓\s+etrade-sandbox\s+renewed/);
    expect(ran.code).toBe(0);
    expect((await world.service()).keepAlive.lastRunAt).toBe(world.clock.now());
  });

  it('delivers an event that waits, and exits with 4 while it cannot', async () => {
    const world = createTestSystem();
    world.steps.fail('publish', eventsDown());
    await world.signIn();
    const late = await runCommand(world, ['run-keep-alive']);
    expect(late.out).toContain('workers could not be told yet');
    expect(late.code).toBe(4);
    world.steps.mend();
    expect((await runCommand(world, ['run-keep-alive'])).code).toBe(0);
    expect(world.published).toHaveLength(1);
  });

  it('counts only required sessions among those that need a sign-in, as status does', async () => {
    const sessions = [{ key: KEY }, { key: 'etrade-prod', required: false }];
    const world = createTestSystem({ sessions });
    await world.signIn(KEY);
    const ran = await runCommand(world, ['run-keep-alive']);
    expect(ran.out).toMatch(/○\s+etrade-prod\s+needs a sign-in\s+never-signed-in/);
    expect(ran.code).toBe(0);
    expect((await runCommand(world, ['status'])).code).toBe(0);
    world.clock.advance(DAY_MS);
    expect((await runCommand(world, ['run-keep-alive'])).code).toBe(3);
    expect((await runCommand(world, ['status'])).code).toBe(3);
  });

  it('sends alerts only where a messenger is set', async () => {
    const world = createTestSystem();
    await runCommand(world, ['run-keep-alive'], { tellsPeople: false });
    expect(world.told()).toEqual([]);
    const ran = await runCommand(world, ['run-keep-alive']);
    expect(world.told()).toEqual(['sign-in-due first']);
    expect(ran.code).toBe(3);
  });
});

describe('sign', () => {
  it('leaves token, key and signature out unless asked to show them', async () => {
    const world = await signedIn();
    const args = ['sign', KEY, 'get', '/v1/accounts/list.json'];
    const hidden = await runCommand(world, args);
    expect(hidden.out).toMatch(/^Authorization: OAuth /);
    expect(hidden.out).toContain('oauth_token="[redacted]"');
    expect(hidden.out).toContain('oauth_signature="[redacted]"');
    expect(hidden.all).not.toContain('canary');
    const shown = await runCommand(world, [...args, '--show']);
    expect(shown.out).toContain('oauth_token="canary-access-token');
    expect(shown.all).not.toMatch(/canary-(token|consumer)-secret/);
  });

  it('signs for the session’s own API only', async () => {
    const world = await signedIn();
    for (const url of ['https://evil.example/v1', `${API_URL}.evil.example/v1`, 'accounts']) {
      const ran = await runCommand(world, ['sign', KEY, 'GET', url]);
      expect(ran.code, url).toBe(2);
      expect(ran.out).toBe('');
    }
  });

  it('signs with nothing that is over', async () => {
    const world = await signedIn();
    world.clock.advance(DAY_MS);
    expect((await runCommand(world, ['sign', KEY, 'GET', '/v1'])).code).toBe(3);
  });
});

describe('curl', () => {
  it('prints the body on standard output and the status beside it', async () => {
    const world = await signedIn();
    const asked: { url: string; init: RequestInit | undefined }[] = [];
    const fetch: typeof globalThis.fetch = async (url, init) => {
      asked.push({ url: String(url), init });
      return new Response('{"quote":1}');
    };
    const ran = await runCommand(world, ['curl', KEY, '/v1/quote/SPY.json?detail=ALL'], { fetch });
    expect(ran.out).toBe('{"quote":1}\n');
    expect(ran.notes).toContain('HTTP 200 · etrade-sandbox generation 1');
    expect(ran.code).toBe(0);
    expect(asked[0]?.url).toBe(`${API_URL}/v1/quote/SPY.json?detail=ALL`);
    expect(asked[0]?.init?.redirect).toBe('manual');
    expect(ran.all).not.toContain('canary');
  });

  it('says what a 401 means and how to mend it', async () => {
    const world = await signedIn();
    const fetch = async () =>
      new Response('oauth_problem=token_expired', {
        status: 401,
        headers: { 'www-authenticate': 'OAuth oauth_problem="token_expired"' },
      });
    const ran = await runCommand(world, ['curl', KEY, '/v1/accounts/list.json'], { fetch });
    expect(ran.notes).toContain(`token-cadence renew ${KEY}`);
    expect(ran.code).toBe(1);
  });

  const MIB = 1024 * 1024;
  const sizes = [
    { bytes: 200 * 1024, code: 0 },
    { bytes: 16 * MIB, code: 0 },
    { bytes: 16 * MIB + 1, code: 1 },
  ];
  for (const { bytes, code } of sizes) {
    it(`exits with ${code} after an answer of ${bytes} bytes, whole or said not to be`, async () => {
      const world = await signedIn();
      const body = 'x'.repeat(bytes);
      const ran = await runCommand(world, ['curl', KEY, '/v1'], {
        fetch: async () => new Response(body),
      });
      expect(ran.code).toBe(code);
      expect(ran.out === `${body}\n`).toBe(code === 0);
      expect(ran.notes.includes('not whole: longer than 16 MiB')).toBe(code === 1);
    });
  }

  it('exits with 1 after an answer that stopped on the way, and prints what came', async () => {
    const world = await signedIn();
    const torn = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('{"quote":'));
      },
      pull: () => Promise.reject(new Error('reset')),
    });
    const ran = await runCommand(world, ['curl', KEY, '/v1'], {
      fetch: async () => new Response(torn),
    });
    expect(ran.out).toBe('{"quote":\n');
    expect(ran.code).toBe(1);
  });

  it('exits with 4 when nobody answers', async () => {
    const world = await signedIn();
    const fetch = async () => Promise.reject(new TypeError('fetch failed'));
    expect((await runCommand(world, ['curl', KEY, '/v1'], { fetch })).code).toBe(4);
  });
});

describe('calendar', () => {
  const newYork = [
    { date: undefined, code: 0, says: 'Mon 9 Mar 2026: trading day' },
    { date: '2026-11-27', code: 0, says: 'opens 09:30, closes 13:00 New York' },
    { date: '2026-11-26', code: 1, says: 'Thanksgiving' },
    { date: '2026-11-28', code: 1, says: '(weekend)' },
    { date: '2026-02-31', code: 2, says: 'not a date' },
    { date: 'tomorrow', code: 2, says: 'not a date' },
  ];
  const days = [
    ...newYork.map((day) => ({ ...day, market: [] })),
    {
      date: undefined,
      code: 0,
      says: 'opens 09:15, closes 15:30 Kolkata',
      market: ['--market', 'NSE'],
    },
    { date: '2026-11-24', code: 1, says: 'Guru Nanak', market: ['-m', 'nse'] },
    { date: '2027-01-26', code: 0, says: 'Nothing is known of this year', market: ['-m', 'NSE'] },
    { date: undefined, code: 2, says: 'there are NYSE and NSE', market: ['--market', 'LSE'] },
  ];
  for (const { date, code, says, market } of days) {
    it(`answers ${says} for ${[date ?? 'today', ...market].join(' ')}`, async () => {
      const args = ['calendar', ...(date === undefined ? [] : [date]), ...market];
      const ran = await runCommand(createTestSystem(), args);
      expect(ran.all).toContain(says);
      expect(ran.code).toBe(code);
    });
  }

  it('heeds an unscheduled closure', async () => {
    const env = { MARKET_CLOSURES: '2026-03-09=Day of Mourning' };
    const ran = await runCommand(createTestSystem(), ['calendar'], { env });
    expect(ran.out).toContain('Day of Mourning');
    expect(ran.code).toBe(1);
  });
});

describe('the program', () => {
  it('explains itself, with exit codes and examples', async () => {
    const help = await runCommand(createTestSystem(), ['--help']);
    expect(help.code).toBe(0);
    expect(help.out).toContain('3    a person must sign in');
    const command = await runCommand(createTestSystem(), ['start', '--help']);
    expect(command.out).toContain('$ token-cadence start etrade-prod');
  });

  it('every help fits 80 columns and has examples', async () => {
    const names = commandNames((await runCommand(createTestSystem(), ['--help'])).out);
    expect(names.length).toBeGreaterThan(12);
    for (const args of [[], ...names.map((name) => [name])]) {
      const { out, code } = await runCommand(createTestSystem(), [...args, '--help']);
      expect(code).toBe(0);
      expect(out, `${args}`).toContain(`Examples:\n  $ token-cadence ${args[0] ?? ''}`);
      expect(out.split('\n').filter((line) => [...line].length > 80)).toEqual([]);
    }
  });

  it('says before it is run what doctor and rehearse leave at the broker', async () => {
    for (const command of ['doctor', 'rehearse']) {
      const { out } = await runCommand(createTestSystem(), [command, '--help']);
      expect(out.replaceAll('\n', ' ')).toMatch(/request token.* nobody/);
    }
  });

  it('does not call a wrong argument a wrong setting', async () => {
    const world = await signedIn();
    for (const args of [
      ['start', 'etrade-prod'],
      ['sign', KEY, 'GET', 'https://evil.example/v1'],
    ]) {
      const ran = await runCommand(world, args);
      expect(ran.code).toBe(2);
      expect(ran.notes).not.toContain('Settings');
    }
  });

  const wrong = [[], ['stat'], ['start'], ['status', '--nope'], ['start', KEY, '123456']];
  for (const args of wrong) {
    it(`exits with 2 for "${args.join(' ')}"`, async () => {
      expect((await runCommand(createTestSystem(), args)).code).toBe(2);
    });
  }
});
