/**
 * The one place that writes to standard output: the `write` of the logs of a real process.
 *
 * Synchronous on pipes and files, as on Cloud Run. Called by `compose.ts`, `http/serve.ts` and the command
 * line.
 */

/** Writes a line that brings its own line break. */
export function writeToStdout(line: string): void {
  process.stdout.write(line);
}
