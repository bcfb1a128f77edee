/** The sign-in at a terminal: what is asked, what is stored, what each refusal says and exits with. */

import { describe, expect, it } from 'vitest';
import { createInterrupts } from '../../functions/cli/interrupts.ts';
import { runCommand } from '../fixtures/command-line.ts';
import { brokerFailure, FOREIGN_ACCOUNTS, TIMEOUT } from '../fixtures/fake-broker.ts';
import { createTestSystem, eventsDown, storeDown, type TestSystem } from '../fixtures/system.ts';
import { MINUTE_MS } from '../fixtures/test-clock.ts';

const START = ['start', 'etrade-sandbox'];

/** The PIN of the newest sign-in, read when it is asked for. */
const pinOf = (world: TestSystem) => () => world.broker().approve();

describe('a sign-in', () => {
  it('prints the page, takes the PIN, stores the token, tells workers', async () => {
    const world = createTestSystem();
    const ran = await runCommand(world, START, { types: [pinOf(world)] });
    expect(ran.code).toBe(0);
    expect(ran.out).toMatch(/^https:\/\/us\.etrade\.com\/\?token=/);
    expect(ran.out).toContain('✓ E*TRADE sandbox: generation 1 is stored.');
    expect(ran.out).toContain('Workers are told.');
    expect((await world.record()).generation).toBe(1);
    expect(world.published.map(({ generation, reason }) => ({ generation, reason }))).toEqual([
      { generation: 1, reason: 'sign-in' },
    ]);
    expect(world.told()).toEqual(['signed-in']);
  });

  it('shows no token, token secret or request secret', async () => {
    const world = createTestSystem();
    const ran = await runCommand(world, ['-v', ...START], { types: [pinOf(world)] });
    expect(ran.code).toBe(0);
    // The request token is in the address that the person opens, and nothing without its secret.
    expect(ran.all.replaceAll(/canary-request-token-\w+-\d+/g, '')).not.toContain('canary');
    expect(ran.all).not.toContain(world.broker().verifiers[0]);
  });

  it('opens the browser only when asked', async () => {
    const world = createTestSystem();
    expect((await runCommand(world, START, { types: [pinOf(world)] })).opened).toEqual([]);
    const ran = await runCommand(world, [...START, '--open'], { types: [pinOf(world)] });
    expect(ran.opened).toEqual([ran.out.split('\n')[0]]);
  });

  it('takes the PIN from standard input', async () => {
    const world = createTestSystem();
    const ran = await runCommand(world, [...START, '--pin-stdin'], {
      piped: ['PINNDBOX1'],
    });
    expect(ran.code).toBe(0);
    expect((await world.record()).generation).toBe(1);
  });

  it('says that the message waits where no messenger is set', async () => {
    const world = createTestSystem();
    const ran = await runCommand(world, START, { types: [pinOf(world)], tellsPeople: false });
    expect(ran.notes).toContain('the ✅ comes with the next function run');
  });

  it('is stored with the event service away, and says who tells the workers', async () => {
    const world = createTestSystem();
    world.steps.fail('publish', eventsDown());
    const ran = await runCommand(world, START, { types: [pinOf(world)] });
    expect(ran.code).toBe(0);
    expect(ran.out).toContain('Workers could not be told yet');
    expect((await world.record()).undelivered).toHaveLength(1);
  });
});

