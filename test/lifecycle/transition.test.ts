import { describe, expect, it } from 'vitest';
import type { Change, TokenStored } from '../../functions/lifecycle/changes.ts';
import { decide } from '../../functions/lifecycle/decide.ts';
import { HISTORY_KEPT, PENDING_LOST_AFTER_MS } from '../../functions/lifecycle/limits.ts';
import { NEW_RECORD, type SessionRecord, stateOf } from '../../functions/lifecycle/session.ts';
import { transition } from '../../functions/lifecycle/transition.ts';
import { anActiveRecord, at, MIDNIGHT, ny, sessionKey } from '../fixtures/records.ts';
import { ETRADE, TRADESTATION } from '../fixtures/rules.ts';

const KEY = sessionKey('etrade-prod');

function apply(record: SessionRecord, ...changes: Change[]): SessionRecord {
  return changes.reduce((before, change) => transition(before, change, ETRADE), record);
}

function aSignIn(changes: Partial<TokenStored> = {}): TokenStored {
  return {
    type: 'token-stored',
    session: KEY,
    reason: 'sign-in',
    version: 13,
    generation: 8,
    signedInAt: ny('09:10'),
    issuedAt: ny('09:10'),
    accessExpiresAt: MIDNIGHT,
    hardEndsAt: MIDNIGHT,
    account: ['account-hash'],
    id: 'attempt-a',
    proven: true,
    at: ny('09:10:01'),
    ...changes,
  };
}

const started = (id: string, time: string): Change => ({
  type: 'attempt-started',
  id,
  at: ny(time),
});

describe('attempt-started', () => {
  it('counts the attempt and marks it as under way', () => {
    const record = apply(NEW_RECORD, started('a', '08:30'));
    expect(record.attempts).toEqual([ny('08:30')]);
    expect(record.pending).toEqual({ id: 'a', startedAt: ny('08:30') });
  });

  it('forgets attempts that are an hour old', () => {
    const record = apply(
      { ...NEW_RECORD, attempts: [ny('08:30'), ny('08:30:00.001')] },
      started('a', '09:30'),
    );
    expect(record.attempts).toEqual([ny('08:30:00.001'), ny('09:30')]);
  });
});

describe('attempt-failed', () => {
  const pending = apply(anActiveRecord(), started('a', '09:00'), started('b', '09:05'));

  it('keeps a wrong PIN in the attempts of the hour', () => {
    const record = apply(pending, {
      type: 'attempt-failed',
      id: 'b',
      outcome: 'pin-rejected',
      at: ny('09:06'),
    });
    expect(record.attempts).toEqual([ny('09:00'), ny('09:05')]);
    expect(record.pending).toBeNull();
    expect(record.lastSignIn).toEqual({ id: 'b', outcome: 'pin-rejected', at: ny('09:06') });
  });

  it.each(['foreign-account', 'broker-failed', 'store-failed', 'lost'] as const)(
    'takes the attempt back when the PIN was not to blame: %s',
    (outcome) => {
      const record = apply(pending, { type: 'attempt-failed', id: 'b', outcome, at: ny('09:06') });
      expect(record.attempts).toEqual([ny('09:00')]);
      expect(record.lastSignIn?.outcome).toBe(outcome);
    },
  );

  it('takes back one attempt of two that began in the same millisecond', () => {
    const twins = apply(anActiveRecord(), started('a', '09:00'), started('b', '09:00'));
    const record = apply(twins, {
      type: 'attempt-failed',
      id: 'b',
      outcome: 'broker-failed',
      at: ny('09:01'),
    });
    expect(record.attempts).toEqual([ny('09:00')]);
  });

  it('leaves another attempt under way', () => {
    const record = apply(pending, {
      type: 'attempt-failed',
      id: 'a',
      outcome: 'broker-failed',
      at: ny('09:06'),
    });
    expect(record.pending).toEqual({ id: 'b', startedAt: ny('09:05') });
    expect(record.attempts).toEqual(pending.attempts);
    expect(record.lastSignIn?.id).toBe('a');
  });
});

