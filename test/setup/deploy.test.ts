/** `npm run deploy`, `rollback` and `teardown` on a project that was set up. */

import { describe, expect, it } from 'vitest';
import { deployScript } from '../../infra/setup/deploy.ts';
import { rollback } from '../../infra/setup/rollback.ts';
import { setup } from '../../infra/setup/setup.ts';
import { teardown } from '../../infra/setup/teardown.ts';
import { createFakeCloud, type FakeCloud, PROJECT } from './fake-cloud.ts';
import { changesOf, type Outcome, runScript } from './harness.ts';

const ARGS = ['--project', PROJECT];
const SETTINGS = `gs://${PROJECT}-terraform/token-cadence/settings.tfvars.json`;

async function settledCloud(): Promise<FakeCloud> {
  const cloud = createFakeCloud();
  const { exitCode, output } = await runScript(setup, cloud);
  expect(exitCode, output).toBe(0);
  return cloud;
}

function run(script: typeof setup, cloud: FakeCloud, ...args: string[]): Promise<Outcome> {
  return runScript(script, cloud, { args: [...ARGS, ...args], answers: {} });
}

function settingsOf(cloud: FakeCloud): Record<string, unknown> {
  return JSON.parse(cloud.objects[SETTINGS] ?? '{}');
}

describe('npm run deploy', () => {
  it('builds this folder with the saved settings, and nothing else', async () => {
    const cloud = await settledCloud();
    const { exitCode, output, calls } = await run(deployScript, cloud);
    expect(exitCode, output).toBe(0);
    expect(changesOf(calls)).toEqual([
      expect.stringMatching(/^builds submit \. --config=cloudbuild.yaml .*_COMMIT=bcde9fc/),
      expect.stringMatching(
        /^builds submit gs:\S+ --config=infra\/gcp\/cloudbuild.yaml .*_MODE=apply;.*_COMMIT=bcde9fc/,
      ),
    ]);
    expect(output).toContain('Deployed. The page: https://pin-exchange-421337');
  });

  it('takes the newest enabled version of a secret, and the one before once that is disabled', async () => {
    const cloud = await settledCloud();
    cloud.secrets['token-cadence-app']?.push({ value: '{}', state: 'ENABLED' });
    const forward = await run(deployScript, cloud);
    expect(forward.output).toContain('token-cadence-app, version 2 instead of 1');
    expect(settingsOf(cloud)).toMatchObject({ secret_versions: { 'token-cadence-app': '2' } });
    const second = cloud.secrets['token-cadence-app']?.[1];
    if (second !== undefined) second.state = 'DISABLED';
    const back = await run(deployScript, cloud);
    expect(back.output).toContain('token-cadence-app, version 1 instead of 2');
    expect(settingsOf(cloud)).toMatchObject({ secret_versions: { 'token-cadence-app': '1' } });
  });

  it('changes a choice and takes it back', async () => {
    const cloud = await settledCloud();
    await run(
      deployScript,
      cloud,
      '--set',
      'uptime_check=true',
      '--set',
      'settings.ALERT_AT=08:00',
    );
    expect(settingsOf(cloud)).toMatchObject({
      uptime_check: true,
      settings: { ALERT_AT: '08:00' },
    });
    await run(deployScript, cloud, '--unset', 'uptime_check', '--unset', 'settings.ALERT_AT');
    expect(Object.keys(settingsOf(cloud))).toEqual([
      'region',
      'sessions',
      'secret_versions',
      'role_suffix',
    ]);
  });

  it.each([
    ['sessions=x', '"sessions" is not changed with --set.', 'npm run setup -- --sessions'],
    ['secret_versions={}', '"secret_versions" is not changed with --set.', 'newest enabled'],
    ['uptime_check', '"uptime_check" is not <name>=<value>.', '--set uptime_check=true'],
  ])('refuses --set %s before anything is changed', async (set, ...says) => {
    const cloud = await settledCloud();
    const { exitCode, output, calls } = await run(deployScript, cloud, '--set', set);
    expect(exitCode).toBe(2);
    for (const text of says) expect(output).toContain(text);
    expect(changesOf(calls)).toEqual([]);
  });

  describe('the list of worker accounts that there was once', () => {
    const LIST = ['orb-bot@my-trading-123456.iam.gserviceaccount.com'];

    /** The line to paste, taken from the screen. */
    const pasted = (output: string): string =>
      /npm run deploy -- --set '(worker_accounts=[^']+)'/.exec(output)?.[1] ?? 'none';

    it('is refused when it is set, with a line to paste that is taken', async () => {
      const cloud = await settledCloud();
      const set = `worker_accounts=${JSON.stringify(LIST)}`;
      const refused = await run(deployScript, cloud, '--set', set);
      expect(refused.exitCode).toBe(2);
      expect(changesOf(refused.calls)).toEqual([]);
      const { exitCode, output } = await run(deployScript, cloud, '--set', pasted(refused.output));
      expect(exitCode, output).toBe(0);
      const rights = { sessions: ['etrade-sandbox'], instances: ['main'] };
      expect(settingsOf(cloud)['worker_accounts']).toEqual({
        'tc-worker': rights,
        [LIST[0] ?? '']: rights,
      });
    });

    it.each([
      ['deploy', deployScript, []],
      ['deploy -- --plan', deployScript, ['--plan']],
      ['setup', setup, []],
    ])('is refused where it was saved: npm run %s', async (_name, script, args) => {
      const cloud = await settledCloud();
      cloud.objects[SETTINGS] = JSON.stringify({ ...settingsOf(cloud), worker_accounts: LIST });
      const { exitCode, output, calls } = await run(script, cloud, ...args);
      expect(exitCode).toBe(2);
      expect(pasted(output)).toContain('"orb-bot@my-trading-123456.iam.gserviceaccount.com":{');
      expect(changesOf(calls)).toEqual([]);
    });
  });

  it('says before a session is removed that an account of workers still names it, with the line that helps', async () => {
    const cloud = createFakeCloud();
    const both = ['--sessions', 'etrade-sandbox,etrade-prod'];
    await runScript(setup, cloud, { args: [...ARGS, ...both] });
    const rights = { sessions: ['etrade-sandbox', 'etrade-prod'], instances: ['main'] };
    const set = `worker_accounts=${JSON.stringify({ 'tc-worker': rights })}`;
    expect((await run(deployScript, cloud, '--set', set)).exitCode).toBe(0);
    const refused = await run(setup, cloud, '--sessions', 'etrade-sandbox');
    expect(refused.exitCode).toBe(2);
    expect(refused.output).toContain('tc-worker: etrade-prod');
    expect(refused.output).not.toContain('will be deleted');
    expect(changesOf(refused.calls)).toEqual([]);
    const line = /--set '(worker_accounts=[^']+)'/.exec(refused.output)?.[1] ?? 'none';
    expect((await run(deployScript, cloud, '--set', line)).exitCode).toBe(0);
    const removed = await runScript(setup, cloud, {
      args: [...ARGS, '--sessions', 'etrade-sandbox'],
      answers: { REMOVE_SESSIONS: 'etrade-prod' },
    });
    expect(removed.exitCode, removed.output).toBe(0);
  });

  it('refuses while a secret has no value, which would take the functions down', async () => {
    const cloud = await settledCloud();
    cloud.secrets['token-cadence-heartbeat'] = [];
    const { exitCode, output, calls } = await run(deployScript, cloud, '--set', 'heartbeat=true');
    expect(exitCode).toBe(1);
    expect(output).toContain('There is no value yet for token-cadence-heartbeat.');
    expect(changesOf(calls)).toEqual([]);
  });

  it('plans without changing anything', async () => {
    const cloud = await settledCloud();
    const { exitCode, output, calls } = await run(deployScript, cloud, '--plan');
    expect(exitCode, output).toBe(0);
    expect(changesOf(calls)).toEqual([
      expect.stringContaining('--config=cloudbuild.yaml'),
      expect.stringContaining('_MODE=plan'),
    ]);
    expect(output).toContain('Nothing was changed.');
  });

  it('leaves out the checks in an emergency, says so twice, and the list of releases keeps it', async () => {
    const cloud = await settledCloud();
    const { exitCode, output } = await run(deployScript, cloud, '--unchecked');
    expect(exitCode, output).toBe(0);
    expect(cloud.builds.at(-1)?.substitutions).toMatchObject({ _MODE: 'apply', _CHECKS: 'no' });
    expect(output).toMatch(/^UNCHECKED: no linter, no types, no test/);
    expect(output).toContain(`It was not checked. As soon as there is time: npm run deploy`);
    await run(deployScript, cloud);
    expect(cloud.builds.at(-1)?.substitutions['_CHECKS']).toBe('committed');
    const { output: list } = await run(rollback, cloud, '--list');
    expect(list.match(/bcde9fc.*$/gm)).toEqual(['bcde9fc', 'bcde9fc, unchecked', 'bcde9fc']);
    const back = await run(rollback, cloud);
    expect(back.output).toContain('no test has seen it');
  });

  it('does not plan without checks: there is nothing to hurry', async () => {
    const cloud = await settledCloud();
    const { exitCode, calls } = await run(deployScript, cloud, '--plan', '--unchecked');
    expect([exitCode, changesOf(calls)]).toEqual([2, []]);
  });

  it('sends people to the setup where nothing is', async () => {
    const cloud = createFakeCloud({ apis: ['storage.googleapis.com'] });
    const { exitCode, output } = await run(deployScript, cloud);
    expect(exitCode).toBe(1);
    expect(output).toContain(`Now: npm run setup -- --project ${PROJECT}`);
  });
});

