/** The dashboard: colours, words, and the one next step. */

import { describe, expect, it } from 'vitest';
import { dashboardPage } from '../../../functions/http/pages/dashboard.ts';
import { chipOf } from '../../../functions/http/pages/session-card.ts';
import type { SessionStatus, Status } from '../../../functions/operations/read-status.ts';
import { MORNING, PROD, SANDBOX, sessionStatus, statusOf } from '../../fixtures/front-door.ts';

const HOUR_MS = 3_600_000;

function page(status: Status): string {
  return dashboardPage({
    status,
    csrf: 'csrf',
    zone: 'America/New_York',
    outcome: null,
    brokerOf: () => ({ title: 'E*TRADE', verifierKind: 'pin' }),
  });
}

const endingIn = (ms: number) =>
  sessionStatus({ hardEndsAt: new Date(MORNING + ms).toISOString() });
const prod = (changes: Partial<SessionStatus>) =>
  sessionStatus({ key: PROD, title: 'E*TRADE prod', ...changes });

describe('chipOf', () => {
  it.each([
    ['more than three hours left', endingIn(3 * HOUR_MS + 1), 'good', 'Active'],
    ['three hours left', endingIn(3 * HOUR_MS), 'warn', 'Ends soon'],
    ['more than one hour left', endingIn(HOUR_MS + 1), 'warn', 'Ends soon'],
    ['one hour left', endingIn(HOUR_MS), 'bad', 'Last hour'],
    ['expired', sessionStatus({ state: 'expired' }), 'bad', 'Expired'],
    ['inactive', sessionStatus({ state: 'inactive' }), 'warn', 'Inactive'],
    ['unproven', sessionStatus({ state: 'unknown' }), 'warn', 'Not proven yet'],
    ['none, required', sessionStatus({ state: 'none' }), 'bad', 'No token'],
    ['none, not required', sessionStatus({ state: 'none', required: false }), 'none', 'No token'],
  ])('%s is %s', (_name, session, colour, word) => {
    expect(chipOf(session, MORNING)).toEqual({ colour, word });
  });

  it.each([
    ['no token', sessionStatus({ state: 'none' }), 'No token'],
    ['an expired one', sessionStatus({ state: 'expired' }), 'Expired'],
    ['one in its last hour', endingIn(HOUR_MS), 'Last hour'],
    ['one that ends soon', endingIn(3 * HOUR_MS), 'Ends soon'],
  ])('is not red while the market is closed: %s', (_name, session, word) => {
    expect(chipOf(session, MORNING, { concern: null, phase: 'over' })).toEqual({
      colour: 'none',
      word,
    });
  });

  it.each([
    ['worker-behind', 'bad', 'Worker behind'],
    ['workers-offline', 'warn', 'Workers offline'],
    ['wont-last', 'warn', 'Won’t last'],
    ['failing', 'warn', 'Checks fail'],
    ['unconfirmed', 'warn', 'Not confirmed yet'],
    ['untold', 'warn', 'Workers not notified'],
    ['worker-not-switched', 'warn', 'Worker behind'],
  ] as const)('is not green when the session is of concern: %s', (concern, colour, word) => {
    const judged = { concern, phase: 'open' } as const;
    expect(chipOf(sessionStatus(), MORNING, judged)).toEqual({ colour, word });
  });
});

