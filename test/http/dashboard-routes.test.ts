/** Links, the dashboard and its buttons. */

import { beforeEach, describe, expect, it } from 'vitest';
import {
  createFrontDoor,
  type FrontDoor,
  MIDNIGHT,
  MORNING,
  openSignIn,
  PUBLIC_URL,
  SANDBOX,
  sessionStatus,
  statusOf,
} from '../fixtures/front-door.ts';

const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1 CANARY';
const MINUTE_MS = 60_000;

let door: FrontDoor;
beforeEach(() => {
  door = createFrontDoor();
});

const cookieOf = (answer: Response) => answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';

async function pathOfLink(session: typeof SANDBOX | null): Promise<string> {
  return (await door.wiring.links.create(session)).slice(PUBLIC_URL.length);
}

describe('a link', () => {
  it.each([
    [SANDBOX, `/sign-in/${SANDBOX}`],
    [null, '/'],
  ])('for %s is traded for the cookie and leads to %s', async (session, location) => {
    const answer = await door.request(await pathOfLink(session));
    expect([answer.status, answer.headers.get('location')]).toEqual([303, location]);
    expect((await door.wiring.cookies.read(cookieOf(answer)))?.endsAt).toBe(MIDNIGHT);
    expect((await door.request('/', { headers: { cookie: cookieOf(answer) } })).status).toBe(200);
  });

  it('that opens leaves a line: its end, the kind of browser, an address nobody can read', async () => {
    const path = await pathOfLink(SANDBOX);
    const address = '203.0.113.77';
    const headers = { 'user-agent': IPHONE, 'x-forwarded-for': `198.51.100.1, ${address}` };
    await door.request(path, { headers });
    const [line] = door.logged.filter(({ event }) => event === 'link-opened');
    expect(line?.fields).toEqual({
      session: SANDBOX,
      linkEndsAt: new Date(MIDNIGHT).toISOString(),
      browser: 'Safari on iPhone',
      address: expect.stringMatching(/^[\w-]{12}$/),
    });
    const text = JSON.stringify(door.logged);
    for (const secret of [address, '198.51.100.1', 'CANARY', path.slice('/go/'.length)]) {
      expect(text).not.toContain(secret);
    }
  });

  it('that does not open leaves none of these', async () => {
    await door.request('/go/forged');
    expect(door.logged.map(({ event }) => event)).toEqual(['link-refused']);
  });

  it('fetched by a preview first still opens for the person', async () => {
    const path = await pathOfLink(SANDBOX);
    await door.request(path, { method: 'HEAD' });
    await door.request(path, { headers: { 'user-agent': 'TelegramBot (like TwitterBot)' } });
    expect((await door.request(path)).status).toBe(303);
    expect(door.asked).toEqual([]);
  });

  it('that opens is noted; a look ahead or a link that does not open is not', async () => {
    const path = await pathOfLink(null);
    await door.request(path, { method: 'HEAD' });
    await door.request(path, { headers: { 'sec-purpose': 'prefetch' } });
    await door.request('/go/forged');
    expect(door.linksOpened).toBe(0);
    await door.request(path);
    expect(door.linksOpened).toBe(1);
  });

  it('tapped again in the middle of a sign-in keeps it open, and its forms good', async () => {
    const { cookie, csrf } = await door.enter({ [SANDBOX]: openSignIn() });
    const answer = await door.request(await pathOfLink(SANDBOX), { headers: { cookie } });
    const visitor = await door.wiring.cookies.read(cookieOf(answer));
    expect(visitor?.pending).toEqual({ [SANDBOX]: openSignIn() });
    expect(visitor?.csrf).toBe(csrf);
  });

  it('gives each new browser a CSRF token of its own', async () => {
    const path = await pathOfLink(null);
    const [a, b] = await Promise.all([door.request(path), door.request(path)]);
    const tokens = await Promise.all(
      [a, b].map(async (answer) => (await door.wiring.cookies.read(cookieOf(answer)))?.csrf),
    );
    expect(new Set(tokens).size).toBe(2);
  });

  it.each([
    [
      'expired',
      async () => {
        const path = await pathOfLink(SANDBOX);
        door.now = MIDNIGHT;
        return path;
      },
    ],
    ['forged', async () => '/go/eyJhbGciOiJkaXIifQ..a.b.c'],
  ])('that is %s says so, sets nothing, and offers a new one', async (reason, path) => {
    const answer = await door.request(await path());
    const text = await answer.text();
    expect(answer.status).toBe(410);
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(text).toContain('This link has ended');
    expect(text).toContain('Send a new link to my Telegram');
    expect(door.logged).toEqual([
      { event: 'link-refused', message: 'A sign-in link did not open.', fields: { reason } },
    ]);
  });
});

