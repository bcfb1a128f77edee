/**
 * The exact texts people get. Times are New York's on Monday 2026-03-09, the first trading day of
 * summer time.
 */

import { describe, expect, it } from 'vitest';
import type { Notice } from '../../functions/lifecycle/notices.ts';
import { parseSessionKey, type SessionKey } from '../../functions/lifecycle/session.ts';
import { composeMessage } from '../../functions/notifications/messages.ts';
import type { ApprovalFact, DeliveryFacts } from '../../functions/notifications/notifier.ts';

const ZONE = 'America/New_York';
const opensAt = at('09:30');
const closesAt = at('16:00');
const midnight = Date.parse('2026-03-10T00:00:00-04:00');

const prod = key('etrade-prod');
const sandbox = key('etrade-sandbox');
const ira = key('etrade-prod-ira');

const TITLES: Record<string, string> = {
  'etrade-prod': 'E*TRADE prod',
  'etrade-sandbox': 'E*TRADE sandbox',
  'etrade-prod-ira': 'E*TRADE prod ira',
};

function at(time: string): number {
  return Date.parse(`2026-03-09T${time.padEnd(8, ':00')}-04:00`);
}

function key(text: string): SessionKey {
  const name = parseSessionKey(text);
  if (name === null) throw new Error(`no session key: ${text}`);
  return name.key;
}

function factsAt(now: number, changes: Partial<DeliveryFacts> = {}): DeliveryFacts {
  return {
    now,
    zone: ZONE,
    title: (session) => TITLES[session] ?? session,
    link: async (session) => `https://cadence.example/go/${session ?? 'dashboard'}`,
    ...changes,
  };
}

async function textOf(notice: Notice, now: number): Promise<string[]> {
  return (await composeMessage(notice, factsAt(now))).html.split('\n');
}

function due(stage: 'first' | 'reminder' | 'open' | 'late', sessions = [prod]): Notice {
  return { kind: 'sign-in-due', stage, sessions, opensAt, closesAt };
}

const TAP = 'Tap the button and log in at the broker.';
const TAP_EACH = 'Each has its own button: tap it and log in at the broker.';

describe('what to do about it, where the broker asks on the phone', () => {
  const upstox = key('upstox-prod');
  const onPhone = { broker: 'Upstox', problem: null };
  const failed = { broker: 'Upstox', problem: 'UDAPI1155 <b>' };
  const APPROVE = 'Approve it in the Upstox app: there is nothing to type.';
  const PAGE = 'No request there? The button leads to the page that signs in without it.';
  const NOT_SENT = 'Upstox did not put its request on your phone.';
  const DETAILS = 'Details: <code>UDAPI1155 &lt;b&gt;</code>';

  type Case = [string, SessionKey[], [SessionKey, ApprovalFact][], string[]];

  it.each<Case>([
    ['is on the phone', [upstox], [[upstox, onPhone]], [APPROVE, PAGE]],
    ['was not taken', [upstox], [[upstox, failed]], [NOT_SENT, TAP, DETAILS]],
    ['is not known of', [upstox], [], [TAP]],
    ['is on the phone for one of two', [upstox, prod], [[upstox, onPhone]], [APPROVE, TAP_EACH]],
  ])('when the request %s', async (_name, sessions, approvals, expected) => {
    const facts = factsAt(at('08:30'), { approvals: new Map(approvals) });
    const { html, buttons } = await composeMessage(due('first', sessions), facts);
    expect(html.split('\n').slice(2)).toEqual(expected);
    expect(buttons).toHaveLength(sessions.length);
  });
});

