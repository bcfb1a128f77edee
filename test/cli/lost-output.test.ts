/** Which errors of standard output end a command, with which code, and which are only remembered. */

import { describe, expect, it } from 'vitest';
import { EXIT, type ExitCode } from '../../functions/cli/exit-code.ts';
import { createInterrupts } from '../../functions/cli/interrupts.ts';
import { createLostOutput } from '../../functions/cli/lost-output.ts';

function lostOutput() {
  const interrupts = createInterrupts();
  const said: string[] = [];
  const exits: ExitCode[] = [];
  const lost = createLostOutput({
    interrupts,
    say: (sentence) => said.push(sentence),
    exit: (code) => exits.push(code),
  });
  const fail = (code: string) => lost.failed(Object.assign(new Error(code), { code }));
  return { interrupts, lost, fail, said, exits };
}

describe('a standard output that fails', () => {
  const cases = [
    { code: 'EPIPE', exit: EXIT.ok, says: 0 },
    { code: 'ENOSPC', exit: EXIT.failed, says: 1 },
    { code: 'EIO', exit: EXIT.failed, says: 1 },
  ];
  for (const { code, exit, says } of cases) {
    it(`${code} ends the command with ${exit}`, () => {
      const { fail, exits, said } = lostOutput();
      fail(code);
      expect(exits).toEqual([exit]);
      expect(said).toHaveLength(says);
    });

    it(`${code} ends nothing that is shielded`, async () => {
      const { interrupts, fail, exits } = lostOutput();
      await interrupts.shield(async () => fail(code));
      expect(exits).toEqual([]);
    });
  }

  it('names the error, once', async () => {
    const { interrupts, fail, said } = lostOutput();
    await interrupts.shield(async () => {
      fail('ENOSPC');
      fail('ENOSPC');
    });
    expect(said).toEqual(['The result could not be written (ENOSPC): it is not whole.']);
  });

  it('turns a good end into a failed one, and leaves other ends as they are', async () => {
    const { interrupts, lost, fail } = lostOutput();
    expect(lost.exitCode(EXIT.ok)).toBe(EXIT.ok);
    await interrupts.shield(async () => fail('EPIPE'));
    expect(lost.exitCode(EXIT.ok)).toBe(EXIT.ok);
    await interrupts.shield(async () => fail('ENOSPC'));
    expect(lost.exitCode(EXIT.ok)).toBe(EXIT.failed);
    expect(lost.exitCode(EXIT.signIn)).toBe(EXIT.signIn);
  });
});
