import { describe, expect, it } from 'vitest';
import { canBeAnswered, isAnswered, standingOf } from '../../functions/lifecycle/approval.ts';
import type { Approval, SessionRecord } from '../../functions/lifecycle/session.ts';
import { NEW_RECORD } from '../../functions/lifecycle/session.ts';
import { transition } from '../../functions/lifecycle/transition.ts';
import { ETRADE } from '../fixtures/rules.ts';
import { HOUR_MS, MINUTE_MS } from '../fixtures/test-clock.ts';

const AT = Date.parse('2026-03-10T08:15+05:30');
const ENDS = Date.parse('2026-03-11T03:30+05:30');

const asking: Approval = { state: 'asking', requestedAt: AT };
const open: Approval = { state: 'open', requestedAt: AT, expiresAt: ENDS };
const failed: Approval = { state: 'failed', requestedAt: AT, problem: 'UDAPI1155' };
const withApproval = (approval: Approval | null, signedInAt: number | null = null) => ({
  approval,
  signedInAt,
});

describe('what stands in the way of a request', () => {
  it.each<[string, Approval | null, number, string, string]>([
    ['nothing was ever asked', null, 0, 'none', 'none'],
    ['somebody is asking', asking, 2 * MINUTE_MS - 1, 'asking', 'asking'],
    ['who asked has died', asking, 2 * MINUTE_MS, 'none', 'none'],
    ['one waits', open, 5 * MINUTE_MS - 1, 'open', 'open'],
    ['one waits for long: only a person insists', open, 5 * MINUTE_MS, 'open', 'none'],
    ['one waits to its last moment', open, ENDS - AT - 1, 'open', 'none'],
    ['one has ended', open, ENDS - AT, 'none', 'none'],
    ['one failed just now', failed, MINUTE_MS - 1, 'failed', 'failed'],
    ['one failed a minute ago', failed, MINUTE_MS, 'none', 'none'],
  ])('%s', (_name, approval, afterMs, alert, person) => {
    const record = withApproval(approval);
    expect(standingOf(record, 'alert', AT + afterMs).type).toBe(alert);
    expect(standingOf(record, 'person', AT + afterMs).type).toBe(person);
  });

  it.each([
    [AT - 1, 'open'],
    [AT, 'none'],
  ])('a sign-in at %i leaves "%s"', (signedInAt, expected) => {
    const record = withApproval(open, signedInAt);
    expect(standingOf(record, 'alert', AT + MINUTE_MS).type).toBe(expected);
    expect(isAnswered(record)).toBe(expected === 'none');
  });

  it('says when a person may have it sent again', () => {
    expect(standingOf(withApproval(open), 'person', AT)).toEqual({
      type: 'open',
      againAt: AT + 5 * MINUTE_MS,
    });
  });
});

describe('whether a token may come of it', () => {
  it.each<[string, Approval | null, number, boolean]>([
    ['not of nothing', null, 0, false],
    ['of an open one until it ends', open, ENDS - AT - 1, true],
    ['not at its end', open, ENDS - AT, false],
    ['of one without an answer for a day', asking, 24 * HOUR_MS - 1, true],
    ['of one that failed, too: the answer may have been lost', failed, 24 * HOUR_MS - 1, true],
    ['not after that day', failed, 24 * HOUR_MS, false],
  ])('%s', (_name, approval, afterMs, expected) => {
    expect(canBeAnswered(approval, AT + afterMs)).toBe(expected);
  });
});

describe('the record', () => {
  const recordAfter = (...changes: Parameters<typeof transition>[1][]): SessionRecord =>
    changes.reduce((record, change) => transition(record, change, ETRADE), NEW_RECORD);
  const begun = { type: 'approval-asking', at: AT } as const;
  const taken = { type: 'approval-asked', requestedAt: AT, expiresAt: ENDS } as const;
  const refused = { type: 'approval-failed', requestedAt: AT, problem: 'UDAPI1155' } as const;

  it('remembers the request and what came of it', () => {
    expect(recordAfter(begun).approval).toEqual(asking);
    expect(recordAfter(begun, taken).approval).toEqual(open);
    expect(recordAfter(begun, refused).approval).toEqual(failed);
  });

  it('lets no late answer touch a later request', () => {
    const later = { ...begun, at: AT + MINUTE_MS };
    expect(recordAfter(begun, later, taken)).toEqual(recordAfter(begun, later));
    expect(recordAfter(begun, taken, refused)).toEqual(recordAfter(begun, taken));
    expect(recordAfter(taken)).toEqual(NEW_RECORD);
  });
});
