/**
 * A sign-in in a real browser at a broker that sends the person back: from the chat's button through the
 * broker's page to a worker that works; the same after a no; and an address that leads back too late.
 */

import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { HAS_CHROMIUM, launchChromium } from '../fixtures/chromium.ts';
import { type RunningSystem, startRunningSystem } from '../fixtures/local-system.ts';
import { poorContrasts, smallTargets, unlabelled, widthOverflow } from '../fixtures/page-checks.ts';
import {
  acceptAtBroker,
  openChat,
  openPhone,
  type Phone,
  tapLastButton,
} from '../fixtures/phone.ts';

const SOON = { timeout: 10_000 };

describe.skipIf(!HAS_CHROMIUM)('the sign-in at Schwab in Chromium', { timeout: 60_000 }, () => {
  let browser: Browser;
  let running: RunningSystem;
  let phone: Phone;

  beforeAll(async () => {
    [browser, running] = await Promise.all([
      launchChromium(),
      startRunningSystem({ sessions: ['schwab-prod'], startAt: '2026-03-10T08:29:00-04:00' }),
    ]);
    await running.control.moveTo(Date.parse('2026-03-10T08:30:00-04:00'));
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await running?.stop();
  });
  beforeEach(async () => {
    phone = await openPhone(browser);
  });
  afterEach(async () => {
    const { complaints } = phone;
    await phone.context.close();
    await running.control.setFaults({ broker: null });
    expect(complaints).toEqual([]);
  });

  async function fromChat(): Promise<Page> {
    return tapLastButton(phone, await openChat(phone, running.system.urls.telegram));
  }

  /** Taps the button: the broker opens in the same tab. */
  async function openBroker(page: Page): Promise<void> {
    await page.getByRole('button', { name: /^Open Charles Schwab/ }).click();
    await page.getByRole('heading', { level: 1, name: 'Log in to authorize' }).waitFor();
    expect(new URL(page.url()).origin).toBe(running.system.urls.brokers);
  }

  async function expectSignedIn(page: Page, generation: number): Promise<void> {
    await page.getByRole('heading', { level: 1, name: 'Signed in' }).waitFor();
    // The code is not left in the address bar.
    expect(page.url()).toBe(`${running.system.urls.public}/sign-in/schwab-prod?done`);
    const working = async () => {
      const { workers } = await running.control.overview();
      return workers.map((worker) => `${worker.generation} ${worker.lastCall?.status}`);
    };
    await expect
      .poll(working, SOON)
      .toEqual([`${generation} 200`, `${generation} 200`, `${generation} 200`]);
  }

  it('explains a no, and goes on to a token after all', async () => {
    const page = await fromChat();
    await openBroker(page);
    await page.getByRole('button', { name: 'Decline' }).click();
    await page.getByRole('alert').waitFor();
    expect(page.url()).not.toContain('error=');
    expect(await page.getByRole('alert').innerText()).toContain(
      'You did not grant access at Charles Schwab',
    );
    expect((await running.session()).generation).toBe(0);

    await openBroker(page);
    await acceptAtBroker(page);
    await expectSignedIn(page, 1);
    const { messages } = await running.control.overview();
    expect(messages.at(-1)?.text).toContain('✅ Charles Schwab prod');
  });

  it('shows every page on the way whole, readable and large enough to tap', async () => {
    const page = await fromChat();
    const look = async (): Promise<unknown[]> => [
      ...(await poorContrasts(page)),
      ...(await smallTargets(page)),
      ...(await unlabelled(page)),
      await widthOverflow(page),
    ];
    expect(await look()).toEqual([0]);
    await openBroker(page);
    expect(await look()).toEqual([0]);
  });

  it('goes the same way with JavaScript off', async () => {
    await phone.context.close();
    phone = await openPhone(browser, { javaScriptEnabled: false });
    const { generation } = await running.session();
    const page = await fromChat();
    await openBroker(page);
    await acceptAtBroker(page);
    await expectSignedIn(page, generation + 1);
  });

  it('says that it took too long, and begins again in one tap', async () => {
    const { generation } = await running.session();
    const page = await fromChat();
    await openBroker(page);
    await running.control.advance('PT11M');
    await acceptAtBroker(page);
    await page.getByRole('alert').getByRole('heading', { name: 'That took too long' }).waitFor();
    await openBroker(page);
    await acceptAtBroker(page);
    await expect
      .poll(async () => (await running.session()).generation, SOON)
      .toBeGreaterThan(generation);
    await page.getByRole('heading', { level: 1, name: 'Signed in' }).waitFor();
  });
});
