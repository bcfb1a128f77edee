/**
 * Says what a failure of gcloud means and what to do now.
 *
 * Pure. gcloud has no machine-readable errors, so its text is matched by the words that Google's APIs have
 * used for years (status names, not sentences, where there is one); what is not recognised is shown as it is.
 * Used by `cloud.ts`.
 */

import type { GcloudAnswer } from './gcloud.ts';
import { SetupProblem } from './problem.ts';

export type FailureKind =
  | 'logged-out'
  | 'no-billing'
  | 'api-off'
  | 'policy'
  | 'taken'
  | 'denied'
  | 'absent'
  | 'quota'
  | 'network'
  | 'other';

/** In this order: a refusal may name several things, and the first is what to mend first. */
const SIGNS: readonly (readonly [FailureKind, RegExp])[] = [
  [
    'logged-out',
    /active account selected|Reauthentication|refreshing your current auth tokens|invalid_grant|gcloud auth login/i,
  ],
  [
    'no-billing',
    /billing must be enabled|UREQ_PROJECT_BILLING|BILLING_DISABLED|billing account for project .* is not found|billing to be enabled/i,
  ],
  ['api-off', /SERVICE_DISABLED|has not been used in project|not enabled on project/i],
  ['policy', /constraints\/[\w.]+|organization policy/i],
  ['quota', /RESOURCE_EXHAUSTED|quota exceeded|rate limit/i],
  ['taken', /ALREADY_EXISTS|already exists|already own it|HTTPError 409|name is not available/i],
  [
    'denied',
    /PERMISSION_DENIED|does not have permission|HTTPError 403|Permission .* denied|AccessDenied/i,
  ],
  ['absent', /NOT_FOUND|not found|matched no objects|HTTPError 404|does not exist/i],
  ['network', /UNAVAILABLE|Could not reach|Connection (reset|refused|aborted)|timed out|DEADLINE/i],
];

export function kindOf(stderr: string): FailureKind {
  return SIGNS.find(([, sign]) => sign.test(stderr))?.[0] ?? 'other';
}

export type FailureContext = {
  /** `look at the project`: completes "Could not …". */
  readonly doing: string;
  readonly project: string;
  /** Who is logged in, once that is known. */
  readonly account: string | null;
};

/** The words for a call that failed. */
export function explainFailure(answer: GcloudAnswer, context: FailureContext): SetupProblem {
  const { doing, project } = context;
  const who = context.account ?? 'Your account';
  const person = context.account ?? '<you>';
  const { stderr } = answer;
  const could = `Could not ${doing}`;
  switch (kindOf(stderr)) {
    case 'logged-out':
      return new SetupProblem(`${could}: nobody is logged in to gcloud, or no longer.`, [
        'Now: gcloud auth login',
        AGAIN,
      ]);
    case 'no-billing':
      return new SetupProblem(
        `${could}: ${project} has no billing account.`,
        billingAdvice(project),
      );
    case 'api-off': {
      const api = /\b([a-z]+\.googleapis\.com)\b/.exec(stderr)?.[1];
      return new SetupProblem(`${could}: the API ${api ?? 'it needs'} is not on in ${project}.`, [
        ...(api === undefined
          ? ['gcloud says:', ...excerptOf(stderr)]
          : [`Now: gcloud services enable ${api} --project=${project}`]),
        'Was it enabled just now? Google needs a few minutes to know. Then run the same again.',
      ]);
    }
    case 'policy':
      return new SetupProblem(
        `${could}: a policy of your organisation forbids it (${/constraints\/[\w.]+/.exec(stderr)?.[0] ?? 'not named'}).`,
        [
          'An administrator of the organisation can lift it for this project; or use a project outside.',
          'gcloud says:',
          ...excerptOf(stderr),
        ],
      );
    case 'taken':
      return new SetupProblem(`${could}: the name is taken.`, [
        'gcloud says:',
        ...excerptOf(stderr),
      ]);
    case 'denied': {
      const permission = /[Pp]ermission[s]? ['"]?([a-z]+\.[\w.]+)/.exec(stderr)?.[1];
      return new SetupProblem(
        `${could}: ${who} lacks ${permission === undefined ? 'the permission' : `the permission ${permission}`} in ${project}.`,
        [
          `An owner of ${project} can grant it: gcloud projects add-iam-policy-binding ${project} --member=user:${person} --role=roles/owner`,
          'Another account of yours may have it: gcloud auth list, gcloud config set account <account>',
          AGAIN,
        ],
      );
    }
    case 'absent':
      return new SetupProblem(`${could}: it is not there.`, ['gcloud says:', ...excerptOf(stderr)]);
    case 'quota':
      return new SetupProblem(`${could}: a quota of ${project} is used up.`, [
        'Wait a few minutes, then run the same again.',
        'gcloud says:',
        ...excerptOf(stderr),
      ]);
    case 'network':
      return new SetupProblem(`${could}: Google did not answer.`, [
        'Check the network, then run the same again: what is done stays done.',
        'gcloud says:',
        ...excerptOf(stderr),
      ]);
    case 'other':
      return new SetupProblem(`${could}.`, ['gcloud says:', ...excerptOf(stderr), AGAIN]);
  }
}

export const AGAIN = 'Then run the same again: what is done stays done.';

export function billingAdvice(project: string): string[] {
  return [
    'Google wants one even where nothing is charged (see "npm run cost").',
    `In the browser: https://console.cloud.google.com/billing/linkedaccount?project=${project}`,
    `Or: gcloud billing accounts list, then gcloud billing projects link ${project} --billing-account=<id>`,
    AGAIN,
  ];
}

const EXCERPT_LINES = 6;
const EXCERPT_COLUMNS = 300;

function excerptOf(stderr: string): string[] {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  if (lines.length === 0) return ['(nothing)'];
  return lines.slice(0, EXCERPT_LINES).map((line) => `  ${line.slice(0, EXCERPT_COLUMNS)}`);
}
