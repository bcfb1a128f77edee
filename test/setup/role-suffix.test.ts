/** Custom roles after a teardown: Google gives the id of a deleted role away again after 37 days only. */

import { describe, expect, it } from 'vitest';
import { deployScript } from '../../infra/setup/deploy.ts';
import { setup } from '../../infra/setup/setup.ts';
import { teardown } from '../../infra/setup/teardown.ts';
import { createFakeCloud, type FakeCloud, PROJECT } from './fake-cloud.ts';
import { changesOf, runScript } from './harness.ts';

const SETTINGS = `gs://${PROJECT}-terraform/token-cadence/settings.tfvars.json`;
const ARGS = ['--project', PROJECT];

function settingsOf(cloud: FakeCloud): Record<string, unknown> {
  return JSON.parse(cloud.objects[SETTINGS] ?? '{}');
}

function liveRoles(cloud: FakeCloud): string[] {
  return Object.keys(cloud.roles).filter((id) => cloud.roles[id]?.deleted === false);
}

async function run(script: typeof setup, cloud: FakeCloud, ...args: string[]) {
  const outcome = await runScript(script, cloud, { args: [...ARGS, ...args] });
  expect(outcome.exitCode, outcome.output).toBe(0);
  return outcome;
}

async function takeDown(cloud: FakeCloud, ...args: string[]): Promise<void> {
  const answers = { TEARDOWN: PROJECT };
  const outcome = await runScript(teardown, cloud, { args: [...ARGS, ...args], answers });
  expect(outcome.exitCode, outcome.output).toBe(0);
}

describe('the suffix of the custom roles', () => {
  it('is known to the first build already, and stays as long as the deployment does', async () => {
    const cloud = createFakeCloud();
    const seen: unknown[] = [];
    await runScript(setup, cloud, {
      intercept: () => {
        if (cloud.builds.length === 1) seen.push(settingsOf(cloud)['role_suffix']);
        return null;
      },
    });
    expect(new Set(seen)).toEqual(new Set(['ababab']));
    await run(deployScript, cloud, '--set', 'uptime_check=true');
    await run(setup, cloud, '--replace', 'etrade-sandbox-consumer');
    expect(settingsOf(cloud)).toMatchObject({ role_suffix: 'ababab', uptime_check: true });
  });

  it.each([
    ['a teardown', []],
    ['a teardown of everything', ['--everything']],
  ])('is another one after %s, and the account of builds has one role', async (_what, args) => {
    const cloud = createFakeCloud();
    const suffixes: unknown[] = [];
    for (let round = 0; round < 3; round += 1) {
      await run(setup, cloud);
      suffixes.push(settingsOf(cloud)['role_suffix']);
      expect(liveRoles(cloud)).toHaveLength(1);
      const [role = ''] = liveRoles(cloud);
      const held = cloud.bindings.filter((each) => each.role.includes('tokenCadenceBuild'));
      expect(held.map((each) => each.role)).toEqual([`projects/${PROJECT}/roles/${role}`]);
      await takeDown(cloud, ...args);
    }
    expect(new Set(suffixes).size).toBe(3);
    for (const suffix of suffixes) expect(suffix).toMatch(/^[a-z0-9]{6}$/);
  });

  it('is one and the same for every run after a teardown, until it is deployed and after', async () => {
    const cloud = createFakeCloud();
    await run(setup, cloud);
    await takeDown(cloud);
    const cut = await runScript(setup, cloud, { answers: {} });
    expect(cut.output).toContain('There is no answer to');
    const { role_suffix } = settingsOf(cloud);
    expect(role_suffix).not.toBe('ababab');
    await run(setup, cloud);
    expect(settingsOf(cloud)['role_suffix']).toBe(role_suffix);
    const again = await run(setup, cloud);
    expect(changesOf(again.calls)).toEqual([]);
  });

  it('is in the name of the role that a teardown leaves', async () => {
    const cloud = createFakeCloud();
    await run(setup, cloud);
    const answers = { TEARDOWN: PROJECT, REMOVE_REST: 'no' };
    const { output } = await runScript(teardown, cloud, { args: ARGS, answers });
    expect(output).toContain('and the role tokenCadenceBuild_ababab');
  });

  it('is no reason to leave what the first phase made after a teardown', async () => {
    const cloud = createFakeCloud();
    await run(setup, cloud);
    await takeDown(cloud);
    const cut = await runScript(setup, cloud, { answers: {} });
    expect(changesOf(cut.calls).join()).toContain('_MODE=foundation');
    const again = await runScript(teardown, cloud, { args: ARGS, answers: { TEARDOWN: PROJECT } });
    expect(again.exitCode, again.output).toBe(0);
    expect(changesOf(again.calls)).toEqual([expect.stringContaining('_MODE=destroy')]);
    expect(changesOf((await runScript(teardown, cloud, { args: ARGS })).calls)).toEqual([]);
  });

  it('lets another region and fewer sessions be chosen once all is taken down', async () => {
    const cloud = createFakeCloud();
    await run(setup, cloud, '--sessions', 'etrade-sandbox,etrade-prod');
    await takeDown(cloud);
    await run(setup, cloud, '--region', 'us-east1', '--sessions', 'etrade-sandbox');
    expect(settingsOf(cloud)).toMatchObject({ region: 'us-east1', sessions: ['etrade-sandbox'] });
  });

  it('is not given to roles that were deployed before there were suffixes', async () => {
    const cloud = createFakeCloud();
    await run(setup, cloud);
    const { role_suffix: _suffix, ...settings } = settingsOf(cloud);
    cloud.objects[SETTINGS] = JSON.stringify(settings);
    await run(setup, cloud, '--replace', 'etrade-sandbox-consumer');
    expect(settingsOf(cloud)).not.toHaveProperty('role_suffix');
  });

  it('may be chosen, also as a number', async () => {
    const cloud = createFakeCloud();
    await run(setup, cloud);
    await run(deployScript, cloud, '--set', 'role_suffix=2027');
    await run(setup, cloud);
    expect(settingsOf(cloud)['role_suffix']).toBeOneOf(['2027', 2027]);
  });
});

