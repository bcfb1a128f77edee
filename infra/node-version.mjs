/**
 * Says in one line when npm's scripts would run on a Node that cannot run them: they are TypeScript, and the Node 24
 * that comes along in `node_modules` is left out by an install without scripts.
 *
 * Plain JavaScript, for whatever Node finds it. Changes nothing.
 */

const [major, minor] = process.versions.node.split('.').map(Number);

// The first that strips types and knows `import.meta.main`.
if (major < 24 || (major === 24 && minor < 2)) {
  process.stderr.write(
    `This needs Node 24 and runs on ${process.versions.node}: the install left out the Node that comes along. Now: npm rebuild node\n`,
  );
  process.exitCode = 2;
}