describe('a sign-in is due', () => {
  const louder = 'The market opens at 09:30 New York. Workers cannot trade without a token.';
  const trading = 'Workers cannot trade until you sign in. The market closes at 16:00 New York.';

  it.each([
    {
      name: 'greets with the first alert an hour before the open',
      notice: due('first'),
      now: at('08:30'),
      expected: [
        '<b>Good morning. E*TRADE prod needs a sign-in.</b>',
        'The market opens in 60 min (09:30 New York).',
        TAP,
      ],
    },
    {
      name: 'counts hours in a first alert right after midnight, and does not call it morning',
      notice: due('first'),
      now: at('00:05'),
      expected: [
        '<b>E*TRADE prod needs a sign-in.</b>',
        'The market opens in 9 h 25 min (09:30 New York).',
        TAP,
      ],
    },
    {
      name: 'names the day when the open is tomorrow',
      notice: due('first'),
      now: Date.parse('2026-03-08T21:30:00-04:00'),
      expected: [
        '<b>E*TRADE prod needs a sign-in.</b>',
        'The market opens in 12 h (Mon 9 Mar, 09:30 New York).',
        TAP,
      ],
    },
    {
      name: 'names several sessions in one message',
      notice: due('first', [prod, ira, sandbox]),
      now: at('08:30'),
      expected: [
        '<b>Good morning. E*TRADE prod, E*TRADE prod ira and E*TRADE sandbox need a sign-in.</b>',
        'The market opens in 60 min (09:30 New York).',
        TAP_EACH,
      ],
    },
    {
      name: 'counts the real minutes when a first alert is delivered late',
      notice: due('first'),
      now: at('09:21:30'),
      expected: [
        '<b>Good morning. E*TRADE prod needs a sign-in.</b>',
        'The market opens in 9 min (09:30 New York).',
        TAP,
      ],
    },
    {
      name: 'rings once at half an hour',
      notice: due('reminder'),
      now: at('09:00'),
      expected: ['<b>⏰ 30 min to the open: E*TRADE prod still needs a sign-in.</b>', louder, TAP],
    },
    {
      name: 'rings twice at a quarter of an hour',
      notice: due('reminder', [prod, ira]),
      now: at('09:15'),
      expected: [
        '<b>⏰⏰ 15 min to the open: E*TRADE prod and E*TRADE prod ira still need a sign-in.</b>',
        louder,
        TAP_EACH,
      ],
    },
    {
      name: 'speaks of one minute in the last millisecond before the open',
      notice: due('reminder'),
      now: opensAt - 1,
      expected: ['<b>⏰⏰ 1 min to the open: E*TRADE prod still needs a sign-in.</b>', louder, TAP],
    },
    {
      name: 'says at the open that it happens without a token',
      notice: due('open'),
      now: opensAt,
      expected: ['<b>🔴 The market opens now without a token: E*TRADE prod.</b>', trading, TAP],
    },
    {
      name: 'counts the minutes lost when the message of the open is delivered late',
      notice: due('open'),
      now: at('09:32'),
      expected: [
        '<b>🔴 Trading has been open for 2 min without a token: E*TRADE prod.</b>',
        trading,
        TAP,
      ],
    },
    {
      name: 'tells of the open when even the first alert comes after it',
      notice: due('first'),
      now: at('09:45'),
      expected: [
        '<b>🔴 Trading has been open for 15 min without a token: E*TRADE prod.</b>',
        trading,
        TAP,
      ],
    },
    {
      name: 'counts the half hours',
      notice: due('late'),
      now: at('10:00'),
      expected: [
        '<b>🔴 Trading has been open for 30 min without a token: E*TRADE prod.</b>',
        trading,
        TAP,
      ],
    },
    {
      name: 'still counts in the last millisecond before the close',
      notice: due('late', [prod, ira]),
      now: closesAt - 1,
      expected: [
        '<b>🔴 Trading has been open for 6 h 29 min without a token: E*TRADE prod and E*TRADE prod ira.</b>',
        trading,
        TAP_EACH,
      ],
    },
    {
      name: 'calls nothing urgent once the market has closed',
      notice: due('late'),
      now: closesAt,
      expected: [
        '<b>The market has closed (16:00 New York). E*TRADE prod has no token.</b>',
        'Nothing is urgent any more: trading is over for the day.',
      ],
    },
  ])('$name', async ({ notice, now, expected }) => {
    expect(await textOf(notice, now)).toEqual(expected);
  });

  it('gives every session its own button', async () => {
    const message = await composeMessage(due('first', [prod, sandbox]), factsAt(at('08:30')));
    expect(message.buttons).toEqual([
      { text: 'Sign in: E*TRADE prod', url: 'https://cadence.example/go/etrade-prod' },
      { text: 'Sign in: E*TRADE sandbox', url: 'https://cadence.example/go/etrade-sandbox' },
    ]);
  });

  it('stays one readable message with more sessions than fit', async () => {
    const many = Array.from({ length: 23 }, (_, index) => key(`etrade-prod-a${index}`));
    const message = await composeMessage(due('first', many), factsAt(at('08:30')));
    expect(message.html.split('\n')[0]).toMatch(/, etrade-prod-a19 and 3 more need a sign-in\./);
    expect(message.buttons).toHaveLength(21);
    expect(message.buttons.at(-1)).toEqual({
      text: 'Open token-cadence',
      url: 'https://cadence.example/go/dashboard',
    });
  });
});