describe('npm run rollback', () => {
  it('does not see builds of pull requests, however many, old or unfinished', async () => {
    const cloud = await settledCloud();
    const first = cloud.builds.at(-1)?.id ?? 'none';
    await run(deployScript, cloud);
    const [bundles] = cloud.bundleBuilds;
    expect(bundles?.tags).toEqual(['token-cadence-bundles']);
    if (bundles === undefined) return;
    const pull = { ...bundles, createTime: '2026-12-01T12:00:00Z', status: 'WORKING' };
    for (let number = 0; number < 60; number += 1) {
      cloud.bundleBuilds.push({ ...pull, id: `pull-${number}` });
    }
    // As an earlier release tagged them.
    cloud.bundleBuilds.push({ ...pull, id: 'pull-old', tags: ['token-cadence'] });
    const { exitCode, output } = await run(rollback, cloud);
    expect(exitCode, output).toBe(0);
    expect(cloud.builds.at(-1)?.substitutions['_RELEASE']).toBe(first);
  });

  it('deploys what the deployment before was made of, and builds nothing', async () => {
    const cloud = await settledCloud();
    await run(deployScript, cloud);
    const { exitCode, output, calls } = await run(rollback, cloud);
    expect(exitCode, output).toBe(0);
    const first = cloud.builds[1];
    expect(changesOf(calls)).toEqual([
      expect.stringContaining(`builds submit gs://${PROJECT}-terraform-builds/sources/2.tgz`),
    ]);
    expect(cloud.builds.at(-1)?.substitutions).toMatchObject({
      _CHECKS: 'committed',
      _RELEASE: first?.id,
      _BUILD: first?.substitutions['_BUILD'],
      _MODE: 'apply',
    });
    expect(output).toContain('Rolled back.');
  });

  it('goes a further one back the second time, and says when there is none', async () => {
    const cloud = await settledCloud();
    await run(deployScript, cloud);
    await run(deployScript, cloud);
    await run(rollback, cloud);
    await run(rollback, cloud);
    expect(cloud.builds.at(-1)?.substitutions['_RELEASE']).toBe(cloud.builds[1]?.id);
    const third = await run(rollback, cloud);
    expect(third.exitCode).toBe(1);
    expect(third.output).toContain('There is no deployment before this one.');
  });

  it('goes back to the last whole deployment after one that failed', async () => {
    const cloud = await settledCloud();
    cloud.failingStep = { step: 'terraform-apply', lines: ['keep-alive: 500'] };
    const failed = await run(deployScript, cloud);
    expect(failed.output).toContain('keep-alive: 500');
    await run(rollback, cloud);
    expect(cloud.builds.at(-1)?.substitutions['_RELEASE']).toBe(cloud.builds[1]?.id);
  });

  it('lists what there is, and goes to the one that is named', async () => {
    const cloud = await settledCloud();
    await run(deployScript, cloud);
    await run(deployScript, cloud);
    const { output } = await run(rollback, cloud, '--list');
    const ids = cloud.builds.slice(1).map(({ id }) => id);
    expect(
      [...output.matchAll(/^(b\d\S+) {2}2026-.* {2}bcde9fc$/gm)].map((match) => match[1]),
    ).toEqual(ids.toReversed());
    await run(rollback, cloud, '--to', ids[0] ?? '');
    expect(cloud.builds.at(-1)?.substitutions['_RELEASE']).toBe(ids[0]);
    const unknown = await run(rollback, cloud, '--to', 'b99');
    expect([unknown.exitCode, unknown.output]).toEqual([
      2,
      expect.stringContaining('No deployment "b99" is kept.'),
    ]);
  });

  it('says that a source is gone before anything is started, and how to go on', async () => {
    const cloud = await settledCloud();
    await run(deployScript, cloud);
    const archive = `gs://${PROJECT}-terraform-builds/sources/2.tgz`;
    delete cloud.objects[archive];
    const { exitCode, output, calls } = await run(rollback, cloud);
    expect(exitCode).toBe(1);
    expect(output).toContain(`What ${cloud.builds[1]?.id} was made of is gone: ${archive}`);
    expect(output).toContain('kept for 90 days, and this one is of 2026-11-20');
    expect(output).toContain(
      `git checkout bcde9fc && npm ci && npm run deploy -- --project ${PROJECT}`,
    );
    expect(changesOf(calls)).toEqual([]);
  });

  it('refuses while a build runs', async () => {
    const cloud = await settledCloud();
    const newest = cloud.builds.at(-1);
    if (newest !== undefined) newest.status = 'WORKING';
    const { exitCode, output, calls } = await run(rollback, cloud);
    expect(exitCode).toBe(1);
    expect(output).toContain(`gcloud builds cancel ${newest?.id} --project=${PROJECT}`);
    expect(changesOf(calls)).toEqual([]);
  });

  it('leaves the second setup with nothing to do', async () => {
    const cloud = await settledCloud();
    await run(deployScript, cloud);
    await run(rollback, cloud);
    const { calls } = await run(setup, cloud);
    expect(changesOf(calls)).toEqual([]);
  });
});

