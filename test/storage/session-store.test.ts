import { describe, expect, it } from 'vitest';
import { StoreError } from '../../functions/errors.ts';
import { readNewestToken, type TokenRead } from '../../functions/storage/session-store.ts';
import { aToken, SANDBOX } from '../fixtures/tokens.ts';

const UNREADABLE = new StoreError('It does not read', {
  code: 'STORE_RECORD_INVALID',
  retryable: false,
});

type Version = 'destroyed' | 'unreadable' | Partial<ReturnType<typeof aToken>>;

/** A store with these versions, the first at number `from`; remembers which numbers were asked for. */
function storeWith(versions: readonly Version[], from = 1) {
  const asked: number[] = [];
  return {
    asked,
    async readToken(_session: typeof SANDBOX, version: number): Promise<TokenRead> {
      asked.push(version);
      const stored = versions[version - from];
      if (stored === undefined) return { status: 'missing' };
      if (stored === 'destroyed') return { status: 'destroyed' };
      if (stored === 'unreadable') throw UNREADABLE;
      return { status: 'found', version, token: aToken(stored) };
    },
  };
}

const gen = (generation: number, changes: Partial<ReturnType<typeof aToken>> = {}): Version => ({
  generation,
  ...changes,
});
const UNVERIFIED = { account: null };

describe('the newest token', () => {
  it.each<{
    name: string;
    versions: readonly Version[];
    pointer: number | null;
    generation?: number;
    expected: number | null;
  }>([
    { name: 'is the one the pointer names', versions: [gen(1), gen(2)], pointer: 2, expected: 2 },
    { name: 'is never before the pointer', versions: [gen(9), gen(2)], pointer: 2, expected: 2 },
    {
      name: 'is found behind a pointer that lags by one',
      versions: [gen(1), gen(2)],
      pointer: 1,
      expected: 2,
    },
    {
      name: 'is found behind a pointer that lags by three',
      versions: [gen(1), gen(2), gen(3), gen(4)],
      pointer: 1,
      expected: 4,
    },
    {
      name: 'is found behind destroyed ones',
      versions: [gen(1), 'destroyed', 'destroyed', gen(4)],
      pointer: 1,
      expected: 4,
    },
    {
      name: 'is found when the pointer names a destroyed one',
      versions: ['destroyed', gen(2)],
      pointer: 1,
      expected: 2,
    },
    {
      name: 'is none when everything from the pointer on is destroyed',
      versions: ['destroyed', 'destroyed'],
      pointer: 1,
      expected: null,
    },
    {
      name: 'is found when the version the pointer names is missing',
      versions: [gen(8)],
      pointer: 7,
      expected: 8,
    },
    {
      name: 'is not a newer one whose account nobody has verified',
      versions: [gen(1), gen(2, UNVERIFIED)],
      pointer: 1,
      expected: 1,
    },
    {
      name: 'is found behind an unverified one',
      versions: [gen(1), gen(2, UNVERIFIED), gen(3)],
      pointer: 1,
      expected: 3,
    },
    {
      name: 'is the unverified one that the pointer names',
      versions: [gen(1, UNVERIFIED)],
      pointer: 1,
      expected: 1,
    },
    {
      name: 'is none when the only one after a destroyed pointer is unverified',
      versions: ['destroyed', gen(2, UNVERIFIED)],
      pointer: 1,
      expected: null,
    },
    {
      name: 'is found behind one that does not read',
      versions: [gen(1), 'unreadable', gen(3)],
      pointer: 1,
      expected: 3,
    },
    {
      name: 'is the higher generation, not the higher number',
      versions: [gen(1), gen(3), gen(2)],
      pointer: 1,
      expected: 2,
    },
    {
      name: 'is the pointed one of two that raced for a generation',
      versions: [gen(2), gen(2, { issuedAt: 9e12 })],
      pointer: 1,
      expected: 1,
    },
    {
      name: 'is the later issued of two that raced past a lagging pointer',
      versions: [gen(1), gen(2, { issuedAt: 10 }), gen(2, { issuedAt: 11 })],
      pointer: 1,
      expected: 3,
    },
    {
      name: 'is the later issued of two that raced, whichever was stored first',
      versions: [gen(1), gen(2, { issuedAt: 11 }), gen(2, { issuedAt: 10 })],
      pointer: 1,
      expected: 2,
    },
    {
      name: 'is the first ever, when no pointer was written yet',
      versions: [gen(1)],
      pointer: null,
      expected: 1,
    },
    {
      name: 'is no unverified one when no pointer was written yet',
      versions: [gen(1, UNVERIFIED)],
      pointer: null,
      expected: null,
    },
    { name: 'is none in an empty store', versions: [], pointer: null, expected: null },
    {
      name: 'is none after signing out',
      versions: ['destroyed', gen(2)],
      pointer: null,
      generation: 2,
      expected: null,
    },
    {
      name: 'is the sign-in after a sign-out',
      versions: ['destroyed', gen(2), gen(3)],
      pointer: null,
      generation: 2,
      expected: 3,
    },
  ])('$name', async ({ versions, pointer, generation, expected }) => {
    const store = storeWith(versions, pointer === 7 ? 8 : 1);
    const newest = await readNewestToken(store, SANDBOX, pointer, generation);
    expect(newest?.version ?? null).toBe(expected);
  });

  it('is not guessed when the one the pointer names does not read', async () => {
    const store = storeWith(['unreadable', gen(2)]);
    await expect(readNewestToken(store, SANDBOX, 1)).rejects.toThrow(UNREADABLE);
  });

  it('is asked for by number only, one past the last that exists', async () => {
    const store = storeWith([gen(1), gen(2), 'destroyed']);
    await readNewestToken(store, SANDBOX, 2);
    expect(store.asked).toEqual([2, 3, 4]);
  });

  it('is looked for at most twenty numbers past the pointer', async () => {
    const store = storeWith(Array.from({ length: 100 }, (_, index) => gen(index + 1)));
    expect((await readNewestToken(store, SANDBOX, 10))?.version).toBe(30);
    expect(store.asked).toHaveLength(21);
  });
});