describe('before a PIN is spent', () => {
  it('asks nothing of a broker without a terminal', async () => {
    const world = createTestSystem();
    const ran = await runCommand(world, START, { isInteractive: false });
    expect(ran.code).toBe(2);
    expect(ran.notes).toContain('--pin-stdin');
    expect(world.broker().calls.begin).toBe(0);
  });

  it('Ctrl-C at the question leaves everything as it was', async () => {
    const world = createTestSystem();
    const ran = await runCommand(world, START, { types: [null] });
    expect(ran.code).toBe(130);
    expect(world.broker().calls.complete).toBe(0);
    expect((await world.record()).pending).toBeNull();
    expect((await world.record()).attempts).toEqual([]);
  });

  it('an empty line is asked again', async () => {
    const world = createTestSystem();
    const ran = await runCommand(world, START, { types: ['', pinOf(world)] });
    expect(ran.code).toBe(0);
    expect(ran.notes).toContain('That was empty');
    expect(world.broker().calls.begin).toBe(1);
  });

  it.each([
    ['hello my friend this is it', 'That is not a PIN'],
    ['H92 GX', 'That is not a PIN'],
    ['A'.repeat(40), 'too long for a PIN'],
    ['https://127.0.0.1/?nothing=here', 'There is no PIN in that address'],
  ])('what cannot be a PIN is asked again and costs none: %s', async (typed, words) => {
    const world = createTestSystem();
    const pin = pinOf(world);
    const ran = await runCommand(world, START, {
      types: [typed, () => `\u200b${pin()}\u00ad\ufeff`],
    });
    expect(ran.notes).toContain(words);
    expect(ran.notes).toContain('Nothing was sent.');
    expect(ran.code).toBe(0);
    expect(world.broker().calls).toMatchObject({ begin: 1, complete: 1 });
    expect(world.broker().verifiers).toEqual([pin()]);
  });

  it('standard input begins with a byte-order mark where a file does', async () => {
    const world = createTestSystem();
    const ran = await runCommand(world, [...START, '--pin-stdin'], { piped: ['\ufeffPINNDBOX1 '] });
    expect(ran.code).toBe(0);
    expect(world.broker().verifiers).toEqual(['PINNDBOX1']);
  });

  it('what cannot be a PIN on standard input ends with 1 and spends nothing', async () => {
    const world = createTestSystem();
    const ran = await runCommand(world, [...START, '--pin-stdin'], { piped: ['not a PIN at all'] });
    expect(ran.code).toBe(1);
    expect(world.broker().verifiers).toEqual([]);
    expect((await world.record()).attempts).toEqual([]);
  });

  it('a store that is away costs no PIN: the same one is taken a moment later', async () => {
    const world = createTestSystem();
    world.steps.fail('store.replace', storeDown());
    const pin = pinOf(world);
    const again = () => {
      world.steps.mend();
      return pin();
    };
    const ran = await runCommand(world, START, { types: [pin, again] });
    expect(ran.notes).toContain('the PIN was not sent');
    expect(ran.code).toBe(0);
    expect(world.broker().calls).toMatchObject({ begin: 1, complete: 1 });
  });

  it('lists the sessions there are for one that is not', async () => {
    const ran = await runCommand(createTestSystem(), ['start', 'etrade-prod']);
    expect(ran.code).toBe(2);
    expect(ran.notes).toContain('there are: etrade-sandbox');
  });
});

describe('a PIN that is refused', () => {
  it('says so and offers a fresh sign-in', async () => {
    const world = createTestSystem();
    const ran = await runCommand(world, START, { types: ['WRONG', 'y', pinOf(world)] });
    expect(ran.notes).toContain('did not accept the PIN');
    expect(ran.code).toBe(0);
    expect(world.broker().calls.begin).toBe(2);
  });

  it('ends with 1 for a script', async () => {
    const world = createTestSystem();
    const ran = await runCommand(world, [...START, '--pin-stdin'], { piped: ['WRONG'] });
    expect(ran.code).toBe(1);
    expect(world.broker().calls.begin).toBe(1);
  });

  it('is not counted against the command line: the eleventh is taken', async () => {
    const world = createTestSystem();
    const wrong = Array.from({ length: 11 }, () => ['WRONG', 'y']).flat();
    const ran = await runCommand(world, START, { types: [...wrong, pinOf(world)] });
    expect(ran.code).toBe(0);
  });

  it('a PIN older than five minutes is not sent', async () => {
    const world = createTestSystem();
    const late = () => {
      const pin = world.broker().approve();
      world.clock.advance(5 * MINUTE_MS);
      return pin;
    };
    const ran = await runCommand(world, START, { types: [late, 'n'] });
    expect(ran.notes).toContain('Time is up');
    expect(ran.code).toBe(1);
    expect(world.broker().calls.complete).toBe(0);
  });

  it('another account is discarded and the old token stays', async () => {
    const world = createTestSystem();
    await world.signIn();
    world.broker().signInAs(FOREIGN_ACCOUNTS);
    const ran = await runCommand(world, START, { types: [pinOf(world), 'n'] });
    expect(ran.notes).toContain('another E*TRADE account');
    expect(ran.code).toBe(1);
    expect((await world.record()).generation).toBe(1);
  });
});

