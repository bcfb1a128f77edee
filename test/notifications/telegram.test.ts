/** The notifier as it ships, telegraf included, speaking HTTP to the stand-in. */

import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { NotificationError } from '../../functions/errors.ts';
import type { Notice } from '../../functions/lifecycle/notices.ts';
import type { DeliveryFacts } from '../../functions/notifications/notifier.ts';
import {
  createTelegramNotifier,
  type TelegramNotifierOptions,
} from '../../functions/notifications/telegram.ts';
import { Secret } from '../../functions/secret.ts';
import type { TelegramFault } from '../../infra/local/telegram.ts';
import { BOT_TOKEN, CHAT_ID, startServer, startTelegram } from '../fixtures/telegram-server.ts';

const CANARY_LINK = 'https://cadence.example/go/canaryLinkThatMustNeverShow';
const SEND = '/bot<token>/sendMessage';

const notice: Notice = { kind: 'link' };
const facts: DeliveryFacts = {
  now: Date.parse('2026-03-09T12:30:00Z'),
  zone: 'America/New_York',
  title: () => 'E*TRADE prod',
  link: async () => CANARY_LINK,
};

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

async function telegram(fault: TelegramFault | null = null, chats?: string[]) {
  const server = await startTelegram(chats === undefined ? {} : { chats });
  open.push(server);
  server.standIn.setFault(fault);
  return server;
}

/** A notifier with a wait that only takes notes. */
function notifierFor(apiRoot: string, changes: Partial<TelegramNotifierOptions> = {}) {
  const waits: number[] = [];
  const notifier = createTelegramNotifier({
    token: new Secret(BOT_TOKEN),
    chatId: CHAT_ID,
    apiRoot,
    wait: async (ms) => {
      waits.push(ms);
    },
    ...changes,
  });
  return { waits, deliver: (told = notice) => notifier.deliver(told, facts) };
}

/** The failure of a delivery; every one is searched for what must not be in it. */
async function failureOf(delivery: Promise<void>): Promise<NotificationError> {
  const thrown = await delivery.then(
    () => null,
    (error: unknown) => error,
  );
  if (!(thrown instanceof NotificationError)) {
    throw new Error(`expected a NotificationError, got ${inspect(thrown)}`);
  }
  expectNoSecret(thrown);
  return thrown;
}

function expectNoSecret(error: NotificationError): void {
  const everything = [
    inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true, getters: true }),
    JSON.stringify(error),
    JSON.stringify(error.cause),
    error.stack,
    error.cause instanceof Error ? error.cause.stack : '',
  ].join('\n');
  expect(everything).not.toContain('canary');
  expect(everything).not.toContain(BOT_TOKEN);
  expect(everything).not.toContain('cadence.example');
}

describe('a delivery', () => {
  it('puts one protected message without previews into the chat', async () => {
    const server = await telegram();
    await notifierFor(server.url).deliver();
    expect(server.taken).toMatchObject([
      {
        chatId: CHAT_ID,
        text: expect.stringMatching(/^Here is your new link\.\n/),
        safeHtml: expect.stringMatching(/^<b>Here is your new link\.<\/b>\n/),
        buttons: [{ text: 'Open token-cadence', url: CANARY_LINK }],
        isProtected: true,
        hasPreview: false,
      },
    ]);
    expect(server.paths).toEqual([SEND]);
  });

  it('makes a sound unless the notice is silent', async () => {
    const server = await telegram();
    const { deliver } = notifierFor(server.url);
    await deliver();
    await deliver({ kind: 'link', silent: true });
    expect(server.taken.map(({ isSilent }) => isSilent)).toEqual([false, true]);
  });

  it('finds an API under a path, with or without its last slash', async () => {
    const paths: (string | undefined)[] = [];
    const server = await startServer((req, res) => {
      paths.push(req.url);
      res.end('{"ok":true,"result":{}}');
    });
    open.push(server);
    await notifierFor(`${server.url}/telegram`).deliver();
    await notifierFor(`${server.url}/telegram/`).deliver();
    const expected = `/telegram/bot${BOT_TOKEN}/sendMessage`;
    expect(paths).toEqual([expected, expected]);
  });

  it('survives that the server dropped every connection since the last one', async () => {
    const server = await telegram();
    const { deliver } = notifierFor(server.url);
    await deliver();
    server.dropConnections();
    await deliver();
    expect(server.taken).toHaveLength(2);
  });
});

