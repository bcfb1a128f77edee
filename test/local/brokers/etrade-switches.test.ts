/**
 * Every switch of the simulated E*TRADE, seen over HTTP: what it changes, and that the default differs.
 *
 * `STORIES` has an entry for each switch by type, so that a new switch does not compile without its test.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  DEFAULT_SWITCHES,
  ENDPOINTS,
  SWITCHES,
  type SwitchName,
} from '../../../infra/local/brokers/etrade-switches.ts';
import { type Etrade, PROD, SANDBOX, startEtrade, type Token } from './etrade-client.ts';

const HOUR = 3_600_000;

let etrade: Etrade;
let waited: number[] = [];
beforeEach(async () => {
  waited = [];
  etrade = await startEtrade({
    wait: async (ms) => {
      waited.push(ms);
    },
  });
});
afterEach(() => etrade.close());

/** What one try shows; compared for the default and for each other value. */
type Story = {
  readonly observe: () => Promise<unknown>;
  /** What is seen by value; the default comes first. */
  readonly seen: readonly (readonly [value: unknown, expected: unknown])[];
};

async function statusOf(reply: Promise<{ status: number }>): Promise<number | 'cut'> {
  try {
    return (await reply).status;
  } catch {
    return 'cut';
  }
}

async function idleToken(): Promise<Token> {
  const token = await etrade.signIn();
  etrade.advance(2 * HOUR);
  return token;
}

async function logonPage(
  pending: Token,
  encode: (token: string) => string = encodeURIComponent,
): Promise<string> {
  const path = `/us/e/t/etws/authorize?key=${SANDBOX.key}&token=${encode(pending.key)}`;
  return (await etrade.send(path)).body;
}

function isRefused(page: string): boolean {
  return page.includes('Due to a logon delay or other issue');
}

