/**
 * The own domain: the sign-in in a real browser through a front that behaves like Firebase Hosting, and
 * proofs that this front would stop what the real one stops.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { matchPath } from '../../functions/http/paths.ts';
import { openServer } from '../../infra/local/runner/http.ts';
import { HAS_CHROMIUM, launchChromium } from '../fixtures/chromium.ts';
import {
  FIREBASE,
  type Hosting,
  openHosting,
  readFirebaseConfig,
} from '../fixtures/hosting-proxy.ts';
import { type RunningSystem, startRunningSystem } from '../fixtures/local-system.ts';
import {
  logIn,
  openChat,
  openPhone,
  type Phone,
  submitPin,
  tapLastButton,
  tapOpen,
} from '../fixtures/phone.ts';

describe('firebase.json', () => {
  it('leads everything to the public function, in the region that Terraform takes', () => {
    const { rewrites } = readFirebaseConfig();
    const variables = readFileSync(join(FIREBASE, '..', 'gcp', 'variables.tf'), 'utf8');
    const region = /variable "region" \{[^}]*default\s*=\s*"([^"]+)"/.exec(variables)?.[1];
    expect(rewrites).toEqual([{ source: '**', run: { serviceId: 'pin-exchange', region } }]);
  });

  it('lets nothing be kept', () => {
    expect(readFirebaseConfig().headers).toEqual([
      { source: '**', headers: [{ key: 'Cache-Control', value: 'private, no-store' }] },
    ]);
  });

  it('uploads nothing but a word to robots, which hides no page', () => {
    const folder = join(FIREBASE, readFirebaseConfig().public);
    expect(readdirSync(folder, { recursive: true })).toEqual(['robots.txt']);
    expect(readFileSync(join(folder, 'robots.txt'), 'utf8')).toBe('User-agent: *\nDisallow: /\n');
    expect(matchPath('/robots.txt')).toBeNull();
    expect(existsSync(join(FIREBASE, 'README.md'))).toBe(true);
  });
});

describe('the front of the test', () => {
  /** A service that answers what it was sent, with headers of the test's choice. */
  async function open(headers: Record<string, string | string[]>, status = 200) {
    const service = await openServer((req, res) => {
      res.writeHead(status, headers).end(JSON.stringify(req.headers));
    }, 0);
    const hosting = await openHosting(service.url);
    onTestFinished(async () => {
      await hosting.close();
      await service.close();
    });
    return { hosting, service };
  }

  it('passes on no cookie but one, and names itself in another header', async () => {
    const { hosting, service } = await open({});
    const cookie = 'other=1; __session=2; third=3';
    const seen = await (await fetch(`${hosting.url}/a?b=c`, { headers: { cookie } })).json();
    expect(seen).toMatchObject({
      cookie: '__session=2',
      host: new URL(service.url).host,
      'x-forwarded-host': new URL(hosting.url).host,
    });
    expect(hosting.passed).toMatchObject([{ method: 'GET', path: '/a?b=c' }]);
  });

  it.each([
    ['private, no-store', 1],
    ['no-store', 0],
    ['public, max-age=60', 0],
  ])('of an answer that is "%s" lets %s cookies through', async (control, count) => {
    const { hosting } = await open({ 'cache-control': control, 'set-cookie': ['__session=1'] });
    const { headers } = await fetch(hosting.url);
    expect(headers.getSetCookie()).toHaveLength(count);
  });

  it('keeps for everyone what may be kept, and not-found without being told', async () => {
    const { hosting } = await open({ 'cache-control': 'max-age=60' });
    for (const _ of [1, 2]) await fetch(hosting.url);
    expect(hosting.fromCache).toEqual(['/']);
    const { hosting: missing } = await open({}, 404);
    for (const _ of [1, 2]) await fetch(missing.url);
    expect(missing.fromCache).toEqual(['/']);
  });
});

