/**
 * What Ctrl-C does: ends a command at once, except while it does what must not be cut in two.
 *
 * Knows no signals: `main.ts` tells it of them. While a PIN is spent and its token stored, the first one
 * waits; the second ends the process all the same.
 */

/** Thrown into a command that waits for a person when the person gives up. */
export class Interrupted extends Error {
  constructor() {
    super('interrupted');
    this.name = 'Interrupted';
  }
}

export type Interrupts = {
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** Runs `work` to its end, whatever is pressed. */
  readonly shield: <T>(work: () => Promise<T>) => Promise<T>;
  /** Ctrl-C: `ended` when the command is over, `finishing` when it is asked to wait. */
  readonly interrupt: () => 'ended' | 'finishing';
};

export function createInterrupts(): Interrupts {
  const controller = new AbortController();
  let shields = 0;
  let isWaiting = false;
  return {
    signal: controller.signal,
    async shield(work) {
      shields += 1;
      try {
        return await work();
      } finally {
        shields -= 1;
      }
    },
    interrupt() {
      if (shields > 0 && !isWaiting) {
        isWaiting = true;
        return 'finishing';
      }
      controller.abort(new Interrupted());
      return 'ended';
    },
  };
}
