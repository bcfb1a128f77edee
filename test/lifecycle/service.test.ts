import { describe, expect, it } from 'vitest';
import {
  ASKED_WITHIN_MS,
  NOTICE_CLAIM_MS,
  NOTICE_KEPT_MS,
  NOTICES_KEPT,
} from '../../functions/lifecycle/limits.ts';
import {
  NEW_SERVICE_RECORD,
  type Notice,
  type NoticeState,
  type QueuedNotice,
  type ServiceRecord,
} from '../../functions/lifecycle/notices.ts';
import {
  claim,
  claimable,
  closeWarning,
  enqueue,
  firstAskedAt,
  markFailed,
  markRefused,
  markSent,
  openWarning,
  prune,
  toldOn,
  withdrawOvertaken,
} from '../../functions/lifecycle/service.ts';
import type { SessionKey } from '../../functions/lifecycle/session.ts';
import { ny, sessionKey } from '../fixtures/records.ts';

const prod = sessionKey('etrade-prod');
const sandbox = sessionKey('etrade-sandbox');
const NOW = ny('08:30');
const LINK: Notice = { kind: 'link' };

function anAlert(...sessions: SessionKey[]): Notice {
  return {
    kind: 'sign-in-due',
    stage: 'first',
    sessions,
    opensAt: ny('09:30'),
    closesAt: ny('16:00'),
  };
}

function withNotice(delivery: NoticeState, id = 'a'): ServiceRecord {
  const queued: QueuedNotice = {
    id,
    notice: LINK,
    queuedAt: NOW,
    tries: 0,
    delivery,
    lastProblem: null,
  };
  return { ...NEW_SERVICE_RECORD, notices: [queued] };
}

const queued = withNotice({ state: 'queued', notBefore: NOW });
const sending = withNotice({ state: 'sending', until: NOW + NOTICE_CLAIM_MS });
const sent = withNotice({ state: 'sent', at: NOW });
const refused = withNotice({ state: 'refused', at: NOW });
const every = { queued, sending, sent, refused };

const deliveryOf = (record: ServiceRecord | null, id = 'a') =>
  record?.notices.find((notice) => notice.id === id)?.delivery;

describe('enqueue', () => {
  it('adds a notice to be sent at once', () => {
    expect(enqueue(NEW_SERVICE_RECORD, LINK, 'a', NOW)).toEqual(queued);
  });

  it.each(Object.entries(every))(
    'knows a notice that is %s and adds it no more',
    (_state, record) => {
      expect(enqueue(record, LINK, 'a', NOW + 1)).toBe(record);
    },
  );

  it('adds another notice behind', () => {
    expect(enqueue(sent, LINK, 'b', NOW).notices.map(({ id }) => id)).toEqual(['a', 'b']);
  });
});

describe('claim', () => {
  it('takes a notice for a minute and counts the try', () => {
    const claimed = claim(queued, 'a', NOW);
    expect(deliveryOf(claimed)).toEqual({ state: 'sending', until: NOW + NOTICE_CLAIM_MS });
    expect(claimed?.notices[0]?.tries).toBe(1);
  });

  it.each([
    { name: 'a notice before its time', record: queued, now: NOW - 1 },
    { name: 'a notice that another sender holds', record: sending, now: NOW + NOTICE_CLAIM_MS - 1 },
    { name: 'a notice that was sent', record: sent, now: NOW + NOTICE_KEPT_MS },
    { name: 'a notice that was refused', record: refused, now: NOW + NOTICE_KEPT_MS },
  ])('does not take $name', ({ record, now }) => {
    expect(claim(record, 'a', now)).toBeNull();
    expect(claimable(record, now)).toEqual([]);
  });

  it('takes a notice over when its sender died', () => {
    const taken = claim(sending, 'a', NOW + NOTICE_CLAIM_MS);
    expect(deliveryOf(taken)).toEqual({ state: 'sending', until: NOW + 2 * NOTICE_CLAIM_MS });
  });

  it('finds nothing under an unknown id', () => {
    expect(claim(queued, 'b', NOW)).toBeNull();
  });

  it('is offered the oldest notice first', () => {
    let record = enqueue(NEW_SERVICE_RECORD, LINK, 'younger', NOW + 1);
    record = enqueue(record, LINK, 'older', NOW);
    expect(claimable(record, NOW + 1).map(({ id }) => id)).toEqual(['older', 'younger']);
  });
});