const STORIES: Record<SwitchName, Story> = {
  hostRole: {
    async observe() {
      const path = '/apisb/oauth/request_token';
      const sandbox = await etrade.requestToken({ path });
      const page = isRefused(await logonPage(sandbox)) ? 'page refuses' : 'page accepts';
      const prod = await etrade.begin({ path, consumer: PROD });
      const elsewhere = await etrade.begin();
      return [page, prod.problem, elsewhere.problem];
    },
    seen: [
      ['both', ['page accepts', null, null]],
      ['api', ['page refuses', null, null]],
      ['by-environment', ['page accepts', 'consumer_key_rejected', 'consumer_key_rejected']],
    ],
  },
  methods: {
    observe: async () => [
      (await etrade.begin()).status,
      (await etrade.begin({ method: 'POST' })).status,
    ],
    seen: [
      ['get-and-post', [200, 200]],
      ['get', [200, 405]],
    ],
  },
  paramLocation: {
    observe: async () => [
      (await etrade.begin()).problem,
      (await etrade.begin({ place: 'query' })).problem,
      (await etrade.begin({ place: 'form', method: 'POST' })).problem,
    ],
    seen: [
      ['anywhere', [null, null, null]],
      ['header', [null, 'parameter_absent', 'parameter_absent']],
    ],
  },
  errorPage: {
    async observe() {
      const { status, body } = await etrade.begin({ consumer: { ...SANDBOX, secret: 'wrong' } });
      return [
        status,
        body.includes('<b>Message</b> oauth_problem=signature_invalid</p>'),
        body.includes('<h1>HTTP Status 401 – Unauthorized</h1><hr class="line" />'),
        body.includes('<b>message</b> <u>oauth_problem=signature_invalid</u></p>'),
        body.includes('<h1>HTTP Status 401 - oauth_problem=signature_invalid</h1><HR size="1"'),
      ];
    },
    seen: [
      [2021, [401, true, true, false, false]],
      [2018, [401, false, false, true, true]],
    ],
  },
  wwwAuthenticate: {
    async observe() {
      const unknown = { key: 'unknown', secret: '' };
      const header = (reply: { headers: Headers }) => reply.headers.get('www-authenticate');
      const badRequest = await etrade.begin({ oauth: { oauth_callback: 'https://x' } });
      return [
        header(await etrade.renew(unknown)),
        header(await etrade.accounts(unknown)),
        header(badRequest),
      ];
    },
    seen: [
      [false, [null, null, null]],
      [
        true,
        [
          'OAuth realm="https://api.etrade.com/", oauth_problem="token_rejected"',
          'OAuth realm="https://api.etrade.com/", oauth_problem="token_rejected"',
          null,
        ],
      ],
    ],
  },
  tokenReplyType: {
    observe: async () => (await etrade.begin()).headers.get('content-type'),
    seen: [
      ['application/x-www-form-urlencoded', 'application/x-www-form-urlencoded'],
      ['text/html', 'text/html'],
    ],
  },
  timestampWindow: {
    async observe() {
      const at = (offset: number) =>
        etrade.begin({ oauth: { oauth_timestamp: String(etrade.now() / 1000 + offset) } });
      return Promise.all([300, 301, -1800, -1801].map(async (offset) => (await at(offset)).status));
    },
    seen: [
      [300, [200, 400, 400, 400]],
      [1800, [200, 200, 200, 400]],
    ],
  },
  callbackConfirmed: {
    observe: async () =>
      new URLSearchParams((await etrade.begin()).body).get('oauth_callback_confirmed'),
    seen: [
      [true, 'true'],
      [false, 'false'],
    ],
  },
  wrongPinBurns: {
    async observe() {
      const pending = await etrade.requestToken();
      const pin = etrade.approve();
      const wrong = await etrade.exchange(pending, 'WRONG!');
      return [wrong.problem, (await etrade.exchange(pending, pin)).problem];
    },
    seen: [
      [true, ['token_rejected', 'token_rejected']],
      [false, ['token_rejected', null]],
    ],
  },
  pinCaseMatters: {
    async observe() {
      const pending = await etrade.requestToken();
      let pin = etrade.approve();
      for (; !/[A-Z]/.test(pin); pin = etrade.approve()) await etrade.requestToken();
      return (await etrade.exchange(pending, pin.toLowerCase())).problem;
    },
    seen: [
      [true, 'token_rejected'],
      [false, null],
    ],
  },
  rawToken: {
    async observe() {
      const pending = await etrade.requestToken();
      const halfEncoded = (token: string) => token.replaceAll('+', '%2B');
      return [
        isRefused(await logonPage(pending)),
        isRefused(await logonPage(pending, halfEncoded)),
        isRefused(await logonPage(pending, (token) => token)),
      ];
    },
    seen: [
      ['refused', [false, true, true]],
      ['decoded', [false, false, true]],
    ],
  },
  callbackUrl: {
    async observe() {
      await etrade.requestToken();
      const approval = etrade.simulator.approve(SANDBOX.key);
      return approval === null || 'pin' in approval
        ? 'pin'
        : approval.redirect.replace(/=[A-Z0-9]{5,7}$/, '=PIN');
    },
    seen: [
      [null, 'pin'],
      ['https://app.example/back', 'https://app.example/back?oauth_verifier=PIN'],
      ['https://app.example/b?app=1', 'https://app.example/b?app=1&oauth_verifier=PIN'],
    ],
  },
  redirectCarriesToken: {
    async observe() {
      etrade.simulator.setSwitch('callbackUrl', 'https://app.example/back');
      const pending = await etrade.requestToken();
      const approval = etrade.simulator.approve(SANDBOX.key);
      if (approval === null || 'pin' in approval) return approval;
      return new URL(approval.redirect).searchParams.get('oauth_token') === pending.key;
    },
    seen: [
      [false, false],
      [true, true],
    ],
  },
  signInAs: {
    observe: async () =>
      (await etrade.accounts(await etrade.signIn())).body.includes('Someone Else'),
    seen: [
      ['default', false],
      ['other', true],
    ],
  },
  idleProblem: {
    observe: async () => (await etrade.accounts(await idleToken())).problem,
    seen: [
      ['token_expired', 'token_expired'],
      ['token_rejected', 'token_rejected'],
    ],
  },
  renewAfterIdle: {
    async observe() {
      const token = await idleToken();
      return [(await etrade.renew(token)).status, (await etrade.accounts(token)).status];
    },
    seen: [
      [200, [200, 200]],
      [401, [401, 401]],
    ],
  },
  revokedProblem: {
    async observe() {
      const token = await etrade.signIn();
      await etrade.revoke(token);
      return [(await etrade.accounts(token)).problem, (await etrade.renew(token)).problem];
    },
    seen: [
      ['token_rejected', ['token_rejected', 'token_rejected']],
      ['token_expired', ['token_expired', 'token_expired']],
      ['token_revoked', ['token_revoked', 'token_revoked']],
    ],
  },
  secondLoginRevokes: {
    async observe() {
      const prodPath = { path: '/api/v1/accounts/list.json', consumer: PROD };
      const otherKey = await etrade.signIn({ consumer: PROD });
      etrade.simulator.setSwitch('signInAs', 'other');
      const stranger = await etrade.signIn();
      etrade.simulator.setSwitch('signInAs', null);
      const first = await etrade.signIn();
      const second = await etrade.signIn();
      return [
        (await etrade.accounts(first)).status,
        (await etrade.accounts(second)).status,
        (await etrade.accounts(otherKey, prodPath)).status,
        (await etrade.accounts(stranger)).status,
      ];
    },
    seen: [
      [false, [200, 200, 200, 200]],
      [true, [401, 200, 200, 200]],
    ],
  },
  foreignAccount: {
    async observe() {
      const token = await etrade.signIn();
      const path = '/apisb/v1/accounts/nobody/balance.json';
      return JSON.parse((await etrade.call({ path, token })).body);
    },
    seen: [
      [102, { Error: { code: 102, message: 'Please enter valid Account Key' } }],
      [100, { Error: { code: 100, message: 'Account key does not belong to user' } }],
    ],
  },
  overLimit: {
    async observe() {
      const { status, body, headers } = await etrade.accounts({ key: 'unknown', secret: '' });
      const isLimit = body.includes('Number of requests exceeded the rate limit set');
      return [status, isLimit, headers.get('content-type')?.split(';')[0]];
    },
    seen: [
      ['off', [401, false, 'application/json']],
      [400, [400, true, 'text/html']],
      [429, [429, true, 'text/html']],
    ],
  },
  consumerKeyRejected: {
    observe: async () => [
      (await etrade.begin()).problem,
      (await etrade.begin({ consumer: PROD })).problem,
    ],
    seen: [
      [false, [null, null]],
      [true, ['consumer_key_rejected', 'consumer_key_rejected']],
      ['sandbox', ['consumer_key_rejected', null]],
      ['prod', [null, 'consumer_key_rejected']],
    ],
  },
  clockSkewMs: {
    async observe() {
      const { status, headers } = await etrade.begin();
      return [status, Date.parse(headers.get('date') ?? '') - etrade.now()];
    },
    seen: [
      [0, [200, 0]],
      [-300_000, [200, -300_000]],
      [301_000, [400, 301_000]],
    ],
  },
  status: {
    async observe() {
      const { status, body, headers } = await etrade.begin();
      return [status, body.includes('<h1>HTTP Status'), headers.get('content-type')?.split(';')[0]];
    },
    seen: [
      [null, [200, false, 'application/x-www-form-urlencoded']],
      [500, [500, true, 'text/html']],
      [503, [503, true, 'text/html']],
    ],
  },
  slowMs: {
    async observe() {
      await etrade.begin();
      return [...waited];
    },
    seen: [
      [0, []],
      [12_000, [12_000]],
    ],
  },
  down: {
    observe: async () => [
      await statusOf(etrade.begin()),
      await statusOf(etrade.send('/us/e/t/etws/authorize')),
    ],
    seen: [
      [false, [200, 200]],
      [true, ['cut', 'cut']],
    ],
  },
  malformed: {
    async observe() {
      const { status, body } = await etrade.begin();
      return [status, new URLSearchParams(body).has('oauth_token_secret')];
    },
    seen: [
      [false, [200, true]],
      [true, [200, false]],
    ],
  },
  edge: {
    async observe() {
      const { status, body } = await etrade.begin();
      return [status, new URLSearchParams(body).has('oauth_token_secret')];
    },
    seen: [
      ['off', [200, true]],
      ['firewall', [403, false]],
      ['maintenance', [403, false]],
      ['maintenance-200', [200, false]],
      ['block-json', [403, false]],
      ['forbidden-json', [403, false]],
      ['gateway-fault', [401, false]],
      ['router', [404, false]],
    ],
  },
  loseAnswer: {
    async observe() {
      const before = etrade.simulator.stats().openRequestTokens;
      const outcome = await statusOf(etrade.begin());
      return [outcome, etrade.simulator.stats().openRequestTokens - before];
    },
    seen: [
      [false, [200, 1]],
      [true, ['cut', 1]],
    ],
  },
  faultOn: {
    async observe() {
      etrade.simulator.setSwitch('status', 500);
      return [
        (await etrade.begin()).status,
        (await etrade.renew({ key: 'unknown', secret: '' })).status,
      ];
    },
    seen: [
      ['all', [500, 500]],
      ['request_token', [500, 401]],
      ['renew_access_token', [200, 500]],
    ],
  },
};

