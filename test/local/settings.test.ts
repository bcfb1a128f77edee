/** What the local run gives its functions: readable by their own configuration, and nothing mixed up. */

import { describe, expect, it } from 'vitest';
import { readConfig } from '../../functions/config.ts';
import { type SettingsOptions, settingsFor, usesRealTelegram } from '../../infra/local/settings.ts';
import { openKeys, openStateDirectory, stateDirectoryAt } from '../../infra/local/state.ts';
import { temporaryDirectory } from '../fixtures/temporary-directory.ts';

const SIMULATOR = {
  ETRADE_SANDBOX_OAUTH_URL: 'http://127.0.0.1:8081/etrade/api',
  ETRADE_SANDBOX_API_URL: 'http://127.0.0.1:8081/etrade/apisb',
  ETRADE_SANDBOX_AUTHORIZE_URL: 'http://127.0.0.1:8081/etrade/us/e/t/etws/authorize',
  ETRADE_PROD_OAUTH_URL: 'http://127.0.0.1:8081/etrade/api',
};

function optionsFor(change: Partial<SettingsOptions> = {}): SettingsOptions {
  const state = stateDirectoryAt(temporaryDirectory());
  openStateDirectory(state);
  const sessions = change.sessions ?? ['etrade-sandbox', 'etrade-prod-ira'];
  return {
    sessions,
    state,
    keys: openKeys(state, sessions),
    brokerVariables: SIMULATOR,
    googleVariables: null,
    env: {},
    colour: false,
    urls: {
      public: 'http://127.0.0.1:8080',
      keepAlive: 'http://127.0.0.1:8080/keep-alive',
      events: 'http://127.0.0.1:8083/events',
      workerReports: 'http://127.0.0.1:8083/workers',
      telegram: 'http://127.0.0.1:8082',
    },
    ...change,
  };
}

const REAL_APP = '{"telegramBotToken":"123456:real","telegramChatId":"42"}';

describe('with the simulator', () => {
  it('the functions read it without a problem, each session with keys of its own', () => {
    const options = optionsFor();
    const { sessions, people } = readConfig(settingsFor(options));
    expect(sessions.map(({ key }) => key)).toEqual(options.sessions);
    for (const { key, consumerKey, urls } of sessions) {
      expect(consumerKey.reveal()).toBe(options.keys.consumers[key]?.key);
      expect(urls.oauthUrl).toBe(SIMULATOR.ETRADE_SANDBOX_OAUTH_URL);
    }
    expect(people?.telegram.apiUrl).toBe('http://127.0.0.1:8082');
    expect(people?.publicUrl).toBe('http://127.0.0.1:8080');
  });

  it('real keys in the shell stay out of it', () => {
    const env = {
      TOKEN_CADENCE_APP: REAL_APP,
      ETRADE_SANDBOX_CONSUMER: '{"key":"real","secret":"real"}',
    };
    const text = JSON.stringify(settingsFor(optionsFor({ env })));
    expect(text).not.toContain('real"');
    expect(text).not.toContain('123456:real');
  });

  it('a person’s own alert times are taken', () => {
    const env = { ALERT_AT: '04:00', ETRADE_PROD_IRA_ALERT_AT: '00:05' };
    const { sessions } = readConfig(settingsFor(optionsFor({ env })));
    expect(sessions.map(({ alertAt }) => alertAt)).toEqual(['04:00', '00:05']);
  });

  it('workers are told who refreshes tokens, brokers where to send the person back', () => {
    const sessions = ['schwab-prod', 'kite-prod'];
    const settings = settingsFor(optionsFor({ sessions }));
    expect(settings['KEEP_ALIVE_URL']).toBe('http://127.0.0.1:8080/keep-alive');
    expect(readConfig(settings).sessions.map(({ redirectUrl }) => redirectUrl)).toEqual([
      'http://127.0.0.1:8080/callback/schwab',
      'http://127.0.0.1:8080/callback/kite',
    ]);
  });
});

describe('with the real broker', () => {
  const env = {
    TOKEN_CADENCE_APP: REAL_APP,
    ETRADE_PROD_CONSUMER: '{"key":"K","secret":"S"}',
  };
  const real = { sessions: ['etrade-prod-ira'], brokerVariables: null, env } as const;

  it('the person’s own consumer keys and the broker’s own addresses are used', () => {
    const { sessions } = readConfig(settingsFor(optionsFor(real)));
    expect(sessions[0]?.consumerKey.reveal()).toBe('K');
    expect(sessions[0]?.urls.apiUrl).toBe('https://api.etrade.com');
  });

  it('an address that is registered at the broker is used as it is', () => {
    const own = { ...env, ETRADE_PROD_REDIRECT_URL: 'https://127.0.0.1' };
    const { sessions } = readConfig(settingsFor(optionsFor({ ...real, env: own })));
    expect(sessions[0]?.redirectUrl).toBe('https://127.0.0.1');
  });

  it('the person’s own bot is used, with generated keys for what is not given', () => {
    const options = optionsFor(real);
    const settings = readConfig(settingsFor(options));
    expect(settings.people?.telegram.botToken.reveal()).toBe('123456:real');
    expect(settings.people?.telegram.chatId).toBe('42');
    expect(settings.people?.linkKey.reveal()).toBe(options.keys.app.linkKey);
  });

  it('settings of the bot that do not read are named, not replaced', () => {
    for (const app of [REAL_APP.slice(0, -1), '[]', '42']) {
      const settings = settingsFor(
        optionsFor({ ...real, env: { ...env, TOKEN_CADENCE_APP: app } }),
      );
      expect(() => readConfig(settings), app).toThrow('"TOKEN_CADENCE_APP" is not');
    }
    const marked = { ...env, TOKEN_CADENCE_APP: `\uFEFF${REAL_APP}` };
    expect(usesRealTelegram(marked)).toBe(true);
    const { people } = readConfig(settingsFor(optionsFor({ ...real, env: marked })));
    expect(people?.telegram.chatId).toBe('42');
  });

  it('a missing consumer key is the functions’ to name', () => {
    const settings = settingsFor(optionsFor({ ...real, env: {} }));
    expect(() => readConfig(settings)).toThrow('ETRADE_PROD_CONSUMER');
  });
});

describe('the real Telegram', () => {
  it.each([
    { app: undefined, expected: false },
    { app: '{"linkKey":"x"}', expected: false },
    { app: 'not JSON', expected: false },
    { app: REAL_APP, expected: true },
  ])('is used when a bot token is given: $app', ({ app, expected }) => {
    expect(usesRealTelegram({ TOKEN_CADENCE_APP: app })).toBe(expected);
  });
});
