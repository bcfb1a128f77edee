/**
 * Offers a budget that warns by e-mail: Terraform makes it, with a right on the billing account that the person
 * gives the account that deploys here.
 *
 * Never a reason to stop: without the right there is no budget, and what to do is said.
 */

import * as z from 'zod';
import type { Answers } from './answers.ts';
import type { Cloud } from './cloud.ts';
import { memberOf } from './deploy-account.ts';
import type { Places } from './places.ts';
import { SetupProblem } from './problem.ts';
import type { DeploymentSettings } from './settings-file.ts';
import type { Say } from './steps.ts';

export type BudgetOptions = {
  readonly cloud: Cloud;
  readonly places: Places;
  readonly answers: Answers;
  readonly earlier: DeploymentSettings;
};

/** Variables of infra/gcp. `null` is a "no" that is kept, so that it is asked once. */
export type Budget = { readonly billing_account?: string | null; readonly budget?: number };

const ROLE = 'roles/billing.costsManager';

export async function offerBudget(options: BudgetOptions, say: Say): Promise<Budget> {
  const { cloud, places, answers, earlier } = options;
  if (cloud.isPrinted || earlier['billing_account'] !== undefined) return {};
  const answer = await answers.get({
    name: 'BUDGET',
    question:
      'A stranger’s calls of the page cost you money. Warn you by e-mail when a month costs this much, in whole units of your currency (or "no")',
    fallback: answers.isInteractive ? '1' : '',
    judge: (value) =>
      /^([1-9]\d{0,5}|no)$/.test(value) ? null : 'is not a whole number above zero',
  });
  if (answer === '') return {};
  if (answer === 'no') return { billing_account: null };
  try {
    const account = await grantBudgets(cloud, places);
    say.made(`a budget of ${answer} a month; ${places.deployAccount} has ${ROLE} for it`);
    return { billing_account: account, budget: Number(answer) };
  } catch (error) {
    if (!(error instanceof SetupProblem)) throw error;
    say.note(`no budget: ${error.message}`);
    say.note(
      `the owner of the billing account can make one: https://console.cloud.google.com/billing/budgets?project=${places.project}`,
    );
    return {};
  }
}

async function grantBudgets(cloud: Cloud, places: Places): Promise<string> {
  const account = await cloud.ask(['billing', 'projects', 'describe', places.project], {
    doing: 'see which billing account pays',
    schema: z
      .object({ billingAccountName: z.string() })
      .transform(({ billingAccountName }) => billingAccountName.replace('billingAccounts/', '')),
    whenPrinted: '',
  });
  await cloud.change(
    [
      'billing',
      'accounts',
      'add-iam-policy-binding',
      account,
      `--member=${memberOf(places)}`,
      `--role=${ROLE}`,
      '--format=none',
    ],
    { doing: 'let the account that deploys make a budget' },
  );
  return account;
}