describe('dashboardPage', () => {
  it('says the state in words beside its colour, and everything known', () => {
    const text = page(statusOf([sessionStatus()]));
    for (const words of [
      '<section class="card good" aria-labelledby="etrade-sandbox">',
      '<span class="chip">Active</span>',
      '>15 h 29 min</time>',
      'midnight',
      'Covered',
      'Idle limit',
      '2 min ago <span class="soft small">08:29</span>',
      '<dt>Renewals</dt><dd>5</dd>',
      '<dt>Rejected calls (401)</dt><dd>2</dd>',
      'orb-bot: used 2 min ago',
      'Trading day, opens at 09:30',
      'Working',
      '08:45',
      'Nothing to do',
      'Times are New York time.',
    ]) {
      expect(text).toContain(words);
    }
  });

  it('has one filled button, for what is needed next', () => {
    const due = page(statusOf([sessionStatus({ state: 'expired' }), prod({ state: 'none' })]));
    expect(due.match(/class="button"/g)).toHaveLength(1);
    expect(due).toContain(`<a class="button" href="/sign-in/${SANDBOX}">`);
    const asleep = page(statusOf([sessionStatus({ state: 'inactive' })]));
    expect(asleep.match(/class="button"/g)).toHaveLength(1);
    expect(asleep.match(/Check now/g)).toHaveLength(1);
    const good = page(statusOf([sessionStatus()]));
    expect(good.match(/class="button"/g)).toBeNull();
    expect(good).toContain('Check now');
  });

  it.each([
    ['idle', 'Won’t last until the close: goes idle at 10:15'],
    ['hard-end', 'Won’t last until the close: expires at midnight'],
    ['no-token', 'Won’t last until the close: no token'],
    ['something-new', 'Won’t last until the close: something-new'],
  ])('names "%s" as what stands in the way of the close', (limitedBy, words) => {
    const session = sessionStatus({ coverage: { untilClose: false, limitedBy } });
    expect(page(statusOf([session]))).toContain(words);
  });

  it.each([
    ['after the close', statusOf([]).market, 'Trading is over'],
    ['on a holiday', { ...statusOf([]).market, isTradingDay: false }, 'No trading today'],
    ['while all is well', statusOf([]).market, 'Covered'],
  ] as const)('says of the close %s', (_name, day, words) => {
    const untilClose = words === 'Covered' ? true : null;
    const session = sessionStatus({ coverage: { untilClose, limitedBy: null } });
    expect(page(statusOf([session], { market: day }))).toContain(`<dd>${words}</dd>`);
  });

  it('says that an inactive token reactivates, and when', () => {
    const coverage = { untilClose: false, limitedBy: 'idle' };
    const text = page(statusOf([sessionStatus({ state: 'inactive', coverage })]));
    expect(text).toContain('<dd>Idle. It reactivates automatically at 08:45.</dd>');
  });

  it('is calm about a token that ends soon when no trading needs it', () => {
    const coverage = { untilClose: null, limitedBy: null };
    const evening = { now: '2026-03-10T03:00:00.000Z' };
    const session = sessionStatus({ coverage, hardEndsAt: '2026-03-10T04:00:00.000Z' });
    const text = page(statusOf([session], evening));
    expect(text).toContain('<section class="note none" aria-labelledby="next"');
    expect(text).toContain('Nothing to do now');
    expect(text).toContain('Markets are closed. The token expires at midnight, as usual.');
    expect(text).toContain('Next sign-in: Tue 08:30.');
    expect(text).toContain('<section class="card none" aria-labelledby="etrade-sandbox">');
  });

  it('tells since when a session is idle', () => {
    const session = sessionStatus({ state: 'inactive', idleAt: '2026-03-09T12:00:00.000Z' });
    expect(page(statusOf([session]))).toMatch(/Idle since<\/dt><dd><time[^>]+>08:00/);
  });

  it('marks a worker that still uses an older token', () => {
    const [worker] = sessionStatus().workers;
    if (worker === undefined) throw new Error('the fixture has a worker');
    const session = sessionStatus({
      workers: [{ ...worker, state: 'lagging', generation: 16, lastUsedAt: null }],
    });
    expect(page(statusOf([session]))).toContain('orb-bot: not used yet (on an older token)');
  });

  it('says in one sentence who uses the token, escaped', () => {
    const { adoption } = sessionStatus();
    const text = '1 of 2 workers on generation 17, <b>bot</b> still on 16 since 09:02';
    const shown = page(statusOf([sessionStatus({ adoption: { ...adoption, text } })]));
    expect(shown).toContain('1 of 2 workers on generation 17, &lt;b&gt;bot&lt;/b&gt; still on 16');
    expect(shown).not.toContain('<b>bot</b>');
  });

  it.each([
    { state: 'waiting', says: 'no report yet' },
    { state: 'offline', says: 'offline' },
  ] as const)('marks a worker that is $state', ({ state, says }) => {
    const workers = sessionStatus().workers.map((worker) => ({ ...worker, state }));
    expect(page(statusOf([sessionStatus({ workers })]))).toContain(`(${says})`);
  });

  it('offers no sign-out where there is nothing to sign out of', () => {
    for (const state of ['none', 'expired'] as const) {
      expect(page(statusOf([sessionStatus({ state })]))).not.toContain('/sign-out/');
    }
    expect(page(statusOf([sessionStatus()]))).toContain(`action="/sign-out/${SANDBOX}"`);
  });

  const market = statusOf([]).market;
  it.each([
    ['2026-03-09T13:29:59.999Z', market, 'opens at 09:30'],
    ['2026-03-09T13:30:00.000Z', market, 'Open until 16:00'],
    ['2026-03-09T20:00:00.000Z', market, 'Closed since 16:00'],
    [
      '2026-11-26T14:00:00.000Z',
      { isTradingDay: false, opensAt: null, closesAt: null, note: 'Thanksgiving Day' },
      'No trading today <span class="soft">(Thanksgiving Day)</span>',
    ],
  ])('at %s says of the market: %s', (now, day, words) => {
    expect(page(statusOf([], { now, market: day }))).toContain(words);
  });

  it.each([
    ['failing', 'bad', 'Failing'],
    ['late', 'warn', 'Late'],
    ['never-run', 'none', 'Not run yet'],
  ] as const)('shows keep-alive %s in colour and words', (status, colour, word) => {
    const keepAlive = { ...statusOf([]).keepAlive, status, lastRunAt: null };
    const text = page(statusOf([], { keepAlive }));
    expect(text).toContain(`<section class="card ${colour}" aria-labelledby="keep-alive">`);
    expect(text).toContain(`<span class="chip">${word}</span>`);
    expect(text).toContain('<dt>Last run</dt><dd>Never</dd>');
  });

  it('escapes what workers call themselves', () => {
    const [worker] = sessionStatus().workers;
    if (worker === undefined) throw new Error('the fixture has a worker');
    const session = sessionStatus({ workers: [{ ...worker, name: '<b>bot</b>' }] });
    expect(page(statusOf([session]))).toContain('&lt;b&gt;bot&lt;/b&gt;');
  });
});