describe('someone signed in', () => {
  function signedIn(changes: Partial<Extract<Notice, { kind: 'signed-in' }>> = {}): Notice {
    return {
      kind: 'signed-in',
      session: prod,
      generation: 17,
      hardEndsAt: midnight,
      coversClose: true,
      proven: true,
      boundTo: [],
      stillDue: [],
      ...changes,
    };
  }
  const SWITCH = 'Workers switch to the new token by themselves.';

  it.each([
    {
      name: 'says how long the token is good',
      notice: signedIn(),
      now: at('08:34'),
      expected: [
        '<b>✅ E*TRADE prod: Signed in. Valid until midnight (New York).</b>',
        `It covers today’s close. ${SWITCH}`,
      ],
    },
    {
      name: 'warns when the token ends before the close',
      notice: signedIn({ hardEndsAt: at('15:00'), coversClose: false }),
      now: at('08:34'),
      expected: [
        '<b>✅ E*TRADE prod: Signed in. Valid until 15:00 (New York).</b>',
        `⚠️ It ends before today’s close: another sign-in will be needed. ${SWITCH}`,
      ],
    },
    {
      name: 'promises no close on a day without trading',
      notice: signedIn({ coversClose: null }),
      now: at('11:00'),
      expected: [
        '<b>✅ E*TRADE prod: Signed in. Valid until midnight (New York).</b>',
        `There is no more trading today. ${SWITCH}`,
      ],
    },
    {
      name: 'dates an end that is neither today nor the coming midnight',
      notice: signedIn({ hardEndsAt: Date.parse('2026-03-16T08:31:00-04:00') }),
      now: at('08:34'),
      expected: [
        '<b>✅ E*TRADE prod: Signed in. Valid until Mon 16 Mar, 08:31 (New York).</b>',
        `It covers today’s close. ${SWITCH}`,
      ],
    },
    {
      name: 'names the sessions that are still due',
      notice: signedIn({ stillDue: [ira] }),
      now: at('08:34'),
      expected: [
        '<b>✅ E*TRADE prod: Signed in. Valid until midnight (New York).</b>',
        `It covers today’s close. ${SWITCH}`,
        'Still without a sign-in: E*TRADE prod ira.',
        TAP,
      ],
    },
    {
      name: 'has no tick for what the broker has not confirmed, and names the next check',
      notice: signedIn({ proven: false, stillDue: [ira] }),
      now: at('08:34'),
      expected: [
        '<b>⏳ E*TRADE prod: Saved, not confirmed by the broker yet. Next check at 08:45.</b>',
        'Nothing to do: a message follows once the broker has confirmed it.',
        'Still without a sign-in: E*TRADE prod ira.',
        TAP,
      ],
    },
    {
      name: 'promises nothing of a token that has ended before the message came',
      notice: signedIn(),
      now: midnight,
      expected: ['<b>✅ E*TRADE prod: Signed in. That token expired at 00:00 (New York).</b>'],
    },
  ])('$name', async ({ notice, now, expected }) => {
    expect(await textOf(notice, now)).toEqual(expected);
  });

  it('has a button for each session that is still due, and for no other', async () => {
    const message = await composeMessage(signedIn({ stillDue: [ira] }), factsAt(at('08:34')));
    expect(message.buttons.map(({ text }) => text)).toEqual(['Sign in: E*TRADE prod ira']);
  });

  it('counts midnight by the wall clock on the day that has 23 hours', async () => {
    const shortDay = signedIn({ hardEndsAt: Date.parse('2026-03-09T00:00:00-04:00') });
    const [first] = await textOf(shortDay, Date.parse('2026-03-08T00:30:00-05:00'));
    expect(first).toContain('Valid until midnight (New York)');
  });
});