describe('asking for a link', () => {
  it('sends one to the chat, with no cookie', async () => {
    const answer = await door.post('/link', {});
    const asked = [{ operation: 'link', facts: { asker: 'anyone' } }];
    expect([answer.status, door.asked]).toEqual([200, asked]);
    expect(await answer.text()).toContain('Look at your Telegram');
  });

  it('again too soon says when the last one was sent, that it works, and when the next may be', async () => {
    const retryAt = MORNING + 14 * MINUTE_MS;
    door.answers.link = { ok: false, reason: 'too-soon', retryAt, sentAt: MORNING - MINUTE_MS };
    const answer = await door.post('/link', {});
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '840']);
    expect(await answer.text()).toContain(
      'The last link was sent at 08:30 (New York) and still works: look at your Telegram chat. Another one can be sent at 08:45 (New York).',
    );
  });

  it('again before Telegram has taken the last one claims nothing of it', async () => {
    door.answers.link = {
      ok: false,
      reason: 'too-soon',
      retryAt: MORNING + MINUTE_MS,
      sentAt: null,
    };
    const answer = await door.post('/link', {});
    expect(answer.status).toBe(429);
    const text = await answer.text();
    expect(text).toContain('Telegram has not taken the last one yet');
    expect(text).toContain('Another one can be sent at 08:32 (New York).');
    expect(text).not.toContain('still works');
  });

  it('is told apart by a cookie, be it long over', async () => {
    const { cookie } = await door.enter();
    const ofAnother = await createFrontDoor({ chatId: 'another' }).enter();
    const askers: unknown[] = [];
    for (const sent of [cookie, '__session=forged', ofAnother.cookie, '']) {
      for (const now of [MORNING, MIDNIGHT + 60 * 24 * 60 * MINUTE_MS]) {
        door.now = now;
        await door.post('/link', {}, { cookie: sent });
        askers.push(door.asked.at(-1)?.facts['asker']);
      }
    }
    expect(askers).toEqual(['known', 'known', ...Array(6).fill('anyone')]);
    expect((await door.request('/', { headers: { cookie } })).status).toBe(401);
  });

  it('that Telegram does not take says so and offers it again', async () => {
    door.answers.link = { ok: false, reason: 'not-delivered' };
    const answer = await door.post('/link', {});
    expect(answer.status).toBe(503);
    expect(await answer.text()).toMatch(/Telegram did not take it[\s\S]*action="\/link"/);
  });
});

