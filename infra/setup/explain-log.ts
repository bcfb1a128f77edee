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
  /** What Cloud Build itself says of a build that ended outside of its steps. */
  readonly statusDetail: string;
  readonly logUrl: string;
  /** What the step wrote, in order. */
  readonly lines: readonly string[];
};

const SHOWN_LINES = 15;
const SHOWN_COLUMNS = 240;

export function explainLog(build: FailedBuild, places: Places): SetupProblem {
  const { statusDetail } = build;
  const text = [...build.lines, statusDetail].join('\n');
  const known = SIGNS.find(({ sign }) => sign.test(text));
  const lines = [...build.lines, statusDetail]
    .filter((line) => line.trim() !== '')
    .slice(-SHOWN_LINES);
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

/** Words for a build that was not even started, where there are better ones than gcloud's own. */
export function explainRefusal(stderr: string, places: Places): SetupProblem | null {
  if (!REGION.sign.test(stderr)) return null;
  return new SetupProblem(`The build was not started: ${REGION.what}.`, REGION.now(places, stderr));
}

type Sign = {
  readonly sign: RegExp;
  readonly what: string;
  readonly now: (places: Places, text: string) => readonly string[];
};

const REGION: Sign = {
  sign: /cannot run builds in this region|no concurrent builds quota/i,
  what: 'Google lets this project build in a few regions only, and this is not one of them',
  now: ({ project }) => [
    'These are always open: us-central1, us-west2, europe-west1, asia-east1, australia-southeast1, southamerica-east1.',
    'Nothing of yours is lost, tokens do not exist yet. Take down what was made, then choose one of them:',
    `  npm run teardown -- --project ${project} --everything`,
    `  npm run setup -- --project ${project} --region us-central1`,
    'Or ask Google for a higher quota: https://cloud.google.com/build/docs/locations#restricted_regions_for_some_projects',
  ],
};

const SIGNS: readonly Sign[] = [
  {
    sign: /toomanyrequests|pull rate limit|429 Too Many Requests/i,
    what: 'the registry of container images turned the build away, since too many others asked at the same time',
    now: () => [
      'It has nothing to do with your project. Wait an hour, then run the same again: what is done stays done.',
    ],
  },
  REGION,
  {
    sign: /serverless-runtimes|gcs-fetcher/i,
    what: 'Google could not fetch its own image with which it builds functions',
    now: () => [
      'That is a fault on Google’s side that comes and goes. Run the same again in ten minutes; what is done stays done.',
    ],
  },
  {
    sign: /Error acquiring the state lock/i,
    what: 'an earlier build was cut off and still holds the lock on the state',
    now: ({ bucket }) => [
      'Is no other build running? Then remove the lock and run the same again:',
      `  gcloud storage rm gs://${bucket}/token-cadence/default.tflock`,
    ],
  },
  {
    sign: /iam\.(managed\.)?allowedPolicyMember|do not belong to a permitted customer/i,
    what: 'a policy of your organisation forbids public functions, and the page has to be public',
    now: ({ project }, text) => [
      'An administrator of the organisation can lift it for this project:',
      `  gcloud org-policies reset ${/iam\.managed\.allowedPolicyMembers/.exec(text)?.[0] ?? 'iam.allowedPolicyMemberDomains'} --project=${project}`,
      'Or publish the page in the way that Google recommends under such a policy:',
      `  npm run deploy -- --project ${project} --set public=unchecked`,
      'Or use a project outside of the organisation.',
    ],
  },
  {
    sign: /constraints\/[\w.]+|organization policy|violates (?:an )?org(?:anization)? ?policy/i,
    what: 'a policy of your organisation forbids something that this needs',
    now: ({ project }) => [
      'Its name is in the lines below, as constraints/…. An administrator of the organisation can lift it for this project:',
      `  gcloud org-policies list --project=${project}`,
      'Or use a project outside of the organisation.',
    ],
  },
  {
    sign: /marked for deletion|role_id \([^)]*\) which has been/i,
    what: 'a custom role of this name was deleted less than 37 days ago, and its name is not free yet',
    now: ({ project }) => [
      'Other names, with an end that was not there before:',
      `  npm run deploy -- --project ${project} --set role_suffix=<small letters and digits>`,
      'Was nothing deployed yet? Then that saves the name and stops; go on with npm run setup.',
    ],
  },
  {
    sign: /SERVICE_DISABLED|has not been used in project|it is disabled/i,
    what: 'Google does not yet know that an API is on',
    now: () => ['Wait ten minutes, then run the same again: what is done stays done.'],
  },
  {
    // Tried three times by then: the build itself waits.
    sign: /permission\s+denied\s+on\s+secret/i,
    what: 'Google does not yet know that a function may read a secret it was given just now',
    now: () => ['Wait ten minutes, then run the same again: what is done stays done.'],
  },
  {
    sign: /Error.*(?:service ?account|role|principal|identity)\b.{0,200}(?:does not exist|not found)|unknown service account/i,
    what: 'Google does not yet know an account or a role that was made just now',
    now: () => [
      'Wait ten minutes, then run the same again: what is done stays done.',
      'Does it stay so? Then the account or role that is named below was deleted: npm run setup makes it again.',
    ],
  },
  {
    sign: /concurrent policy changes|Error 4(?:09|12).{0,200}etag|unable to queue the operation/i,
    what: 'somebody else changed the same rights at the same time',
    now: () => ['Run the same again: what is done stays done.'],
  },
  {
    sign: /(?:Error|code) 50[03]|UNAVAILABLE|backendError/i,
    what: 'Google did not answer for a moment',
    now: () => ['Wait a few minutes, then run the same again: what is done stays done.'],
  },
  {
    sign: /Error 403|PERMISSION_DENIED|permission.* denied/i,
    what: 'tc-deploy lacks a permission, or Google does not yet know that it has it',
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
