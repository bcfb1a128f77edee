/**
 * Says why a build failed, from the last lines of the step that failed, and what to do now.
 *
 * Pure. Used by `builds.ts`.
 */

import type { Places } from './places.ts';
import { SetupProblem } from './problem.ts';

export type FailedBuild = {
  /** `null` when the build ended before a step did. */
  readonly step: string | null;
  /** Cloud Build's word: FAILURE, TIMEOUT, CANCELLED, … */
  readonly status: string;
  readonly logUrl: string;
  /** What the step wrote, in order. */
  readonly lines: readonly string[];
};

const SHOWN_LINES = 15;
const SHOWN_COLUMNS = 240;

export function explainLog(build: FailedBuild, places: Places): SetupProblem {
  const text = build.lines.join('\n');
  const known = SIGNS.find(({ sign }) => sign.test(text));
  const lines = build.lines.filter((line) => line.trim() !== '').slice(-SHOWN_LINES);
  const where = build.step === null ? '' : ` in the step "${build.step}"`;
  return new SetupProblem(
    `The build ended${where} with ${build.status}${known === undefined ? '' : `: ${known.what}`}.`,
    [
      ...(known?.now(places, text) ?? [
        'What is done stays done: mend it, then run the same again.',
      ]),
      ...(lines.length === 0 ? [] : ['Its last lines:']),
      ...lines.map((line) => `  ${line.slice(0, SHOWN_COLUMNS)}`),
      ...(build.logUrl === '' ? [] : [`All of it: ${build.logUrl}`]),
    ],
  );
}

type Sign = {
  readonly sign: RegExp;
  readonly what: string;
  readonly now: (places: Places, text: string) => readonly string[];
};

const SIGNS: readonly Sign[] = [
  {
    sign: /Error acquiring the state lock/i,
    what: 'an earlier build was cut off and still holds the lock on the state',
    now: ({ bucket }) => [
      'Is no other build running? Then remove the lock and run the same again:',
      `  gcloud storage rm gs://${bucket}/token-cadence/default.tflock`,
    ],
  },
  {
    sign: /iam\.allowedPolicyMemberDomains|do not belong to a permitted customer/i,
    what: 'a policy of your organisation forbids public functions, and the page has to be public',
    now: ({ project }) => [
      'An administrator of the organisation can lift it for this project:',
      `  gcloud org-policies reset constraints/iam.allowedPolicyMemberDomains --project=${project}`,
      'Or use a project outside of the organisation.',
    ],
  },
  {
    sign: /role_id.*marked for deletion/i,
    what: 'a custom role of this name was deleted less than 37 days ago, and its name is not free yet',
    now: ({ project }) => [
      'Other names, with an end that was not there before:',
      `  npm run deploy -- --project ${project} --set role_suffix=<small letters and digits>`,
    ],
  },
  {
    sign: /SERVICE_DISABLED|has not been used in project|it is disabled/i,
    what: 'Google does not yet know that an API is on',
    now: () => ['Wait two minutes, then run the same again: what is done stays done.'],
  },
  {
    // Tried twice by then: the build itself waits once.
    sign: /permission\s+denied\s+on\s+secret/i,
    what: 'Google does not yet know that a function may read a secret it was given just now',
    now: () => ['Wait a minute, then run the same again: what is done stays done.'],
  },
  {
    sign: /Error 403|PERMISSION_DENIED|permission.* denied/i,
    what: 'the build account lacks a permission, or Google does not yet know that it has it',
    now: ({ project }) => [
      'Roles need up to seven minutes. Wait, then run the same again: npm run setup looks at every role.',
      `If it stays so, look for a policy: gcloud org-policies list --project=${project}`,
    ],
  },
  {
    sign: /Error 409|alreadyExists|already exists/i,
    what: 'something of this name is there already and is not Terraform’s',
    now: (_places, text) => [
      'Made by hand, or left by a state that was deleted. Delete it or rename it, then run the same again.',
      ...(/secret/i.test(text)
        ? ['A secret that holds something you need: copy its value out of it first.']
        : []),
    ],
  },
  {
    sign: /Quota exceeded|RESOURCE_EXHAUSTED|Error 429/i,
    what: 'a quota is used up',
    now: () => ['Wait a few minutes, then run the same again: what is done stays done.'],
  },
];