describe.skipIf(!HAS_CHROMIUM)('the sign-in through an own domain', () => {
  let browser: Browser;
  let running: RunningSystem;
  let hosting: Hosting;
  let service: string;
  const phones: Phone[] = [];

  beforeAll(async () => {
    [browser, running] = await Promise.all([
      launchChromium(),
      startRunningSystem({
        startAt: '2026-03-09T08:29:00-04:00',
        front: async (publicUrl) => {
          service = publicUrl;
          hosting = await openHosting(publicUrl);
          return hosting.url;
        },
      }),
    ]);
    await running.control.moveTo(Date.parse('2026-03-09T08:31:00-04:00'));
  });

  afterAll(async () => {
    await browser?.close();
    await running?.stop();
    await hosting?.close();
  });

  afterEach(async () => {
    for (const { context } of phones.splice(0)) await context.close();
  });

  async function newPhone(): Promise<Phone> {
    const phone = await openPhone(browser);
    phones.push(phone);
    return phone;
  }

  async function heading(page: Page): Promise<string> {
    return page.getByRole('heading', { level: 1 }).innerText();
  }

  it('goes from the chat to "Signed in"', async () => {
    const phone = await newPhone();
    await phone.context.addCookies([{ name: 'tracker', value: '1', url: hosting.url }]);
    const chat = await openChat(phone, running.system.urls.telegram);
    const page = await tapLastButton(phone, chat);
    expect(new URL(page.url()).origin).toBe(hosting.url);
    const tab = await tapOpen(phone, page);
    const pin = await logIn(tab);
    await tab.close();
    await submitPin(page, pin);
    await page.getByRole('heading', { level: 1, name: 'Signed in' }).waitFor();
    expect((await running.session()).generation).toBe(1);
    expect(phone.complaints).toEqual([]);

    const cookies = hosting.passed.flatMap(({ headers }) => headers.cookie ?? []);
    expect(cookies.length).toBeGreaterThan(3);
    expect(cookies.filter((cookie) => !/^__session=[\w.-]+$/.test(cookie))).toEqual([]);
    expect(new Set(hosting.passed.map(({ headers }) => headers.host))).toEqual(
      new Set([new URL(service).host]),
    );
  });

  it('keeps no page for the next visitor', async () => {
    const phone = await newPhone();
    const chat = await openChat(phone, running.system.urls.telegram);
    const page = await tapLastButton(phone, chat);
    for (const path of ['/', '/status', '/nowhere']) await page.goto(`${hosting.url}${path}`);
    const stranger = await (await newPhone()).context.newPage();
    for (const path of ['/', '/status']) {
      expect((await stranger.goto(`${hosting.url}${path}`))?.status(), path).toBe(401);
    }
    expect(hosting.fromCache).toEqual([]);
  });

  it.each([
    {
      way: 'would do without the hosting',
      through: false,
      status: 200,
      ends: 'Sign in to E*TRADE sandbox',
    },
    {
      way: 'would end at the door of the hosting',
      through: true,
      status: 401,
      ends: 'Open this from Telegram',
    },
  ])('with a cookie of another name $way', async ({ through, status, ends }) => {
    const renamed = await openRenaming(service);
    const front = through ? await openHosting(renamed.url) : null;
    onTestFinished(async () => {
      await front?.close();
      await renamed.close();
    });
    const link = new URL(await running.newestLink()).pathname;
    const page = await (await newPhone()).context.newPage();
    const answer = await page.goto(`${front?.url ?? renamed.url}${link}`);
    expect({ status: answer?.status(), heading: await heading(page) }).toEqual({
      status,
      heading: ends,
    });
  });
});

/** The service as it would be had its cookie another name: `session`. */
function openRenaming(service: string) {
  const pass = (req: IncomingMessage, res: ServerResponse): void => {
    const { cookie, host: _host, ...headers } = req.headers;
    const own = cookie?.replaceAll(/(^|; )session=/g, '$1__session=');
    const asked = request(
      new URL(req.url ?? '/', service),
      {
        method: req.method,
        headers: { ...headers, ...(own === undefined ? {} : { cookie: own }) },
      },
      (came) => {
        const set = came.headers['set-cookie']?.map((each) =>
          each.replace('__session=', 'session='),
        );
        res.writeHead(came.statusCode ?? 502, {
          ...came.headers,
          ...(set === undefined ? {} : { 'set-cookie': set }),
        });
        came.pipe(res);
      },
    );
    asked.on('error', () => res.destroy());
    req.pipe(asked);
  };
  return openServer(pass, 0);
}
