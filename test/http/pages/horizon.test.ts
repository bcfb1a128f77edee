/** The credential horizon on the dashboard: clocks in the card, warnings at the top, each market's own time. */

import { describe, expect, it } from 'vitest';
import { dashboardPage } from '../../../functions/http/pages/dashboard.ts';
import type { SessionStatus, Status } from '../../../functions/operations/read-status.ts';
import { PROD, sessionStatus, statusOf } from '../../fixtures/front-door.ts';

const NYSE = {
  name: 'NYSE',
  zone: 'America/New_York',
  nextOpensAt: '2026-03-09T13:30:00.000Z',
} as const;
const NSE = {
  name: 'NSE',
  zone: 'Asia/Kolkata',
  isTradingDay: false,
  opensAt: null,
  closesAt: null,
  note: 'Elections',
  nextOpensAt: '2026-03-10T03:45:00.000Z',
} as const;

function page(status: Status): string {
  return dashboardPage({
    status,
    csrf: 'csrf',
    zone: 'America/New_York',
    outcome: null,
    brokerOf: () => ({ title: 'E*TRADE', verifierKind: 'pin' }),
  });
}

function textOf(markup: string): string {
  return markup
    .replace(/<style[\s\S]*?<\/style>|<script[\s\S]*?<\/script>|<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ');
}

const schwab: SessionStatus = sessionStatus({
  key: PROD,
  title: 'Charles Schwab prod',
  idleAt: null,
  clocks: [
    { name: 'access', endsAt: '2026-03-09T12:58:00.000Z', movedBy: 'renewal' },
    { name: 'refresh-token', endsAt: '2026-03-16T15:00:00.000Z', movedBy: 'sign-in' },
    { name: 'consumer-key', endsAt: '2028-01-15T00:00:00.000Z', movedBy: 'broker-site' },
  ],
});

describe('a card', () => {
  it('lists the clocks, when each ends and who moves it', () => {
    const text = textOf(page(statusOf([schwab])));
    expect(text).toContain('Access token 08:58 Renewed by keep-alive');
    expect(text).toContain('Refresh token 16 Mar, 11:00 Extended only by signing in');
    expect(text).toContain('Consumer key 15 Jan 2028 Moved by a new key from the broker only');
  });

  it('has no list where no clock is known', () => {
    expect(page(statusOf([sessionStatus({ clocks: [] })]))).not.toContain('Expiry');
  });

  it('is written on the clock of its market, and says so where that is not the page’s', () => {
    const kite = sessionStatus({
      key: PROD,
      title: 'Zerodha Kite prod',
      market: 'NSE',
      clocks: [{ name: 'hard-end', endsAt: '2026-03-10T00:30:00.000Z', movedBy: 'sign-in' }],
      coverage: { untilClose: null, limitedBy: null },
    });
    const status = statusOf([sessionStatus(), kite]);
    const text = textOf(page({ ...status, markets: [{ ...NYSE, ...status.market }, NSE] }));
    expect(text).toContain('Broker’s daily cut-off Tue 06:00');
    expect(text.match(/Times here are Kolkata time\./g)).toHaveLength(1);
    expect(text).toContain('No trading today Last used');
    expect(text).toContain('Market: NYSE, New York time Trading day, opens at 09:30');
    expect(text).toContain('Market: NSE, Kolkata time No trading today (Elections)');
  });
});

describe('an end that no renewal moves', () => {
  const ends = '2026-03-09T15:00:00.000Z';

  it.each([
    {
      clock: 'refresh-token',
      lead: 'hour',
      endsAt: ends,
      says: 'Charles Schwab prod ends at 11:00',
    },
    {
      clock: 'refresh-token',
      lead: 'evening',
      endsAt: ends,
      says: 'Charles Schwab prod ends 11:00',
    },
    {
      clock: 'consumer-key',
      lead: 'month',
      endsAt: '2026-04-08T00:00:00.000Z',
      says: 'Around 8 Apr 2026 the broker',
    },
    {
      clock: 'consumer-key',
      lead: 'week',
      endsAt: '2026-03-16T00:00:00.000Z',
      says: 'Around 16 Mar 2026 the broker',
    },
  ] as const)('stands at the top: $clock $lead', ({ clock, lead, endsAt, says }) => {
    const markup = page(
      statusOf([schwab], { warnings: [{ sessions: [PROD], clock, lead, endsAt }] }),
    );
    expect(textOf(markup)).toContain(says);
    expect(markup.indexOf(`data-ahead="${lead}"`)).toBeLessThan(markup.indexOf('id="next"'));
  });

  it('is told on the clock of its market, by name where that is not the page’s', () => {
    const indian = sessionStatus({ key: PROD, title: 'An Indian broker', market: 'NSE' });
    const warnings = [{ sessions: [PROD], clock: 'hard-end', lead: 'hour', endsAt: ends }] as const;
    const status = statusOf([sessionStatus(), indian], { warnings });
    const text = textOf(page({ ...status, markets: [{ ...NYSE, ...status.market }, NSE] }));
    expect(text).toContain('An Indian broker ends at 20:30 Kolkata');
  });

  it('is absent on an ordinary day', () => {
    expect(page(statusOf([schwab]))).not.toContain('data-ahead');
  });
});