describe('the one second try', () => {
  it('comes after a dropped connection', async () => {
    const server = await telegram({ down: true, times: 1 });
    const { deliver, waits } = notifierFor(server.url);
    await deliver();
    expect(server.taken).toHaveLength(1);
    expect(server.paths).toEqual([SEND, SEND]);
    expect(waits).toEqual([250]);
  });

  it('is the last one', async () => {
    const server = await telegram({ down: true });
    const error = await failureOf(notifierFor(server.url).deliver());
    expect(error).toMatchObject({
      code: 'NOTIFICATION_UNAVAILABLE',
      retryable: true,
      retryAfterMs: null,
      message: 'Telegram cannot be reached',
      cause: { name: 'FetchError', code: 'ECONNRESET' },
    });
    expect(server.paths).toEqual([SEND, SEND]);
  });

  it('comes after a refused connection', async () => {
    const server = await telegram();
    await server.close();
    const { deliver, waits } = notifierFor(server.url);
    const error = await failureOf(deliver());
    expect(error).toMatchObject({
      code: 'NOTIFICATION_UNAVAILABLE',
      retryable: true,
      cause: { code: 'ECONNREFUSED' },
    });
    expect(waits).toEqual([250]);
  });

  it('does not come when the connection is lost within the answer: the message was taken', async () => {
    let calls = 0;
    const server = await startServer((req, res) => {
      calls += 1;
      req.resume();
      res.writeHead(200, { 'content-type': 'application/json', 'content-length': '500' });
      res.write('{"ok":true,', () => req.socket.resetAndDestroy());
    });
    open.push(server);
    const error = await failureOf(notifierFor(server.url).deliver());
    expect(error).toMatchObject({ code: 'NOTIFICATION_UNAVAILABLE', retryable: true });
    expect(calls).toBe(1);
  });

  it('sends twice rather than not at all when an answer is lost', async () => {
    const server = await telegram({ dropAnswer: true, times: 1 });
    await notifierFor(server.url).deliver();
    expect(server.taken).toHaveLength(2);
  });

  it.each([
    { seconds: 0, waited: [0] },
    { seconds: 3, waited: [3_000] },
    { seconds: 5, waited: [5_000] },
  ])('sits out a flood wait of $seconds s', async ({ seconds, waited }) => {
    const server = await telegram({ status: 429, retryAfterSeconds: seconds, times: 1 });
    const { deliver, waits } = notifierFor(server.url);
    await deliver();
    expect(waits).toEqual(waited);
    expect(server.taken).toHaveLength(1);
  });

  it('leaves a longer flood wait to the next run, and says how long it is', async () => {
    const server = await telegram({ status: 429, retryAfterSeconds: 6 });
    const { deliver, waits } = notifierFor(server.url);
    const error = await failureOf(deliver());
    expect(error).toMatchObject({
      code: 'NOTIFICATION_UNAVAILABLE',
      retryable: true,
      retryAfterMs: 6_000,
      message: 'Telegram asks to send less often',
      cause: { name: 'TelegramError', code: 429 },
    });
    expect(waits).toEqual([]);
    expect(server.paths).toEqual([SEND]);
  });

  it('ends with the second flood wait, even a short one', async () => {
    const server = await telegram({ status: 429, retryAfterSeconds: 2 });
    const { deliver, waits } = notifierFor(server.url);
    const error = await failureOf(deliver());
    expect(error).toMatchObject({ code: 'NOTIFICATION_UNAVAILABLE', retryAfterMs: 2_000 });
    expect(waits).toEqual([2_000]);
    expect(server.paths).toEqual([SEND, SEND]);
  });
});

