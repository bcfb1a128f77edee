/**
 * What the figures about bundles need: the four bundles, a bare functions-framework beside them as the
 * baseline, Secret Manager's stand-in, and settings that reach nothing else.
 *
 * Used by `cold-start.ts` and `memory.ts`.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock, systemRandom } from '../../functions/clock.ts';
import { createCookies } from '../../functions/http/cookie.ts';
import { Secret } from '../../functions/secret.ts';
import {
  type Answer,
  type FunctionProcess,
  firstAnswer,
  freePort,
  spawnFunction,
} from '../fixtures/function-process.ts';
import { buildFunctions } from '../fixtures/google-world.ts';
import { PROJECT, startSecretManager } from '../fixtures/secret-manager.ts';
import { BOT_TOKEN, CHAT_ID } from '../fixtures/telegram-server.ts';

export const SESSION = 'etrade-sandbox';
export const BASELINE = 'hello-world';

const LINK_KEY = 'a-link-key-of-forty-three-characters-length';
const DAY_MS = 24 * 60 * 60_000;

export type Candidate = {
  readonly name: string;
  readonly folder: string;
  readonly path: string;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  /** Status of the right answer. */
  readonly status: number;
};

export type Built = {
  readonly directory: string;
  readonly candidates: Readonly<
    Record<'hello' | 'stranger' | 'signIn' | 'health' | 'keepAlive' | 'alert', Candidate>
  >;
  readonly start: (
    candidate: Candidate,
    extra?: Record<string, string>,
  ) => Promise<FunctionProcess>;
  readonly ask: (running: FunctionProcess, candidate: Candidate) => Promise<Answer>;
  readonly close: () => Promise<void>;
};

export async function openBuilt(): Promise<Built> {
  const { directory, remove } = await buildFunctions();
  writeBaseline(directory);
  const secretManager = await startSecretManager();
  secretManager.follow(systemClock);
  await secretManager.createSecret('token-cadence-app');
  await secretManager.createSecret(`${SESSION}-session`);
  const env = settings(secretManager.url);
  const get = { method: 'GET', headers: {}, status: 200 } as const;
  const post = { ...get, path: '/', method: 'POST' } as const;
  const cookie = await signedInCookie();
  return {
    directory,
    candidates: {
      hello: { ...get, name: BASELINE, folder: BASELINE, path: '/' },
      stranger: {
        ...get,
        name: 'pin-exchange, page for a stranger',
        folder: 'pin-exchange',
        path: `/sign-in/${SESSION}`,
        status: 401,
      },
      signIn: {
        ...get,
        name: 'pin-exchange, sign-in page',
        folder: 'pin-exchange',
        path: `/sign-in/${SESSION}`,
        headers: { cookie },
      },
      health: { ...get, name: 'health-check, one session', folder: 'health-check', path: '/' },
      keepAlive: { ...post, name: 'keep-alive, one session', folder: 'keep-alive' },
      alert: { ...post, name: 'morning-alert, nothing due', folder: 'morning-alert' },
    },
    async start(candidate, extra = {}) {
      const port = await freePort();
      return spawnFunction({ directory, name: candidate.folder, env: { ...env, ...extra }, port });
    },
    async ask(running, candidate) {
      const { path, headers, method, status } = candidate;
      const answer = await firstAnswer(running, path, headers, method);
      if (answer.status === status) return answer;
      throw new Error(`${candidate.name} answered ${answer.status}: ${answer.text}`);
    },
    async close() {
      await secretManager.close();
      remove();
    },
  };
}

function writeBaseline(directory: string): void {
  const folder = join(directory, BASELINE);
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{ "main": "index.cjs" }');
  writeFileSync(
    join(folder, 'index.cjs'),
    `require('@google-cloud/functions-framework').http('${BASELINE}', (_request, response) => {
  response.send('hello, world');
});
`,
  );
}

/** No session is due for anything, whatever the hour. */
function settings(secretManagerUrl: string): Record<string, string> {
  const days = [-1, 0, 1, 2].map((day) => new Date(systemClock() + day * DAY_MS));
  return {
    SESSIONS: SESSION,
    PUBLIC_URL: 'https://tokens.example.com',
    GOOGLE_CLOUD_PROJECT: PROJECT,
    SECRET_MANAGER_API_URL: secretManagerUrl,
    EVENTS_URL: 'http://127.0.0.1:9/',
    TELEGRAM_API_URL: 'http://127.0.0.1:9',
    MARKET_CLOSURES: days.map((day) => day.toISOString().slice(0, 10)).join(','),
    TOKEN_CADENCE_APP: JSON.stringify({
      telegramBotToken: BOT_TOKEN,
      telegramChatId: CHAT_ID,
      linkKey: LINK_KEY,
    }),
    ETRADE_SANDBOX_CONSUMER: JSON.stringify({ key: 'a consumer key', secret: 'its secret' }),
  };
}

async function signedInCookie(): Promise<string> {
  const cookies = createCookies({
    key: new Secret(LINK_KEY),
    chatId: CHAT_ID,
    secure: true,
    clock: systemClock,
    random: systemRandom,
    maxAgeMs: DAY_MS,
  });
  const set = await cookies.write(cookies.admit(systemClock() + DAY_MS));
  return set.split(';')[0] ?? '';
}
