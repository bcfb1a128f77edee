/**
 * The doctor on the composed system: Google's client libraries, the emulator, the simulated broker and the
 * Telegram stand-in, each broken on purpose.
 */

import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../functions/clock.ts';
import { composeSystem } from '../../functions/compose.ts';
import type { Variables } from '../../functions/config.ts';
import type { Log } from '../../functions/logging/log.ts';
import { diagnose } from '../../functions/operations/diagnose.ts';
import type { Finding } from '../../functions/operations/finding.ts';
import type { PubsubEmulator } from '../../infra/local/emulators/pubsub-emulator.ts';
import { addressesOf, CONSUMERS, type EtradeHost, startEtrade } from '../fixtures/etrade-host.ts';
import {
  HAS_PUBSUB_EMULATOR,
  newPubsubProject,
  openPubsubEmulator,
} from '../fixtures/pubsub-emulator.ts';
import {
  PROJECT,
  type SecretManagerServer,
  startSecretManager,
} from '../fixtures/secret-manager.ts';
import { BOT_TOKEN, CHAT_ID, startServer, startTelegram } from '../fixtures/telegram-server.ts';

const none = () => {};
const SILENT: Log = { debug: none, info: none, warn: none, error: none, with: () => SILENT };

describe.skipIf(!HAS_PUBSUB_EMULATOR)('the doctor', () => {
  let emulator: PubsubEmulator;
  let etrade: EtradeHost;
  let telegram: Awaited<ReturnType<typeof startTelegram>>;
  let secretManager: SecretManagerServer;
  let pages: Awaited<ReturnType<typeof startServer>>;
  let env: Variables;

  beforeAll(async () => {
    emulator = await openPubsubEmulator();
    vi.stubEnv('PUBSUB_EMULATOR_HOST', emulator.host);
    await newPubsubProject(emulator.host, PROJECT).createTopic('token-renewed');
    etrade = await startEtrade();
    etrade.follow(systemClock);
    telegram = await startTelegram({ chats: [CHAT_ID] });
    pages = await startServer((_req, res) => res.writeHead(401).end());
    const broker = addressesOf(etrade.url, 'sandbox');
    env = {
      SESSIONS: 'etrade-sandbox',
      PUBLIC_URL: pages.url,
      GOOGLE_CLOUD_PROJECT: PROJECT,
      TELEGRAM_API_URL: telegram.url,
      ETRADE_SANDBOX_OAUTH_URL: broker.oauthUrl,
      ETRADE_SANDBOX_API_URL: broker.apiUrl,
      ETRADE_SANDBOX_AUTHORIZE_URL: broker.authorizeUrl,
      ETRADE_SANDBOX_CONSUMER: JSON.stringify(CONSUMERS.sandbox),
      TOKEN_CADENCE_APP: appOf(BOT_TOKEN),
    };
  });

  beforeEach(async () => {
    secretManager = await startSecretManager();
    secretManager.follow(systemClock);
    await secretManager.createSecret('token-cadence-app');
    await secretManager.createSecret('etrade-sandbox-session');
    env = { ...env, SECRET_MANAGER_API_URL: secretManager.url };
    return () => secretManager.close();
  });

  afterAll(async () => {
    vi.unstubAllEnvs();
    await Promise.all([etrade?.close(), telegram?.close(), pages?.close(), emulator?.stop()]);
  });

  it('finds nothing broken before anything is', async () => {
    expect(await brokenIn(env)).toEqual([]);
  });

  it('finds five planted faults by name, all at once, each with what to do', async () => {
    secretManager.standIn.deny({ method: 'updateSecret', secret: 'etrade-sandbox-session' });
    const found = await brokenIn({
      ...env,
      ETRADE_SANDBOX_CONSUMER: JSON.stringify({ ...CONSUMERS.sandbox, key: 'mistyped' }),
      EVENTS_TOPIC: 'mistyped',
      TOKEN_CADENCE_APP: appOf('1:wrong'),
      PUBLIC_URL: 'http://127.0.0.1:9',
    });
    expect(found.map(({ check, what, fix }) => [check, what, fix])).toEqual([
      [
        'broker etrade-sandbox',
        expect.stringMatching(/refuses the consumer key \(consumer_key_\w+\)/),
        expect.stringContaining('"ETRADE_SANDBOX_CONSUMER"'),
      ],
      [
        'store etrade-sandbox',
        'Secret Manager refuses "updateSecret" on secret "etrade-sandbox-session"',
        expect.stringContaining('grant "secretmanager.secrets.update"'),
      ],
      [
        'events',
        `The topic "mistyped" is missing in project "${PROJECT}"`,
        'create it by applying infra/gcp',
      ],
      ['messenger', 'Telegram does not know the bot', expect.stringContaining('telegramBotToken')],
      ['pages', 'http://127.0.0.1:9 does not answer', expect.stringContaining('PUBLIC_URL')],
    ]);
  });

  it('finds a clock ten minutes off', async () => {
    const late = () => systemClock() - 10 * 60_000;
    const found = await brokenIn(env, late);
    expect(found).toMatchObject([
      {
        check: 'clock etrade-sandbox',
        what: expect.stringMatching(/clock is 10 min behind E\*TRADE/),
      },
    ]);
  });

  it('finds a secret that was never made', async () => {
    const other = await startSecretManager();
    other.follow(systemClock);
    const found = await brokenIn({ ...env, SECRET_MANAGER_API_URL: other.url });
    await other.close();
    expect(found).toMatchObject([
      { check: 'store etrade-sandbox', what: 'The secret "etrade-sandbox-session" does not exist' },
      { check: 'service record', what: 'The secret "token-cadence-app" does not exist' },
    ]);
  });
});

function appOf(telegramBotToken: string): string {
  return JSON.stringify({
    telegramBotToken,
    telegramChatId: CHAT_ID,
    linkKey: 'a-link-key-of-forty-three-characters-length',
  });
}

async function brokenIn(env: Variables, clock = systemClock): Promise<readonly Finding[]> {
  const system = composeSystem({ env, uses: { people: true }, parts: { log: SILENT, clock } });
  if (system.checks === null) throw new Error('people are configured');
  const findings: Finding[] = [];
  for await (const finding of diagnose(system, system.checks)) findings.push(finding);
  expect(JSON.stringify(findings)).not.toContain('canary');
  return findings.filter(({ verdict }) => verdict === 'broken');
}
