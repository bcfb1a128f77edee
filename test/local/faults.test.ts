/** Faults: what can be set, who sees it, and the steps they count. */

import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { StoreError } from '../../functions/errors.ts';
import { parseSessionKey, type SessionKey } from '../../functions/lifecycle/session.ts';
import { createMemoryStore } from '../../functions/storage/memory.ts';
import {
  createFaults,
  createFaultsEditor,
  type FaultChange,
  type Faults,
  type FaultsEditor,
  parseFaultChange,
} from '../../infra/local/faults.ts';
import {
  withFetchSteps,
  withNotifierSteps,
  withStoreFaults,
} from '../../infra/local/faulty-parts.ts';
import { createSteps } from '../../infra/local/steps.ts';
import { temporaryDirectory } from '../fixtures/temporary-directory.ts';

let editor: FaultsEditor;
let faults: Faults;

beforeEach(() => {
  const file = join(temporaryDirectory(), 'faults.json');
  editor = createFaultsEditor(file);
  faults = createFaults(file);
});

const SESSION = parseSessionKey('etrade-sandbox')?.key as SessionKey;

describe('a change of faults', () => {
  it.each<{ change: unknown }>([
    { change: {} },
    { change: { broker: { down: true, consumerKeyRejected: 'sandbox' } } },
    { change: { telegram: { status: 429, retryAfterSeconds: 3 } } },
    { change: { store: { downAfterStep: 0 } } },
    { change: { 'keep-alive': { paused: true }, worker: null } },
    { change: { 'pin-exchange': { crashAfterStep: 4 } } },
  ])('is taken: $change', ({ change }) => {
    expect(parseFaultChange(change)).toEqual({ ok: true, change });
  });

  it.each([
    { change: { clock: { down: true } }, says: 'clock' },
    { change: { store: { malformed: true } }, says: 'malformed' },
    { change: { events: { paused: true } }, says: 'paused' },
    { change: { broker: { down: 'yes' } }, says: 'broker.down' },
    { change: { events: { status: 200 } }, says: 'events.status' },
    { change: { store: { slowMs: -1 } }, says: 'store.slowMs' },
    { change: { 'keep-alive': { crashAfterStep: 0 } }, says: 'crashAfterStep' },
    { change: [], says: 'expected object' },
    { change: null, says: 'expected object' },
  ])('is refused by name: $change', ({ change, says }) => {
    const parsed = parseFaultChange(change);
    expect(parsed).toMatchObject({ ok: false, problem: expect.stringContaining(says) });
  });
});

describe('the shared file', () => {
  it('shows a fault to every reader from the next look on, and not after it is cleared', () => {
    expect(faults.of('store')).toBeNull();
    editor.change({ store: { down: true } });
    expect(faults.of('store')?.fault).toEqual({ down: true });
    editor.change({ store: null });
    expect(faults.of('store')).toBeNull();
  });

  it('leaves parts alone that a change does not name', () => {
    editor.change({ store: { down: true }, events: { status: 500 } });
    editor.change({ events: { status: 503 } });
    expect(faults.all()).toEqual({ store: { down: true }, events: { status: 503 } });
  });

  it('gives each setting an identity of its own', () => {
    editor.change({ store: { down: true } });
    const first = faults.of('store')?.id;
    editor.change({ events: { down: true } });
    expect(faults.of('store')?.id).toBe(first);
    editor.change({ store: { down: true } });
    expect(faults.of('store')?.id).not.toBe(first);
  });

  it('knows which jobs are paused', () => {
    editor.change({ 'keep-alive': { paused: true }, worker: { paused: true } });
    expect(editor.isPaused('keep-alive')).toBe(true);
    expect(editor.isPaused('health-check')).toBe(false);
    expect(editor.isPaused('worker')).toBe(false);
  });

  it('takes only the crash from a part that has crashed', () => {
    editor.change({
      'keep-alive': { crashAfterStep: 2, slowMs: 5 },
      worker: { crashAfterStep: 1 },
    });
    editor.clearCrash('keep-alive');
    editor.clearCrash('worker');
    editor.clearCrash('health-check');
    expect(faults.all()).toEqual({ 'keep-alive': { slowMs: 5 } });
  });
});

