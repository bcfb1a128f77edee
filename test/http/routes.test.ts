/** Who may do what: methods, cookies, keys, and what a post must prove. */

import { beforeEach, describe, expect, it } from 'vitest';
import { PATHS } from '../../functions/http/paths.ts';
import {
  createFrontDoor,
  type FrontDoor,
  MIDNIGHT,
  PROD,
  PUBLIC_URL,
  SANDBOX,
  STATUS_KEY,
} from '../fixtures/front-door.ts';

const IOS_15 =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 15_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/15.6 Mobile/15E148 Safari/604.1';
const FIREFOX_60 = 'Mozilla/5.0 (X11; Linux x86_64; rv:60.0) Gecko/20100101 Firefox/60.0';

let door: FrontDoor;
beforeEach(() => {
  door = createFrontDoor();
});

const NEEDS_COOKIE = ['/', `/sign-in/${SANDBOX}`, '/sign-in/nobody-prod'];
const JSON_ROUTES = ['/status', '/keepalive/status'];
const ACTS = [
  `/sign-in/${SANDBOX}/start`,
  `/sign-in/${SANDBOX}`,
  '/keepalive/force',
  `/sign-out/${SANDBOX}`,
];
/** Every path that answers a post, but a broker's own. */
const FORMS = PATHS.filter((path) => !path.startsWith('/hooks'));

describe('without a cookie', () => {
  it.each(NEEDS_COOKIE)('GET %s offers a new link and nothing else', async (path) => {
    const answer = await door.request(path);
    const text = await answer.text();
    expect(answer.status).toBe(401);
    expect(text).toContain('Send a new link to my Telegram');
    expect(text).toContain('<form method="post" action="/link"');
    expect(text).not.toMatch(/E\*TRADE|etrade/);
  });

  it.each(JSON_ROUTES)('GET %s answers JSON', async (path) => {
    const answer = await door.request(path, { headers: { accept: 'text/html' } });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    expect(await answer.json()).toEqual({ error: 'unauthorized' });
  });

  it.each(ACTS)('POST %s does nothing', async (path) => {
    const answer = await door.post(path, { pin: '8F3KD', csrf: 'x' });
    expect(answer.status).toBe(401);
    expect(door.asked).toEqual([]);
  });

  it.each([
    ['forged', async () => '__session=a.b.c.d.e'],
    [
      'stale',
      async () => {
        const { cookie } = await door.enter();
        door.now = MIDNIGHT;
        return cookie;
      },
    ],
  ])('a %s one counts as none', async (_name, cookie) => {
    const answer = await door.request('/', { headers: { cookie: await cookie() } });
    expect(answer.status).toBe(401);
  });
});

describe('methods', () => {
  it.each([
    ['POST', '/', 'GET, HEAD'],
    ['DELETE', `/sign-in/${SANDBOX}`, 'GET, HEAD, POST'],
    ['GET', `/sign-in/${SANDBOX}/start`, 'POST'],
    ['GET', '/link', 'POST'],
    ['PUT', '/status', 'GET, HEAD'],
    ['GET', '/hooks/telegram/secret', 'POST'],
    ['POST', '/go/x', 'GET, HEAD'],
  ])('%s %s is refused, and the right ones named', async (method, path, allow) => {
    const answer = await door.request(path, { method });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, allow]);
  });

  it.each(['/nowhere', '/go', '/hooks/telegram', '/Status'])('%s is not found', async (path) => {
    expect((await door.request(path)).status).toBe(404);
  });

  it('answers 404 to every webhook, whatever its secret', async () => {
    const json = {
      method: 'POST',
      body: '{"a":1}',
      headers: { 'content-type': 'application/json' },
    };
    expect((await door.request('/hooks/telegram/secret', json)).status).toBe(404);
    expect((await door.request('/hooks/other/x', { method: 'POST' })).status).toBe(404);
  });

  it('HEAD is like GET', async () => {
    const { cookie } = await door.enter();
    const answer = await door.request('/', { method: 'HEAD', headers: { cookie } });
    expect(answer.status).toBe(200);
  });
});