function buildRoles(cloud: FakeCloud): string[] {
  return Object.keys(cloud.roles).filter((id) => cloud.roles[id]?.deleted === false);
}

describe('npm run teardown', () => {
  const answer = (
    cloud: FakeCloud,
    answers: Record<string, string>,
    ...args: string[]
  ): Promise<Outcome> => runScript(teardown, cloud, { args: [...ARGS, ...args], answers });

  it('changes nothing without the project’s id', async () => {
    const cloud = await settledCloud();
    for (const answers of [{}, { TEARDOWN: 'yes' }]) {
      const { exitCode, output, calls } = await answer(cloud, answers);
      expect(exitCode).toBe(1);
      expect(output).toContain('Tokens, records and consumer keys go with it');
      expect(changesOf(calls)).toEqual([]);
    }
  });

  it('takes down what Terraform made and says what stays', async () => {
    const cloud = await settledCloud();
    const { exitCode, output, calls } = await answer(cloud, { TEARDOWN: PROJECT });
    expect(exitCode, output).toBe(0);
    expect(changesOf(calls)).toEqual([expect.stringContaining('_MODE=destroy')]);
    expect(cloud.secrets).toEqual({});
    expect(output).toContain(
      `- gs://${PROJECT}-terraform, gs://${PROJECT}-terraform-builds, tc-build@`,
    );
  });

  it('removes the rest on request, and can be run again', async () => {
    const cloud = await settledCloud();
    await answer(cloud, { TEARDOWN: PROJECT, REMOVE_REST: 'yes' });
    expect([
      cloud.buckets,
      cloud.accounts,
      cloud.bindings,
      cloud.roles['tokenCadenceBuild_ababab']?.deleted,
    ]).toEqual([{}, {}, [], true]);
    const again = await answer(cloud, {}, '--everything');
    expect(again.exitCode, again.output).toBe(0);
    expect(changesOf(again.calls)).toEqual([]);
  });

  it('completes a removal that was cut off at any call', async () => {
    const sample = await settledCloud();
    const whole = await answer(sample, { TEARDOWN: PROJECT }, '--everything');
    for (const index of whole.calls.keys()) {
      const cloud = await settledCloud();
      const cut = await runScript(teardown, cloud, {
        args: [...ARGS, '--everything'],
        answers: { TEARDOWN: PROJECT },
        intercept: (at) =>
          at === index ? { exitCode: 1, stdout: '', stderr: 'UNAVAILABLE' } : null,
      });
      expect(cut.exitCode).toBe(1);
      const again = await answer(cloud, { TEARDOWN: PROJECT }, '--everything');
      expect(again.exitCode, again.output).toBe(0);
      expect([cloud.buckets, cloud.accounts, cloud.bindings]).toEqual([{}, {}, []]);
    }
  });

  it('leaves a bucket from which a new setup sends its message to the new chat', async () => {
    const cloud = await settledCloud();
    await answer(cloud, { TEARDOWN: PROJECT });
    const { exitCode, output, telegram } = await runScript(setup, cloud);
    expect(exitCode, output).toBe(0);
    expect(telegram.sent).toHaveLength(1);
  });

  it('is undone by a new setup', async () => {
    const cloud = await settledCloud();
    await answer(cloud, { TEARDOWN: PROJECT }, '--everything');
    const { exitCode, output } = await runScript(setup, cloud);
    expect(exitCode, output).toBe(0);
    expect(buildRoles(cloud)).toEqual([expect.stringMatching(/^tokenCadenceBuild_[0-9a-f]{6}$/)]);
    expect(buildRoles(cloud)).not.toEqual(['tokenCadenceBuild_ababab']);
    expect(cloud.builds.at(-1)?.substitutions['_MODE']).toBe('apply');
  });
});
