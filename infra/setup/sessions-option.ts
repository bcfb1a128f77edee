/**
 * The list of sessions as it is given on the command line, checked before anything is asked or changed.
 *
 * Pure. The same rules as `functions/config.ts` and `infra/gcp`, with the likely mistake named.
 */

import { BROKERS } from '../../functions/brokers/registry.ts';
import { parseSessionKey } from '../../functions/lifecycle/session.ts';
import { SetupProblem } from './problem.ts';

/** @throws SetupProblem naming each key that is none */
export function parseSessions(text: string): readonly string[] {
  const keys = text
    .split(',')
    .map((key) => key.trim())
    .filter((key) => key !== '');
  const complaints = keys.flatMap((key, index) => {
    const complaint = keys.indexOf(key) < index ? 'stands there twice' : judge(key);
    return complaint === null ? [] : [`"${key}" ${complaint}`];
  });
  if (keys.length === 0) complaints.push('it is empty');
  if (complaints.length === 0) return keys;
  throw new SetupProblem(`The list of sessions cannot be used: ${complaints.join('; ')}.`, [FORM], {
    isUsage: true,
  });
}

const FORM =
  'A session is <broker>-<sandbox or prod>[-<account>]: etrade-sandbox, etrade-prod, etrade-prod-ira';

function judge(key: string): string | null {
  const known = Object.keys(BROKERS).flatMap((broker) => [`${broker}-sandbox`, `${broker}-prod`]);
  const near = nearest(key, known);
  const meant = near === null ? '' : ` (did you mean ${near}?)`;
  const parsed = parseSessionKey(key);
  if (parsed === null) return `is no session key${meant}`;
  if (BROKERS[parsed.broker] !== undefined) return null;
  return `names no known broker${meant === '' ? ` (known: ${Object.keys(BROKERS).join(', ')})` : meant}`;
}

/** At most this many letters wrong, missing or too many. */
const SLIPS = 3;

function nearest(key: string, known: readonly string[]): string | null {
  const judged = known
    .map((name) => ({ name, slips: slipsBetween(key.toLowerCase(), name) }))
    .toSorted((one, other) => one.slips - other.slips);
  const best = judged[0];
  return best !== undefined && best.slips <= SLIPS ? best.name : null;
}

/** Levenshtein's distance. */
function slipsBetween(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_value, index) => index);
  for (const [index, letter] of [...one].entries()) {
    const next = [index + 1];
    for (const [column, against] of [...other].entries()) {
      const replaced = (row[column] ?? 0) + (letter === against ? 0 : 1);
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
