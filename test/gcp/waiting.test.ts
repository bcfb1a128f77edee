/** What waits for which right: a right that is refused keeps back what needs it, and nothing else. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const FOLDER = join(import.meta.dirname, '..', '..', 'infra', 'gcp');
const resources = new Map(
  readdirSync(FOLDER)
    .filter((name) => name.endsWith('.tf'))
    .flatMap((name) => readFileSync(join(FOLDER, name), 'utf8').split(/^(?=resource )/m))
    .map((text) => [/^resource "(\w+)" "(\w+)"/.exec(text)?.slice(1).join('.') ?? '', text]),
);

/** Grants to accounts that `name` waits for, and may not do without. */
function grantsBefore(name: string): readonly string[] {
  const list = /depends_on = \[([^\]]*)\]/.exec(resources.get(name) ?? '')?.[1] ?? '';
  return [...list.matchAll(/\w+_iam_member\.\w+/g)].map(([grant]) => grant);
}

describe('rights', () => {
  it('of the scheduler alone are what its jobs wait for', () => {
    expect(grantsBefore('google_cloud_scheduler_job.own')).toEqual([
      'google_cloud_run_v2_service_iam_member.scheduler',
      'google_service_account_iam_member.granted',
    ]);
    expect(resources.get('google_cloud_run_v2_service_iam_member.scheduler')).toContain(
      'grant.who == "scheduler"',
    );
  });

  it('to call a function, of everybody else, are waited for by nobody', () => {
    const waiting = [...resources.keys()].filter((name) =>
      grantsBefore(name).includes('google_cloud_run_v2_service_iam_member.granted'),
    );
    expect(waiting).toEqual([]);
  });

  it('of accounts that people name keep back no function', () => {
    const before = grantsBefore('google_cloudfunctions2_function.own');
    expect(before).toContain('google_secret_manager_secret_iam_member.granted');
    for (const grant of before) {
      const text = resources.get(grant) ?? '';
      // Of the other kinds, people's accounts are granted none.
      const isApart = text.includes('local.granted_own');
      const isOurs = /grant\.kind == "(account|repository|bucket)"/.test(text);
      expect(isApart || isOurs, grant).toBe(true);
    }
  });
});