describe('the banner', () => {
  const trading = { now: '2026-03-09T17:00:00.000Z' };
  const keepAlive = {
    ...statusOf([]).keepAlive,
    status: 'failing' as const,
    consecutiveFailures: 3,
    nextRunAt: '2026-03-09T17:15:00.000Z',
  };
  const { adoption, counts } = sessionStatus();
  const bannerOf = (status: Status): string => {
    const [, markup = ''] =
      /<section class="note[^>]+aria-labelledby="next"[^>]*>([\s\S]*?)<\/section>/.exec(
        page(status),
      ) ?? [];
    return markup
      .replace(/<[^>]+>/g, ' ')
      .replace(/\s+/g, ' ')
      .trim();
  };

  it('says all is well, and when people are asked next', () => {
    expect(bannerOf(statusOf([sessionStatus()]))).toBe(
      'Nothing to do All sessions are active. Next sign-in: Tue 08:30.',
    );
    expect(bannerOf(statusOf([sessionStatus({ nextSignInAt: null })]))).toBe(
      'Nothing to do All sessions are active.',
    );
  });

  it('says that the token will not last while the broker is down, as the message did', () => {
    const session = sessionStatus({
      idleAt: '2026-03-09T18:15:00.000Z',
      coverage: { untilClose: false, limitedBy: 'idle' },
      counts: { ...counts, failuresInARow: 7 },
      trouble: { reason: 'transient', since: '2026-03-09T16:45:00.000Z' },
    });
    expect(bannerOf(statusOf([session], { ...trading, keepAlive }))).toBe(
      'E*TRADE sandbox won’t last until the close It goes idle at 14:15. E*TRADE sandbox isn’t responding (since 12:45). Next try at 13:15. Check now',
    );
  });

  it('says that the token is idle once it is, not that it will be', () => {
    const session = sessionStatus({
      state: 'inactive',
      idleAt: '2026-03-09T16:55:00.000Z',
      coverage: { untilClose: false, limitedBy: 'idle' },
      counts: { ...counts, failuresInARow: 7 },
      trouble: { reason: 'transient', since: '2026-03-09T16:45:00.000Z' },
    });
    const status = statusOf([session], { ...trading, keepAlive });
    expect(bannerOf(status)).toBe(
      'E*TRADE sandbox is idle E*TRADE sandbox isn’t responding (since 12:45). It reactivates automatically once a check works. Next try at 13:15. Check now',
    );
    expect(chipOf(session, MORNING, { concern: 'wont-last', phase: 'open' })).toEqual({
      colour: 'bad',
      word: 'Inactive',
    });
    const shown = page(status);
    expect(shown).not.toContain('Won’t last');
    expect(shown).not.toContain('goes idle at');
  });

  it.each([
    ['transient', 'E*TRADE sandbox isn’t responding (since 12:45)'],
    ['configuration', 'E*TRADE sandbox: a setting is wrong'],
    ['clock', 'E*TRADE sandbox: the broker refuses our time of day'],
  ])('says what fails where the token lasts: %s', (reason, says) => {
    const trouble = { reason, since: '2026-03-09T16:45:00.000Z' };
    expect(bannerOf(statusOf([sessionStatus({ trouble })], trading))).toBe(
      `${says} The token lasts until the close. Next try at 08:45. Check now`,
    );
  });

  it('names a worker that cannot trade', () => {
    const lagging = [{ worker: 'orb-bot', generation: 16, since: '2026-03-09T12:31:00.000Z' }];
    const session = sessionStatus({ adoption: { ...adoption, current: 0, lagging } });
    expect(bannerOf(statusOf([session], trading))).toBe(
      'orb-bot cannot trade It still uses an older token of E*TRADE sandbox. Restart orb-bot if it does not catch up.',
    );
  });

  it('says before the open that a worker has not switched', () => {
    const since = '2026-03-09T12:31:00.000Z';
    const lagging = [{ worker: 'orb-bot', generation: 16, since }];
    const early = sessionStatus({ adoption: { ...adoption, current: 0, lagging } });
    expect(bannerOf(statusOf([early]))).toBe(
      'orb-bot still uses an older token The newest token of E*TRADE sandbox is active. Restart orb-bot if it does not catch up before the market opens.',
    );
    const two = [...lagging, { worker: 'scalper', generation: 0, since }];
    const both = sessionStatus({ adoption: { ...adoption, current: 0, lagging: two } });
    expect(bannerOf(statusOf([both]))).toBe(
      'orb-bot and scalper still use an older token The newest token of E*TRADE sandbox is active. Restart orb-bot and scalper if they do not catch up before the market opens.',
    );
  });

  it('says that no worker is running', () => {
    const offline = ['orb-bot', 'rebalancer', 'scalper'];
    const session = sessionStatus({ adoption: { ...adoption, expected: 3, current: 0, offline } });
    expect(bannerOf(statusOf([session], trading))).toBe(
      'No worker of E*TRADE sandbox is running orb-bot, rebalancer and scalper are offline.',
    );
  });

  it('says that keep-alive is late, or fails', () => {
    const late = { ...keepAlive, status: 'late' as const, consecutiveFailures: 0 };
    expect(bannerOf(statusOf([sessionStatus()], { ...trading, keepAlive: late }))).toBe(
      'Keep-alive is late The last run was at 08:30. Check that the scheduler is running. Check now',
    );
    expect(bannerOf(statusOf([sessionStatus()], { ...trading, keepAlive }))).toBe(
      'Keep-alive fails 3 runs in a row failed. Next run at 13:15. Check now',
    );
  });

  it('says that an idle token reactivates', () => {
    expect(bannerOf(statusOf([sessionStatus({ state: 'inactive' })]))).toBe(
      'E*TRADE sandbox is idle It reactivates automatically at 08:45. Check now',
    );
  });

  it('keeps a trace of a sign-in that is not confirmed', () => {
    const unconfirmed = {
      generation: 18,
      savedAt: '2026-03-09T12:30:00.000Z',
      nextCheckAt: '2026-03-09T12:45:00.000Z',
    };
    const status = statusOf([sessionStatus({ unconfirmed })]);
    const says = 'Saved, not confirmed by the broker yet. Next check at 08:45.';
    expect(bannerOf(status)).toBe(`E*TRADE sandbox is not confirmed yet ${says} Check now`);
    expect(page(status)).toContain(`<p>Token #18: ${says}</p>`);
  });

  it('names what else there is below the worst', () => {
    const other = prod({ state: 'inactive' });
    expect(bannerOf(statusOf([sessionStatus({ state: 'none' }), other]))).toBe(
      'One session needs you Log in at the broker, and the token is saved. It takes about a minute. Sign in to E*TRADE sandbox E*TRADE prod is idle. It reactivates automatically at 08:45.',
    );
  });

  it('is calm where no market needs the token that is missing, and the card signs in', () => {
    const evening = { now: '2026-03-09T21:00:00.000Z' };
    const text = page(statusOf([sessionStatus({ state: 'expired' })], evening));
    expect(bannerOf(statusOf([sessionStatus({ state: 'expired' })], evening))).toBe(
      'Nothing to do now Markets are closed. Next sign-in: Tue 08:30.',
    );
    expect(text).not.toMatch(/class="(note|card) bad"/);
    expect(text).toContain(`<a class="button second" href="/sign-in/${SANDBOX}">`);
  });

  it('tells of an end that is near instead of nothing to do', () => {
    const warnings = [
      { sessions: [SANDBOX], clock: 'hard-end', lead: 'hour', endsAt: '2026-03-09T18:00:00.000Z' },
    ] as const;
    expect(bannerOf(statusOf([sessionStatus()], { warnings }))).toBe(
      'E*TRADE sandbox: an end is near See above. Everything else is ready.',
    );
  });
});
