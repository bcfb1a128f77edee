/**
 * The words for a request of which the broker cannot have seen anything, since no connection was made.
 *
 * Pure. What was to be spent by it is as good as before.
 */

/** No connection was made, whatever platform says so. */
export const NEVER_SENT: ReadonlySet<string> = new Set([
  'econnrefused',
  'enotfound',
  'eai_again',
  'und_err_connect_timeout',
]);

/** Marks a word that alone would not say when it happened: `connect-econnreset`. */
export const WHILE_CONNECTING = 'connect-';

/** Whether the broker cannot have seen anything of the request. */
export function wasNeverSent(problem: string): boolean {
  return NEVER_SENT.has(problem) || problem.startsWith(WHILE_CONNECTING);
}
