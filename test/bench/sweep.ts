/**
 * A keep-alive sweep over 10, 100 and 1,000 sessions, each of which needs a call of its own: the built
 * function in a process of its own, Google's client, Secret Manager's stand-in, a broker that says yes.
 *
 * Time, remote calls and memory a session, beside the floor that Secret Manager's write quota sets.
 */

import { existsSync, readFileSync } from 'node:fs';
import { systemClock, systemWait } from '../../functions/clock.ts';
import { Secret } from '../../functions/secret.ts';
import { firstAnswer, freePort, spawnFunction } from '../fixtures/function-process.ts';
import { buildFunctions } from '../fixtures/google-world.ts';
import { anActiveRecord, sessionKey } from '../fixtures/records.ts';
import { PROJECT, startSecretManager } from '../fixtures/secret-manager.ts';
import { BOT_TOKEN, CHAT_ID, startServer } from '../fixtures/telegram-server.ts';
import { aToken } from '../fixtures/tokens.ts';
import type { Figure, Report } from './figure.ts';

const SIZES = [10, 100, 1_000] as const;
const MINUTE_MS = 60_000;
/** So near to two hours that every session is due, whatever the minute of the hour. */
const UNUSED_MS = 118 * MINUTE_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** What passes for the same memory. */
const FLAT = 1.1;

/** Writes that a project may make in a minute. */
const WRITES_A_MINUTE = 600;

const ACCOUNTS = {
  AccountListResponse: {
    Accounts: { Account: [{ accountId: '1', accountIdKey: 'k', accountStatus: 'ACTIVE' }] },
  },
};

export async function measureSweep(report: Report): Promise<readonly Figure[]> {
  const built = await buildFunctions();
  const figures: Figure[] = [];
  let smallest: { readonly ms: number; readonly memory: number } | null = null;
  try {
    for (const size of SIZES) {
      report(`${size} sessions`);
      const { ms, calls, memory, writes } = await sweep(built.directory, size);
      const perSession = ms / size;
      const floorSeconds = (writes / WRITES_A_MINUTE) * 60;
      figures.push({
        name: `sweep of ${size}: a session`,
        value: perSession,
        unit: 'ms',
        baseline: smallest === null ? null : { name: `of ${SIZES[0]}`, value: smallest.ms },
        ratio: smallest === null ? null : perSession / smallest.ms,
        goal: '',
        met: null,
        note: `${(ms / 1_000).toFixed(1)} s in all, ${(calls / size).toFixed(1)} calls a session; the quota of ${WRITES_A_MINUTE} writes a minute allows it in ${floorSeconds.toFixed(1)} s`,
      });
      if (memory !== null) {
        figures.push({
          name: `sweep of ${size}: peak memory`,
          value: memory,
          unit: 'MiB',
          baseline: smallest === null ? null : { name: `of ${SIZES[0]}`, value: smallest.memory },
          ratio: smallest === null ? null : memory / smallest.memory,
          goal: smallest === null ? '' : `flat: ≤ ${FLAT}×`,
          met: smallest === null ? null : memory / smallest.memory <= FLAT,
        });
      }
      smallest ??= { ms: perSession, memory: memory ?? Number.NaN };
    }
  } finally {
    built.remove();
  }
  return figures;
}

async function sweep(directory: string, size: number) {
  const secretManager = await startSecretManager();
  secretManager.follow(systemClock);
  let brokerCalls = 0;
  const broker = await startServer((_request, response) => {
    brokerCalls += 1;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(ACCOUNTS));
  });
  const keys = Array.from({ length: size }, (_, index) => sessionKey(`etrade-prod-a${index}`));
  await secretManager.createSecret('token-cadence-app');
  const store = secretManager.store();
  const now = systemClock();
  for (const session of keys) {
    await secretManager.createSecret(`${session}-session`);
    const moments = {
      signedInAt: now - 3 * HOUR_MS,
      issuedAt: now - 3 * HOUR_MS,
      accessExpiresAt: now + 6 * HOUR_MS,
      hardEndsAt: now + 6 * HOUR_MS,
    };
    const token = aToken({
      ...moments,
      session,
      generation: 1,
      account: ['x'],
      accessToken: new Secret('a token'),
      tokenSecret: new Secret('its secret'),
    });
    const version = await store.addToken(token);
    const { tag } = await store.load(session);
    // Unused for so long that it would go to sleep before the next run.
    const record = anActiveRecord({
      ...moments,
      generation: 1,
      version,
      account: null,
      lastUsedAt: now - UNUSED_MS,
      lastSuccessAt: now - UNUSED_MS,
      pointerMovedAt: now - 3 * HOUR_MS,
      history: [],
    });
    await store.replace(session, tag, record);
  }

  const running = spawnFunction({
    directory,
    name: 'keep-alive',
    port: await freePort(),
    env: settings(keys, secretManager.url, broker.url),
  });
  try {
    // Starts the process and loads the clients.
    await firstAnswer(running, '/nobody', { 'content-type': 'application/json' }, 'POST');
    const other = secretManager.store();
    for (const session of keys) {
      const { tag, record } = await other.load(session);
      const lastUsedAt = systemClock() - UNUSED_MS;
      await other.replace(session, tag, { ...record, lastUsedAt });
    }
    // What the first call has seen is recent no longer.
    await systemWait(3_000);
    secretManager.calls.length = 0;
    brokerCalls = 0;
    const startedAt = performance.now();
    const answer = await firstAnswer(running, '/', {}, 'POST');
    const ms = performance.now() - startedAt;
    const { outcomes } = JSON.parse(answer.text) as { outcomes: { action: string }[] };
    const probed = outcomes.filter(({ action }) => action === 'probed').length;
    if (probed !== size) throw new Error(`${probed} of ${size} sessions were probed`);
    const methods = secretManager.methods();
    const writes = methods.filter((method) => method === 'updateSecret').length;
    return { ms, calls: methods.length + brokerCalls, writes, memory: peakMiB(running.child.pid) };
  } finally {
    await running.stop();
    await Promise.all([secretManager.close(), broker.close()]);
  }
}

function settings(keys: readonly string[], storeUrl: string, brokerUrl: string) {
  const days = [-1, 0, 1, 2].map((day) => new Date(systemClock() + day * DAY_MS));
  return {
    SESSIONS: keys.join(','),
    PUBLIC_URL: 'https://tokens.example.com',
    GOOGLE_CLOUD_PROJECT: PROJECT,
    SECRET_MANAGER_API_URL: storeUrl,
    EVENTS_URL: 'http://127.0.0.1:9/',
    TELEGRAM_API_URL: 'http://127.0.0.1:9',
    ETRADE_PROD_API_URL: brokerUrl,
    MARKET_CLOSURES: days.map((day) => day.toISOString().slice(0, 10)).join(','),
    TOKEN_CADENCE_APP: JSON.stringify({
      telegramBotToken: BOT_TOKEN,
      telegramChatId: CHAT_ID,
      linkKey: 'a-link-key-of-forty-three-characters-length',
    }),
    ETRADE_PROD_CONSUMER: JSON.stringify({ key: 'a consumer key', secret: 'its secret' }),
  };
}

function peakMiB(pid: number | undefined): number | null {
  const file = `/proc/${pid}/status`;
  if (!existsSync(file)) return null;
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(file, 'utf8'))?.[1]) / 1024;
}
