/**
 * Which commit is checked out, for the list of builds that `rollback` shows. Asks git, changes nothing.
 */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** `bcde9fc`, with `-changed` when files differ from it; `null` where there is no git. */
export async function readCommit(root: string): Promise<string | null> {
  try {
    const { stdout } = await run(
      'git',
      ['describe', '--always', '--exclude=*', '--dirty=-changed'],
      {
        cwd: root,
      },
    );
    return stdout.trim();
  } catch {
    return null;
  }
}
