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
