/**
 * A small E*TRADE client for the simulator's tests, with a signer of its own.
 *
 * Shares nothing with the product's signer nor with the simulator's verifier, and makes every mistake
 * a test asks for. Used by the tests of the simulator only.
 */

import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  createEtradeSimulator,
  type EtradeSimulator,
  type EtradeSimulatorOptions,
} from '../../../infra/local/brokers/etrade.ts';

export const SANDBOX = {
  key: 'c0ffee00c0ffee00c0ffee00c0ffee00',
  secret: '5ec4e75ec4e75ec4e75ec4e75ec4e75e',
  environment: 'sandbox',
} as const;

export const PROD = {
  key: 'beadbeadbeadbeadbeadbeadbeadbead',
  secret: 'p/rod+secret=with&reserved characters',
  environment: 'prod',
} as const;

/** 09:00 in New York on a Thursday in winter. */
export const START = Date.UTC(2026, 0, 15, 14);

export type Token = { readonly key: string; readonly secret: string };

/** Strict encoding by way of `encodeURIComponent` and the five characters it leaves. */
export function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!*'()]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

export type Call = {
  readonly method?: string;
  readonly path: string;
  readonly consumer?: { readonly key: string; readonly secret: string };
  readonly token?: Token | null;
  /** Decoded query parameters that are signed as well. */
  readonly query?: Readonly<Record<string, string>>;
  /** Protocol parameters to add or, with `undefined`, to leave out. */
  readonly oauth?: Readonly<Record<string, string | undefined>>;
  readonly place?: 'header' | 'query' | 'form';
  readonly accept?: string;
  /** Last chance to spoil the header. */
  readonly spoil?: (header: string) => string;
};

export type Reply = {
  readonly status: number;
  readonly body: string;
  readonly headers: Headers;
  /** The word after `oauth_problem=`, wherever it stands. */
  readonly problem: string | null;
};

/** A simulator behind a real server on a free port, a clock to move, and a client. */
export async function startEtrade(options: Partial<EtradeSimulatorOptions> = {}) {
  let now = START;
  let nonce = 0;
  let simulator: EtradeSimulator | undefined;
  const server = createServer((req, res) => void simulator?.handle(req, res));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const created = createEtradeSimulator({
    clock: () => now,
    baseUrl: origin,
    consumers: [SANDBOX, PROD],
    ...options,
  });
  simulator = created;

  async function call(request: Call): Promise<Reply> {
    const { consumer = SANDBOX, token = null, method = 'GET', place = 'header' } = request;
    nonce += 1;
    const protocol: Record<string, string | undefined> = {
      oauth_consumer_key: consumer.key,
      oauth_timestamp: String(Math.floor(now / 1000)),
      oauth_nonce: `nonce${nonce}`,
      oauth_signature_method: 'HMAC-SHA1',
      ...(token === null ? {} : { oauth_token: token.key }),
      ...request.oauth,
    };
    const oauth = Object.entries(protocol).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    );
    const query = Object.entries(request.query ?? {});
    const base = [
      method,
      encode(`${origin}/etrade${request.path}`),
      encode(
        [...oauth, ...query]
          .filter(([name]) => name !== 'oauth_signature')
          .map(([name, value]) => [encode(name), encode(value)] as const)
          .sort((a, b) => (a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]) ? -1 : 1))
          .map((pair) => pair.join('='))
          .join('&'),
      ),
    ].join('&');
    const key = `${encode(consumer.secret)}&${encode(token?.secret ?? '')}`;
    if (!('oauth_signature' in protocol)) {
      oauth.push(['oauth_signature', createHmac('sha1', key).update(base).digest('base64')]);
    }
    const joined = (pairs: [string, string][]): string =>
      pairs.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&');
    const header = `OAuth ${oauth.map(([name, value]) => `${name}="${encode(value)}"`).join(', ')}`;
    const search = joined(place === 'query' ? [...query, ...oauth] : query);
    return send(`${request.path}${search === '' ? '' : `?${search}`}`, {
      method,
      headers: {
        ...(place === 'header' ? { authorization: request.spoil?.(header) ?? header } : {}),
        ...(request.accept === undefined ? {} : { accept: request.accept }),
        ...(place === 'form' ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
      },
      ...(place === 'form' ? { body: joined(oauth) } : {}),
    });
  }

  async function send(path: string, init: RequestInit = {}): Promise<Reply> {
    const response = await fetch(`${origin}/etrade${path}`, { redirect: 'manual', ...init });
    const body = await response.text();
    return {
      status: response.status,
      body,
      headers: response.headers,
      problem: /oauth_problem=([a-z_]+)/.exec(body)?.[1] ?? null,
    };
  }

  const begin = (request: Partial<Call> = {}): Promise<Reply> =>
    call({
      path: '/api/oauth/request_token',
      ...request,
      oauth: { oauth_callback: 'oob', ...request.oauth },
    });

  const exchange = (token: Token, pin: string, request: Partial<Call> = {}): Promise<Reply> =>
    call({
      path: '/api/oauth/access_token',
      token,
      ...request,
      oauth: { oauth_verifier: pin, ...request.oauth },
    });

  /** The newest request token approved as `simulator.approve` does, and its PIN. */
  function approve(consumer: { key: string } = SANDBOX): string {
    const approval = created.approve(consumer.key);
    if (approval === null || !('pin' in approval)) throw new Error('nothing to approve');
    return approval.pin;
  }

  async function requestToken(request: Partial<Call> = {}): Promise<Token> {
    return tokenOf(await begin(request));
  }

  async function signIn(request: Partial<Call> = {}): Promise<Token> {
    const pending = await requestToken(request);
    const pin = approve(request.consumer);
    return tokenOf(await exchange(pending, pin, request));
  }

  return {
    simulator: created,
    origin,
    call,
    send,
    begin,
    exchange,
    approve,
    requestToken,
    signIn,
    accounts: (token: Token, request: Partial<Call> = {}): Promise<Reply> =>
      call({ path: '/apisb/v1/accounts/list.json', token, ...request }),
    renew: (token: Token, request: Partial<Call> = {}): Promise<Reply> =>
      call({ path: '/api/oauth/renew_access_token', token, ...request }),
    revoke: (token: Token, request: Partial<Call> = {}): Promise<Reply> =>
      call({ path: '/api/oauth/revoke_access_token', token, ...request }),
    now: () => now,
    advance(ms: number): void {
      now += ms;
    },
    setTime(at: number): void {
      now = at;
    },
    async close(): Promise<void> {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export type Etrade = Awaited<ReturnType<typeof startEtrade>>;

/** Reads a token reply; throws when it is none. */
export function tokenOf(reply: Reply): Token {
  const fields = new URLSearchParams(reply.body);
  const key = fields.get('oauth_token');
  const secret = fields.get('oauth_token_secret');
  if (reply.status !== 200 || key === null || secret === null) {
    throw new Error(`no token in ${reply.status} ${reply.body}`);
  }
  return { key, secret };
}
