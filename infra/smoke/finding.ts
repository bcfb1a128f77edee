/**
 * What a look at a deployment comes to: one line each, with what to do where something is to be done.
 *
 * Types and their text. Made by `checks.ts`, printed by `smoke.ts`.
 */

export type Finding =
  | { readonly type: 'ok'; readonly what: string }
  | { readonly type: 'problem' | 'not-checked'; readonly what: string; readonly todo: string };

const MARKS: Readonly<Record<Finding['type'], string>> = {
  ok: 'ok',
  problem: 'PROBLEM',
  'not-checked': 'skipped',
};

export function textOf(finding: Finding): string {
  const line = `${MARKS[finding.type].padEnd(8)} ${finding.what}\n`;
  return finding.type === 'ok' ? line : `${line}${' '.repeat(9)}→ ${finding.todo}\n`;
}