describe('a sign-in is needed at once', () => {
  it.each([
    {
      trouble: 'token-rejected' as const,
      expected: [
        '<b>🔴 E*TRADE prod needs a new sign-in now.</b>',
        'The broker no longer accepts its token, earlier than expected. Workers cannot trade with it.',
        TAP,
      ],
    },
    {
      trouble: 'pin-spent-nothing-saved' as const,
      expected: [
        '<b>🔴 E*TRADE prod: a sign-in was used up, but nothing was saved.</b>',
        'It broke off at its last step, and what the broker gives for it works only once.',
        'Start again with the button.',
      ],
    },
    {
      trouble: 'foreign-account' as const,
      expected: [
        '<b>⚠️ E*TRADE prod: someone signed in with a different broker account.</b>',
        'That sign-in was thrown away. The token that was in use stays in use.',
        'If it was you: sign in again with the right login. If it was nobody you know: change <code>linkKey</code> in <code>token-cadence-app</code>, that ends every link sent so far.',
      ],
    },
  ])('tells what happened and what to do: $trouble', async ({ trouble, expected }) => {
    const notice: Notice = { kind: 'sign-in-needed', session: prod, trouble };
    const message = await composeMessage(notice, factsAt(at('08:34')));
    expect(message.html.split('\n')).toEqual(expected);
    expect(message.buttons.map(({ text }) => text)).toEqual(['Sign in: E*TRADE prod']);
  });
});

describe('a worker lags', () => {
  it.each([
    { generation: 16, says: 'It still uses token #16; token #17 is there since 08:31 New York.' },
    { generation: 0, says: 'It has no token; token #17 is there since 08:31 New York.' },
  ])('names it, its token and what to do ($generation)', async ({ generation, says }) => {
    const notice: Notice = {
      kind: 'worker-behind',
      session: prod,
      worker: '<orb-bot>',
      generation,
      newest: 17,
      since: at('08:31'),
    };
    const message = await composeMessage(notice, factsAt(at('09:15')));
    expect(message.html.split('\n')).toEqual([
      '<b>⚠️ E*TRADE prod: &lt;orb-bot&gt; is not on today’s token.</b>',
      `${says} It cannot trade with an old one.`,
      'Nothing to sign in to: look at &lt;orb-bot&gt; itself, and restart it if it does not catch up.',
    ]);
    expect(message.buttons.map(({ text }) => text)).toEqual(['Open token-cadence']);
  });
});

