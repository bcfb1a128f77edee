/**
 * Whether the page can be public in the usual way: by a grant to everyone, which a policy of an organisation may
 * refuse. Then Cloud Run is to leave out its check, unless a policy demands it.
 *
 * Enables the API that shows policies, where there is an organisation, and changes nothing else. What the account may not
 * see is taken for allowed.
 */

import * as z from 'zod';
import type { Cloud } from './cloud.ts';
import { SetupProblem } from './problem.ts';
import { ensureApi } from './project-checks.ts';
import type { DeploymentSettings } from './settings-file.ts';
import type { Say } from './steps.ts';

export type PublicPageOptions = {
  readonly cloud: Cloud;
  readonly project: string;
  readonly earlier: DeploymentSettings;
};

const POLICY_API = 'orgpolicy.googleapis.com';
const DOMAINS = 'iam.allowedPolicyMemberDomains';
const MEMBERS = 'iam.managed.allowedPolicyMembers';
const CHECKED = 'run.managed.requireInvokerIam';

const ruleSchema = z.object({
  enforce: z.boolean().default(false),
  denyAll: z.boolean().default(false),
  values: z.object({ allowedValues: z.array(z.string()).default([]) }).optional(),
  parameters: z.object({ allowedMemberSubjects: z.array(z.string()).default([]) }).optional(),
});

type Rule = z.infer<typeof ruleSchema>;

const policySchema = z.object({
  spec: z.object({ rules: z.array(ruleSchema).default([]) }).default({ rules: [] }),
});

/**
 * @returns the variable `public` of infra/gcp, where it is not as usual
 * @throws SetupProblem where neither way is allowed
 */
export async function choosePublishing(
  { cloud, project, earlier }: PublicPageOptions,
  say: Say,
): Promise<{ readonly public?: 'unchecked' }> {
  if (cloud.isPrinted || earlier['public'] !== undefined) return {};
  if (!(await hasOrganisation(cloud, project))) return {};
  try {
    await ensureApi(cloud, POLICY_API);
  } catch (error) {
    // Without the right to switch it on, the policies cannot be seen, which is said below.
    if (!(error instanceof SetupProblem)) throw error;
  }
  const rulesOf = async (constraint: string): Promise<readonly Rule[] | null> => {
    const policy = await cloud.ask(['org-policies', 'describe', constraint, '--effective'], {
      doing: 'see a policy of the organisation',
      schema: policySchema.nullable(),
      whenPrinted: null,
      whenAbsent: null,
      absentKinds: ['absent', 'denied', 'api-off'],
    });
    return policy?.spec.rules ?? null;
  };
  const domains = await rulesOf(DOMAINS);
  const members = await rulesOf(MEMBERS);
  const refusing = [
    ...(domains?.some(namesDomains) === true ? [DOMAINS] : []),
    ...(members?.some(namesMembers) === true ? [MEMBERS] : []),
  ];
  if (refusing.length === 0) {
    if (domains === null || members === null) {
      say.note(
        `whether your organisation allows a public page cannot be seen; if it does not, the build will say so: npm run deploy -- --project ${project} --set public=unchecked`,
      );
    }
    return {};
  }
  if ((await rulesOf(CHECKED))?.some(({ enforce }) => enforce) === true) {
    throw new SetupProblem(
      `Policies of your organisation forbid a public page, and the page has to be public (${[...refusing, CHECKED].join(', ')}).`,
      [
        'An administrator of the organisation can lift the last one for this project, which is enough:',
        `  gcloud org-policies reset ${CHECKED} --project=${project}`,
        'Or use a project outside of the organisation.',
      ],
    );
  }
  say.note(
    `a policy of your organisation refuses a grant to everyone (${refusing.join(', ')}): Cloud Run will not check who calls the page`,
  );
  return { public: 'unchecked' };
}

async function hasOrganisation(cloud: Cloud, project: string): Promise<boolean> {
  const { parent } = await cloud.ask(['projects', 'describe', project], {
    doing: 'see whether the project belongs to an organisation',
    schema: z.object({ parent: z.object({ type: z.string() }).nullish() }),
    whenPrinted: {},
  });
  return parent != null;
}

/** Domains and customers are listed: everyone is in none of them. */
function namesDomains({ denyAll, values }: Rule): boolean {
  return denyAll || (values?.allowedValues.length ?? 0) > 0;
}

function namesMembers({ enforce, parameters }: Rule): boolean {
  return enforce && parameters?.allowedMemberSubjects.includes('allUsers') !== true;
}
