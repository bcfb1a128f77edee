/**
 * Says in one line when npm's scripts would run on a Node that cannot run them: they are TypeScript, and the Node 24
 * that comes along in `node_modules` is left out by an install without scripts, or nothing is installed yet.
 *
 * Plain JavaScript, for whatever Node finds it. Changes nothing.
 */

import { existsSync } from 'node:fs';

const [major, minor] = process.versions.node.split('.').map(Number);

// The first that strips types and knows `import.meta.main`.
if (major < 24 || (major === 24 && minor < 2)) {
  const isInstalled = existsSync(new URL('../node_modules', import.meta.url));
  process.stderr.write(
    `This needs Node 24 and runs on ${process.versions.node}: ${
      isInstalled
        ? 'the install left out the Node that comes along. Now: npm rebuild node'
        : 'the Node that comes along is not installed yet. Now: npm ci'
    }\n`,
  );
  process.exitCode = 2;
}
