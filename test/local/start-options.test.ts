/** The options of `npm start`. */

import { describe, expect, it } from 'vitest';
import { parseStartOptions } from '../../infra/local/start-options.ts';

const DEFAULTS = {
  sessions: ['etrade-sandbox'],
  port: 8080,
  broker: 'simulator',
  emulators: false,
  stateDirectory: '.token-cadence/local',
  verbose: false,
};

describe('npm start', () => {
  it.each([
    { args: [], change: {} },
    { args: ['--port', '9080'], change: { port: 9080 } },
    { args: ['--port=0'], change: { port: 0 } },
    { args: [], env: { PORT: '9000' }, change: { port: 9000 } },
    { args: ['--port', '9080'], env: { PORT: '9000' }, change: { port: 9080 } },
    {
      args: ['--sessions', 'etrade-prod, etrade-sandbox,etrade-prod'],
      change: { sessions: ['etrade-prod', 'etrade-sandbox'] },
    },
    { args: ['--emulators'], change: { emulators: true } },
    { args: ['--verbose'], change: { verbose: true } },
    { args: ['--state', '/tmp/x'], change: { stateDirectory: '/tmp/x' } },
    // The simulator's keys and its clock must never meet the real broker.
    {
      args: ['--broker', 'real'],
      change: { broker: 'real', stateDirectory: '.token-cadence/real' },
    },
  ])('takes $args with $env', ({ args, env, change }) => {
    expect(parseStartOptions(args, env ?? {})).toEqual({
      ok: true,
      help: false,
      options: { ...DEFAULTS, ...change },
    });
  });

  it.each([
    { args: ['--broker', 'paper'], says: '"paper"' },
    { args: ['--port', 'http'], says: '"http"' },
    { args: ['--port', '65531'], says: '65530' },
    { args: ['--port=-1'], says: '"-1"' },
    { args: ['--sessions', ' , '], says: 'no session' },
    { args: ['--speed', '2'], says: '--speed' },
    { args: ['etrade-prod'], says: 'etrade-prod' },
  ])('refuses $args', ({ args, says }) => {
    expect(parseStartOptions(args, {})).toMatchObject({
      ok: false,
      problem: expect.stringContaining(says),
    });
  });

  it.each(['--help', '-h'])('shows its options on %s', (flag) => {
    expect(parseStartOptions([flag], {})).toEqual({ ok: true, help: true });
  });
});