describe('the dashboard', () => {
  async function dashboard(path = '/'): Promise<string> {
    const { cookie } = await door.enter();
    return (await door.request(path, { headers: { cookie } })).text();
  }

  it('shows the state, and the CSRF token in every form', async () => {
    const { cookie, csrf } = await door.enter();
    const text = await (await door.request('/', { headers: { cookie } })).text();
    expect(text).toContain('E*TRADE sandbox');
    expect(text.split('<form').length - 1).toBe(
      text.split(`name="csrf" value="${csrf}"`).length - 1,
    );
  });

  describe('while workers have not reported since the new token', () => {
    const { adoption } = sessionStatus();
    const text = 'Waiting for 3 workers (orb-bot, rebalancer, scalper)';
    const waiting = ['orb-bot', 'rebalancer', 'scalper'];
    beforeEach(() => {
      const missing = { ...adoption, expected: 3, current: 0, waiting, text };
      door.answers.status = statusOf([sessionStatus({ adoption: missing })]);
    });
    const shown = async (path: string, init: RequestInit = {}) => {
      const { cookie } = await door.enter();
      return door.request(path, { ...init, headers: { ...init.headers, cookie } });
    };

    it('says whom it waits for, and loads itself again after five seconds', async () => {
      const answer = await shown('/');
      expect(answer.headers.get('refresh')).toBe('5; url=/?reports');
      expect(await answer.text()).toContain(text);
      expect(door.asked).toEqual([]);
    });

    it('keeps what the last action came to', async () => {
      expect((await shown('/?done')).headers.get('refresh')).toBe('5; url=/?done&reports');
    });

    it('collects reports then, and does not load itself once more', async () => {
      const answer = await shown('/?reports');
      expect([answer.status, answer.headers.get('refresh')]).toEqual([200, null]);
      expect(door.asked).toEqual([{ operation: 'collect', facts: {} }]);
    });

    it('collects nothing for a look ahead', async () => {
      await shown('/?reports', { method: 'HEAD' });
      await shown('/?reports', { headers: { 'sec-purpose': 'prefetch' } });
      expect(door.asked).toEqual([]);
    });
  });

  it.each([
    ['with a token, where it may be back', 'active', '5; url=/?reports'],
    ['without a token, which changes nothing', 'none', null],
    ['with an expired one', 'expired', null],
  ] as const)('looks once more after a worker that was offline: %s', async (_, state, refresh) => {
    const { adoption } = sessionStatus();
    const gone = { ...adoption, current: 0, offline: ['orb-bot'] };
    door.answers.status = statusOf([sessionStatus({ state, adoption: gone })]);
    const { cookie } = await door.enter();
    const answer = await door.request('/', { headers: { cookie } });
    expect(answer.headers.get('refresh')).toBe(refresh);
  });

  it('does not load itself again when every worker has reported', async () => {
    const { cookie } = await door.enter();
    const answer = await door.request('/', { headers: { cookie } });
    expect(answer.headers.get('refresh')).toBeNull();
  });

  it('passes a failure of the store on', async () => {
    Object.defineProperty(door.answers, 'status', {
      get: () => {
        throw new Error('store down');
      },
    });
    await expect(dashboard()).rejects.toThrow('store down');
  });

  it('renews now, and says what came of it', async () => {
    const { cookie, csrf } = await door.enter();
    const outcome = { session: SANDBOX, reason: 'idle', delivered: true } as const;
    for (const [outcomes, failures, words] of [
      [[], 0, 'Nothing to check'],
      [[{ ...outcome, action: 'renewed' }], 0, 'Each was tried at the broker just now.'],
      [[{ ...outcome, action: 'failed' }], 1, 'One session did not answer well.'],
    ] as const) {
      door.answers.force = { ok: true, report: { at: MORNING, outcomes, failures } };
      const answer = await door.post('/keepalive/force', { csrf }, { cookie });
      expect([answer.status, answer.headers.get('location')]).toEqual([303, '/?done']);
      const text = await (
        await door.request('/?done', { headers: { cookie: cookieOf(answer) } })
      ).text();
      expect(text).toContain(words);
    }
  });

  it('renews once a minute', async () => {
    const { cookie, csrf } = await door.enter();
    door.answers.force = { ok: false, reason: 'too-soon', retryAt: MORNING + 60_000 };
    const answer = await door.post('/keepalive/force', { csrf }, { cookie });
    const text = await (
      await door.request('/?done', { headers: { cookie: cookieOf(answer) } })
    ).text();
    expect(text).toContain('You can check again at 08:32.');
  });

  it('signs out, and says what came of it', async () => {
    const { cookie, csrf } = await door.enter();
    for (const [result, words] of [
      [{ ok: true, revokedAtBroker: true }, 'Signed out'],
      [{ ok: false, reason: 'no-token' }, 'Nothing to sign out of'],
    ] as const) {
      door.answers.revoke = result;
      const answer = await door.post(`/sign-out/${SANDBOX}`, { csrf }, { cookie });
      expect([answer.status, answer.headers.get('location')]).toEqual([303, '/?done']);
      const text = await (
        await door.request('/?done', { headers: { cookie: cookieOf(answer) } })
      ).text();
      expect(text).toContain(words);
    }
  });
});

describe('the JSON routes', () => {
  it('GET /status is the status as it is', async () => {
    const { cookie } = await door.enter();
    const answer = await door.request('/status', { headers: { cookie } });
    expect(await answer.json()).toEqual(door.answers.status);
  });

  it("GET /keepalive/status is keep-alive's part of it", async () => {
    door.answers.status = statusOf([sessionStatus({ state: 'inactive' })]);
    const { cookie } = await door.enter();
    const answer = await door.request('/keepalive/status', { headers: { cookie } });
    expect(await answer.json()).toEqual({
      now: '2026-03-09T12:31:00.000Z',
      status: 'ok',
      lastRunAt: '2026-03-09T12:30:00.000Z',
      nextRunAt: '2026-03-09T12:45:00.000Z',
      consecutiveFailures: 0,
      sessions: [
        {
          key: SANDBOX,
          state: 'inactive',
          idleAt: '2026-03-09T14:15:00.000Z',
          lastUsedAt: '2026-03-09T12:29:00.000Z',
          lastRenewedAt: '2026-03-09T12:15:00.000Z',
          counts: { unauthorized: 2, renewals: 5, failuresInARow: 0, undelivered: 0 },
        },
      ],
    });
  });
});

describe('"Sign out this browser"', () => {
  it('stands on the dashboard, and takes the cookie away', async () => {
    const { cookie, csrf } = await door.enter({ [SANDBOX]: openSignIn() });
    const dashboard = await (await door.request('/', { headers: { cookie } })).text();
    expect(dashboard).toContain('Sign out this browser</button>');
    expect(dashboard).toContain('action="/browser/sign-out"');
    const answer = await door.post('/browser/sign-out', { csrf }, { cookie });
    expect(answer.headers.getSetCookie()).toEqual([
      '__session=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax',
    ]);
    expect(await answer.text()).toContain('<h1>Signed out</h1>');
    expect(door.asked).toEqual([]);
  });

  it('does nothing without the CSRF token', async () => {
    const { cookie } = await door.enter();
    const answer = await door.post('/browser/sign-out', {}, { cookie });
    expect([answer.status, answer.headers.getSetCookie()]).toEqual([403, []]);
  });
});
