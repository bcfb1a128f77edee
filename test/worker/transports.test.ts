/** The channels of a worker that gives its process no name: it shares a subscription, and says so. */

import { describe, expect, it } from 'vitest';
import { BROKERS } from '../../functions/brokers/registry.ts';
import { systemWait } from '../../functions/clock.ts';
import { createJsonLog } from '../../functions/logging/json-log.ts';
import { readWorkerSettings } from '../../functions/worker/settings.ts';
import { createTransports } from '../../functions/worker/transports.ts';
import { createLogLines } from '../fixtures/log-lines.ts';

function saidBy(instance: string | undefined): unknown[] {
  const lines = createLogLines();
  const log = createJsonLog({ write: lines.write, clock: lines.clock, project: null });
  const settings = readWorkerSettings(
    {
      session: 'etrade-prod',
      worker: 'orb-bot',
      ...(instance === undefined ? {} : { instance }),
      env: { GOOGLE_CLOUD_PROJECT: 'my-project' },
    },
    BROKERS,
  );
  createTransports(settings, {}, { instance: 'host-1', fetch, wait: systemWait, log });
  return lines.entries().map(({ event }) => event);
}

describe('a worker’s process without a name of its own', () => {
  it('says that it shares the events of "main"', () => {
    expect(saidBy(undefined)).toEqual(['events-of-main']);
  });

  it('says nothing where it has a name', () => {
    expect(saidBy('standby')).toEqual([]);
  });
});
