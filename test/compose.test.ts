/** The production wiring: what is built from which settings, and that building it touches nothing. */

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ComposeOptions, compose, composeSystem } from '../functions/compose.ts';
import type { Variables } from '../functions/config.ts';
import { ConfigError } from '../functions/errors.ts';
import { compareAccounts } from '../functions/lifecycle/account.ts';
import { MIDNIGHT, ny, sessionKey } from './fixtures/records.ts';
import { createScriptedFetch } from './fixtures/scripted-fetch.ts';
import { createSeededRandom, createTestClock, MINUTE_MS } from './fixtures/test-clock.ts';

const SANDBOX = sessionKey('etrade-sandbox');

let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'token-cadence-compose-'));
});

afterAll(() => rm(root, { recursive: true, force: true }));

function settings(changes: Variables = {}): Variables {
  return {
    SESSIONS: 'etrade-sandbox',
    PUBLIC_URL: 'http://127.0.0.1:8080',
    TOKEN_CADENCE_APP: JSON.stringify({
      telegramBotToken: '123456:bot-token',
      telegramChatId: '4242',
      linkKey: 'link-key-0123456789-0123456789-0123456789',
    }),
    ETRADE_SANDBOX_CONSUMER: JSON.stringify({ key: 'consumer', secret: 'secret' }),
    STORE_DIRECTORY: join(root, 'store'),
    STORE_PASSPHRASE: 'a passphrase for tests',
    EVENTS_URL: 'http://127.0.0.1:8083/events',
    ...changes,
  };
}

/** At 08:31 of the fixtures' Monday, with every other part the real one. */
function build(changes: Variables = {}, options: ComposeOptions = {}) {
  const clock = createTestClock('2026-03-09T08:31-04:00');
  const parts = {
    clock: clock.now,
    wait: clock.wait,
    random: createSeededRandom('compose'),
    ...options.parts,
  };
  return { clock, wiring: compose({ ...options, env: settings(changes), parts }) };
}

describe('building the system', () => {
  it('opens no connection, sets no timer, makes no file', async () => {
    let sockets = 0;
    const count = (): void => {
      sockets += 1;
    };
    subscribe('net.client.socket', count);
    const before = process.getActiveResourcesInfo();
    build({ STORE_DIRECTORY: join(root, 'untouched') });
    build({ STORE_DIRECTORY: undefined, EVENTS_URL: undefined, GOOGLE_CLOUD_PROJECT: 'a-project' });
    expect(process.getActiveResourcesInfo()).toEqual(before);
    await new Promise((resolve) => setImmediate(resolve));
    unsubscribe('net.client.socket', count);
    expect(sockets).toBe(0);
    expect(existsSync(join(root, 'untouched'))).toBe(false);
  });

  it('names every problem when settings are missing', () => {
    const incomplete = () => build({ PUBLIC_URL: undefined, ETRADE_SANDBOX_CONSUMER: undefined });
    expect(incomplete).toThrow(ConfigError);
    expect(incomplete).toThrow(/"ETRADE_SANDBOX_CONSUMER" is missing.*"PUBLIC_URL" is missing/);
  });

  it('needs no consumer for a function that never calls a broker', () => {
    const { wiring } = build(
      { ETRADE_SANDBOX_CONSUMER: undefined },
      { uses: { consumers: false } },
    );
    expect(wiring.sessions).toMatchObject([{ key: SANDBOX, title: 'E*TRADE sandbox' }]);
  });

  it('takes the parts that are handed in', () => {
    const { wiring } = build();
    const { store, events, notifier, log } = wiring;
    const again = build({}, { parts: { store, events, notifier, log } }).wiring;
    expect(again).toMatchObject({ store, events, notifier, log });
  });
});

describe('the system of the command line', () => {
  it('needs nothing that is for people; what they are told waits for a function', async () => {
    const nobody = settings({ TOKEN_CADENCE_APP: undefined, PUBLIC_URL: undefined });
    const system = composeSystem({ env: nobody });
    expect(system.tellsPeople).toBe(false);
    // Retryable: a message that is refused for good would never be sent.
    const unsent = { code: 'NOTIFICATION_UNAVAILABLE', retryable: true };
    await expect(system.signInLink(null)).rejects.toMatchObject(unsent);
    expect(composeSystem({ env: settings() }).tellsPeople).toBe(true);
  });

  it('knows how calls of one’s own are signed, session by session', () => {
    const system = composeSystem({ env: settings() });
    const [session] = system.sessions;
    expect(session && system.brokerAccess(session.key)?.apiUrl).toBe('https://apisb.etrade.com');
    expect(system.brokerAccess(sessionKey('etrade-prod'))).toBeNull();
  });
});

