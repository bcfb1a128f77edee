/**
 * The page that waits for the phone, in a real browser under its own policy: it goes on by itself, and stays put
 * while somebody uses what is below.
 */

import type { Server } from 'node:http';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CODE_SHAPE, readOauth2Callback } from '../../functions/brokers/oauth2.ts';
import { HAS_CHROMIUM, launchChromium, PHONE } from '../fixtures/chromium.ts';
import {
  createFrontDoor,
  type FrontDoor,
  listen,
  MIDNIGHT,
  MORNING,
  NOTHING_ASKED,
  SANDBOX,
} from '../fixtures/front-door.ts';
import { poorContrasts, smallTargets, unlabelled, widthOverflow } from '../fixtures/page-checks.ts';

const PAGE = `/sign-in/${SANDBOX}`;
const MINUTE_MS = 60_000;
const WAITING = {
  ...NOTHING_ASKED,
  state: 'open',
  requestedAt: MORNING - MINUTE_MS,
  againAt: MORNING + 4 * MINUTE_MS,
} as const;
const FAILED = { ...NOTHING_ASKED, state: 'failed', problem: 'UDAPI1155' } as const;
const DONE = { generation: 18, hardEndsAt: MIDNIGHT, follow: 'told' } as const;

describe.skipIf(!HAS_CHROMIUM)('the phone on the page, in Chromium', () => {
  let browser: Browser;
  let site: { url: string; server: Server };
  let door: FrontDoor;
  let loads: number;
  let complaints: string[];

  beforeAll(async () => {
    browser = await launchChromium();
    site = await listen(async (request) => {
      const { pathname, search } = new URL(request.url);
      if (pathname === PAGE) loads += 1;
      const { method, headers } = request;
      const body = method === 'POST' ? { body: await request.text() } : {};
      return door.request(pathname + search, { method, headers, ...body });
    });
  });
  afterAll(async () => {
    await browser.close();
    site.server.closeAllConnections();
    site.server.close();
  });
  beforeEach(() => {
    loads = 0;
    complaints = [];
    door = createFrontDoor({
      publicUrl: site.url,
      broker: {
        title: 'Upstox',
        verifierKind: 'redirect',
        verifierShape: CODE_SHAPE,
        readCallback: readOauth2Callback,
      },
      approval: {
        request: () => Promise.reject(new Error('nobody asks here')),
        readNotice: () => ({ ok: false, reason: 'unreadable' }),
      },
    });
  });
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
    expect(complaints).toEqual([]);
  });

  async function open(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await browser.newContext({ ...PHONE, ...options });
    const { cookie } = await door.enter();
    const [name = '', value = ''] = cookie.split(/=(.*)/s);
    await context.addCookies([{ name, value, url: site.url }]);
    const page = await context.newPage();
    await page.clock.install();
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    await page.goto(`${site.url}${PAGE}`);
    return page;
  }

  it('goes on by itself once the token is here', async () => {
    door.answers.approval = WAITING;
    const page = await open();
    door.answers.approval = { ...WAITING, answered: DONE };
    await page.clock.runFor(4_000);
    await page.locator('[data-outcome="signed-in"]').waitFor();
    expect(page.url()).toBe(`${site.url}${PAGE}?wait`);
  });

  it('goes on by a link where there is no JavaScript', async () => {
    door.answers.approval = WAITING;
    const page = await open({ javaScriptEnabled: false });
    door.answers.approval = { ...WAITING, answered: DONE };
    await page.getByRole('link', { name: 'I have approved it' }).click();
    await page.locator('[data-outcome="signed-in"]').waitFor();
  });

  it('does not take the address field away from who is using it', async () => {
    door.answers.approval = WAITING;
    const page = await open();
    await page.locator('summary').click();
    await page.locator('#address').fill('https://127.0.0.1/?code=');
    await page.clock.runFor(MINUTE_MS);
    expect(loads).toBe(1);
    expect(await page.locator('#address').inputValue()).toBe('https://127.0.0.1/?code=');
  });

  it('sends the request by its button', async () => {
    const page = await open();
    await page.getByRole('button', { name: 'Send the approval request to my phone' }).click();
    await page.waitForURL(`${site.url}${PAGE}?wait`);
    expect(door.asked).toEqual([
      { operation: 'request-approval', facts: { session: SANDBOX, asker: 'person' } },
    ]);
  });

  it.each([
    ['nothing asked', NOTHING_ASKED, 'light'],
    ['nothing asked', NOTHING_ASKED, 'dark'],
    ['waiting', WAITING, 'light'],
    ['waiting', WAITING, 'dark'],
    ['failed', FAILED, 'light'],
    ['failed', FAILED, 'dark'],
  ] as const)('is readable and usable: %s, %j, %s', async (_name, approval, colorScheme) => {
    door.answers.approval = approval;
    const page = await open({ colorScheme });
    expect(await widthOverflow(page)).toBe(0);
    expect(await poorContrasts(page)).toEqual([]);
    expect(await smallTargets(page)).toEqual([]);
    expect(await unlabelled(page)).toEqual([]);
  });
});