describe('attempt-lost', () => {
  const pending = apply(anActiveRecord(), started('a', '09:00'));

  it('leaves an attempt alone that may still live', () => {
    expect(
      apply(pending, { type: 'attempt-lost', at: ny('09:00') + PENDING_LOST_AFTER_MS - 1 }),
    ).toBe(pending);
  });

  it('ends an attempt that died halfway and takes it back', () => {
    const record = apply(pending, { type: 'attempt-lost', at: ny('09:02') });
    expect(record.pending).toBeNull();
    expect(record.attempts).toEqual([]);
    expect(record.lastSignIn).toEqual({ id: 'a', outcome: 'lost', at: ny('09:02') });
  });

  it('finds nothing where nothing is under way', () => {
    const record = anActiveRecord();
    expect(apply(record, { type: 'attempt-lost', at: ny('09:02') })).toBe(record);
  });
});

describe('token-stored by a sign-in', () => {
  const before = apply(
    anActiveRecord({
      proof: 'rejected',
      counts: { unauthorized: 3, renewals: 2, failuresInARow: 2 },
      lease: { owner: 'x', until: ny('09:30'), generation: 7 },
      attempts: [ny('09:00')],
    }),
    started('attempt-a', '09:09'),
  );

  it('points at the new token and carries its event, in one step', () => {
    expect(apply(before, aSignIn())).toEqual({
      generation: 8,
      version: 13,
      account: ['account-hash'],
      signedInAt: ny('09:10'),
      issuedAt: ny('09:10'),
      accessExpiresAt: MIDNIGHT,
      hardEndsAt: MIDNIGHT,
      proof: 'proven',
      lastUsedAt: ny('09:10:01'),
      lastRenewedAt: null,
      lastSuccessAt: ny('09:10:01'),
      counts: { unauthorized: 3, renewals: 2, failuresInARow: 0 },
      attempts: [],
      pending: null,
      lastSignIn: { id: 'attempt-a', outcome: 'stored', at: ny('09:10:01') },
      approval: null,
      lease: null,
      keepAliveAskedAt: null,
      undelivered: [
        {
          type: 'token-renewed',
          reason: 'sign-in',
          session: KEY,
          generation: 8,
          version: 13,
          issuedAt: ny('09:10'),
          accessExpiresAt: MIDNIGHT,
          hardEndsAt: MIDNIGHT,
          idleLimitMs: 2 * 60 * 60_000,
        },
      ],
      workers: {},
      history: [
        { generation: 7, at: ny('08:31') },
        { generation: 8, at: ny('09:10:01') },
      ],
      pointerMovedAt: ny('09:10:01'),
    });
  });

  it('waits for a probe when nobody has proven the token', () => {
    const record = apply(before, aSignIn({ proven: false }));
    expect(record).toMatchObject({
      proof: 'unproven',
      lastUsedAt: null,
      lastSuccessAt: ny('09:00'),
    });
    expect(stateOf(record, ETRADE, ny('09:11'))).toBe('unknown');
  });

  it('queues its event behind one that is not delivered yet', () => {
    const record = apply(before, aSignIn(), aSignIn({ generation: 9, version: 14 }));
    expect(record.undelivered.map((event) => event.generation)).toEqual([8, 9]);
  });

  it.each([7, 6])('is dropped when the record has generation 7 and it brings %i', (generation) => {
    expect(apply(before, aSignIn({ generation }))).toBe(before);
  });

  it('binds the first account for good', () => {
    const first = apply(NEW_RECORD, aSignIn({ generation: 1, account: ['a'] }));
    const second = apply(first, aSignIn({ generation: 2, account: ['a', 'b'] }));
    expect(second.account).toEqual(['a']);
  });

  it('binds anew when the bound hashes were made with another key', () => {
    const record = apply(
      { ...before, account: ['old-key.a'] },
      aSignIn({ account: ['new-key.a'] }),
    );
    expect(record.account).toEqual(['new-key.a']);
  });

  it('keeps the bound account when the broker names none', () => {
    expect(apply(before, aSignIn({ account: [] })).account).toEqual(['account-hash']);
  });

  it('leaves the account open when the broker could not be asked', () => {
    expect(apply(NEW_RECORD, aSignIn({ generation: 1, account: null })).account).toBeNull();
    expect(apply(before, aSignIn({ account: null })).account).toEqual(['account-hash']);
  });

  it('leaves an attempt under way that is not its own', () => {
    const record = apply(before, aSignIn({ id: 'attempt-b' }));
    expect(record.pending?.id).toBe('attempt-a');
    expect(record.lastSignIn?.id).toBe('attempt-b');
  });

  it.each([
    { name: 'before its issue', issuedAt: ny('09:10') },
    { name: 'in the millisecond of its issue', issuedAt: ny('09:09') },
  ])('is adopted as the success of the attempt that began $name', ({ issuedAt }) => {
    const record = apply(before, aSignIn({ id: null, issuedAt }));
    expect(record.pending).toBeNull();
    expect(record.lastSignIn).toMatchObject({ id: 'attempt-a', outcome: 'stored' });
  });

  it('is adopted without touching an attempt that began later', () => {
    const record = apply(before, aSignIn({ id: null, issuedAt: ny('09:08') }));
    expect(record.pending?.id).toBe('attempt-a');
    expect(record.lastSignIn).toMatchObject({ id: 'adopted/8', outcome: 'stored' });
  });

  it(`remembers the last ${HISTORY_KEPT} sign-ins`, () => {
    let record = NEW_RECORD;
    for (let generation = 1; generation <= HISTORY_KEPT + 1; generation += 1) {
      record = apply(record, aSignIn({ generation }));
    }
    expect(record.history).toHaveLength(HISTORY_KEPT);
    expect(record.history[0]?.generation).toBe(2);
    expect(record.history.at(-1)?.generation).toBe(HISTORY_KEPT + 1);
  });
});