describe('a post', () => {
  let cookie: string;
  let csrf: string;
  beforeEach(async () => {
    ({ cookie, csrf } = await door.enter());
  });

  it.each(ACTS)('to %s acts when cookie, origin and CSRF token are right', async (path) => {
    const answer = await door.post(path, { pin: '8F3KD', csrf }, { cookie });
    expect(answer.status).toBe(303);
    expect(door.asked).toHaveLength(1);
  });

  it('may name our origin instead', async () => {
    const headers = { cookie, origin: PUBLIC_URL, 'sec-fetch-site': '' };
    expect((await door.post('/keepalive/force', { csrf }, headers)).status).toBe(303);
  });

  describe.each([
    // Safari before 16.4 sends no Fetch Metadata.
    ['Safari 15', IOS_15, { origin: PUBLIC_URL, referer: `${PUBLIC_URL}/sign-in/${SANDBOX}` }],
    ['one that sends no referrer', IOS_15, { origin: PUBLIC_URL }],
    ['one that leaves Origin out of forms', FIREFOX_60, { referer: `${PUBLIC_URL}/` }],
  ])('by %s', (_name, agent, headers) => {
    it.each(FORMS)('to %s acts, where it takes posts at all', async (pattern) => {
      const path = pattern.replace(/:\w+/, SANDBOX);
      const init = {
        method: 'POST',
        body: new URLSearchParams({ pin: '8F3KD', csrf }).toString(),
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
          'user-agent': agent,
          cookie,
          ...headers,
        },
      };
      const { status } = await door.request(path, init);
      const takesPosts = (await door.request(path, { method: 'OPTIONS' })).headers
        .get('allow')
        ?.includes('POST');
      // The sessions here have no phone to ask.
      const expected = path.endsWith('/approval') ? [404] : [200, 303];
      expect(takesPosts ? expected : [405]).toContain(status);
    });
  });

  it.each(
    [...ACTS, '/link'].flatMap(
      (path) =>
        [
          [path, { origin: 'https://evil.example' }],
          [path, { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
          [path, { origin: 'null', 'sec-fetch-site': 'cross-site' }],
          [path, { origin: 'null', 'sec-fetch-site': '' }],
          [path, { origin: 'null', 'sec-fetch-site': '', referer: `${PUBLIC_URL}/` }],
        ] as const,
    ),
  )('to %s from elsewhere (%o) does nothing', async (path, headers) => {
    const answer = await door.post(path, { pin: '8F3KD', csrf }, { cookie, ...headers });
    expect(answer.status).toBe(403);
    expect(door.asked).toEqual([]);
  });

  it.each(
    ACTS.flatMap(
      (path) =>
        [
          [path, 'none', {}],
          [path, 'an empty one', { csrf: '' }],
          [path, 'a wrong one', { csrf: 'x'.repeat(24) }],
        ] as const,
    ),
  )('to %s with %s for a CSRF token does nothing', async (path, _name, fields) => {
    const answer = await door.post(path, { pin: '8F3KD', ...fields }, { cookie });
    expect(answer.status).toBe(403);
    expect(door.asked).toEqual([]);
  });

  it('with two CSRF tokens does nothing', async () => {
    const answer = await door.post('/keepalive/force', `csrf=${csrf}&csrf=${csrf}`, { cookie });
    expect([answer.status, door.asked]).toEqual([403, []]);
  });

  it("with another visitor's CSRF token does nothing", async () => {
    const other = await door.enter();
    const answer = await door.post('/keepalive/force', { csrf: other.csrf }, { cookie });
    expect([answer.status, door.asked]).toEqual([403, []]);
  });

  it.each(['application/json', 'text/plain', 'multipart/form-data; boundary=x'])(
    'as %s is refused',
    async (type) => {
      const answer = await door.post(
        '/keepalive/force',
        { csrf },
        { cookie, 'content-type': type },
      );
      expect([answer.status, door.asked]).toEqual([415, []]);
    },
  );

  it.each([`/sign-in/nobody-prod`, '/sign-in/x/start', '/sign-out/nobody-prod'])(
    'to %s finds no session',
    async (path) => {
      const answer = await door.post(path, { pin: '8F3KD', csrf }, { cookie });
      expect([answer.status, door.asked]).toEqual([404, []]);
    },
  );
});

describe('the status key', () => {
  const bearer = (key: string) => ({ headers: { authorization: `Bearer ${key}` } });

  it.each(JSON_ROUTES)('opens %s', async (path) => {
    const answer = await door.request(path, bearer(STATUS_KEY));
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
  });

  it('is refused when wrong, with a cookie too', async () => {
    const { cookie } = await door.enter();
    const headers = { ...bearer('wrong').headers, cookie };
    expect((await door.request('/status', { headers })).status).toBe(401);
  });

  it.each(['', 'Basic x', 'Bearer', `Bearer ${STATUS_KEY}x`, STATUS_KEY])(
    'is not %j',
    async (authorization) => {
      expect((await door.request('/status', { headers: { authorization } })).status).toBe(401);
    },
  );

  it('is none where none is configured', async () => {
    const { wiring } = door;
    Object.assign(wiring, { statusKey: null });
    expect((await door.request('/status', bearer(''))).status).toBe(401);
    expect((await door.request('/status', bearer(STATUS_KEY))).status).toBe(401);
  });

  it('opens no page', async () => {
    expect((await door.request('/', bearer(STATUS_KEY))).status).toBe(401);
  });

  it.each(FORMS.filter((path) => path !== '/link'))('does nothing at %s', async (pattern) => {
    const path = pattern.replace(/:\w+/, SANDBOX);
    const { headers } = bearer(STATUS_KEY);
    const plain = await door.request(path, { method: 'POST', headers });
    const form = await door.post(path, { pin: '8F3KD' }, { ...headers, origin: PUBLIC_URL });
    expect([401, 403, 405]).toContain(plain.status);
    expect([401, 403, 405]).toContain(form.status);
    expect(door.asked).toEqual([]);
  });
});

describe('every answer', () => {
  const paths = ['/', '/status', '/nowhere', '/go/forged', '/callback/etrade?oauth_verifier=X'];

  it.each(paths)('of %s carries the protections', async (path) => {
    const { headers } = await door.request(path);
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+' 'sha256-[^']+'; script-src 'sha256-[^']+';/,
    );
    expect(policy).toContain("form-action 'self' https://us.etrade.com;");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("base-uri 'none'");
    expect(policy).not.toContain('unsafe');
    expect(headers.get('referrer-policy')).toBe('same-origin');
    expect(headers.get('cache-control')).toBe('private, no-store');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('strict-transport-security')).toBe('max-age=31536000');
  });

  it('has no HSTS over plain http', async () => {
    const local = createFrontDoor({ publicUrl: 'http://127.0.0.1:8080' });
    expect((await local.request('/')).headers.get('strict-transport-security')).toBeNull();
  });

  it('asks nothing of anyone else', async () => {
    const { cookie } = await door.enter();
    for (const path of ['/', `/sign-in/${SANDBOX}`, `/sign-in/${PROD}`, '/go/x', '/nowhere']) {
      const text = await (await door.request(path, { headers: { cookie } })).text();
      expect(text).not.toMatch(/(src|href)="(https?:)?\/\//);
    }
  });
});

describe('what strangers get', () => {
  it.each([
    ['GET', '/', 401],
    ['GET', `/sign-in/${SANDBOX}`, 401],
    ['GET', '/nowhere', 404],
    ['GET', '/wp-login.php', 404],
    ['GET', '/go/forged', 410],
    ['PUT', '/', 405],
    ['POST', '/link', 403],
    ['GET', '/callback/etrade', 400],
    ['GET', '/callback/etrade?oauth_verifier=WXYZ89', 200],
    ['GET', '/callback/unknown', 404],
  ])('%s %s is a small page without script', async (method, path, status) => {
    const answer = await door.request(path, { method, headers: { accept: 'text/html' } });
    const text = await answer.text();
    expect(answer.status).toBe(status);
    expect(text).toContain('<h1>');
    expect(text).not.toContain('<script');
    expect(Buffer.byteLength(text)).toBeLessThan(2_000);
  });
});
