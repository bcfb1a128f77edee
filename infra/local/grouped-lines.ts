/**
 * Draws together lines of several workers that differ in nothing but who says them: one line for three.
 *
 * Holds a line for a moment, until the others have spoken too. Used by the process of the sample workers.
 */

/** The workers call at the same moment; their answers are milliseconds apart. */
const HELD_MS = 60;

/** `orb-bot · etrade-prod · generation 1 · 200` → who, and what. */
const LINE = /^(\S+) · (.*)$/s;

/** @param print writes `a, b · …`, names in the order in which they spoke */
export function createGroupedLines(print: (line: string) => void): (line: string) => void {
  const held = new Map<string, string[]>();

  return (line) => {
    const [, who = '', what = line] = LINE.exec(line) ?? [];
    const speakers = held.get(what);
    if (speakers !== undefined) {
      speakers.push(who);
      return;
    }
    const first = [who];
    held.set(what, first);
    setTimeout(() => {
      held.delete(what);
      print([first.join(', '), what].filter((part) => part !== '').join(' · '));
    }, HELD_MS);
  };
}