describe('token-stored by a refresh', () => {
  const before = apply(anActiveRecord({ signedInAt: ny('08:31') }), started('a', '09:08'));
  const record = transition(
    before,
    aSignIn({ reason: 'refreshed', id: null, signedInAt: ny('08:31') }),
    TRADESTATION,
  );

  it('counts as a renewal and tells the workers', () => {
    expect(record.counts.renewals).toBe(1);
    expect(record.lastRenewedAt).toBe(ny('09:10:01'));
    expect(record.undelivered).toMatchObject([{ reason: 'refreshed', idleLimitMs: null }]);
  });

  it('leaves the sign-in that a person is in the middle of', () => {
    expect(record.pending).toEqual(before.pending);
    expect(record.attempts).toEqual(before.attempts);
    expect(record.lastSignIn).toBeNull();
    expect(record.history).toEqual(before.history);
  });
});

describe('news of the current token', () => {
  it('probed proves it, restarts the idle clock and ends the row of failures', () => {
    const record = apply(
      anActiveRecord({
        proof: 'unproven',
        counts: { unauthorized: 1, renewals: 1, failuresInARow: 2 },
      }),
      { type: 'probed', generation: 7, account: ['other'], at: ny('10:00') },
    );
    expect(record).toMatchObject({
      proof: 'proven',
      lastUsedAt: ny('10:00'),
      lastSuccessAt: ny('10:00'),
      counts: { unauthorized: 1, renewals: 1, failuresInARow: 0 },
      account: ['account-hash'],
    });
  });

  it('probed binds the account of a token whose account could not be asked for', () => {
    const record = apply(anActiveRecord({ account: null }), {
      type: 'probed',
      generation: 7,
      account: ['mine'],
      at: ny('10:00'),
    });
    expect(record.account).toEqual(['mine']);
  });

  it('probed late does not turn back the idle clock', () => {
    const record = apply(anActiveRecord(), {
      type: 'probed',
      generation: 7,
      account: null,
      at: ny('08:59'),
    });
    expect(record).toMatchObject({ lastUsedAt: ny('09:00'), lastSuccessAt: ny('09:00') });
  });

  it.each(['inactive', 'rejected'] as const)(
    'unauthorized is counted and kept as %s',
    (verdict) => {
      const record = apply(anActiveRecord(), {
        type: 'unauthorized',
        generation: 7,
        verdict,
        at: ny('10:00'),
      });
      expect(record.proof).toBe(verdict);
      expect(record.counts.unauthorized).toBe(1);
    },
  );

  it('renewed is counted and counts for nothing until a probe', () => {
    const inactive = anActiveRecord({ proof: 'inactive' });
    const record = apply(inactive, { type: 'renewed', generation: 7, at: ny('11:30') });
    expect(record).toMatchObject({
      proof: 'unproven',
      lastRenewedAt: ny('11:30'),
      counts: { renewals: 1 },
    });
    expect(stateOf(record, ETRADE, ny('11:30'))).toBe('unknown');
    expect(decide(record, ETRADE, ny('11:30'), ny('11:45'))).toEqual({
      type: 'probe',
      reason: 'unproven',
    });
    expect(record.undelivered).toEqual([]);
  });

  it('failed counts what may pass by itself', () => {
    const record = apply(anActiveRecord(), {
      type: 'failed',
      generation: 7,
      reason: 'transient',
      at: ny('10:00'),
    });
    expect(record.counts.failuresInARow).toBe(1);
    expect(record.proof).toBe('proven');
  });

  it.each(['configuration', 'clock'] as const)(
    'failed says nothing of the token when it is %s',
    (reason) => {
      const record = anActiveRecord();
      expect(apply(record, { type: 'failed', generation: 7, reason, at: ny('10:00') })).toBe(
        record,
      );
    },
  );

  it('signed-out forgets the token, not its generation and not whose account it was', () => {
    const signedIn = apply(anActiveRecord(), aSignIn({ proven: false }));
    const record = apply(signedIn, { type: 'signed-out', generation: 8, at: ny('10:00') });
    expect(record).toMatchObject({
      generation: 8,
      version: null,
      account: ['account-hash'],
      signedInAt: null,
      issuedAt: null,
      accessExpiresAt: null,
      hardEndsAt: null,
      proof: 'unproven',
      lastUsedAt: null,
      undelivered: [],
    });
    expect(stateOf(record, ETRADE, ny('10:00'))).toBe('none');
  });
});

