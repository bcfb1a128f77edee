/** What an instance knows of a secret's age, whatever the order in which answers arrive. */

import { beforeEach, describe, expect, it } from 'vitest';
import { createKnownStates, type KnownStates } from '../../functions/storage/known-states.ts';
import type { SecretInfo } from '../../functions/storage/secret-access.ts';

const SECRET = 'etrade-prod-session';

let now: number;
let states: KnownStates;

const state = (etag: string): SecretInfo => ({ etag, annotations: {}, labels: {} });

beforeEach(() => {
  now = 1_000_000;
  states = createKnownStates(() => now);
});

describe('answers out of order', () => {
  it('of two writes leave the later state the newest', () => {
    states.written(SECRET, 'two', state('three'));
    states.written(SECRET, 'one', state('two'));
    expect(states.recent(SECRET)).toEqual(state('three'));
    expect(states.judge(SECRET, state('three'), now)).toEqual(state('three'));
    expect(states.judge(SECRET, state('two'), now)).toEqual(state('three'));
    expect(states.judge(SECRET, state('one'), now)).toEqual(state('three'));
  });

  it('of a read that was asked before a write do not hide the write', () => {
    const askedAt = now;
    now += 10;
    states.written(SECRET, 'one', state('two'));
    now += 10;
    expect(states.judge(SECRET, state('one'), askedAt)).toEqual(state('two'));
    expect(states.recent(SECRET)).toEqual(state('two'));
  });

  it('of two reads leave the one that was asked later', () => {
    states.judge(SECRET, state('two'), now);
    states.judge(SECRET, state('one'), now - 500);
    expect(states.recent(SECRET)).toEqual(state('two'));
  });
});

describe('what is recent', () => {
  it('counts from the question, not from the answer', () => {
    states.judge(SECRET, state('one'), now - 1_999);
    expect(states.recent(SECRET)).toEqual(state('one'));
    now += 1;
    expect(states.recent(SECRET)).toBeNull();
  });

  it('is no state whose etag was refused', () => {
    states.judge(SECRET, state('one'), now);
    states.refused(SECRET, 'one');
    expect(states.recent(SECRET)).toBeNull();
    expect(states.judge(SECRET, state('one'), now)).toBe('old');
  });
});
