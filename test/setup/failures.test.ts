/** Each call of a whole setup fails once, before and after it took effect; the next run completes the work. */

import { describe, expect, it } from 'vitest';
import { setup } from '../../infra/setup/setup.ts';
import { createFakeCloud } from './fake-cloud.ts';
import { CANARIES, changesOf, runScript } from './harness.ts';

const whole = createFakeCloud();
const { calls } = await runScript(setup, whole);
const indices = calls.map(({ args }, index) => ({
  index,
  command: args
    .filter((arg) => !arg.startsWith('-'))
    .slice(0, 4)
    .join(' '),
}));

/** What a finished project looks like, whatever the way there. */
function shapeOf(cloud: ReturnType<typeof createFakeCloud>): unknown {
  return {
    apis: cloud.apis.toSorted(),
    buckets: cloud.buckets,
    accounts: cloud.accounts,
    agents: cloud.agents,
    roles: cloud.roles,
    bindings: cloud.bindings.map(({ role }) => role).toSorted(),
    secrets: Object.keys(cloud.secrets).toSorted(),
    newest: cloud.builds.at(-1)?.substitutions['_MODE'],
  };
}

const BROKEN = { exitCode: 1, stdout: '', stderr: 'ERROR: (gcloud.x) UNAVAILABLE: planted\n' };

describe.each([
  ['is refused', false],
  ['takes effect and its answer is lost', true],
])('a call that %s', (_how, takesEffect) => {
  it.each(indices)('$index: $command', async ({ index, command }) => {
    const cloud = createFakeCloud();
    const failed = await runScript(setup, cloud, {
      intercept: (at, run) => {
        if (at !== index) return null;
        if (takesEffect) run();
        return BROKEN;
      },
    });
    // The list of projects is only there to help with a wrong one; gcloud's own project is only proposed.
    expect(failed.exitCode, `${command}\n${failed.output}`).toBe(1);
    expect(failed.output).toMatch(/✗ Could not .+: Google did not answer\./);
    expect(failed.output).toContain('what is done stays done');
    for (const canary of Object.values(CANARIES)) expect(failed.output).not.toContain(canary);

    const second = await runScript(setup, cloud);
    expect(second.exitCode, second.output).toBe(0);
    expect(shapeOf(cloud)).toEqual(shapeOf(whole));
    const third = await runScript(setup, cloud, { answers: {} });
    expect(third.exitCode, third.output).toBe(0);
    expect(changesOf(third.calls)).toEqual([]);
  });
});

it('a whole setup makes enough calls for this to mean something', () => {
  expect(indices.length).toBeGreaterThan(40);
});