describe('the system that is built', () => {
  it('asks the broker at the configured addresses, through the fetch it was given', async () => {
    const { fetch, requests } = createScriptedFetch([
      new Response('oauth_token=token&oauth_token_secret=secret', { status: 200 }),
    ]);
    const urls = {
      ETRADE_SANDBOX_OAUTH_URL: 'https://oauth.example',
      ETRADE_SANDBOX_AUTHORIZE_URL: 'https://login.example/authorize',
    };
    const { wiring } = build(urls, { parts: { fetch } });
    const begun = await wiring.sessions[0]?.broker.begin();
    expect(requests.map(({ url }) => url)).toEqual(['https://oauth.example/oauth/request_token']);
    expect(begun).toMatchObject({
      ok: true,
      authorizeUrl: expect.stringMatching(/^https:\/\/login\.example\/authorize\?key=consumer&/),
    });
    expect(wiring.sessions[0]?.broker.authorizeOrigin).toBe('https://login.example');
  });

  it('keeps its records in the configured folder, under the configured passphrase', async () => {
    const { wiring } = build();
    const { record, tag } = await wiring.store.load(SANDBOX);
    await wiring.store.replace(SANDBOX, tag, { ...record, attempts: [ny('08:31')] });
    const { wiring: other } = build();
    expect((await other.store.load(SANDBOX)).record.attempts).toEqual([ny('08:31')]);
    const { wiring: stranger } = build({ STORE_PASSPHRASE: 'another passphrase for tests' });
    await expect(stranger.store.load(SANDBOX)).rejects.toThrow();
  });

  it('makes links that end with the token they would bring, and opens them', async () => {
    const { wiring, clock } = build();
    for (const session of [SANDBOX, null]) {
      const link = await wiring.signInLink(session);
      expect(link).toMatch(/^http:\/\/127\.0\.0\.1:8080\/go\//);
      const opened = await wiring.links.open(link.split('/').at(-1) ?? '');
      expect(opened).toEqual({ ok: true, session, endsAt: MIDNIGHT });
    }
    expect(wiring.cookies.admit(MIDNIGHT).endsAt).toBe(MIDNIGHT);
    clock.set('2026-03-10T00:00-04:00');
    clock.advance(MINUTE_MS);
    const later = await wiring.signInLink(SANDBOX);
    expect(await wiring.links.open(later.split('/').at(-1) ?? '')).toMatchObject({
      endsAt: MIDNIGHT + 24 * 60 * MINUTE_MS,
    });
  });

  it('marks its cookie secure exactly where the public address is', async () => {
    const cookieOf = async (publicUrl: string) => {
      const { wiring } = build({ PUBLIC_URL: publicUrl });
      return wiring.cookies.write(wiring.cookies.admit(MIDNIGHT));
    };
    expect(await cookieOf('https://pin.example')).toMatch(/; Secure;/);
    expect(await cookieOf('http://127.0.0.1:8080')).not.toMatch(/Secure/);
  });

  it('keeps the binding to accounts through a new link key and through a new consumer', () => {
    const app = { telegramBotToken: '1:b', telegramChatId: '1' };
    const hasher = (change: Variables = {}) => {
      const hash = build(change).wiring.sessions[0]?.hashAccount;
      if (hash === undefined) throw new Error('no session');
      return hash;
    };
    const hash = hasher()('835550101');
    expect(hash).not.toContain('835550101');
    const linkKey = 'another-key-0123456789-0123456789';
    const link = { TOKEN_CADENCE_APP: JSON.stringify({ ...app, linkKey }) };
    const consumer = { ETRADE_SANDBOX_CONSUMER: '{"key":"k","secret":"another"}' };
    for (const change of [link, consumer]) {
      const changed = hasher(change);
      expect(compareAccounts([hash], [changed('835550101')])).toBe('same');
      expect(compareAccounts([hash], [changed('775550640')])).toBe('foreign');
    }
    const both = hasher({ ...link, ...consumer });
    expect(compareAccounts([hash], [both('835550101')])).toBe('incomparable');
  });

  it('compares with the accounts that configuration names', () => {
    const { wiring } = build({ ETRADE_SANDBOX_ACCOUNT: '835550101, 835550102' });
    const [session] = wiring.sessions;
    const named = ['835550101', '835550102'].map((id) => session?.hashAccount(id));
    expect(session?.account).toEqual(named);
  });

  it('tells a dead-man switch where one is set, through the fetch it was given', () => {
    const { fetch } = createScriptedFetch([]);
    const parts = { parts: { fetch } };
    const { wiring } = build({ HEARTBEAT_URL: 'https://hc.example/uuid' }, parts);
    expect(wiring.heartbeat?.url.reveal()).toBe('https://hc.example/uuid');
    expect(wiring.heartbeat?.fetch).toBe(fetch);
    expect(build().wiring.heartbeat).toBeNull();
  });

  it('knows the closures that configuration names', () => {
    const { wiring } = build({ MARKET_CLOSURES: '2026-03-09=Snow' });
    expect(wiring.calendar('NYSE').dayOf(ny('12:00'))).toMatchObject({
      isTradingDay: false,
      note: 'Snow',
    });
    expect(wiring.calendar('NSE').dayOf(ny('12:00')).isTradingDay).toBe(true);
  });
});
