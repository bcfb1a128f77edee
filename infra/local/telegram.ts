/**
 * Telegram on one machine: speaks the Bot API to the notifier and shows the chat as a page.
 *
 * Judges calls as Telegram does (token, chat, text, markup, buttons) and can be made to fail in every
 * way Telegram fails. One thing it takes that Telegram refuses: buttons to addresses that are not
 * public, because the local pages have no other. Nothing leaves the machine. Mounted by the local run
 * and by tests.
 *
 * @see https://core.telegram.org/bots/api
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { type BotAnswer, type ChatMessage, createChat } from './telegram-chat.ts';
import { chatPage, chatUpdate, pageHeaders } from './telegram-page.ts';
import { type BotCall, botPath, readCall } from './telegram-request.ts';

/** How the stand-in fails; parsed from the control API's `telegram` faults. */
export const telegramFault = z.strictObject({
  /** Drops the connection without an answer. */
  down: z.boolean().optional(),
  /** Takes the call and drops the connection before answering: nobody knows. */
  dropAnswer: z.boolean().optional(),
  /** Waits so long (real time) before it reads the call. */
  slowMs: z.number().int().nonnegative().optional(),
  /** Answers every call with this error: 403 as for a bot that was blocked, 429 with `retryAfterSeconds`. */
  status: z.number().int().min(400).max(599).optional(),
  retryAfterSeconds: z.number().int().nonnegative().optional(),
  /** Answers as for a group that became a supergroup with this id. */
  migratedTo: z.number().int().optional(),
  /** Answers 200 with a web page. */
  malformed: z.boolean().optional(),
  /** Refuses buttons to addresses that are not public, as Telegram does. */
  publicButtonsOnly: z.boolean().optional(),
  /** Only the next so many calls are affected. */
  times: z.number().int().positive().optional(),
});
export type TelegramFault = z.infer<typeof telegramFault>;

export type TelegramStandInOptions = {
  readonly clock: () => number;
  /** The one bot token it accepts. */
  readonly token: string;
  /** Chats that exist. @default every numeric id */
  readonly chats?: readonly string[];
  /** Zone of the times in the page. @default 'America/New_York' */
  readonly zone?: string;
  readonly onMessage?: (message: ChatMessage) => void;
};

export type TelegramStandIn = {
  /** Bot API at `/bot<token>/<method>`, chat at `/`, its state at `/messages.json`. */
  handle(req: IncomingMessage, res: ServerResponse): Promise<void>;
  /** What the chats show now, oldest first. */
  messages(): readonly Pick<ChatMessage, 'at' | 'chatId' | 'text' | 'buttons'>[];
  setFault(fault: TelegramFault | null): void;
};

const DESCRIPTIONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden: bot was blocked by the user',
  404: 'Not Found',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
};

const RETRY_AFTER_SECONDS = 5;

export function createTelegramStandIn(options: TelegramStandInOptions): TelegramStandIn {
  const { clock, token, zone = 'America/New_York' } = options;
  const chat = createChat({
    clock,
    botId: Number.parseInt(token, 10) || 1,
    chats: options.chats ?? null,
    onMessage: options.onMessage ?? (() => {}),
  });
  let fault: TelegramFault = {};
  let callsLeft = Number.POSITIVE_INFINITY;

  function takeFault(): TelegramFault {
    const current = fault;
    callsLeft -= 1;
    if (callsLeft <= 0) fault = {};
    return current;
  }

  function answerCall(call: BotCall, current: TelegramFault): BotAnswer {
    if (call.token !== token) return unknownBot(call.token);
    return faultAnswer(current) ?? chat.answer(call, current.publicButtonsOnly ?? false);
  }

  async function handleBot(
    req: IncomingMessage,
    res: ServerResponse,
    path: { token: string; method: string },
    query: URLSearchParams,
  ): Promise<void> {
    const current = takeFault();
    if (current.slowMs !== undefined) await sleep(current.slowMs);
    // A caller that gave up was not heard.
    if (current.down || req.socket.destroyed) {
      req.socket.destroy();
      return;
    }
    const read = await readCall(req, path, query);
    const answer = read.ok ? answerCall(read.call, current) : refuse(read.status, read.description);
    if (current.dropAnswer) {
      req.socket.destroy();
      return;
    }
    if (current.malformed) {
      res.writeHead(200, { 'content-type': 'text/html' }).end('<html>Please log in</html>');
      return;
    }
    sendJson(res, answer.ok ? 200 : answer.error_code, answer);
  }

  return {
    async handle(req, res) {
      const url = new URL(`http://telegram.local${req.url ?? '/'}`);
      const path = botPath(url.pathname);
      if (path !== null) return handleBot(req, res, path, url.searchParams);
      const view = { messages: chat.messages(), revision: chat.revision(), now: clock(), zone };
      if (url.pathname === '/') {
        res.writeHead(200, pageHeaders()).end(chatPage(view));
      } else if (url.pathname === '/messages.json') {
        sendJson(res, 200, chatUpdate(view));
      } else {
        sendJson(res, 404, refuse(404, 'Not Found'));
      }
    },
    messages: () =>
      chat.messages().map(({ at, chatId, text, buttons }) => ({ at, chatId, text, buttons })),
    setFault(next) {
      fault = next ?? {};
      callsLeft = next?.times ?? Number.POSITIVE_INFINITY;
    },
  };
}

/** A token of the right form is "unauthorized", anything else is no address at all. */
function unknownBot(token: string): BotAnswer {
  return /^[0-9]+:[\w-]+$/.test(token) ? refuse(401, 'Unauthorized') : refuse(404, 'Not Found');
}

function faultAnswer(fault: TelegramFault): BotAnswer | null {
  if (fault.migratedTo !== undefined) {
    return {
      ...refuse(400, 'Bad Request: group chat was upgraded to a supergroup chat'),
      parameters: { migrate_to_chat_id: fault.migratedTo },
    };
  }
  if (fault.status === undefined) return null;
  if (fault.status !== 429) return refuse(fault.status, DESCRIPTIONS[fault.status] ?? 'Error');
  const seconds = fault.retryAfterSeconds ?? RETRY_AFTER_SECONDS;
  return {
    ...refuse(429, `Too Many Requests: retry after ${seconds}`),
    parameters: { retry_after: seconds },
  };
}

function refuse(status: number, description: string) {
  return { ok: false as const, error_code: status, description };
}

function sendJson(res: ServerResponse, status: number, body: unknown): void {
  res
    .writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    .end(JSON.stringify(body));
}