describe('news of another token', () => {
  const record = anActiveRecord();
  const news: Change[] = [
    { type: 'probed', generation: 6, account: ['x'], at: ny('10:00') },
    { type: 'unauthorized', generation: 6, verdict: 'rejected', at: ny('10:00') },
    { type: 'renewed', generation: 6, at: ny('10:00') },
    { type: 'failed', generation: 6, reason: 'transient', at: ny('10:00') },
    { type: 'signed-out', generation: 6, at: ny('10:00') },
    { type: 'lease-taken', owner: 'a', until: ny('10:01'), generation: 6, at: ny('10:00') },
    { type: 'lease-released', owner: 'a', generation: 6 },
  ];

  it.each(news)('is dropped: $type of an older generation', (change) => {
    expect(apply(record, change)).toBe(record);
  });

  it.each(news)('is dropped: $type of a generation the record does not point at yet', (change) => {
    expect(apply(record, { ...change, generation: 8 } as Change)).toBe(record);
  });

  it.each(news)('is dropped: $type after a sign-out', (change) => {
    const signedOut = apply(record, { type: 'signed-out', generation: 7, at: ny('09:30') });
    expect(apply(signedOut, { ...change, generation: 7 } as Change)).toBe(signedOut);
  });
});

describe('a lease', () => {
  const taken: Change = {
    type: 'lease-taken',
    owner: 'a',
    until: ny('09:01'),
    generation: 7,
    at: ny('09:00'),
  };
  const held = apply(anActiveRecord(), taken);

  it('is taken for the current token', () => {
    expect(held.lease).toEqual({ owner: 'a', until: ny('09:01'), generation: 7 });
  });

  it('is not taken from another owner before its end', () => {
    expect(apply(held, { ...taken, owner: 'b', at: ny('09:01') - 1 })).toBe(held);
  });

  it('is taken from another owner at its end', () => {
    const record = apply(held, { ...taken, owner: 'b', at: ny('09:01'), until: ny('09:02') });
    expect(record.lease).toEqual({ owner: 'b', until: ny('09:02'), generation: 7 });
  });

  it('is prolonged by its owner', () => {
    expect(apply(held, { ...taken, until: ny('09:02'), at: ny('09:00:30') }).lease?.until).toBe(
      ny('09:02'),
    );
  });

  it('is released by its owner and by nobody else', () => {
    expect(apply(held, { type: 'lease-released', owner: 'b', generation: 7 })).toBe(held);
    expect(apply(held, { type: 'lease-released', owner: 'a', generation: 7 }).lease).toBeNull();
  });

  it('ends with the next token', () => {
    expect(apply(held, aSignIn()).lease).toBeNull();
  });
});

