/**
 * What Ctrl-C and a lost terminal do: end a command at once, except while it does what must not be cut
 * in two.
 *
 * Knows no signals: `process.ts` tells it of them. While a PIN is spent and its token stored, the first
 * Ctrl-C waits and the second ends the process all the same. One that waited is kept: nobody is asked a
 * question after it. A lost terminal waits however often it is said, since shell and kernel both say it.
 */

/** Thrown into a command that waits for a person when the person gives up, or is gone. */
export class Interrupted extends Error {
  constructor() {
    super('interrupted');
    this.name = 'Interrupted';
  }
}

export type Interrupts = {
  /** Aborted when the command is over. */
  readonly signal: AbortSignal;
  /** Runs `work` to its end, whatever is pressed. */
  readonly shield: <T>(work: () => Promise<T>) => Promise<T>;
  readonly isShielded: () => boolean;
  /** Ctrl-C: `ended` when the command is over, `finishing` when it is asked to wait. */
  readonly interrupt: () => 'ended' | 'finishing';
  /** Ctrl-C was pressed while work was shielded. Whoever would ask the person or begin anew ends instead. */
  readonly isWanted: () => boolean;
  /** The terminal is gone: the command is over as soon as nothing is shielded. */
  readonly hangUp: () => void;
  readonly isHungUp: () => boolean;
};

export function createInterrupts(): Interrupts {
  const controller = new AbortController();
  let shields = 0;
  let isWaiting = false;
  let isWanted = false;
  let isHungUp = false;
  const end = (): void => controller.abort(new Interrupted());
  return {
    signal: controller.signal,
    async shield(work) {
      shields += 1;
      try {
        return await work();
      } finally {
        shields -= 1;
        if (shields === 0) {
          // Each exchange has a first Ctrl-C of its own.
          isWaiting = false;
          if (isHungUp) end();
        }
      }
    },
    isShielded: () => shields > 0,
    interrupt() {
      if (shields > 0 && !isWaiting) {
        isWaiting = true;
        isWanted = true;
        return 'finishing';
      }
      end();
      return 'ended';
    },
    isWanted: () => isWanted,
    hangUp() {
      isHungUp = true;
      if (shields === 0) end();
    },
    isHungUp: () => isHungUp,
  };
}
