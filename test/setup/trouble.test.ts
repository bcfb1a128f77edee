/** What goes wrong in a first setup: each time words that say what happened and what to do now. */

import { describe, expect, it } from 'vitest';
import { deployScript } from '../../infra/setup/deploy.ts';
import type { GcloudAnswer } from '../../infra/setup/gcloud.ts';
import { setup } from '../../infra/setup/setup.ts';
import { createFakeCloud, type FakeCloud, PROJECT } from './fake-cloud.ts';
import { CANARIES, changesOf, type RunOptions, runScript } from './harness.ts';

type Trouble = {
  readonly name: string;
  readonly cloud?: Partial<FakeCloud>;
  readonly run?: RunOptions;
  readonly exitCode?: number;
  readonly says: readonly string[];
  /** Nothing may have been changed by then. */
  readonly isHarmless?: boolean;
};

const READY = { number: '421337', lifecycleState: 'ACTIVE', billing: true };

function refused(stderr: string): GcloudAnswer {
  return { exitCode: 1, stdout: '', stderr: `ERROR: (gcloud.x) ${stderr}\n` };
}

const TROUBLES: readonly Trouble[] = [
  {
    name: 'nobody logged in',
    cloud: { account: null },
    says: ['Nobody is logged in to gcloud.', 'gcloud auth login'],
    isHarmless: true,
  },
  {
    name: 'a project that is not there',
    run: { args: ['--project', 'my-tradng-123456'] },
    says: ['There is no project "my-tradng-123456"', `This account sees: ${PROJECT}`],
    isHarmless: true,
  },
  {
    name: 'a project of somebody else',
    cloud: {
      projects: { [PROJECT]: READY, 'foreign-project': READY },
      hidden: ['foreign-project'],
    },
    run: { args: ['--project', 'foreign-project'] },
    says: ['There is no project "foreign-project", or trader@example.com may not see it.'],
    isHarmless: true,
  },
  {
    name: 'the number of a project',
    run: { args: ['--project', '421337'] },
    exitCode: 2,
    says: ['--project is no project id', 'not its number', 'gcloud projects list'],
    isHarmless: true,
  },
  {
    name: 'a project that is being deleted',
    cloud: { projects: { [PROJECT]: { ...READY, lifecycleState: 'DELETE_REQUESTED' } } },
    says: ['is being deleted', `gcloud projects undelete ${PROJECT}`],
    isHarmless: true,
  },
  {
    name: 'no billing',
    cloud: { projects: { [PROJECT]: { ...READY, billing: false } } },
    says: [`${PROJECT} has no billing account.`, `gcloud billing projects link ${PROJECT}`],
    isHarmless: true,
  },
  {
    name: 'a missing permission',
    cloud: { denied: { 'iam service-accounts create': 'iam.serviceAccounts.create' } },
    says: [
      `Could not make the account tc-build@${PROJECT}.iam.gserviceaccount.com: trader@example.com lacks the permission iam.serviceAccounts.create in ${PROJECT}.`,
      '--role=roles/owner',
    ],
  },
  {
    name: 'a missing permission to enable APIs',
    cloud: { denied: { 'services enable': 'serviceusage.services.enable' } },
    says: [
      'Could not enable APIs: trader@example.com lacks the permission serviceusage.services.enable',
    ],
  },
  {
    name: 'an API that is reported on and is not, three minutes later',
    run: {
      intercept: (index) =>
        index >= 5
          ? refused(
              'PERMISSION_DENIED: Cloud Functions API has not been used in project 421337 before or it is disabled. Enable it by visiting https://console.developers.google.com/apis/api/cloudfunctions.googleapis.com/overview then retry.\nreason: SERVICE_DISABLED',
            )
          : null,
    },
    says: [
      'the API cloudfunctions.googleapis.com is not on',
      `gcloud services enable cloudfunctions.googleapis.com --project=${PROJECT}`,
      'a few minutes',
    ],
  },
  {
    name: 'a bucket of that name with somebody else',
    cloud: {
      buckets: {
        [`${PROJECT}-terraform`]: {
          project: 'other',
          versioning: true,
          lifecycle: true,
          location: 'EU',
        },
      },
    },
    says: [
      `The name of the bucket "${PROJECT}-terraform" is taken`,
      `--state-bucket ${PROJECT}-token-cadence`,
    ],
  },
  {
    name: 'a region without Cloud Functions',
    run: { args: ['--project', PROJECT, '--region', 'us-centrl1'] },
    says: ['The region "us-centrl1" has no Cloud Functions.', 'us-central1, us-east1, us-south1'],
  },
  {
    name: 'a region without Cloud Scheduler',
    run: { args: ['--project', PROJECT, '--region', 'us-south1'] },
    says: ['The region "us-south1" has no Cloud Scheduler.', 'us-central1, us-east1'],
  },
  {
    name: 'a session with a typo',
    run: { args: ['--project', PROJECT, '--sessions', 'etrade-sandbx'] },
    exitCode: 2,
    says: ['"etrade-sandbx" is no session key (did you mean etrade-sandbox?)'],
    isHarmless: true,
  },
  {
    name: 'a broker with a typo, and a session twice',
    run: { args: ['--project', PROJECT, '--sessions', 'etrad-prod,etrade-sandbox,etrade-sandbox'] },
    exitCode: 2,
    says: [
      '"etrad-prod" names no known broker (did you mean etrade-prod?)',
      '"etrade-sandbox" stands there twice',
    ],
    isHarmless: true,
  },
  {
    name: 'a broker that nobody knows',
    run: { args: ['--project', PROJECT, '--sessions', 'wallstreet-prod'] },
    exitCode: 2,
    says: ['"wallstreet-prod" names no known broker (known: etrade'],
    isHarmless: true,
  },
  {
    name: 'an option that does not exist',
    run: { args: ['--projct', PROJECT] },
    exitCode: 2,
    says: ["Unknown option '--projct'", '--project', 'npm run setup --'],
    isHarmless: true,
  },
  {
    name: 'an answer that is missing',
    run: { answers: { ...CANARIES, ETRADE_SANDBOX_CONSUMER_SECRET: '' } },
    says: [
      'There is no answer to "Consumer secret of etrade sandbox',
      'ETRADE_SANDBOX_CONSUMER_SECRET=…',
    ],
  },
  {
    name: 'a bot token that Telegram does not know',
    run: { answers: { ...CANARIES, TELEGRAM_BOT_TOKEN: '1:unknown' } },
    says: ['The answer TELEGRAM_BOT_TOKEN is unknown to Telegram'],
  },
  {
    name: 'a bot that another program listens to',
    run: { telegram: { status: 409 } },
    says: ['Another program already listens to this bot.', '/newbot'],
  },
  {
    name: 'nobody who writes the code to the bot',
    run: { telegram: { messages: [{ chatId: 1, type: 'private', text: 'hi', from: 'Eve<b>' }] } },
    says: [
      'Somebody wrote to the bot (Eveb), but not the code',
      'Nobody wrote the code to the bot.',
    ],
  },
  {
    name: 'a group instead of a private chat',
    run: { telegram: { messages: [{ chatId: -5, type: 'group', text: '<code>' }] } },
    says: ['The code came in a group.', 'Nobody wrote the code to the bot.'],
  },
  {
    name: 'tests that fail in the build',
    cloud: { failingStep: { step: 'test', lines: ['FAIL test/x.test.ts', '1 failed'] } },
    says: [
      'The build ended in the step "test" with FAILURE.',
      'FAIL test/x.test.ts',
      'All of it: https://console',
    ],
  },
  {
    name: 'a secret that somebody made by hand',
    cloud: {
      failingStep: {
        step: 'terraform-apply',
        lines: [
          'Error: Error creating Secret: googleapi: Error 409: Secret [token-cadence-app] already exists.',
        ],
      },
    },
    says: ['something of this name is there already', 'copy its value out of it first'],
  },
  {
    name: 'a lock that a cut-off build has left',
    cloud: {
      failingStep: { step: 'terraform-plan', lines: ['Error: Error acquiring the state lock'] },
    },
    says: [`gcloud storage rm gs://${PROJECT}-terraform/token-cadence/default.tflock`],
  },
  {
    name: 'a role that was deleted not long ago',
    cloud: {
      failingStep: {
        step: 'terraform-apply',
        lines: [
          "Error: Error creating the custom project role: googleapi: Error 400: You can't create a role_id (tokenCadenceReader) which has been marked for deletion., failedPrecondition",
        ],
      },
    },
    says: ['deleted less than 37 days ago', '--set role_suffix=<small letters and digits>'],
  },
  {
    name: 'a policy against public functions',
    cloud: {
      failingStep: {
        step: 'terraform-apply',
        lines: [
          'Error 400: One or more users named in the policy do not belong to a permitted customer.',
        ],
      },
    },
    says: [
      'forbids public functions',
      'gcloud org-policies reset iam.allowedPolicyMemberDomains',
      '--set public=unchecked',
    ],
  },
  {
    name: 'the newer policy against public functions',
    cloud: {
      failingStep: {
        step: 'terraform-apply',
        lines: [
          "Error 400: Operation denied by org policy: ['constraints/iam.managed.allowedPolicyMembers'].",
        ],
      },
    },
    says: [
      'forbids public functions',
      'gcloud org-policies reset iam.managed.allowedPolicyMembers',
    ],
  },
  {
    name: 'another policy of the organisation',
    cloud: {
      failingStep: {
        step: 'terraform-apply',
        lines: [
          "Error 412: Request violates constraint 'constraints/gcp.resourceLocations' on the resource",
        ],
      },
    },
    says: ['a policy of your organisation forbids something', 'constraints/gcp.resourceLocations'],
  },
  {
    name: 'a registry that turns the build away',
    cloud: {
      failingStep: {
        step: 'install',
        lines: [
          'Error response from daemon: toomanyrequests: You have reached your unauthenticated pull rate limit.',
        ],
      },
    },
    says: ['too many others asked at the same time', 'Wait an hour'],
  },
  {
    name: 'a region in which the project may not build',
    cloud: {
      failingStep: {
        step: 'terraform-apply',
        lines: [
          'Error: Error waiting to create function: Error code 9, message: Build failed: due to quota restrictions, cannot run builds in this region.',
        ],
      },
    },
    says: ['Google lets this project build in a few regions only', '--region us-central1'],
  },
  {
    name: 'a region without any quota for builds',
    run: {
      intercept: (_index, _run, [, verb]) =>
        verb === 'submit'
          ? refused('FAILED_PRECONDITION: no concurrent builds quota available to create builds')
          : null,
    },
    says: ['The build was not started: Google lets this project build in a few regions only'],
  },
  {
    name: 'an image of Google’s that Google may not fetch',
    cloud: {
      failingStep: {
        step: 'terraform-apply',
        lines: [
          'Build failed: denied: Permission "artifactregistry.repositories.downloadArtifacts" denied on serverless-runtimes/utilities/gcs-fetcher',
        ],
      },
    },
    says: ['a fault on Google’s side'],
  },
  {
    name: 'an account that Google does not know of after three tries',
    cloud: {
      failingStep: {
        step: 'terraform-apply',
        lines: [
          'Error: googleapi: Error 400: Service account tc-worker@x.iam.gserviceaccount.com does not exist.',
        ],
      },
    },
    says: ['does not yet know an account or a role', 'Wait ten minutes'],
  },
  {
    name: 'Google away for a moment',
    cloud: {
      failingStep: {
        step: 'terraform-apply',
        lines: ['Error: googleapi: Error 503: backendError'],
      },
    },
    says: ['Google did not answer for a moment'],
  },
  {
    name: 'a billing API that does not come on',
    cloud: { apis: [], slowApis: { cloudbilling: 100 } },
    says: [
      'Google does not know yet that the API cloudbilling.googleapis.com is on',
      'Wait five minutes',
    ],
  },
  {
    name: 'a gcloud without its beta part',
    run: {
      intercept: (_index, _run, [group]) =>
        group === 'beta'
          ? refused(
              'You do not currently have this command group installed. Using it requires the installation of components: [beta]',
            )
          : null,
    },
    says: ['this gcloud has no "beta" part', 'gcloud components install beta', 'Cloud Shell'],
  },
  {
    name: 'a secret that a function may read since a minute',
    cloud: {
      failingStep: {
        step: 'terraform-apply',
        lines: [
          'Error: Error waiting for Updating function: Error code 3, message: Could not create or update Cloud Run service keep-alive, Permission denied on secret: projects/421337/secrets/etrade-prod-consumer/versions/1 for Revision service account tc-keep-alive@my-trading-123456.iam.gserviceaccount.com.',
        ],
      },
    },
    says: ['does not yet know that a function may read a secret', 'Wait ten minutes'],
  },
  {
    name: 'a role that Google has not heard of yet',
    cloud: {
      failingStep: {
        step: 'terraform-apply',
        lines: ["Error 403: Permission 'pubsub.topics.create' denied"],
      },
    },
    says: ['tc-deploy lacks a permission', 'up to seven minutes'],
  },
];

