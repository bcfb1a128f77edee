/**
 * One rule for the names of workers and their processes: what a worker may call itself can be reported, can be
 * configured as expected, and is described to other languages; everything else is refused where it enters.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { BROKERS } from '../../functions/brokers/registry.ts';
import { readConfig } from '../../functions/config.ts';
import { decodeWorkerReport, encodeWorkerReport } from '../../functions/events/report-message.ts';
import { WORKER_NAME_RULE } from '../../functions/lifecycle/worker-report.ts';
import { type ConnectOptions, readWorkerSettings } from '../../functions/worker/settings.ts';
import { aReport } from '../fixtures/worker-reports.ts';

const SERVICE = {
  SESSIONS: 'etrade-sandbox',
  PUBLIC_URL: 'https://pin.example',
  GOOGLE_CLOUD_PROJECT: 'my-project',
  TOKEN_CADENCE_APP:
    '{"telegramBotToken":"1:b","telegramChatId":"42","linkKey":"link-key-0123456789-0123456789-01"}',
  ETRADE_SANDBOX_CONSUMER: '{"key":"k","secret":"s"}',
};

const pattern = new RegExp(
  (
    JSON.parse(
      readFileSync(
        new URL('../../functions/events/worker-report.schema.json', import.meta.url),
        'utf8',
      ),
    ) as { $defs: { name: { pattern: string } } }
  ).$defs.name.pattern,
  'u',
);

const problemOf = (work: () => unknown): string | null => {
  try {
    work();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : 'something else';
  }
};

/** What each door says of a name; `null` where it is let in. */
function doors(name: string): Record<string, string | null> {
  const connect = (options: Partial<ConnectOptions>) =>
    problemOf(() =>
      readWorkerSettings(
        { session: 'etrade-prod', worker: 'orb-bot', env: SERVICE, ...options },
        BROKERS,
      ),
    );
  const report = JSON.parse(encodeWorkerReport(aReport()).data) as object;
  const received = (changes: object) => {
    const decoded = decodeWorkerReport(JSON.stringify({ ...report, ...changes }));
    return decoded.ok ? null : decoded.reason;
  };
  return {
    'connect worker': connect({ worker: name }),
    'connect instance': connect({ instance: name }),
    'configured worker': problemOf(() => readConfig({ ...SERVICE, ETRADE_SANDBOX_WORKERS: name })),
    'sent worker': problemOf(() => encodeWorkerReport(aReport({ worker: name }))),
    'sent instance': problemOf(() => encodeWorkerReport(aReport({ instance: name }))),
    'received worker': received({ worker: name }),
    'received instance': received({ instance: name }),
  };
}

describe('the name of a worker or an instance', () => {
  test.each([
    'orb-bot',
    '7b',
    '0',
    'Orb_Bot.2',
    'host-7-4f2a',
    'a-',
    'a'.repeat(41),
    'w'.repeat(63),
  ])('is let in everywhere: %s', (name) => {
    expect(doors(name)).toEqual({
      'connect worker': null,
      'connect instance': null,
      'configured worker': null,
      'sent worker': null,
      'sent instance': null,
      'received worker': null,
      'received instance': null,
    });
    expect(name).toMatch(pattern);
  });

  test.each(['-host', '.x', '_y', 'a/b', 'a b', '<b>', 'bö', 'a~b', 'w'.repeat(64)])(
    'is refused where it enters, with the rule: %s',
    (name) => {
      const { 'received worker': worker, 'received instance': instance, ...own } = doors(name);
      expect([worker, instance]).toEqual(['wrong-field', 'wrong-field']);
      for (const problem of Object.values(own)) expect(problem).toContain(WORKER_NAME_RULE);
      expect(name).not.toMatch(pattern);
    },
  );

  // Callers without types: what is no text would be reported as nothing.
  test.each([undefined, null, 7, ['a']])('is a text, not %j', (value) => {
    const careless: object = { session: 'etrade-prod', worker: value, env: SERVICE };
    expect(problemOf(() => readWorkerSettings(careless as ConnectOptions, BROKERS))).toContain(
      '"worker" is not a name',
    );
  });
});
