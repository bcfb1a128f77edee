/**
 * The process is killed before and after every single step of a sign-in; then a new process looks after
 * what was left.
 *
 * The table is the promise: a stored token is never lost, an event never speaks of a token that is not
 * stored, a PIN that was spent for nothing is said once.
 */

import { describe, expect, it } from 'vitest';
import { checkHealth } from '../../functions/operations/check-health.ts';
import { completeSignIn } from '../../functions/operations/complete-sign-in.ts';
import { startSignIn } from '../../functions/operations/start-sign-in.ts';
import { Secret } from '../../functions/secret.ts';
import { Killed, type Phase } from '../fixtures/steps.ts';
import { createTestSystem, type TestSystem } from '../fixtures/system.ts';
import { MINUTE_MS } from '../fixtures/test-clock.ts';

/** What is left of a sign-in in which each step succeeds until the process ends. */
type Aftermath = 'untouched' | 'lost' | 'saved' | 'saved, event twice' | 'saved, message twice';

const EXPECTED: readonly (readonly [step: string, before: Aftermath, after: Aftermath])[] = [
  ['store.load etrade-sandbox', 'untouched', 'untouched'],
  ['store.replace etrade-sandbox', 'untouched', 'lost'],
  ['broker.complete etrade-sandbox', 'lost', 'lost'],
  ['broker.probe etrade-sandbox', 'lost', 'lost'],
  ['store.addToken etrade-sandbox', 'lost', 'saved'],
  ['store.load etrade-sandbox', 'saved', 'saved'],
  ['store.replace etrade-sandbox', 'saved', 'saved'],
  ['store.load etrade-sandbox', 'saved', 'saved'],
  ['publish etrade-sandbox 2', 'saved', 'saved, event twice'],
  ['store.load etrade-sandbox', 'saved, event twice', 'saved, event twice'],
  ['store.loadService', 'saved, event twice', 'saved, event twice'],
  ['store.replaceService', 'saved, event twice', 'saved, event twice'],
  ['store.load etrade-sandbox', 'saved, event twice', 'saved, event twice'],
  ['deliver signed-in', 'saved, event twice', 'saved, message twice'],
  ['store.loadService', 'saved, message twice', 'saved, message twice'],
  ['store.replaceService', 'saved, message twice', 'saved, event twice'],
  ['store.load etrade-sandbox', 'saved, event twice', 'saved, event twice'],
  ['store.replace etrade-sandbox', 'saved, event twice', 'saved'],
];

/** Somebody has signed in; a minute later the next sign-in is open and its PIN is known. */
async function prepare() {
  const world = createTestSystem();
  await world.signIn();
  world.clock.advance(MINUTE_MS);
  const started = await startSignIn(world.system, world.session());
  if (!started.ok) throw new Error('the sign-in did not start');
  const verifier = new Secret(world.broker().approve());
  world.steps.forget();
  const post = () =>
    completeSignIn(world.system, world.session(), { signIn: started.signIn, verifier });
  return { world, post };
}

async function killedAt(number: number, phase: Phase): Promise<TestSystem> {
  const { world, post } = await prepare();
  world.steps.killAt(number, phase);
  await expect(post()).rejects.toThrow(Killed);
  expect(world.steps.taken.at(-1)).toBe(EXPECTED[number]?.[0]);
  const next = world.restarted();
  next.clock.advance(3 * MINUTE_MS);
  await checkHealth(next.system);
  return next;
}

async function aftermathOf(world: TestSystem): Promise<Aftermath | string> {
  const { generation, pending, undelivered, attempts } = await world.record();
  expect({ pending, undelivered, attempts }).toEqual({
    pending: null,
    undelivered: [],
    attempts: [],
  });
  const events = world.published.filter((event) => event.generation === 2).length;
  const messages = world.told().slice(1).join(', ');
  const summary = `generation ${generation}, ${events} event(s), ${messages || 'no message'}`;
  return NAMES[summary] ?? summary;
}

const NAMES: Readonly<Record<string, Aftermath>> = {
  'generation 1, 0 event(s), no message': 'untouched',
  'generation 1, 0 event(s), sign-in-needed pin-spent-nothing-saved': 'lost',
  'generation 2, 1 event(s), signed-in': 'saved',
  'generation 2, 2 event(s), signed-in': 'saved, event twice',
  'generation 2, 2 event(s), signed-in, signed-in': 'saved, message twice',
};

/** What holds wherever the process ended. */
async function expectAgreement(world: TestSystem): Promise<void> {
  const { key } = world.session();
  const record = await world.record();
  const versions = await world.store.listVersions(key);
  expect(record.version).toBe(versions.length);
  for (const { version, session } of world.published) {
    expect(await world.store.readToken(session, version)).toMatchObject({ status: 'found' });
  }
  const current = await world.store.readToken(key, record.version ?? 0);
  expect(current).toMatchObject({ status: 'found', token: { generation: record.generation } });
}

describe('a sign-in killed', () => {
  it('takes the steps of the table, and no others', async () => {
    const { world, post } = await prepare();
    await post();
    expect(world.steps.taken).toEqual(EXPECTED.map(([step]) => step));
  });

  for (const [number, [step, before, after]] of EXPECTED.entries()) {
    for (const [phase, expected] of [
      ['before', before],
      ['after', after],
    ] as const) {
      it(`${phase} step ${number + 1}, ${step}: ${expected}`, async () => {
        const world = await killedAt(number, phase);
        expect(await aftermathOf(world)).toBe(expected);
        await expectAgreement(world);
      });

      it(`${phase} step ${number + 1} is settled by one run: the next finds nothing to tell`, async () => {
        const world = await killedAt(number, phase);
        const told = world.told();
        const events = world.published.length;
        world.clock.advance(15 * MINUTE_MS);
        await checkHealth(world.system);
        expect(world.told()).toEqual(told);
        expect(world.published).toHaveLength(events);
      });
    }
  }

  it('never leaves a session that cannot be signed in to again', async () => {
    for (const [number] of EXPECTED.entries()) {
      const world = await killedAt(number, 'after');
      const { generation } = await world.record();
      expect(await world.signIn()).toMatchObject({ ok: true, generation: generation + 1 });
    }
  });
});
