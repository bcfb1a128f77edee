/**
 * What a dead standard output means for the command that writes to it.
 *
 * A reader that has gone (`| head`) has read enough; a full disk has lost a result. Neither cuts short
 * what is shielded: what was meant for the stream is dropped, and the work goes on. Used by `process.ts`.
 */

import { EXIT, type ExitCode } from './exit-code.ts';
import type { Interrupts } from './interrupts.ts';

export type LostOutputOptions = {
  readonly interrupts: Interrupts;
  /** One sentence for standard error. */
  readonly say: (sentence: string) => void;
  readonly exit: (code: ExitCode) => void;
};

export type LostOutput = {
  /** To be called with every error of standard output. */
  readonly failed: (error: NodeJS.ErrnoException) => void;
  /** What the command exits with: its own code, unless its result was lost. */
  readonly exitCode: (own: ExitCode) => ExitCode;
};

export function createLostOutput({ interrupts, say, exit }: LostOutputOptions): LostOutput {
  let isLost = false;
  return {
    failed({ code = 'unknown' }) {
      if (code === 'EPIPE') {
        if (!interrupts.isShielded()) exit(EXIT.ok);
        return;
      }
      if (!isLost) say(`The result could not be written (${code}): it is not whole.`);
      isLost = true;
      if (!interrupts.isShielded()) exit(EXIT.failed);
    },
    exitCode: (own) => (isLost && own === EXIT.ok ? EXIT.failed : own),
  };
}