describe('no answer in time, or none that can be read', () => {
  it('gives up after the time for a call, once', async () => {
    const server = await telegram({ slowMs: 400 });
    const error = await failureOf(notifierFor(server.url, { timeoutMs: 50 }).deliver());
    expect(error).toMatchObject({
      code: 'NOTIFICATION_UNAVAILABLE',
      retryable: true,
      message: 'Telegram did not answer in time',
    });
    expect(server.paths).toEqual([SEND]);
  });

  it('gives up when the answer begins and does not end', async () => {
    const server = await startServer((req, res) => {
      req.resume();
      res.writeHead(200, { 'content-type': 'application/json' });
      res.write('{"ok":true,');
    });
    open.push(server);
    const error = await failureOf(notifierFor(server.url, { timeoutMs: 100 }).deliver());
    expect(error).toMatchObject({ message: 'Telegram did not answer in time', retryable: true });
  });

  it.each([
    { name: 'a web page', body: '<html>Please log in to the network</html>' },
    { name: 'JSON of something else', body: '{"error":"nope"}' },
    { name: 'null', body: 'null' },
  ])('points at the address when the answer is $name', async ({ body }) => {
    const server = await startServer((req, res) => {
      req.resume();
      res.end(body);
    });
    open.push(server);
    const error = await failureOf(notifierFor(server.url).deliver());
    expect(error).toMatchObject({
      code: 'NOTIFICATION_UNAVAILABLE',
      retryable: true,
      message: 'The answer is not Telegram’s: check TELEGRAM_API_URL',
    });
  });

  it.each([500, 502])('leaves %s to the next run', async (status) => {
    const server = await telegram({ status });
    const error = await failureOf(notifierFor(server.url).deliver());
    expect(error).toMatchObject({
      code: 'NOTIFICATION_UNAVAILABLE',
      retryable: true,
      message: `Telegram answered ${status}`,
    });
    expect(server.paths).toEqual([SEND]);
  });
});

describe('a no for good', () => {
  it.each<{ name: string; fault: TelegramFault; message: RegExp; code: number }>([
    {
      name: 'sends to the bot token on 401',
      fault: { status: 401 },
      message: /check "telegramBotToken"/,
      code: 401,
    },
    {
      name: 'sends to the bot token on 404, Telegram’s answer to a token that is none',
      fault: { status: 404 },
      message: /check "telegramBotToken"/,
      code: 404,
    },
    {
      name: 'tells to unblock the bot on 403',
      fault: { status: 403 },
      message: /open the chat with the bot and press Start/,
      code: 403,
    },
    {
      name: 'tells of a chat that became a group',
      fault: { migratedTo: -1001234567890 },
      message: /became a group, and sign-in links go to private chats only: set "telegramChatId"/,
      code: 400,
    },
    {
      name: 'sends to PUBLIC_URL when a button’s address is refused',
      fault: { publicButtonsOnly: true },
      message: /PUBLIC_URL must be a public http\(s\) address/,
      code: 400,
    },
    {
      name: 'passes on the words of any other refusal',
      fault: { status: 400 },
      message: /^Telegram refused the message with 400: Bad Request$/,
      code: 400,
    },
  ])('$name', async ({ fault, message, code }) => {
    const server = await telegram(fault);
    const localLink = 'http://localhost:8080/go/canaryLinkThatMustNeverShow';
    const notifier = createTelegramNotifier({
      token: new Secret(BOT_TOKEN),
      chatId: CHAT_ID,
      apiRoot: server.url,
      wait: async () => {},
    });
    const error = await failureOf(
      notifier.deliver(notice, { ...facts, link: async () => localLink }),
    );
    expect(error.message).toMatch(message);
    expect(error).toMatchObject({
      code: 'NOTIFICATION_REFUSED',
      retryable: false,
      retryAfterMs: null,
      cause: { name: 'TelegramError', code },
    });
    expect(server.paths).toEqual([SEND]);
    expect(server.taken).toEqual([]);
  });

  it('tells to write to the bot when there is no such chat', async () => {
    const server = await telegram(null, ['1']);
    const error = await failureOf(notifierFor(server.url).deliver());
    expect(error).toMatchObject({
      code: 'NOTIFICATION_REFUSED',
      message: expect.stringMatching(/no chat "telegramChatId": write to the bot once/),
    });
  });

  it('does not show a wrong bot token that Telegram refuses', async () => {
    const server = await telegram();
    const token = new Secret(`${BOT_TOKEN}canary`);
    const error = await failureOf(notifierFor(server.url, { token }).deliver());
    expect(error).toMatchObject({ code: 'NOTIFICATION_REFUSED', cause: { code: 401 } });
  });

  it.each(['-77001', '-1001234567890', '@channel', '', '0', '77001 '])(
    'keeps links out of %j, which is no private chat, without a call',
    async (chatId) => {
      const server = await telegram();
      const error = await failureOf(notifierFor(server.url, { chatId }).deliver());
      expect(error).toMatchObject({ code: 'NOTIFICATION_REFUSED', retryable: false });
      expect(error.message).toMatch(/private chats only/);
      expect(server.paths).toEqual([]);
    },
  );
});