describe('a setup that meets', () => {
  it.each(TROUBLES)(
    '$name says so, and what to do',
    async ({ cloud: changes, run, says, exitCode, isHarmless }) => {
      const cloud = createFakeCloud(changes);
      const outcome = await runScript(setup, cloud, run);
      expect(outcome.exitCode, outcome.output).toBe(exitCode ?? 1);
      for (const text of says) expect(outcome.output).toContain(text);
      // Never a stack: nobody planned for it then.
      expect(outcome.output).not.toMatch(/^\s+at .*\.ts/m);
      for (const canary of Object.values(CANARIES)) expect(outcome.output).not.toContain(canary);
      if (isHarmless === true) expect(changesOf(outcome.calls)).toEqual([]);
    },
  );

  it('another region than the deployed one refuses to make a second system', async () => {
    const cloud = createFakeCloud();
    await runScript(setup, cloud);
    const { exitCode, output, calls } = await runScript(setup, cloud, {
      args: ['--project', PROJECT, '--region', 'us-east1'],
    });
    expect(exitCode).toBe(1);
    expect(output).toContain('runs in us-central1 already');
    expect(changesOf(calls)).toEqual([]);
  });

  it('a taken name goes on with another bucket', async () => {
    const taken = { project: 'other', versioning: true, lifecycle: true, location: 'EU' };
    const cloud = createFakeCloud({ buckets: { [`${PROJECT}-terraform`]: taken } });
    const args = ['--project', PROJECT, '--state-bucket', `${PROJECT}-token-cadence`];
    const { exitCode, output } = await runScript(setup, cloud, { args });
    expect(exitCode, output).toBe(0);
    expect(cloud.builds.at(-1)?.substitutions['_STATE_BUCKET']).toBe(`${PROJECT}-token-cadence`);
    expect(cloud.buckets[`${PROJECT}-terraform`]).toEqual(taken);
  });

  it('an account that was disabled and a bucket that is half made mends both', async () => {
    const account = `tc-deploy@${PROJECT}.iam.gserviceaccount.com`;
    const cloud = createFakeCloud({
      accounts: { [account]: { disabled: true } },
      roles: { tokenCadenceBuild: { permissions: ['secretmanager.secrets.get'], deleted: true } },
      buckets: {
        [`${PROJECT}-terraform`]: {
          project: PROJECT,
          versioning: false,
          lifecycle: false,
          location: 'US',
        },
      },
    });
    const { exitCode, output } = await runScript(setup, cloud);
    expect(exitCode, output).toBe(0);
    expect(cloud.accounts[account]).toEqual({ disabled: false });
    expect(cloud.roles['tokenCadenceBuild_ababab']).toMatchObject({ deleted: false });
    expect(cloud.roles['tokenCadenceBuild_ababab']?.permissions).toHaveLength(7);
    expect(cloud.buckets[`${PROJECT}-terraform`]).toMatchObject({
      versioning: true,
      lifecycle: true,
    });
  });

  it('APIs that answer only after a while waits for them, three minutes at most', async () => {
    const apis = ['serviceusage.googleapis.com', 'cloudresourcemanager.googleapis.com'];
    const slowApis = { cloudbilling: 4, cloudfunctions: 17, cloudscheduler: 3, storage: 2, iam: 1 };
    const cloud = createFakeCloud({ apis, slowApis });
    const { exitCode, output, waits } = await runScript(setup, cloud);
    expect(exitCode, output).toBe(0);
    expect(waits.filter((ms) => ms === 10_000)).toHaveLength(4 + 17 + 3 + 2 + 1);
    const never = createFakeCloud({ apis, slowApis: { cloudfunctions: 1_000 } });
    const given = await runScript(setup, never);
    expect(given.exitCode).toBe(1);
    expect(given.waits).toEqual(Array.from({ length: 18 }, () => 10_000));
  });

  it('an API that is off where none was switched on says so at once', async () => {
    const { exitCode, output, waits } = await runScript(deployScript, createFakeCloud());
    expect([exitCode, waits]).toEqual([1, []]);
    expect(output).toContain('the API storage.googleapis.com is not on');
  });

  it('a build whose log arrives late looks again before it says why', async () => {
    const cloud = createFakeCloud({
      failingStep: { step: 'terraform-apply', lines: ['toomanyrequests: pull rate limit'] },
    });
    let looks = 0;
    const { output, waits } = await runScript(setup, cloud, {
      intercept: (_index, run, [group]) => {
        const answer = run();
        if (group !== 'logging') return answer;
        looks += 1;
        return looks < 3 ? { ...answer, stdout: '[]' } : answer;
      },
    });
    expect(output).toContain('too many others asked at the same time');
    expect(waits.filter((ms) => ms === 10_000)).toHaveLength(2);
  });

  it('a region that new projects may not build in warns before anything is made', async () => {
    const { output } = await runScript(setup, createFakeCloud(), {
      args: ['--project', PROJECT, '--region', 'us-east1'],
    });
    expect(output).toContain('Google lets some projects, new ones above all, build in asia-east1');
    const usual = await runScript(setup, createFakeCloud());
    expect(usual.output).not.toContain('new ones above all');
  });
});
