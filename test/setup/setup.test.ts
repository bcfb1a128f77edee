/** The guided setup from an empty project to the first alert, twice, with more sessions, with new secrets. */

import { describe, expect, it } from 'vitest';
import { setup } from '../../infra/setup/setup.ts';
import { createFakeCloud, type FakeCloud, PROJECT } from './fake-cloud.ts';
import { CANARIES, CHAT_ID, changesOf, runScript } from './harness.ts';

async function settledCloud(): Promise<FakeCloud> {
  const cloud = createFakeCloud();
  const { exitCode, output } = await runScript(setup, cloud);
  expect(exitCode, output).toBe(0);
  return cloud;
}

const SETTINGS = `gs://${PROJECT}-terraform/token-cadence/settings.tfvars.json`;

describe('npm run setup', () => {
  it('takes an empty project to the first alert', async () => {
    const cloud = createFakeCloud();
    const { exitCode, output, telegram } = await runScript(setup, cloud);
    expect(exitCode, output).toBe(0);
    expect(
      cloud.builds.map(({ substitutions, status }) => [substitutions['_MODE'], status]),
    ).toEqual([
      ['foundation', 'SUCCESS'],
      ['apply', 'SUCCESS'],
    ]);
    expect(JSON.parse(cloud.objects[SETTINGS] ?? '')).toEqual({
      region: 'us-central1',
      sessions: ['etrade-sandbox'],
      secret_versions: { 'token-cadence-app': '1', 'etrade-sandbox-consumer': '1' },
      role_suffix: 'ababab',
    });
    expect(JSON.parse(cloud.secrets['etrade-sandbox-consumer']?.[0]?.value ?? '')).toEqual({
      key: CANARIES.ETRADE_SANDBOX_CONSUMER_KEY,
      secret: CANARIES.ETRADE_SANDBOX_CONSUMER_SECRET,
    });
    expect(JSON.parse(cloud.secrets['token-cadence-app']?.[0]?.value ?? '')).toEqual({
      telegramBotToken: CANARIES.TELEGRAM_BOT_TOKEN,
      telegramChatId: CHAT_ID,
      linkKey: expect.stringMatching(/^[\w-]{43}$/),
      statusKey: expect.stringMatching(/^[\w-]{32}$/),
    });
    expect(telegram.sent).toEqual([
      {
        chatId: CHAT_ID,
        text: expect.stringContaining('https://pin-exchange-421337.us-central1.run.app'),
      },
    ]);
    expect(output).toContain('The page: https://pin-exchange-421337.us-central1.run.app');
  });

  it('gives the account that builds its log and the bundles, and takes whatever it was given beyond', async () => {
    const account = `tc-build@${PROJECT}.iam.gserviceaccount.com`;
    const member = `serviceAccount:${account}`;
    const bindings = ['roles/storage.admin', 'roles/logging.logWriter'].map((role) => ({
      role,
      member,
    }));
    const cloud = createFakeCloud({
      apis: [...createFakeCloud().apis, 'iam.googleapis.com'],
      accounts: { [account]: { disabled: false } },
      bindings: [...bindings, { role: 'roles/storage.admin', member: 'user:trader@example.com' }],
    });
    const { exitCode, output } = await runScript(setup, cloud);
    expect(exitCode, output).toBe(0);
    expect(output).toContain(`${account} without roles/storage.admin`);
    expect(cloud.bindings.filter((each) => each.member === member)).toEqual([
      { role: 'roles/logging.logWriter', member },
    ]);
    expect(cloud.bindings).toContainEqual({
      role: 'roles/storage.admin',
      member: 'user:trader@example.com',
    });
    expect(cloud.bucketBindings).toEqual({
      [`gs://${PROJECT}-terraform-builds`]: [
        { role: 'roles/storage.objectViewer', member },
        { role: 'roles/storage.objectCreator', member },
      ],
    });
  });

  it('builds as one account, and deploys what came of it as the other', async () => {
    const cloud = await settledCloud();
    const [bundles] = cloud.bundleBuilds;
    expect(cloud.bundleBuilds).toHaveLength(1);
    expect(bundles?.substitutions).toEqual({
      _BUILDS_BUCKET: `${PROJECT}-terraform-builds`,
      _CHECKS: 'committed',
      _COMMIT: 'bcde9fc',
    });
    expect(cloud.builds[1]?.substitutions).toMatchObject({ _MODE: 'apply', _BUILD: bundles?.id });
    const submits = cloud.calls.map(({ args }) => args).filter(([, verb]) => verb === 'submit');
    expect(submits.map(([, , source, config]) => [source, config])).toEqual([
      ['.', '--config=infra/gcp/cloudbuild.yaml'],
      ['.', '--config=cloudbuild.yaml'],
      [`gs://${PROJECT}-terraform-builds/sources/c1.tgz`, '--config=infra/gcp/cloudbuild.yaml'],
    ]);
  });

  it.each([
    ['an unchanged commit', 'bcde9fc', [], 'committed'],
    ['an unchanged commit, with --checked', 'bcde9fc', ['--checked'], 'yes'],
    ['files that differ from the commit', 'bcde9fc-changed', [], 'yes'],
    ['a folder without git', null, [], 'yes'],
  ])('runs the checks as it should for %s', async (_what, commit, flags, checks) => {
    const cloud = createFakeCloud();
    const args = ['--project', PROJECT, ...flags];
    const { exitCode, output } = await runScript(setup, cloud, { args, commit });
    expect(exitCode, output).toBe(0);
    const [, applied] = cloud.builds;
    expect([cloud.bundleBuilds[0], applied].map((each) => each?.substitutions['_CHECKS'])).toEqual([
      checks,
      checks,
    ]);
    expect(output.includes('half an hour more')).toBe(checks === 'yes');
  });

  it('asks what was deployed whether it lives, and says what does not answer', async () => {
    const cloud = await settledCloud();
    const findings = [
      { type: 'ok', what: 'the page answers' },
      { type: 'problem', what: 'keep-alive: 500', todo: 'see its log' },
    ] as const;
    const { exitCode, output, asked } = await runScript(setup, cloud, { answers: {}, findings });
    expect(exitCode).toBe(1);
    expect(asked).toEqual([expect.stringContaining('https://pin-exchange-421337')]);
    expect(output).toContain('It is deployed, and does not answer as it should.');
    expect(output).toMatch(/keep-alive: 500\n.*→ see its log/);
    expect(output).toContain(`npm run rollback -- --project ${PROJECT}`);
  });

  it('gives the account that deploys its roles and nothing that reads secrets or owns the project', async () => {
    const cloud = await settledCloud();
    const member = `serviceAccount:tc-deploy@${PROJECT}.iam.gserviceaccount.com`;
    const roles = cloud.bindings.filter((each) => each.member === member).map(({ role }) => role);
    expect(roles).toHaveLength(14);
    expect(roles.filter((role) => /owner|editor$|secret/i.test(role))).toEqual([
      'roles/monitoring.editor',
    ]);
    expect(roles).toContain(`projects/${PROJECT}/roles/tokenCadenceBuild_ababab`);
    expect(cloud.roles['tokenCadenceBuild_ababab']?.permissions).not.toContain(
      'secretmanager.versions.access',
    );
  });

  it('adds nothing in a second run, needs no answer, and sends nothing', async () => {
    const cloud = await settledCloud();
    const before = structuredClone({ ...cloud, calls: [] });
    const again = await runScript(setup, cloud, { answers: {} });
    expect(again.exitCode, again.output).toBe(0);
    expect(changesOf(again.calls)).toEqual([]);
    expect(again.telegram.sent).toEqual([]);
    expect({ ...cloud, calls: [] }).toEqual(before);
    expect(again.output).not.toMatch(/^\s+\+ /m);
  });

  it('keeps the sessions of the deployment when none are named', async () => {
    const cloud = await settledCloud();
    await runScript(setup, cloud, {
      args: ['--project', PROJECT, '--sessions', 'etrade-sandbox,etrade-prod'],
    });
    const again = await runScript(setup, cloud, { answers: {} });
    expect(again.output).toContain('sessions: etrade-sandbox, etrade-prod');
    expect(changesOf(again.calls)).toEqual([]);
  });

  it('adds a session to a running deployment: its secrets, its key, one build', async () => {
    const cloud = await settledCloud();
    const { exitCode, output, calls, telegram } = await runScript(setup, cloud, {
      args: ['--project', PROJECT, '--sessions', 'etrade-sandbox,etrade-prod'],
      answers: {
        ETRADE_PROD_CONSUMER_KEY: CANARIES.ETRADE_PROD_CONSUMER_KEY,
        ETRADE_PROD_CONSUMER_SECRET: CANARIES.ETRADE_PROD_CONSUMER_SECRET,
      },
    });
    expect(exitCode, output).toBe(0);
    expect(changesOf(calls).map((line) => line.split(' ').slice(0, 4).join(' '))).toEqual([
      'beta services identity create',
      'builds submit . --config=infra/gcp/cloudbuild.yaml',
      'secrets versions add etrade-prod-consumer',
      `storage cp - ${SETTINGS}`,
      'builds submit . --config=cloudbuild.yaml',
      `builds submit gs://${PROJECT}-terraform-builds/sources/c2.tgz --config=infra/gcp/cloudbuild.yaml`,
    ]);
    expect(cloud.builds[2]?.substitutions).toMatchObject({
      _MODE: 'foundation',
      _SESSIONS: 'etrade-sandbox,etrade-prod',
    });
    expect(telegram.sent).toEqual([]);
  });

  it('adds one session and leaves out another, whose secrets stay until the functions let go', async () => {
    const cloud = await settledCloud();
    const seen: string[][] = [];
    const { exitCode, output } = await runScript(setup, cloud, {
      args: ['--project', PROJECT, '--sessions', 'etrade-prod'],
      answers: {
        REMOVE_SESSIONS: 'etrade-sandbox',
        ETRADE_PROD_CONSUMER_KEY: CANARIES.ETRADE_PROD_CONSUMER_KEY,
        ETRADE_PROD_CONSUMER_SECRET: CANARIES.ETRADE_PROD_CONSUMER_SECRET,
      },
      intercept: () => {
        if (cloud.builds.length === 4) seen.push(Object.keys(cloud.secrets));
        return null;
      },
    });
    expect(exitCode, output).toBe(0);
    expect(seen[0]).toEqual(
      expect.arrayContaining(['etrade-sandbox-session', 'etrade-prod-session']),
    );
    expect(Object.keys(cloud.secrets).toSorted()).toEqual([
      'etrade-prod-consumer',
      'etrade-prod-session',
      'token-cadence-app',
    ]);
  });

  it('asks before a session is left out, since its token goes with it', async () => {
    const cloud = await settledCloud();
    await runScript(setup, cloud, {
      args: ['--project', PROJECT, '--sessions', 'etrade-sandbox,etrade-prod'],
    });
    const args = ['--project', PROJECT, '--sessions', 'etrade-sandbox'];
    const refused = await runScript(setup, cloud, { args, answers: {} });
    expect(refused.exitCode).toBe(1);
    expect(refused.output).toContain(
      'Tokens and records of etrade-prod will be deleted with etrade-prod-consumer.',
    );
    expect(changesOf(refused.calls)).toEqual([]);
    const agreed = await runScript(setup, cloud, {
      args,
      answers: { REMOVE_SESSIONS: 'etrade-prod' },
    });
    expect(agreed.exitCode, agreed.output).toBe(0);
    expect(JSON.parse(cloud.objects[SETTINGS] ?? '')).toMatchObject({
      sessions: ['etrade-sandbox'],
      secret_versions: { 'token-cadence-app': '1', 'etrade-sandbox-consumer': '1' },
    });
  });

  it('takes along a choice that has to be made before the first run, such as a key for the secrets', async () => {
    const settings = { region: 'us-central1', sessions: ['etrade-sandbox'], secret_versions: {} };
    const bucket = { project: PROJECT, versioning: false, lifecycle: false, location: 'US' };
    const cloud = createFakeCloud({
      apis: [...createFakeCloud().apis, 'iam.googleapis.com', 'storage.googleapis.com'],
      accounts: { [`tc-deploy@${PROJECT}.iam.gserviceaccount.com`]: { disabled: false } },
      buckets: { [`${PROJECT}-terraform`]: bucket },
      objects: { [SETTINGS]: JSON.stringify({ ...settings, kms_key: 'projects/…' }) },
    });
    const { exitCode, output } = await runScript(setup, cloud);
    expect(exitCode, output).toBe(0);
    expect(JSON.parse(cloud.objects[SETTINGS] ?? '')).toEqual({
      ...settings,
      secret_versions: { 'token-cadence-app': '1', 'etrade-sandbox-consumer': '1' },
      role_suffix: 'ababab',
      kms_key: 'projects/…',
    });
  });

  it('keeps choices it does not know, such as a budget', async () => {
    const cloud = await settledCloud();
    const settings = { ...JSON.parse(cloud.objects[SETTINGS] ?? ''), budget: 2 };
    cloud.objects[SETTINGS] = JSON.stringify(settings);
    const { exitCode } = await runScript(setup, cloud, { answers: {} });
    expect(exitCode).toBe(0);
    expect(JSON.parse(cloud.objects[SETTINGS] ?? '')).toEqual(settings);
    expect(cloud.builds.at(-1)?.substitutions['_MODE']).toBe('apply');
  });

  it('replaces a consumer key by a new version and deploys it', async () => {
    const cloud = await settledCloud();
    const { exitCode, output } = await runScript(setup, cloud, {
      args: ['--project', PROJECT, '--replace', 'etrade-sandbox-consumer'],
    });
    expect(exitCode, output).toBe(0);
    expect(cloud.secrets['etrade-sandbox-consumer']).toHaveLength(2);
    expect(JSON.parse(cloud.objects[SETTINGS] ?? '')).toMatchObject({
      secret_versions: { 'etrade-sandbox-consumer': '2' },
    });
    expect(cloud.builds).toHaveLength(3);
  });

  it('sends a new test message with a new bot', async () => {
    const cloud = await settledCloud();
    const { telegram } = await runScript(setup, cloud, {
      args: ['--project', PROJECT, '--replace', 'token-cadence-app'],
    });
    expect(telegram.sent).toHaveLength(1);
  });

  it('waits for the build of a run that was cut off, and starts no second one', async () => {
    const cloud = createFakeCloud();
    const looks = { left: 2 };
    const cut = await runScript(setup, cloud, {
      intercept: (_index, run) => {
        const args = cloud.calls.at(-1)?.args ?? [];
        if (args[1] === 'submit') looks.left -= 1;
        if (looks.left > 1) return null;
        looks.left = 2;
        return run().exitCode === 0
          ? { exitCode: 1, stdout: '', stderr: 'Connection reset' }
          : null;
      },
    });
    expect(cut.exitCode).toBe(1);
    expect(cloud.builds.map(({ status }) => status)).not.toContain('SUCCESS');
    const { exitCode, output } = await runScript(setup, cloud);
    expect(exitCode, output).toBe(0);
    expect(output).toContain('a build of an earlier run is still going');
    expect(cloud.builds.map(({ substitutions }) => substitutions['_MODE'])).toEqual([
      'foundation',
      'apply',
    ]);
  });

  it('finds the chat of whoever wrote the code, not of somebody else', async () => {
    const cloud = createFakeCloud();
    const { exitCode, output } = await runScript(setup, cloud, {
      telegram: {
        messages: [
          { chatId: 666, type: 'private', text: 'hello', from: 'Stranger' },
          { chatId: -100, type: 'group', text: 'the code is <code>' },
          { chatId: 77001, type: 'private', text: '<code>' },
        ],
      },
    });
    expect(exitCode, output).toBe(0);
    expect(cloud.secrets['token-cadence-app']?.[0]?.value).toContain('"telegramChatId":"77001"');
  });

  it('asks at a terminal, again after a slip, and never shows what is typed', async () => {
    const cloud = createFakeCloud({ configuredProject: PROJECT });
    const { exitCode, output } = await runScript(setup, cloud, {
      args: [],
      typed: [
        '',
        ` ${CANARIES.ETRADE_SANDBOX_CONSUMER_KEY} `,
        CANARIES.ETRADE_SANDBOX_CONSUMER_KEY,
        CANARIES.ETRADE_SANDBOX_CONSUMER_SECRET,
        'no-bot-token',
        CANARIES.TELEGRAM_BOT_TOKEN,
      ],
    });
    expect(exitCode, output).toBe(0);
    expect(output).toContain('That is the key once more.');
    expect(output).toContain('That does not look like 123456:ABC…');
    for (const canary of Object.values(CANARIES)) expect(output).not.toContain(canary);
  });
});

