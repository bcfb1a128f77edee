/** What setup looks at or asks beside the keys: a policy against public pages, a budget. */

import { describe, expect, it } from 'vitest';
import { APIS } from '../../infra/setup/places.ts';
import { setup } from '../../infra/setup/setup.ts';
import { createFakeCloud, type FakeCloud, PROJECT } from './fake-cloud.ts';
import { CANARIES, changesOf, type RunOptions, runScript } from './harness.ts';

const SETTINGS = `gs://${PROJECT}-terraform/token-cadence/settings.tfvars.json`;
const READY = { number: '421337', lifecycleState: 'ACTIVE', billing: true };
const IN_ORGANISATION = { [PROJECT]: { ...READY, parent: { type: 'folder', id: '42' } } };
const DOMAINS = 'iam.allowedPolicyMemberDomains';
const MEMBERS = 'iam.managed.allowedPolicyMembers';
const CHECKED = 'run.managed.requireInvokerIam';
const OWN_DOMAIN = [{ values: { allowedValues: ['C03xgje4y'] } }];

async function setUp(changes: Partial<FakeCloud>, options: RunOptions = {}) {
  const cloud = createFakeCloud(changes);
  const outcome = await runScript(setup, cloud, options);
  const settings: Record<string, unknown> = JSON.parse(cloud.objects[SETTINGS] ?? '{}');
  const looks = outcome.calls.filter(({ args }) => args[0] === 'org-policies');
  return { cloud, ...outcome, settings, looks };
}

describe('a page that has to be public', () => {
  it.each([
    ['only its own domain', { [DOMAINS]: OWN_DOMAIN }],
    ['nobody at all', { [DOMAINS]: [{ denyAll: true }] }],
    [
      'listed principals',
      { [MEMBERS]: [{ enforce: true, parameters: { allowedPrincipalSets: [] } }] },
    ],
    [
      'everyone under a tag alone',
      { [DOMAINS]: [...OWN_DOMAIN, { allowAll: true, condition: {} }] },
    ],
  ])('is published without a check where a policy lets in %s', async (_what, policies) => {
    const { exitCode, output, settings } = await setUp({ projects: IN_ORGANISATION, policies });
    expect(exitCode, output).toBe(0);
    expect(settings['public']).toBe('unchecked');
    expect(output).toContain('a policy of your organisation refuses a grant to everyone');
  });

  it.each([
    ['no policy', {}],
    [
      'a policy that lists everyone',
      { [MEMBERS]: [{ enforce: true, parameters: { allowedMemberSubjects: ['allUsers'] } }] },
    ],
    ['a demand for the check alone', { [CHECKED]: [{ enforce: true }] }],
  ])('is published as usual with %s', async (_what, policies) => {
    const { exitCode, settings, looks } = await setUp({ projects: IN_ORGANISATION, policies });
    expect([exitCode, settings['public'], looks.length]).toEqual([0, undefined, 2]);
  });

  it('cannot be where policies forbid both ways, which is said before a key is typed', async () => {
    const policies = { [DOMAINS]: OWN_DOMAIN, [CHECKED]: [{ enforce: true }] };
    const { exitCode, output, cloud } = await setUp({ projects: IN_ORGANISATION, policies });
    expect(exitCode).toBe(1);
    expect(output).toContain(
      `forbid a public page, and the page has to be public (${DOMAINS}, ${CHECKED})`,
    );
    expect(output).toContain(`gcloud org-policies reset ${CHECKED} --project=${PROJECT}`);
    expect([cloud.builds, cloud.buckets]).toEqual([[], {}]);
  });

  it('is tried as usual where the policies cannot be seen, with the way out', async () => {
    const policies = { [DOMAINS]: null, [MEMBERS]: null };
    const { exitCode, output, settings } = await setUp({ projects: IN_ORGANISATION, policies });
    expect([exitCode, settings['public']]).toEqual([0, undefined]);
    expect(output).toContain(`npm run deploy -- --project ${PROJECT} --set public=unchecked`);
  });

  it('is tried as usual where the API of policies is off and may not be switched on', async () => {
    const { exitCode, output, settings } = await setUp({
      projects: IN_ORGANISATION,
      apis: [...APIS, 'cloudbilling.googleapis.com'],
      denied: { 'services enable': 'serviceusage.services.enable' },
    });
    expect([exitCode, settings['public']], output).toEqual([0, undefined]);
    expect(output).toContain(`npm run deploy -- --project ${PROJECT} --set public=unchecked`);
  });

  it('is looked at although the API of policies is off at first, and slow to come', async () => {
    const { exitCode, output, settings } = await setUp({
      projects: IN_ORGANISATION,
      policies: { [DOMAINS]: OWN_DOMAIN },
      slowApis: { orgpolicy: 3 },
    });
    expect(exitCode, output).toBe(0);
    expect(settings['public']).toBe('unchecked');
  });

  it('is looked at once, and not at all without an organisation', async () => {
    const policies = { [DOMAINS]: OWN_DOMAIN };
    expect((await setUp({ policies })).looks).toEqual([]);
    const { cloud } = await setUp({ projects: IN_ORGANISATION, policies });
    const again = await runScript(setup, cloud, { answers: {} });
    expect(again.calls.filter(({ args }) => args[0] === 'org-policies')).toEqual([]);
    expect(changesOf(again.calls)).toEqual([]);
  });
});

describe('a budget', () => {
  const withBudget = (amount: string): RunOptions => ({ answers: { ...CANARIES, BUDGET: amount } });

  it('is offered: with an amount Terraform makes it, and may', async () => {
    const { exitCode, output, cloud, settings } = await setUp({}, withBudget('5'));
    expect(exitCode, output).toBe(0);
    expect(settings).toMatchObject({ billing_account: '012345-6789AB-CDEF01', budget: 5 });
    expect(cloud.billingRoles).toEqual([
      {
        role: 'roles/billing.costsManager',
        member: `serviceAccount:tc-deploy@${PROJECT}.iam.gserviceaccount.com`,
      },
    ]);
    const again = await runScript(setup, cloud, { answers: {} });
    expect(changesOf(again.calls)).toEqual([]);
  });

  it('is asked for at a terminal, once, and "no" is kept', async () => {
    const typed = [
      CANARIES.ETRADE_SANDBOX_CONSUMER_KEY,
      CANARIES.ETRADE_SANDBOX_CONSUMER_SECRET,
      CANARIES.TELEGRAM_BOT_TOKEN,
      '0',
      'no',
    ];
    const { exitCode, output, cloud, settings } = await setUp({}, { typed });
    expect(exitCode, output).toBe(0);
    expect(output).toContain('when a month costs this much');
    expect(output).toContain('That is not a whole number above zero.');
    expect(settings).toMatchObject({ billing_account: null });
    const again = await runScript(setup, cloud, { typed: [] });
    expect(again.output).not.toContain('when a month costs this much');
  });

  it('is not made without a right on the billing account, and stops nothing', async () => {
    const denied = { 'billing accounts': 'billing.accounts.setIamPolicy' };
    const { exitCode, output, settings } = await setUp({ denied }, withBudget('5'));
    expect(exitCode, output).toBe(0);
    expect(settings).not.toHaveProperty('billing_account');
    expect(output).toContain('no budget: Could not let the account that deploys make a budget');
    expect(output).toContain('https://console.cloud.google.com/billing/budgets');
  });

  it('is left out of a run without a person that does not speak of it', async () => {
    const { settings, cloud } = await setUp({});
    expect([settings['billing_account'], cloud.billingRoles]).toEqual([undefined, []]);
  });
});
