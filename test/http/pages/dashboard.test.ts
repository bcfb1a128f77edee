/** The dashboard: colours, words, and the one next step. */

import { describe, expect, it } from 'vitest';
import { dashboardPage, nextStep } from '../../../functions/http/pages/dashboard.ts';
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
});

describe('nextStep', () => {
  it('is a sign-in for what is expired or was never signed in, required sessions first', () => {
    const other = sessionStatus({ state: 'none', required: false });
    const needed = prod({ state: 'expired' });
    const step = nextStep(statusOf([other, needed]));
    expect(step).toEqual({ type: 'sign-in', sessions: [needed, other] });
  });

  it('is a sign-in for a token that ends before the close', () => {
    const short = sessionStatus({ coverage: { untilClose: false, limitedBy: 'hard-end' } });
    expect(nextStep(statusOf([short])).type).toBe('sign-in');
  });

  it.each([
    ['inactive', 'renew'],
    ['unknown', 'renew'],
    ['active', 'nothing'],
  ] as const)('for an %s session is %s', (state, type) => {
    expect(nextStep(statusOf([sessionStatus({ state })]))).toEqual({ type });
  });
});

describe('dashboardPage', () => {
  it('says the state in words beside its colour, and everything known', () => {
    const text = page(statusOf([sessionStatus()]));
    for (const words of [
      '<section class="card good" aria-labelledby="etrade-sandbox">',
      '<span class="chip">Active</span>',
      '>15 h 29 min</time>',
      'at midnight',
      'Covered',
      'Idle limit',
      '2 min ago <span class="soft small">08:29</span>',
      '<dt>Renewals</dt><dd>5</dd>',
      '<dt>401 answers</dt><dd>2</dd>',
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
    expect(asleep.match(/Renew now/g)).toHaveLength(1);
    const good = page(statusOf([sessionStatus()]));
    expect(good.match(/class="button"/g)).toBeNull();
    expect(good).toContain('Renew now');
  });

  it.each([
    ['idle', 'No: goes idle before it'],
    ['hard-end', 'No: expires before it'],
    ['no-token', 'No: no token'],
    ['something-new', 'No: something-new'],
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

  it('says that an inactive token needs a renewal to last until the close', () => {
    const coverage = { untilClose: false, limitedBy: 'idle' };
    const text = page(statusOf([sessionStatus({ state: 'inactive', coverage })]));
    expect(text).toContain('<dd>No: it needs a renewal</dd>');
  });

  it('is calm about a token that ends soon when no trading needs it', () => {
    const coverage = { untilClose: null, limitedBy: null };
    const text = page(statusOf([{ ...endingIn(HOUR_MS), coverage }]));
    expect(text).toContain('<section class="note none" aria-labelledby="next">');
    expect(text).toContain('Nothing to do now');
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
    { state: 'waiting', says: 'not heard of since the new token' },
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