describe('a broker in trouble', () => {
  const cases = [
    { failure: TIMEOUT, code: 4, says: 'did not answer.' },
    { failure: brokerFailure('transient'), code: 4, says: 'did not do it.' },
    { failure: brokerFailure('configuration'), code: 2, says: 'A sign-in does not help' },
    { failure: brokerFailure('clock', { skewMs: 600_000 }), code: 2, says: '600 seconds behind' },
  ];
  for (const { failure, code, says } of cases) {
    it(`${failure.reason} (${failure.problem}) exits with ${code} before anything is opened`, async () => {
      const world = createTestSystem();
      world.broker().failAll(failure);
      const ran = await runCommand(world, START);
      expect(ran.code).toBe(code);
      expect(ran.notes).toContain(says);
      expect(ran.notes).toContain(`\n  Details: ${failure.problem}\n`);
      expect(ran.notes.split(failure.problem)).toHaveLength(2);
    });
  }

  it('a broker out of reach leaves the PIN as it was: the same one is pasted again', async () => {
    const world = createTestSystem();
    world.broker().failNext('complete', { ...TIMEOUT, problem: 'econnrefused' });
    const ran = await runCommand(world, START, { types: [pinOf(world), pinOf(world)] });
    expect(ran.notes).toContain('Nothing is spent: the PIN was not sent.\n');
    expect(ran.notes).toContain('Details: econnrefused');
    expect(ran.code).toBe(0);
    expect((await world.record()).generation).toBe(1);
  });

  it('a lost answer to the PIN says that nobody knows', async () => {
    const world = createTestSystem();
    world.broker().failNext('complete', TIMEOUT);
    const ran = await runCommand(world, START, { types: [pinOf(world), 'n'] });
    expect(ran.code).toBe(4);
    expect(ran.notes).toContain('nobody knows whether the PIN is spent');
  });
});

it('Ctrl-C while the PIN is exchanged waits for the token', async () => {
  const world = createTestSystem();
  const interrupts = createInterrupts();
  const exchange = world.steps.hold('broker.complete');
  const running = runCommand(world, START, { types: [pinOf(world)], interrupts });
  await exchange.reached;
  expect(interrupts.interrupt()).toBe('finishing');
  exchange.release();
  const ran = await running;
  expect(ran.code).toBe(0);
  expect((await world.record()).generation).toBe(1);
});

describe('Ctrl-C while a PIN is exchanged that is refused', () => {
  it('ends with 130 after saying so, and asks nothing more', async () => {
    const { ran } = await interruptedExchange((world) => {
      world.broker().failNext('complete', brokerFailure('sign-in-needed'));
    });
    expect(ran.code).toBe(130);
    expect(ran.notes).toContain('✗ ');
    expect(ran.notes).not.toContain('Start again?');
  });

  it('ends with 130 where the same PIN could be sent again', async () => {
    const { ran, world } = await interruptedExchange((made) => {
      made.steps.fail('store.replace', storeDown());
    }, 'store.replace');
    expect(ran.code).toBe(130);
    expect(ran.notes).toContain('the PIN was not sent');
    expect(ran.notes.match(/Paste the PIN/g)).toHaveLength(1);
    expect(world.broker().calls.complete).toBe(0);
  });
});

/** A sign-in that is interrupted once at a step of its exchange. */
async function interruptedExchange(
  prepare: (world: TestSystem) => void,
  step: Parameters<TestSystem['steps']['hold']>[0] = 'broker.complete',
) {
  const world = createTestSystem();
  prepare(world);
  const interrupts = createInterrupts();
  const held = world.steps.hold(step);
  const running = runCommand(world, START, { types: [pinOf(world)], interrupts });
  await held.reached;
  expect(interrupts.interrupt()).toBe('finishing');
  held.release();
  return { ran: await running, world };
}