describe('secrets', () => {
  it('are in no argument, in no output and in no object of the bucket', async () => {
    const cloud = createFakeCloud();
    const { output } = await runScript(setup, cloud);
    const values = [
      ...Object.values(CANARIES),
      ...Object.values(JSON.parse(cloud.secrets['token-cadence-app']?.[0]?.value ?? '{}')).slice(2),
    ].map(String);
    const seen = [output, JSON.stringify(cloud.calls), JSON.stringify(cloud.objects)].join('\n');
    expect(values.filter((value) => seen.includes(value))).toEqual([]);
    expect(values.length).toBe(7);
  });

  it.each([
    ['a line end', '\n'],
    ['a line end of Windows', '\r\n'],
    ['spaces and a tab', '  \t'],
  ])('are stored without %s that came along', async (_what, tail) => {
    const cloud = createFakeCloud();
    const { exitCode, output } = await runScript(setup, cloud, {
      args: ['--project', PROJECT],
      typed: [
        `${CANARIES.ETRADE_SANDBOX_CONSUMER_KEY}${tail}`,
        `${CANARIES.ETRADE_SANDBOX_CONSUMER_SECRET}${tail}`,
        `${CANARIES.TELEGRAM_BOT_TOKEN}${tail}`,
      ],
    });
    expect(exitCode, output).toBe(0);
    expect(cloud.secrets['etrade-sandbox-consumer']?.[0]?.value).toBe(
      `{"key":"${CANARIES.ETRADE_SANDBOX_CONSUMER_KEY}","secret":"${CANARIES.ETRADE_SANDBOX_CONSUMER_SECRET}"}`,
    );
    expect(cloud.secrets['token-cadence-app']?.[0]?.value).toContain(
      `"telegramBotToken":"${CANARIES.TELEGRAM_BOT_TOKEN}"`,
    );
  });

  it('with a space inside are refused without being shown', async () => {
    const cloud = createFakeCloud();
    const { exitCode, output } = await runScript(setup, cloud, {
      answers: { ...CANARIES, ETRADE_SANDBOX_CONSUMER_KEY: '"canary-half canary-other"' },
    });
    expect(exitCode).toBe(1);
    expect(output).toContain(
      'The answer ETRADE_SANDBOX_CONSUMER_KEY has a space or a line end inside',
    );
    expect(output).not.toContain('canary');
  });
});