describe('the end of a claim', () => {
  it('is a notice sent', () => {
    expect(deliveryOf(markSent(sending, 'a', NOW + 1))).toEqual({ state: 'sent', at: NOW + 1 });
  });

  it('is a notice to be tried again, with the problem kept', () => {
    const record = markFailed(sending, 'a', 'timeout', NOW + 60_000);
    expect(deliveryOf(record)).toEqual({ state: 'queued', notBefore: NOW + 60_000 });
    expect(record.notices[0]?.lastProblem).toBe('timeout');
    expect(claim(record, 'a', NOW + 59_999)).toBeNull();
    expect(claim(record, 'a', NOW + 60_000)).not.toBeNull();
  });

  it('is a notice refused for good', () => {
    const record = markRefused(sending, 'a', 'bot was blocked', NOW + 1);
    expect(deliveryOf(record)).toEqual({ state: 'refused', at: NOW + 1 });
    expect(record.notices[0]?.lastProblem).toBe('bot was blocked');
  });

  it('does not undo another sender’s success', () => {
    expect(markFailed(sent, 'a', 'timeout', NOW)).toBe(sent);
    expect(markRefused(sent, 'a', 'blocked', NOW)).toBe(sent);
    expect(markSent(sent, 'a', NOW + 1)).toBe(sent);
  });

  it('is a success even when another sender has failed in between', () => {
    const record = markSent(markFailed(sending, 'a', 'timeout', NOW + 60_000), 'a', NOW + 1);
    expect(deliveryOf(record)).toEqual({ state: 'sent', at: NOW + 1 });
  });

  it('changes nothing under an unknown id', () => {
    expect(markSent(sending, 'b', NOW)).toBe(sending);
    expect(markFailed(sending, 'b', 'timeout', NOW)).toBe(sending);
  });
});

describe('prune', () => {
  it.each([
    { name: 'sent', record: sent },
    { name: 'refused', record: refused },
  ])('forgets a notice $name 48 hours ago, not a millisecond earlier', ({ record }) => {
    expect(prune(record, NOW + NOTICE_KEPT_MS - 1)).toBe(record);
    expect(prune(record, NOW + NOTICE_KEPT_MS).notices).toEqual([]);
  });

  it.each([
    { name: 'waits', record: queued },
    { name: 'is being sent', record: sending },
  ])('never forgets a notice that $name', ({ record }) => {
    expect(prune(record, NOW + 100 * NOTICE_KEPT_MS)).toBe(record);
  });

  it('forgets the longest settled beyond the number it keeps, in favour of those that wait', () => {
    const settled = Array.from({ length: NOTICES_KEPT }, (_, n) =>
      withNotice({ state: 'sent', at: NOW + n }, `sent-${n}`),
    );
    const notices = [
      ...settled,
      withNotice({ state: 'queued', notBefore: NOW }, 'waiting'),
    ].flatMap((record) => record.notices);
    const kept = prune({ ...NEW_SERVICE_RECORD, notices }, NOW + 60_000).notices;
    expect(kept).toHaveLength(NOTICES_KEPT);
    expect(kept.map(({ id }) => id)).not.toContain('sent-0');
    expect(kept.at(-1)?.id).toBe('waiting');
  });

  it('keeps all that wait, however many', () => {
    let record = NEW_SERVICE_RECORD;
    for (let n = 0; n <= NOTICES_KEPT; n += 1) record = enqueue(record, LINK, `${n}`, NOW);
    expect(prune(record, NOW)).toBe(record);
  });
});

describe('withdrawOvertaken', () => {
  const ID = '2026-03-09/first-08:30';
  const first = enqueue(NEW_SERVICE_RECORD, anAlert(prod), ID, ny('08:30'));
  const claimed = claim(first, ID, ny('08:30')) ?? first;
  const lapsesAt = ny('08:30') + NOTICE_CLAIM_MS;
  const nothingDue = new Set<string>();

  it('keeps an alert for as long as its stage is due', () => {
    expect(withdrawOvertaken(first, ny('08:59'), new Set([ID]))).toBe(first);
  });

  it('takes back an alert never sent when its stage is over', () => {
    expect(withdrawOvertaken(first, ny('09:00'), nothingDue).notices).toEqual([]);
  });

  it('takes back an alert whose sender died, and no earlier', () => {
    expect(withdrawOvertaken(claimed, lapsesAt - 1, nothingDue)).toBe(claimed);
    expect(withdrawOvertaken(claimed, lapsesAt, nothingDue).notices).toEqual([]);
  });

  it('keeps the memory of an alert that was sent', () => {
    const told = markSent(claimed, ID, ny('08:30'));
    expect(withdrawOvertaken(told, ny('09:30'), nothingDue)).toBe(told);
  });

  it('forgets with the alert whom it would have named', () => {
    const record = withdrawOvertaken(first, ny('09:00'), nothingDue);
    expect(toldOn(record, '2026-03-09')).toEqual([]);
  });

  it('keeps every other kind of notice', () => {
    expect(withdrawOvertaken(queued, NOW + NOTICE_KEPT_MS, nothingDue)).toBe(queued);
  });
});