describe('a first build that finds the names of its roles deleted', () => {
  const failing = {
    step: 'terraform-apply',
    lines: [
      "Error: googleapi: Error 400: You can't create a role_id (tokenCadenceReader_x) which has been marked for deletion.",
    ],
  };

  it.each([
    ['in a new project', []],
    ['after a teardown', ['--teardown']],
  ])('gets through with the advice it is given, %s', async (_when, before) => {
    const cloud = createFakeCloud();
    if (before.length > 0) {
      await run(setup, cloud);
      await takeDown(cloud);
    }
    cloud.failingStep = failing;
    const failed = await runScript(setup, cloud, { args: ARGS });
    expect(failed.exitCode).toBe(1);
    expect(failed.output).toContain(`npm run deploy -- --project ${PROJECT} --set role_suffix=`);
    const chosen = await runScript(deployScript, cloud, {
      args: [...ARGS, '--set', 'role_suffix=mine7'],
    });
    expect(chosen.exitCode).toBe(1);
    expect(chosen.output).toContain('npm run setup -- --project');
    expect(settingsOf(cloud)['role_suffix']).toBe('mine7');
    await run(setup, cloud);
    expect(settingsOf(cloud)['role_suffix']).toBe('mine7');
    expect(cloud.builds.at(-1)).toMatchObject({
      status: 'SUCCESS',
      substitutions: { _MODE: 'apply' },
    });
  });
});

describe('the role of the build account', () => {
  const account = `tc-deploy@${PROJECT}.iam.gserviceaccount.com`;

  it('of before there were suffixes goes on, with what it lacks', async () => {
    const role = `projects/${PROJECT}/roles/tokenCadenceBuild`;
    const cloud = createFakeCloud({
      accounts: { [account]: { disabled: false } },
      roles: { tokenCadenceBuild: { permissions: ['secretmanager.secrets.get'], deleted: false } },
      bindings: [{ role, member: `serviceAccount:${account}` }],
    });
    await run(setup, cloud);
    expect(liveRoles(cloud)).toEqual(['tokenCadenceBuild']);
    expect(cloud.roles['tokenCadenceBuild']?.permissions).toHaveLength(7);
  });

  it('has another id where that of the suffix was deleted by hand, seen or not', async () => {
    const roles = { tokenCadenceBuild_ababab: { permissions: [], deleted: true } };
    const cloud = createFakeCloud({ roles });
    await runScript(setup, cloud, {
      // After seven days a deleted role is not shown any more, but its id is not free.
      intercept: (_index, runs) => {
        const answer = runs();
        return answer.stdout.includes('"deleted":true')
          ? { exitCode: 1, stdout: '', stderr: 'ERROR: NOT_FOUND: The role was not found.' }
          : answer;
      },
    });
    expect(liveRoles(cloud)).toEqual(['tokenCadenceBuild_ababab_2']);
    expect(cloud.builds.at(-1)?.substitutions['_MODE']).toBe('apply');
  });
});