describe('followers', () => {
  it('event-delivered clears that event and no other, older generations included', () => {
    const record = apply(anActiveRecord(), aSignIn(), aSignIn({ generation: 9 }), {
      type: 'event-delivered',
      generation: 8,
    });
    expect(record.undelivered.map((event) => event.generation)).toEqual([9]);
    expect(apply(record, { type: 'event-delivered', generation: 8 })).toBe(record);
  });

  const report = (changes: Partial<Extract<Change, { type: 'worker-reported' }>>): Change => ({
    type: 'worker-reported',
    worker: 'orb-bot',
    instance: 'host-1',
    generation: 7,
    lastUsedAt: ny('10:00'),
    stopped: false,
    at: ny('10:01'),
    ...changes,
  });

  it.each([
    { name: 'advances the idle clock', changes: {}, lastUsedAt: ny('10:00') },
    { name: 'of an older token does not', changes: { generation: 6 }, lastUsedAt: ny('09:00') },
    { name: 'of an unused token does not', changes: { lastUsedAt: null }, lastUsedAt: ny('09:00') },
    {
      name: 'of an earlier use does not',
      changes: { lastUsedAt: ny('08:00') },
      lastUsedAt: ny('09:00'),
    },
    {
      name: 'of a use in the future counts as now',
      changes: { lastUsedAt: ny('23:00') },
      lastUsedAt: ny('10:01'),
    },
  ])('worker-reported $name', ({ changes, lastUsedAt }) => {
    const record = apply(anActiveRecord(), report(changes));
    expect(record.lastUsedAt).toBe(lastUsedAt);
    expect(record.workers['orb-bot/host-1']).toMatchObject({ at: ny('10:01') });
  });

  it('worker-reported is kept per process, the newest report only', () => {
    const record = apply(
      anActiveRecord(),
      report({}),
      report({ worker: 'vwap-bot', generation: 6 }),
      report({ instance: 'host-2' }),
    );
    expect(Object.keys(record.workers)).toEqual([
      'orb-bot/host-1',
      'vwap-bot/host-1',
      'orb-bot/host-2',
    ]);
    expect(apply(record, report({ at: ny('10:01') - 1, generation: 5 }))).toBe(record);
    expect(apply(record, report({ generation: 8 })).workers['orb-bot/host-1']?.generation).toBe(8);
  });

  it('worker-reported that is known already changes nothing', () => {
    const record = apply(anActiveRecord(), report({}));
    expect(apply(record, report({}))).toBe(record);
  });

  it('worker-reported forgets who was silent for a day', () => {
    const record = apply(anActiveRecord(), report({ worker: 'old-bot' }));
    const next = apply(record, report({ at: ny('10:01') + 24 * 3_600_000 + 1 }));
    expect(Object.keys(next.workers)).toEqual(['orb-bot/host-1']);
  });
});

describe('a transition', () => {
  it('never changes the record it was given', () => {
    const record = Object.freeze(anActiveRecord());
    const copy = structuredClone(record);
    apply(record, started('a', '09:00'), aSignIn(), {
      type: 'signed-out',
      generation: 8,
      at: at('2026-03-09T16:00Z'),
    });
    expect(record).toEqual(copy);
  });
});
