/** When Ctrl-C and a lost terminal end a command, and when they wait. */

import { describe, expect, it } from 'vitest';
import { createInterrupts, type Interrupts } from '../../functions/cli/interrupts.ts';

/** Work that is shielded until it is told to end. */
function shielded(interrupts: Interrupts): { end: () => Promise<void> } {
  const work = Promise.withResolvers<void>();
  const done = interrupts.shield(() => work.promise);
  return {
    end() {
      work.resolve();
      return done;
    },
  };
}

describe('Ctrl-C', () => {
  it('ends a command that does nothing delicate', () => {
    const interrupts = createInterrupts();
    expect(interrupts.interrupt()).toBe('ended');
    expect(interrupts.signal.aborted).toBe(true);
  });

  it('waits for shielded work once; the second one ends it', async () => {
    const interrupts = createInterrupts();
    const work = shielded(interrupts);
    expect(interrupts.interrupt()).toBe('finishing');
    expect(interrupts.signal.aborted).toBe(false);
    expect(interrupts.interrupt()).toBe('ended');
    expect(interrupts.signal.aborted).toBe(true);
    await work.end();
  });

  it('waits again in the next shielded work', async () => {
    const interrupts = createInterrupts();
    const first = shielded(interrupts);
    expect(interrupts.interrupt()).toBe('finishing');
    await first.end();
    const second = shielded(interrupts);
    expect(interrupts.interrupt()).toBe('finishing');
    expect(interrupts.signal.aborted).toBe(false);
    await second.end();
  });

  it('waits again after shielded work that failed', async () => {
    const interrupts = createInterrupts();
    const failed = interrupts.shield(() => Promise.reject(new Error('store away')));
    expect(interrupts.interrupt()).toBe('finishing');
    await expect(failed).rejects.toThrow('store away');
    expect(interrupts.isShielded()).toBe(false);
    const second = shielded(interrupts);
    expect(interrupts.interrupt()).toBe('finishing');
    await second.end();
  });
});

describe('shields in one another or side by side', () => {
  for (const order of ['inner', 'outer'] as const) {
    it(`hold until the last one ends, the ${order} one first`, async () => {
      const interrupts = createInterrupts();
      const outer = shielded(interrupts);
      const inner = shielded(interrupts);
      const [first, last] = order === 'inner' ? [inner, outer] : [outer, inner];
      expect(interrupts.interrupt()).toBe('finishing');
      await first.end();
      expect(interrupts.isShielded()).toBe(true);
      expect(interrupts.signal.aborted).toBe(false);
      // The person has been told once; a second Ctrl-C is meant, though the first shield is gone.
      expect(interrupts.interrupt()).toBe('ended');
      await last.end();
    });
  }

  it('let a terminal that was lost in the inner one end the command after the outer one', async () => {
    const interrupts = createInterrupts();
    const outer = shielded(interrupts);
    const inner = shielded(interrupts);
    interrupts.hangUp();
    await inner.end();
    expect(interrupts.signal.aborted).toBe(false);
    await outer.end();
    expect(interrupts.signal.aborted).toBe(true);
  });
});

describe('a Ctrl-C that waited', () => {
  it('is not forgotten when the shielded work is over', async () => {
    const interrupts = createInterrupts();
    expect(interrupts.isWanted()).toBe(false);
    const work = shielded(interrupts);
    interrupts.interrupt();
    await work.end();
    expect(interrupts.isWanted()).toBe(true);
    expect(interrupts.signal.aborted).toBe(false);
  });

  it('makes the next one end an unshielded command at once', async () => {
    const interrupts = createInterrupts();
    const work = shielded(interrupts);
    interrupts.interrupt();
    await work.end();
    expect(interrupts.interrupt()).toBe('ended');
  });
});

describe('a lost terminal', () => {
  it('ends a command that does nothing delicate', () => {
    const interrupts = createInterrupts();
    interrupts.hangUp();
    expect(interrupts.signal.aborted).toBe(true);
    expect(interrupts.isHungUp()).toBe(true);
  });

  it('waits for shielded work, said twice as well, and then ends the command', async () => {
    const interrupts = createInterrupts();
    const work = shielded(interrupts);
    interrupts.hangUp();
    interrupts.hangUp();
    expect(interrupts.signal.aborted).toBe(false);
    await work.end();
    expect(interrupts.signal.aborted).toBe(true);
  });

  it('is no first Ctrl-C', async () => {
    const interrupts = createInterrupts();
    const work = shielded(interrupts);
    interrupts.hangUp();
    expect(interrupts.interrupt()).toBe('finishing');
    await work.end();
  });
});
