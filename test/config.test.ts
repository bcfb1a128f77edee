/** Settings: every problem named at once, no value ever shown, sensible defaults. */

import { describe, expect, it } from 'vitest';
import { readConfig, type Variables } from '../functions/config.ts';
import { ConfigError } from '../functions/errors.ts';

const CANARY = 'canary-5f0e1c';

const APP = {
  telegramBotToken: `123456:${CANARY}-bot`,
  telegramChatId: '4242',
  linkKey: `${CANARY}-link-key-0123456789abcdef`,
  statusKey: `${CANARY}-status-key`,
};

const CONSUMER = { key: `${CANARY}-key`, secret: `${CANARY}-secret` };

/** One valid set; each test changes one thing. */
const VALID: Variables = {
  SESSIONS: 'etrade-sandbox',
  PUBLIC_URL: 'https://token-cadence.example',
  TOKEN_CADENCE_APP: JSON.stringify(APP),
  ETRADE_SANDBOX_CONSUMER: JSON.stringify(CONSUMER),
  ETRADE_PROD_CONSUMER: JSON.stringify(CONSUMER),
  GOOGLE_CLOUD_PROJECT: 'my-project',
};

function problemsOf(change: Variables): readonly string[] {
  try {
    readConfig({ ...VALID, ...change });
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('what is missing or malformed is named', () => {
  const app = (change: object): string => JSON.stringify({ ...APP, ...change });
  const cases: readonly { name: string; env: Variables; says: RegExp }[] = [
    { name: 'no public address', env: { PUBLIC_URL: undefined }, says: /"PUBLIC_URL" is missing/ },
    { name: 'an empty public address', env: { PUBLIC_URL: ' ' }, says: /"PUBLIC_URL" is missing/ },
    {
      name: 'a word for an address',
      env: { PUBLIC_URL: 'localhost' },
      says: /"PUBLIC_URL" is not an http/,
    },
    {
      name: 'an address with a path',
      env: { PUBLIC_URL: 'https://a.example/b' },
      says: /"PUBLIC_URL" has a path/,
    },
    {
      name: 'no app secret',
      env: { TOKEN_CADENCE_APP: undefined },
      says: /"TOKEN_CADENCE_APP" is missing/,
    },
    {
      name: 'an app secret that is no JSON',
      env: { TOKEN_CADENCE_APP: `{"${CANARY}` },
      says: /"TOKEN_CADENCE_APP" is not JSON/,
    },
    {
      name: 'an app secret that is a list',
      env: { TOKEN_CADENCE_APP: '[]' },
      says: /"TOKEN_CADENCE_APP" is not a JSON object/,
    },
    {
      name: 'a bot token of another form',
      env: { TOKEN_CADENCE_APP: app({ telegramBotToken: CANARY }) },
      says: /"telegramBotToken", which .*@BotFather/,
    },
    {
      name: 'a group for a chat',
      env: { TOKEN_CADENCE_APP: app({ telegramChatId: '-100200' }) },
      says: /"telegramChatId", which .*private chat/,
    },
    {
      name: 'a short link key',
      env: { TOKEN_CADENCE_APP: app({ linkKey: CANARY }) },
      says: /"linkKey", which .*32/,
    },
    {
      name: 'a short status key',
      env: { TOKEN_CADENCE_APP: app({ statusKey: 'x' }) },
      says: /"statusKey", which .*16/,
    },
    {
      name: 'no consumer',
      env: { ETRADE_SANDBOX_CONSUMER: undefined },
      says: /"ETRADE_SANDBOX_CONSUMER" is missing/,
    },
    {
      name: 'a consumer without secret',
      env: { ETRADE_SANDBOX_CONSUMER: '{"key":"k"}' },
      says: /"ETRADE_SANDBOX_CONSUMER" .*"secret"/,
    },
    {
      name: 'a session that is no key',
      env: { SESSIONS: 'etrade-production' },
      says: /"etrade-production", which is no session key/,
    },
    {
      name: 'a secret among the sessions',
      env: { SESSIONS: `etrade-sandbox,${CANARY}-0123456789-0123456789` },
      says: /"SESSIONS" names something, which is no session key/,
    },
    {
      name: 'an unknown broker',
      env: { SESSIONS: 'robinhood-prod' },
      says: /"robinhood-prod", whose broker is unknown \(known: etrade/,
    },
    {
      name: 'a broker named like an Object member',
      env: { SESSIONS: 'constructor-prod' },
      says: /whose broker is unknown/,
    },
    {
      name: 'an alert at no time of day',
      env: { ALERT_AT: '8:30' },
      says: /"ALERT_AT" is not a time of day/,
    },
    {
      name: 'an alert after the close of half days',
      env: { ALERT_AT: '16:30' },
      says: /"ALERT_AT" is not before 13:00/,
    },
    {
      name: 'plain http to another machine',
      env: { PUBLIC_URL: 'http://trader.example' },
      says: /"PUBLIC_URL" is plain http to another machine/,
    },
    {
      name: 'an alert of one session at no time',
      env: { ETRADE_SANDBOX_ALERT_AT: '24:00' },
      says: /"ETRADE_SANDBOX_ALERT_AT"/,
    },
    {
      name: 'a required session that is none',
      env: { REQUIRED_SESSIONS: 'etrade-prod' },
      says: /"REQUIRED_SESSIONS" names "etrade-prod"/,
    },
    {
      name: 'a mirror of a session that is none',
      env: { MIRROR_SECRETS: 'etrade-prod' },
      says: /"MIRROR_SECRETS" names "etrade-prod", which "SESSIONS" lacks/,
    },
    {
      name: 'a mirror of one of several accounts',
      env: { SESSIONS: 'etrade-sandbox-ira', MIRROR_SECRETS: 'etrade-sandbox-ira' },
      says: /"MIRROR_SECRETS" names "etrade-sandbox-ira": only sessions without an account part/,
    },
    {
      name: 'a mirror of files',
      env: { MIRROR_SECRETS: 'etrade-sandbox', STORE_DIRECTORY: '/data', STORE_KEY_FILE: '/key' },
      says: /"MIRROR_SECRETS" needs Secret Manager/,
    },
    {
      name: 'closures of another form',
      env: { MARKET_CLOSURES: 'Jan 9' },
      says: /"MARKET_CLOSURES" is not a list/,
    },
    ...[
      'NSE:2027-10-30',
      '2027-10-30=18:00',
      '2027-10-30=19:00-18:00',
      '2027-10-30=9:15-15:30',
      '2027-10-30=18:00-25:00',
      '2027-02-30=18:00-19:00',
      'LSE:2027-10-30=18:00-19:00',
      'NSE:2027-10-30=09:15-10:00,NSE:2027-10-30=11:30-12:30',
    ].map((sessions) => ({
      name: `sessions of another form, ${sessions}`,
      env: { MARKET_SESSIONS: sessions },
      says: /"MARKET_SESSIONS" is not a list like NSE:2026-11-08=18:00-19:00 Muhurat trading/,
    })),
    {
      name: 'a day that is both closed and a session',
      env: {
        MARKET_CLOSURES: 'NSE:2027-10-30=Diwali',
        MARKET_SESSIONS: 'NSE:2027-10-30=18:00-19:00',
      },
      says: /"MARKET_CLOSURES" and "MARKET_SESSIONS" both name 2027-10-30 of the NSE/,
    },
    {
      name: 'a consumer key of no day',
      env: { ETRADE_SANDBOX_CONSUMER_SINCE: 'January 2026' },
      says: /"ETRADE_SANDBOX_CONSUMER_SINCE" is not a day like 2026-01-15/,
    },
    {
      name: 'closures of an unknown market',
      env: { MARKET_CLOSURES: 'LSE:2026-01-15=Snow' },
      says: /"MARKET_CLOSURES" is not a list/,
    },
    {
      name: 'a day that does not exist',
      env: { MARKET_CLOSURES: '2025-13-41' },
      says: /"MARKET_CLOSURES"/,
    },
    {
      name: 'the last day of a longer month',
      env: { MARKET_CLOSURES: '2025-02-31' },
      says: /"MARKET_CLOSURES"/,
    },
    {
      name: 'no project for Google\u2019s store',
      env: { GOOGLE_CLOUD_PROJECT: undefined },
      says: /"GOOGLE_CLOUD_PROJECT" is missing/,
    },
    {
      name: 'a folder without a key',
      env: { STORE_DIRECTORY: '/data' },
      says: /"STORE_KEY_FILE" is missing/,
    },
    {
      name: 'an event address that is none',
      env: { EVENTS_URL: 'topic' },
      says: /"EVENTS_URL" is not an http/,
    },
    {
      name: 'a dead-man switch that is no address',
      env: { HEARTBEAT_URL: CANARY },
      says: /"HEARTBEAT_URL" is not an http/,
    },
    {
      name: 'a dead-man switch on plain http',
      env: { HEARTBEAT_URL: `http://hc.example/${CANARY}` },
      says: /"HEARTBEAT_URL" is plain http to another machine/,
    },
    {
      name: 'a dead-man switch with a password',
      env: { HEARTBEAT_URL: `https://${CANARY}@hc.example/` },
      says: /"HEARTBEAT_URL" holds a user name or password/,
    },
    {
      name: 'a broker host that is no address',
      env: { ETRADE_SANDBOX_API_URL: 'api' },
      says: /"ETRADE_SANDBOX_API_URL"/,
    },
    {
      name: 'a name with one letter wrong, where the right one is not set',
      env: { REQUIRED_SESSION: CANARY },
      says: /^"REQUIRED_SESSION" is not read: is "REQUIRED_SESSIONS" meant\?$/,
    },
    {
      name: 'a name in lower case',
      env: { etrade_prod_alert_at: CANARY },
      says: /^"etrade_prod_alert_at" is not read: names are upper case$/,
    },
    {
      name: 'an ending that no setting of a session has',
      env: { ETRADE_SANDBOX_WORKER_NAMES: CANARY },
      says: /^"ETRADE_SANDBOX_WORKER_NAMES" is not read: .*"ETRADE_SANDBOX_" end with .*WORKERS$/,
    },
  ];
  for (const { name, env, says } of cases) {
    it(name, () => {
      const problems = problemsOf(env);
      expect(problems).toHaveLength(1);
      expect(problems[0]).toMatch(says);
      expect(problems.join()).not.toContain(CANARY);
    });
  }

  it('says where a field of the app secret belongs, to those that ask for it', () => {
    const env = { ...VALID, TOKEN_CADENCE_APP: undefined, TELEGRAM_CHATID: CANARY };
    expect(problemsOf(env)).toContain(
      '"TELEGRAM_CHATID" is not read: "TOKEN_CADENCE_APP" has it, as the field "telegramChatId"',
    );
    expect(readConfig(env, { people: false }).people).toBeNull();
  });

  it('takes other programs’ variables for what they are', () => {
    expect(problemsOf({ SESSION: 'x', SESSION_MANAGER: 'x', TELEGRAM_BOT_TOKEN: 'x' })).toEqual([]);
    expect(problemsOf({ K_SERVICE: 'x', DATABASE_URL: 'x', KEEP_ALIVE_URL: 'x' })).toEqual([]);
  });

  it('lists all problems at once, each once, without a value', () => {
    const problems = problemsOf({
      PUBLIC_URL: undefined,
      TOKEN_CADENCE_APP: `${CANARY}`,
      ETRADE_SANDBOX_CONSUMER: `"${CANARY}"`,
      GOOGLE_CLOUD_PROJECT: undefined,
      ALERT_AT: CANARY,
    });
    expect(problems.map((problem) => /"([A-Z_]+)"/.exec(problem)?.[1])).toEqual([
      'ETRADE_SANDBOX_CONSUMER',
      'ALERT_AT',
      'TOKEN_CADENCE_APP',
      'PUBLIC_URL',
      'GOOGLE_CLOUD_PROJECT',
    ]);
    expect(problems.join()).not.toContain(CANARY);
  });
});

describe('what is read', () => {
  it('takes mounted secrets with the newline that an editor adds', () => {
    const settings = readConfig({ ...VALID, TOKEN_CADENCE_APP: `${JSON.stringify(APP)}\n` });
    expect(settings.people?.telegram.botToken.reveal()).toBe(APP.telegramBotToken);
    expect(settings.people?.linkKey.reveal()).toBe(APP.linkKey);
  });

  it('takes a value that was pasted with its line break', () => {
    const pasted = JSON.stringify({ key: `${CONSUMER.key}\n`, secret: ` ${CONSUMER.secret}\r\n` });
    const { sessions } = readConfig({ ...VALID, ETRADE_SANDBOX_CONSUMER: pasted });
    expect(sessions[0]?.consumerKey.reveal()).toBe(CONSUMER.key);
    expect(sessions[0]?.consumerSecret.reveal()).toBe(CONSUMER.secret);
  });

  it('takes the address of events as it was written', () => {
    const { events } = readConfig({ ...VALID, EVENTS_URL: 'https://events.example/in/\n' });
    expect(events).toEqual({ kind: 'http', url: 'https://events.example/in/' });
  });

  it('takes JSON after a byte-order mark', () => {
    const marked = (value: object): string => `\uFEFF${JSON.stringify(value)}\r\n`;
    const settings = readConfig({
      ...VALID,
      TOKEN_CADENCE_APP: marked(APP),
      ETRADE_SANDBOX_CONSUMER: marked(CONSUMER),
    });
    expect(settings.people?.telegram.botToken.reveal()).toBe(APP.telegramBotToken);
    expect(settings.sessions[0]?.consumerKey.reveal()).toBe(CONSUMER.key);
  });

  it('takes an empty variable for none', () => {
    const { sessions } = readConfig({
      ...VALID,
      SESSIONS: 'etrade-prod-ira',
      ETRADE_PROD_IRA_CONSUMER: '',
      ETRADE_PROD_IRA_ALERT_AT: '',
      ALERT_AT: '08:00',
    });
    expect(sessions[0]?.consumerKey.reveal()).toBe(CONSUMER.key);
    expect(sessions[0]?.alertAt).toBe('08:00');
  });

  it('takes the address of a dead-man switch as it was written, and shows it to nobody', () => {
    const address = `https://hc.example/ping/${CANARY}/`;
    const settings = readConfig({ ...VALID, HEARTBEAT_URL: `${address}\n` });
    expect(settings.heartbeat?.reveal()).toBe(address);
    expect(JSON.stringify(settings)).not.toContain(CANARY);
    expect(readConfig(VALID).heartbeat).toBeNull();
    const local = 'http://127.0.0.1:8000/ping';
    expect(readConfig({ ...VALID, HEARTBEAT_URL: local }).heartbeat?.reveal()).toBe(local);
  });

  it('shows no secret when the settings are printed', () => {
    expect(JSON.stringify(readConfig(VALID))).not.toContain(CANARY);
  });

  it('signs in the sandbox alone by default', () => {
    const { sessions } = readConfig({ ...VALID, SESSIONS: undefined });
    expect(sessions.map(({ key, title, required }) => ({ key, title, required }))).toEqual([
      { key: 'etrade-sandbox', title: 'E*TRADE sandbox', required: true },
    ]);
  });

  it('requires the prod sessions where there are some', () => {
    const { sessions } = readConfig({ ...VALID, SESSIONS: 'etrade-prod, etrade-sandbox' });
    expect(sessions.map(({ key, required }) => [key, required])).toEqual([
      ['etrade-prod', true],
      ['etrade-sandbox', false],
    ]);
  });

  it('requires what REQUIRED_SESSIONS names', () => {
    const { sessions } = readConfig({
      ...VALID,
      SESSIONS: 'etrade-prod,etrade-sandbox',
      REQUIRED_SESSIONS: 'etrade-sandbox',
    });
    expect(sessions.map(({ required }) => required)).toEqual([false, true]);
  });

  it('gives an account its own credentials, alert and account ids, and the shared ones else', () => {
    const own = JSON.stringify({ key: 'own-key', secret: 'own-secret' });
    const { sessions } = readConfig({
      ...VALID,
      SESSIONS: 'etrade-prod-ira,etrade-prod',
      ETRADE_PROD_IRA_CONSUMER: own,
      ETRADE_PROD_IRA_ALERT_AT: '00:05',
      ETRADE_PROD_IRA_ACCOUNT: '823145980, 823145981',
      ALERT_AT: '08:00',
    });
    const read = sessions.map((session) => [
      session.title,
      session.consumerKey.reveal(),
      session.alertAt,
      session.accountIds,
    ]);
    expect(read).toEqual([
      ['E*TRADE prod ira', 'own-key', '00:05', ['823145980', '823145981']],
      ['E*TRADE prod', CONSUMER.key, '08:00', null],
    ]);
  });

  it('serves oauth from one host for both environments, and from another when told', () => {
    const usual = readConfig({ ...VALID, SESSIONS: 'etrade-sandbox,etrade-prod' });
    expect(new Set(usual.sessions.map(({ urls }) => urls.oauthUrl)).size).toBe(1);
    const other = readConfig({ ...VALID, ETRADE_SANDBOX_OAUTH_URL: 'https://apisb.example/' });
    expect(other.sessions[0]?.urls.oauthUrl).toBe('https://apisb.example');
  });

  it('keeps tokens in Secret Manager and tells Pub/Sub unless told otherwise', () => {
    const { store, events } = readConfig(VALID);
    expect(store).toEqual({ kind: 'secret-manager', project: 'my-project', apiUrl: null });
    expect(events).toEqual({
      kind: 'pubsub',
      project: 'my-project',
      topic: 'token-renewed',
      reports: 'worker-reports-health',
    });
  });

  it.each([
    { value: 'mine', reports: 'mine' },
    { value: 'off', reports: null },
  ])('collects reports of workers where it is told: $value', ({ value, reports }) => {
    const { events } = readConfig({ ...VALID, WORKER_REPORTS_SUBSCRIPTION: value });
    expect(events).toMatchObject({ reports });
  });

  it('knows the workers of a session, each once', () => {
    const env = { ...VALID, ETRADE_SANDBOX_WORKERS: 'orb-bot, scalper,orb-bot' };
    expect(readConfig(env).sessions[0]?.workers).toEqual(['orb-bot', 'scalper']);
  });

  it('refuses a name that no worker can report under', () => {
    const env = { ...VALID, ETRADE_SANDBOX_WORKERS: 'orb-bot,<b>,-x' };
    expect(() => readConfig(env)).toThrow(
      '"ETRADE_SANDBOX_WORKERS" names something, which is not a worker\'s name',
    );
  });

  it('needs no project with files and an event address of its own', () => {
    const { store, events } = readConfig({
      ...VALID,
      GOOGLE_CLOUD_PROJECT: undefined,
      STORE_DIRECTORY: '/data',
      STORE_KEY_FILE: '/data/key',
      EVENTS_URL: 'http://127.0.0.1:8083/events',
    });
    expect(store).toEqual({ kind: 'file', directory: '/data', keyFile: '/data/key' });
    expect(events).toEqual({ kind: 'http', url: 'http://127.0.0.1:8083/events' });
  });

  it('asks morning-alert for the consumers of sessions that are asked for on the phone, and no others', () => {
    const asking = {
      ...VALID,
      SESSIONS: 'etrade-prod,upstox-prod',
      ETRADE_PROD_CONSUMER: undefined,
      UPSTOX_PROD_APPROVAL: 'push',
    };
    const uses = { consumers: 'for-approvals' } as const;
    const problems = () => readConfig(asking, uses);
    expect(problems).toThrow(/"UPSTOX_PROD_CONSUMER" is missing/);
    expect(problems).not.toThrow(/ETRADE/);
    const given = { ...asking, UPSTOX_PROD_CONSUMER: JSON.stringify(CONSUMER) };
    const { sessions } = readConfig(given, uses);
    expect(sessions.map(({ asksForApproval }) => asksForApproval)).toEqual([false, true]);
    expect(sessions[1]?.consumerKey.reveal()).toBe(CONSUMER.key);
    const off = { ...asking, UPSTOX_PROD_APPROVAL: undefined };
    expect(readConfig(off, uses).sessions).toHaveLength(2);
  });

  it.each([
    [{ ETRADE_SANDBOX_APPROVAL: 'push' }, '"ETRADE_SANDBOX_APPROVAL": E*TRADE cannot ask people'],
    [{ ETRADE_SANDBOX_APPROVAL: CANARY }, '"ETRADE_SANDBOX_APPROVAL" is not "push"'],
  ])('refuses an approval that cannot be: %j', (change, says) => {
    const [problem, ...others] = problemsOf(change);
    expect(problem).toContain(says);
    expect(others).toEqual([]);
    expect(problem).not.toContain(CANARY);
  });

  it('asks morning-alert for no consumer', () => {
    const env = { ...VALID, ETRADE_SANDBOX_CONSUMER: undefined };
    expect(readConfig(env, { consumers: false }).sessions).toHaveLength(1);
  });

  describe('for the command line', () => {
    const forNobody = (changes: Record<string, string | undefined>) =>
      readConfig({ ...VALID, ...changes }, { people: false });

    it('takes what is for people where it is whole', () => {
      expect(forNobody({}).people?.publicUrl).toBe(VALID['PUBLIC_URL']);
    });

    for (const [name, changes] of [
      ['neither pages nor messenger', { TOKEN_CADENCE_APP: undefined, PUBLIC_URL: undefined }],
      ['no address', { PUBLIC_URL: undefined }],
      ['a broken messenger', { TOKEN_CADENCE_APP: '{' }],
    ] as const) {
      it(`does without people when there is ${name}`, () => {
        expect(forNobody(changes).people).toBeNull();
      });
    }
  });

  it('reads unscheduled closures with and without a name', () => {
    const { marketChanges } = readConfig({
      ...VALID,
      MARKET_CLOSURES: '2025-01-09=National Day of Mourning, 2027-05-05',
    });
    expect(marketChanges).toEqual({
      NYSE: {
        closures: { '2025-01-09': 'National Day of Mourning', '2027-05-05': 'unscheduled closure' },
        sessions: {},
      },
    });
  });

  it('reads closures of each market, which a name before the date tells apart', () => {
    const { marketChanges } = readConfig({
      ...VALID,
      MARKET_CLOSURES:
        'NSE:2026-01-15=Elections, 2026-01-15, nyse:2026-01-16=Storm, NSE:2027-01-26',
    });
    expect(marketChanges).toEqual({
      NYSE: {
        closures: { '2026-01-15': 'unscheduled closure', '2026-01-16': 'Storm' },
        sessions: {},
      },
      NSE: {
        closures: { '2026-01-15': 'Elections', '2027-01-26': 'unscheduled closure' },
        sessions: {},
      },
    });
  });

  it('reads sessions that an exchange adds, on any date and with hours of their own', () => {
    const { marketChanges } = readConfig({
      ...VALID,
      MARKET_SESSIONS:
        'NSE:2027-10-30=18:00-19:00 Muhurat trading, 2026-11-25=09:30 - 13:00,nse:2027-02-07 = 09:15–15:30',
    });
    expect(marketChanges).toEqual({
      NYSE: {
        closures: {},
        sessions: { '2026-11-25': { opens: '09:30', closes: '13:00', note: 'special session' } },
      },
      NSE: {
        closures: {},
        sessions: {
          '2027-10-30': { opens: '18:00', closes: '19:00', note: 'Muhurat trading' },
          '2027-02-07': { opens: '09:15', closes: '15:30', note: 'special session' },
        },
      },
    });
  });

  it.each([
    { name: 'the shared key', env: { ETRADE_PROD_CONSUMER_SINCE: '2026-01-15' } },
    {
      name: 'a key of its own',
      env: {
        ETRADE_PROD_IRA_CONSUMER_SINCE: '2026-01-15',
        ETRADE_PROD_CONSUMER_SINCE: '2025-01-01',
      },
    },
  ])('reads how old $name is', ({ env }) => {
    const consumer = '{"key":"k","secret":"s"}';
    const settings = { ...VALID, SESSIONS: 'etrade-prod-ira', ETRADE_PROD_CONSUMER: consumer };
    const since = (more: object) =>
      readConfig({ ...settings, ...more }).sessions[0]?.consumerKeySince;
    expect(since(env)).toBe(Date.parse('2026-01-15T00:00Z'));
    expect(since({})).toBeNull();
  });

  it.each([
    { alertAt: '12:59', session: 'etrade-prod', isFine: true },
    { alertAt: '13:00', session: 'etrade-prod', isFine: false },
    { alertAt: '15:29', session: 'upstox-prod', isFine: true },
    { alertAt: '15:30', session: 'upstox-prod', isFine: false },
    { alertAt: '13:00', session: 'upstox-prod,etrade-prod', isFine: false },
  ])('takes an alert before the close of its market: $alertAt for $session, $isFine', (each) => {
    const consumer = '{"key":"k","secret":"s"}';
    const read = () =>
      readConfig({
        ...VALID,
        SESSIONS: each.session,
        ALERT_AT: each.alertAt,
        ETRADE_PROD_CONSUMER: consumer,
        UPSTOX_PROD_CONSUMER: consumer,
      });
    if (each.isFine) expect(read().sessions[0]?.alertAt).toBe(each.alertAt);
    else expect(read).toThrow(/"ALERT_AT" is not before 1\d:\d0, the earliest close of the N/);
  });
});

describe('an address that is compared to the letter', () => {
  const sessions = { SESSIONS: 'schwab-prod', SCHWAB_PROD_CONSUMER: JSON.stringify(CONSUMER) };

  it.each([
    'https://127.0.0.1:8182/',
    'https://127.0.0.1:8182//',
    'https://127.0.0.1',
    'https://127.0.0.1:443/',
    'https://Trader.Example/CallBack/?a=b/',
  ])('is sent as it was given: %s', (given) => {
    const { sessions: read } = readConfig({
      ...VALID,
      ...sessions,
      SCHWAB_PROD_REDIRECT_URL: ` ${given}\n`,
      SCHWAB_PROD_AUTHORIZE_URL: given,
      SCHWAB_PROD_OAUTH_URL: 'https://api.example/',
    });
    expect(read[0]?.redirectUrl).toBe(given);
    expect(read[0]?.urls).toMatchObject({
      authorizeUrl: given,
      oauthUrl: 'https://api.example',
    });
  });

  it('is checked all the same', () => {
    const change = { ...sessions, SCHWAB_PROD_REDIRECT_URL: 'http://trader.example/' };
    expect(problemsOf(change)).toEqual([expect.stringContaining('SCHWAB_PROD_REDIRECT_URL')]);
  });

  it('the pages’ own is what browsers call it, the callback under it what was registered', () => {
    const given = { ...VALID, ...sessions, PUBLIC_URL: 'https://Trader.Example:443/' };
    const settings = readConfig(given);
    expect(settings.people?.publicUrl).toBe('https://trader.example');
    expect(settings.sessions[0]?.redirectUrl).toBe('https://Trader.Example:443/callback/schwab');
    for (const PUBLIC_URL of [
      'https://a.example/?x',
      'https://a.example/#x',
      'https://u@a.example',
    ])
      expect(problemsOf({ PUBLIC_URL })).toEqual([expect.stringContaining('"PUBLIC_URL" has')]);
  });
});