describe('keep-alive fails', () => {
  function failing(changes: Partial<Extract<Notice, { kind: 'failing' }>>): Notice {
    return {
      kind: 'failing',
      session: prod,
      reason: 'transient',
      problem: 'http-500',
      failuresInARow: 3,
      since: at('10:15'),
      ...changes,
    };
  }

  it.each([
    {
      name: 'says of a passing trouble that nothing is to do',
      notice: failing({}),
      expected: [
        '<b>⚠️ E*TRADE prod isn’t responding (since 10:15 New York).</b>',
        'Keep-alive failed 3 times in a row. Nothing to do for now: it is tried again every 15 min, and you hear when it works again.',
        'Details: <code>http-500</code>',
      ],
    },
    {
      name: 'names the secret of a rejected consumer key',
      notice: failing({ reason: 'configuration', problem: 'consumer_key_rejected' }),
      expected: [
        '<b>⚠️ E*TRADE prod: a setting is wrong.</b>',
        'The broker refuses us since 10:15 New York. Signing in does not help.',
        'Check the consumer key in <code>etrade-prod-consumer</code>: it may have expired, be switched off, or belong to the other environment.',
        'Details: <code>consumer_key_rejected</code>',
      ],
    },
    {
      name: 'names the API product that the app lacks, and where it is added',
      notice: failing({ reason: 'configuration', problem: 'NoApiProductMatchFound' }),
      expected: [
        '<b>⚠️ E*TRADE prod: a setting is wrong.</b>',
        'The broker refuses us since 10:15 New York. Signing in does not help.',
        'Add the API products &quot;Accounts and Trading Production&quot; and &quot;Market Data Production&quot; to the app in the developer portal (developer.schwab.com), and wait until the app is &quot;Ready For Use&quot; again.',
        'Details: <code>NoApiProductMatchFound</code>',
      ],
    },
    {
      name: 'suspects the consumer secret behind a wrong signature, an own one first',
      notice: failing({ session: ira, reason: 'configuration', problem: 'signature_invalid' }),
      expected: [
        '<b>⚠️ E*TRADE prod ira: a setting is wrong.</b>',
        'The broker refuses us since 10:15 New York. Signing in does not help.',
        'Check <code>etrade-prod-consumer</code> (or <code>etrade-prod-ira-consumer</code>): the consumer secret does not fit the consumer key.',
        'Details: <code>signature_invalid</code>',
      ],
    },
    {
      name: 'names secret and addresses for any other wrong setting',
      notice: failing({ reason: 'configuration', problem: 'callback_rejected' }),
      expected: [
        '<b>⚠️ E*TRADE prod: a setting is wrong.</b>',
        'The broker refuses us since 10:15 New York. Signing in does not help.',
        'Check consumer key and secret in <code>etrade-prod-consumer</code>, and the broker’s addresses (<code>ETRADE_PROD_OAUTH_URL</code>, <code>ETRADE_PROD_API_URL</code>).',
        'Details: <code>callback_rejected</code>',
      ],
    },
    {
      name: 'sends to the clock when the broker refuses the time',
      notice: failing({ reason: 'clock', problem: 'timestamp_refused' }),
      expected: [
        '<b>⚠️ E*TRADE prod: the broker refuses our time of day.</b>',
        'It does so since 10:15 New York. Signing in does not help.',
        'On your own machine: set its clock by network time. In the cloud: the fault is the broker’s, and it is tried again every 15 min.',
        'Details: <code>timestamp_refused</code>',
      ],
    },
  ])('$name', async ({ notice, expected }) => {
    const message = await composeMessage(notice, factsAt(at('10:45')));
    expect(message.html.split('\n')).toEqual(expected);
    expect(message.buttons.map(({ text }) => text)).toEqual(['Open token-cadence']);
  });

  it('counts no row when there was one failure', async () => {
    const [first, second] = await textOf(failing({ failuresInARow: 1 }), at('10:45'));
    expect(first).toBe('<b>⚠️ E*TRADE prod isn’t responding (since 10:15 New York).</b>');
    expect(second).toMatch(/^Keep-alive failed\. Nothing to do for now/);
  });
});

describe('other news', () => {
  it('gives the all-clear with the length of the trouble and nothing to press', async () => {
    const notice: Notice = { kind: 'recovered', session: prod, after: 45 * 60_000 };
    expect(await composeMessage(notice, factsAt(at('11:00')))).toEqual({
      html: '<b>✅ E*TRADE prod works again.</b>\nIt had trouble for 45 min. Nothing to do.',
      buttons: [],
    });
  });

  it('sends a new link in a button, never in the text', async () => {
    expect(await composeMessage({ kind: 'link' }, factsAt(at('11:00')))).toEqual({
      html: '<b>Here is your new link.</b>\nIt is yours alone: whoever has it can sign in. If nobody asked for it, ignore it.',
      buttons: [{ text: 'Open token-cadence', url: 'https://cadence.example/go/dashboard' }],
    });
  });
});

describe('foreign text', () => {
  it('is escaped in titles and in the broker’s words', async () => {
    const notice: Notice = {
      kind: 'failing',
      session: prod,
      reason: 'transient',
      problem: '<h1>500</h1> & "more"',
      failuresInARow: 3,
      since: at('10:15'),
    };
    const message = await composeMessage(
      notice,
      factsAt(at('10:45'), { title: () => 'A<b>&\n"B"' }),
    );
    expect(message.html).toContain('A&lt;b&gt;&amp; &quot;B&quot; isn’t responding');
    expect(message.html).toContain('<code>&lt;h1&gt;500&lt;/h1&gt; &amp; &quot;more&quot;</code>');
  });

  it('is plain in buttons, which know no markup', async () => {
    const message = await composeMessage(
      due('first'),
      factsAt(at('08:30'), { title: () => 'A & B' }),
    );
    expect(message.buttons[0]?.text).toBe('Sign in: A & B');
  });

  it('is cut where a phone would not show it', async () => {
    const message = await composeMessage(
      due('first'),
      factsAt(at('08:30'), { title: () => '😀'.repeat(80) }),
    );
    expect(message.buttons[0]?.text).toBe(`Sign in: ${'😀'.repeat(63)}…`);
  });
});
