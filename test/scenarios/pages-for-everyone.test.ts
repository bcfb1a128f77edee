/**
 * Every page that a person meets in a morning, measured in a real browser: headings, names, focus,
 * contrast in light and dark, sizes for thumbs, and nothing wider than a phone.
 */

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { HAS_CHROMIUM, launchChromium, PHONE } from '../fixtures/chromium.ts';
import { type RunningSystem, startRunningSystem } from '../fixtures/local-system.ts';
import { poorContrasts, smallTargets, unlabelled, widthOverflow } from '../fixtures/page-checks.ts';
import { logIn, openPhone, type Phone, submitPin, tapOpen } from '../fixtures/phone.ts';

/** The narrowest screen in use; also a phone's width for people who enlarge texts. */
const NARROWEST = 320;

describe.skipIf(!HAS_CHROMIUM)('pages for everyone', () => {
  let browser: Browser;
  let running: RunningSystem;
  let phone: Phone;
  let page: Page;

  beforeAll(async () => {
    [browser, running] = await Promise.all([
      launchChromium(),
      startRunningSystem({ startAt: '2026-03-09T08:29:00-04:00' }),
    ]);
    await running.control.moveTo(Date.parse('2026-03-09T08:31:00-04:00'));
    phone = await openPhone(browser);
    page = await phone.context.newPage();
  });
  afterAll(async () => {
    await browser?.close();
    await running?.stop();
  });
  beforeEach(() => page.bringToFront());

  const publicUrl = (path: string): string => `${running.system.urls.public}${path}`;

  it('for whoever has no link yet, or one that has ended', async () => {
    await page.goto(publicUrl('/'));
    await expectGood(page, 'Open this from Telegram');
    await page.goto(publicUrl('/go/not-a-link'));
    await expectGood(page, 'This link has ended');
    await page.goto(publicUrl('/nowhere'));
    await expectGood(page, 'Nothing here');
    await page.goto(publicUrl('/callback/etrade?oauth_verifier=8F3KD'));
    await expectGood(page, 'Copy your PIN');
  });

  it('the sign-in: before the tap, after it, after a wrong PIN, after the end of the five minutes', async () => {
    await page.goto(await running.newestLink());
    await expectGood(page, 'Sign in to E*TRADE sandbox');
    const tab = await tapOpen(phone, page);
    await tab.close();
    await page.getByRole('timer').waitFor();
    await expectGood(page, 'Sign in to E*TRADE sandbox');
    await submitPin(page, 'WRONG');
    await page.getByRole('alert').waitFor();
    await expectGood(page, 'Sign in to E*TRADE sandbox');
    await (await tapOpen(phone, page)).close();
    await running.control.advance('PT6M');
    await page.reload();
    await page.getByRole('heading', { name: 'Time is up for that PIN' }).waitFor();
    await expectGood(page, 'Sign in to E*TRADE sandbox');
  });

  it('the dashboard that needs a person', async () => {
    await page.goto(await running.newestLink());
    await page.goto(publicUrl('/'));
    await page.getByRole('heading', { name: 'One session needs you' }).waitFor();
    await expectGood(page, 'Sessions');
  });

  it('success, and the dashboard that shows it', async () => {
    await page.goto(await running.newestLink());
    const tab = await tapOpen(phone, page);
    await submitPin(page, await logIn(tab));
    await tab.close();
    await page.getByRole('heading', { name: 'Signed in' }).waitFor();
    await expectGood(page, 'Signed in');
    await page.getByRole('link', { name: 'See all sessions' }).click();
    await page.locator('summary').click();
    await page.getByRole('button', { name: 'Sign out of E*TRADE sandbox' }).waitFor();
    await expectGood(page, 'Sessions');
  });

  it('the dashboard of a session that nobody used', async () => {
    const paused = { paused: true };
    await running.control.setFaults({ 'keep-alive': paused, 'health-check': paused });
    await running.control.setFaults({ worker: paused });
    await running.control.advance('PT2H30M');
    // As it is after it looked for workers once more: it must not load itself again while it is measured.
    await page.goto(publicUrl('/?reports'));
    await page.getByRole('heading', { name: 'Keep-alive is late' }).waitFor();
    await page.getByText('E*TRADE sandbox is idle. It reactivates automatically at ').waitFor();
    await expectGood(page, 'Sessions');
  });
});

/** Checks the page in light and dark; `heading` is its one heading of the first level. */
async function expectGood(page: Page, heading: string): Promise<void> {
  const found: Record<string, unknown> = {
    language: await page.locator('html').getAttribute('lang'),
    headings: await page.locator('h1').allInnerTexts(),
    withoutName: await unlabelled(page),
    tooSmall: await smallTargets(page),
    focusUnseen: await unseenFocus(page),
    tooWide: await widthOverflow(page),
  };
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    found[colorScheme] = [...(await poorContrasts(page)), ...(await poorPlaceholders(page))];
  }
  await page.setViewportSize({ ...PHONE.viewport, width: NARROWEST });
  found['tooWideWhenNarrow'] = await widthOverflow(page);
  await page.setViewportSize(PHONE.viewport);
  expect(found, `${heading} at ${page.url()}`).toEqual({
    language: 'en',
    headings: [heading],
    withoutName: [],
    tooSmall: [],
    focusUnseen: [],
    tooWide: 0,
    light: [],
    dark: [],
    tooWideWhenNarrow: 0,
  });
}

/** What a keyboard can reach without an outline showing where it is. */
async function unseenFocus(page: Page): Promise<string[]> {
  await page.keyboard.press('Tab');
  return page.evaluate(`
    [...document.querySelectorAll('a, button, input:not([type=hidden]), summary')]
      .filter((element) => element.checkVisibility())
      .filter((element) => {
        element.focus();
        const { outlineStyle, outlineWidth } = getComputedStyle(element);
        return document.activeElement !== element || outlineStyle === 'none' || Number.parseFloat(outlineWidth) < 2;
      })
      .map((element) => element.outerHTML)
  `);
}

/** Placeholders are texts too, but no text nodes. */
function poorPlaceholders(page: Page): Promise<string[]> {
  return page.evaluate(`(() => {
    const luminance = (colour) => {
      const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map((part) => {
        const share = part / 255;
        return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
    };
    return [...document.querySelectorAll('input[placeholder]')]
      .map((input) => {
        const [text, ground] = [
          luminance(getComputedStyle(input, '::placeholder').color),
          luminance(getComputedStyle(input).backgroundColor),
        ];
        return Math.max(text, ground) / Math.min(text, ground);
      })
      .filter((ratio) => !(ratio >= 4.5))
      .map((ratio) => 'placeholder ' + ratio.toFixed(2));
  })()`);
}