describe('the count of steps', () => {
  let kills: number;
  const stepsOf = (part: 'keep-alive' | 'health-check') =>
    createSteps({
      part,
      faults,
      kill: () => {
        kills += 1;
      },
    });

  beforeEach(() => {
    kills = 0;
  });

  it('kills right after the step named, once', () => {
    const steps = stepsOf('keep-alive');
    steps.finished();
    editor.change({ 'keep-alive': { crashAfterStep: 2 } });
    steps.finished();
    expect(kills).toBe(0);
    steps.finished();
    expect(kills).toBe(1);
    steps.finished();
    expect(kills).toBe(1);
  });

  it('begins again with every new fault', () => {
    const steps = stepsOf('keep-alive');
    editor.change({ 'keep-alive': { crashAfterStep: 2 } });
    steps.finished();
    editor.change({ 'keep-alive': { crashAfterStep: 2 } });
    steps.finished();
    expect(kills).toBe(0);
    steps.finished();
    expect(kills).toBe(1);
  });

  it('leaves other processes alone', () => {
    editor.change({ 'keep-alive': { crashAfterStep: 1 } });
    stepsOf('health-check').finished();
    expect(kills).toBe(0);
  });
});

describe('the wrapped parts', () => {
  const waits: number[] = [];
  const clock = () => 0;

  function wrapped(change: FaultChange) {
    let finished = 0;
    editor.change(change);
    const steps = createSteps({ part: 'pin-exchange', faults, kill: () => {} });
    const counting = {
      ...steps,
      finished: () => {
        finished += 1;
      },
    };
    const wait = async (ms: number) => void waits.push(ms);
    const store = withStoreFaults(createMemoryStore({ clock }), { faults, steps: counting, wait });
    return { store, counting, finished: () => finished };
  }

  it('pass store calls through and count them', async () => {
    const { store, finished } = wrapped({});
    const loaded = await store.load(SESSION);
    await expect(store.replace(SESSION, loaded.tag, loaded.record)).resolves.toMatchObject({
      ok: true,
    });
    await store.loadService();
    expect(finished()).toBe(3);
  });

  it('fail every store call while the store is down', async () => {
    const { store, finished } = wrapped({ store: { down: true } });
    await expect(store.load(SESSION)).rejects.toThrow(StoreError);
    await expect(store.listVersions(SESSION)).rejects.toMatchObject({ retryable: true });
    expect(finished()).toBe(0);
  });

  it('fail store calls only after the first few', async () => {
    const { store } = wrapped({ store: { downAfterStep: 2 } });
    await store.load(SESSION);
    await store.load(SESSION);
    await expect(store.load(SESSION)).rejects.toThrow(StoreError);
    editor.change({ store: null });
    await expect(store.load(SESSION)).resolves.toBeDefined();
  });

  it('wait where the store is slow', async () => {
    waits.length = 0;
    await wrapped({ store: { slowMs: 40 } }).store.load(SESSION);
    expect(waits).toEqual([40]);
  });

  it('count network calls and messages, also those that fail', async () => {
    const { counting, finished } = wrapped({});
    const refused = new TypeError('fetch failed');
    const fetch = withFetchSteps(() => Promise.reject(refused), counting);
    await expect(fetch('http://127.0.0.1/')).rejects.toBe(refused);
    const notifier = withNotifierSteps({ deliver: async () => {} }, counting);
    const facts = { now: 0, link: async () => '', title: () => '', zone: 'UTC' };
    await notifier.deliver({ kind: 'link' }, facts);
    expect(finished()).toBe(2);
  });
});