describe('toldOn', () => {
  it('names each session of that day’s alerts once, and no other day’s', () => {
    let record = enqueue(NEW_SERVICE_RECORD, anAlert(prod), '2026-03-09/first-04:00', NOW);
    record = enqueue(record, anAlert(prod, sandbox), '2026-03-09/first-08:30', NOW);
    record = enqueue(record, anAlert(sessionKey('etrade-prod-ira')), '2026-03-10/first-08:30', NOW);
    record = enqueue(record, LINK, '2026-03-09/link', NOW);
    expect(toldOn(record, '2026-03-09')).toEqual([prod, sandbox]);
    expect(toldOn(record, '2026-03-11')).toEqual([]);
  });
});

describe('warnings', () => {
  const open = openWarning(NEW_SERVICE_RECORD, { session: prod, reason: 'transient', since: NOW });

  it('are opened once for a session and a reason, and keep their beginning', () => {
    expect(open.warnings).toEqual([{ session: prod, reason: 'transient', since: NOW }]);
    expect(openWarning(open, { session: prod, reason: 'transient', since: NOW + 1 })).toBe(open);
  });

  it('are kept apart by session and by reason', () => {
    const more = openWarning(open, { session: prod, reason: 'clock', since: NOW });
    expect(
      openWarning(more, { session: sandbox, reason: 'clock', since: NOW }).warnings,
    ).toHaveLength(3);
  });

  it('are closed together for a session', () => {
    let record = openWarning(open, { session: prod, reason: 'clock', since: NOW });
    record = openWarning(record, { session: sandbox, reason: 'clock', since: NOW });
    expect(closeWarning(record, prod).warnings).toEqual([
      { session: sandbox, reason: 'clock', since: NOW },
    ]);
  });

  it('give no all-clear where none was open', () => {
    expect(closeWarning(open, sandbox)).toBe(open);
  });
});

describe('when people were first asked for a sign-in', () => {
  const at = (time: string, notice: Notice, state: 'sent' | 'refused' = 'sent'): QueuedNotice => ({
    id: `${time} ${notice.kind}`,
    notice,
    queuedAt: ny(time),
    tries: 1,
    delivery: { state, at: ny(time) },
    lastProblem: null,
  });
  const trouble: Notice = { kind: 'sign-in-needed', session: prod, trouble: 'token-rejected' };
  const signedIn: Notice = {
    kind: 'signed-in',
    session: prod,
    generation: 1,
    hardEndsAt: ny('23:59'),
    coversClose: true,
    proven: true,
    boundTo: [],
    stillDue: [],
  };
  const cases: readonly (readonly [string, readonly QueuedNotice[], string | null])[] = [
    ['nobody asked', [], null],
    [
      'the first of two reminders',
      [at('08:30', anAlert(prod)), at('09:00', anAlert(prod))],
      '08:30',
    ],
    ['an alert for another session', [at('08:30', anAlert(sandbox))], null],
    ['trouble out of turn', [at('08:10', trouble), at('08:30', anAlert(prod))], '08:10'],
    ['an alert that was not taken', [at('08:30', anAlert(prod), 'refused')], null],
    ['an alert after the sign-in', [at('10:00', anAlert(prod))], null],
    [
      'what an earlier sign-in has answered',
      [at('08:30', anAlert(prod)), at('08:40', signedIn), at('09:10', trouble)],
      '09:10',
    ],
    ['half a day before', [at('00:05', anAlert(prod))], '00:05'],
  ];
  it.each(cases)('%s', (_name, notices, expected) => {
    const record = { ...NEW_SERVICE_RECORD, notices };
    const asked = firstAskedAt(record, prod, ny('09:30'));
    expect(asked).toBe(expected === null ? null : ny(expected));
  });

  it('ends half a day before the sign-in', () => {
    const record = { ...NEW_SERVICE_RECORD, notices: [at('08:30', anAlert(prod))] };
    const end = ny('08:30') + ASKED_WITHIN_MS;
    expect(firstAskedAt(record, prod, end - 1)).toBe(ny('08:30'));
    expect(firstAskedAt(record, prod, end)).toBeNull();
  });
});