describe('each switch', () => {
  const cases = Object.entries(STORIES).flatMap(([name, { observe, seen }]) =>
    seen.map(([value, expected]) => ({ name, value, expected, observe })),
  );
  test.each(cases)('$name = $value', async ({ name, value, expected, observe }) => {
    etrade.simulator.setSwitch(name, value);
    expect(await observe()).toEqual(expected);
  });

  test.each(Object.entries(STORIES))(
    '%s has its story begin with its default',
    (name, { seen }) => {
      expect(seen[0]?.[0]).toBe(DEFAULT_SWITCHES[name as SwitchName]);
    },
  );

  test.each(Object.entries(SWITCHES))('%s says why it exists', (_name, { why, allowed }) => {
    expect(why).toMatch(/\.$/);
    expect(allowed).not.toBe('');
  });
});

describe('setting a switch', () => {
  test.each([
    ['rawTokens', 'refused', 'There is no switch "rawTokens". There are: hostRole, methods,'],
    ['toString', true, 'There is no switch "toString".'],
    ['errorPage', 2019, 'Switch "errorPage" cannot be 2019. Allowed: 2021, 2018.'],
    ['errorPage', '2018', 'Switch "errorPage" cannot be "2018". Allowed: 2021, 2018.'],
    ['hostRole', 'apisb', 'Allowed: "both", "api", "by-environment".'],
    ['down', 'yes', 'Allowed: false, true.'],
    ['slowMs', -1, 'Allowed: a whole number from 0 to 600000.'],
    ['slowMs', 1.5, 'Allowed: a whole number'],
    ['status', 200, 'Allowed: null, or a whole number from 300 to 599.'],
    ['callbackUrl', 'app.example', 'Allowed: null, or an http(s) address.'],
    ['callbackUrl', 'javascript:alert(1)', 'Allowed: null, or an http(s) address.'],
    [
      'faultOn',
      'everything',
      `Allowed: "all", ${ENDPOINTS.map((name) => `"${name}"`).join(', ')}.`,
    ],
  ])('%s to %j is refused with what is allowed', (name, value, message) => {
    expect(() => etrade.simulator.setSwitch(name, value)).toThrow(message);
  });

  test('to null puts it back to its default', async () => {
    etrade.simulator.setSwitch('status', 500);
    etrade.simulator.setSwitch('status', null);
    expect((await etrade.begin()).status).toBe(200);
  });

  test('is undone by clearing', async () => {
    etrade.simulator.setSwitch('status', 500);
    etrade.simulator.setSwitch('methods', 'get');
    etrade.simulator.clearSwitches();
    expect((await etrade.begin({ method: 'POST' })).status).toBe(200);
  });
});

test('a lost answer to an exchange has spent the PIN', async () => {
  const pending = await etrade.requestToken();
  const pin = etrade.approve();
  etrade.simulator.setSwitch('loseAnswer', true);
  expect(await statusOf(etrade.exchange(pending, pin))).toBe('cut');
  etrade.simulator.clearSwitches();
  expect(await etrade.exchange(pending, pin)).toMatchObject({ problem: 'token_rejected' });
  expect(etrade.simulator.stats().calls['access_token']).toEqual({ cut: 1, 401: 1 });
});
