/**
 * Judges what went wrong between us and Telegram: what to tell the operator, whether to try again.
 *
 * Pure: a thrown value in, a clean error out. telegraf's own errors hold the whole message with its
 * sign-in links (`on.payload`), node-fetch's hold the address with the bot token, and Telegram's
 * descriptions quote a button's address; so nothing of them passes but name, code and a scrubbed
 * description. Called by `telegram.ts`.
 *
 * @see https://core.telegram.org/bots/api#making-requests
 */

import * as z from 'zod';
import { NotificationError } from '../errors.ts';

/** A failed call, and in how many milliseconds the same delivery may try once more (`null`: not). */
export type TelegramFailure = {
  readonly error: NotificationError;
  readonly againInMs: number | null;
};

/** Longest flood wait that one delivery sits out; a longer one is left to the next run. */
const FLOOD_WAIT_MAX_MS = 5_000;

/** A lost connection is often gone a moment later. */
const RECONNECT_AFTER_MS = 250;

const DESCRIPTION_LIMIT = 160;

/** The connection failed: nothing was answered, so the message was most likely not taken. */
const CONNECTION_LOST = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'EAI_AGAIN']);

const answer = z.object({
  response: z.object({
    error_code: z.number(),
    description: z.string().catch(''),
    parameters: z
      .object({
        retry_after: z.number().nonnegative().optional(),
        migrate_to_chat_id: z.union([z.number(), z.string()]).optional(),
      })
      .catch({}),
  }),
});

const network = z.object({
  name: z.string().catch('Error'),
  code: z.string().nullable().catch(null),
  type: z.string().nullable().catch(null),
  message: z.string().catch(''),
});

/** What a value thrown by telegraf's `callApi` means. */
export function judgeFailure(thrown: unknown): TelegramFailure {
  const answered = answer.safeParse(thrown);
  if (answered.success) return judgeAnswer(answered.data.response);
  return judgeNetwork(network.parse(thrown ?? {}));
}

function judgeAnswer(response: z.infer<typeof answer>['response']): TelegramFailure {
  const { error_code: status, parameters } = response;
  const description = scrub(response.description);
  const cause = cleanCause('TelegramError', status, description);

  if (status === 429) {
    const retryAfterMs =
      parameters.retry_after === undefined ? null : parameters.retry_after * 1_000;
    return {
      error: unavailable('Telegram asks to send less often', cause, retryAfterMs),
      againInMs: retryAfterMs !== null && retryAfterMs <= FLOOD_WAIT_MAX_MS ? retryAfterMs : null,
    };
  }
  if (status >= 500) {
    return { error: unavailable(`Telegram answered ${status}`, cause), againInMs: null };
  }
  const message = refusal(
    status,
    response.description,
    parameters.migrate_to_chat_id !== undefined,
  );
  return {
    error: new NotificationError(message, {
      code: 'NOTIFICATION_REFUSED',
      retryable: false,
      cause,
    }),
    againInMs: null,
  };
}

/**
 * The operator's next step, by Telegram's own words: it has one code for many troubles, and words that one
 * code knows come with others, too.
 *
 * @see https://core.telegram.org/api/errors
 */
const ADVICE: readonly (readonly [words: RegExp, advice: string])[] = [
  [
    /blocked by the user|USER_IS_BLOCKED/i,
    'The bot was blocked by the chat: open the chat with the bot and press Start',
  ],
  [
    /can't initiate conversation|can't write to a user first/i,
    'The person has not started the bot yet: open the chat with the bot and press Start',
  ],
  [
    /user is deactivated|USER_DEACTIVATED/i,
    'The Telegram account of the chat was deleted or suspended: set "telegramChatId" to the private chat of an account in use, which has pressed Start',
  ],
  [
    /bots can't send messages to bots|USER_IS_BOT/i,
    '"telegramChatId" is the id of a bot, and bots cannot write to bots: set it to your own private chat with the bot',
  ],
  [
    /chat not found|user not found|chat_id is empty|PEER_ID_INVALID|CHAT_ID_INVALID/i,
    'Telegram finds no chat "telegramChatId": write to the bot once, then check the id',
  ],
  [
    /was kicked|not a member|(group|channel)\b.*(deleted|upgraded|deactivated)|no rights to send|not enough rights|CHAT_WRITE_FORBIDDEN|have no write access/i,
    'The chat is a group or channel in which the bot may not write, and sign-in links go to private chats only: set "telegramChatId" to a private chat with the bot',
  ],
  [
    /button.*url/i,
    'Telegram refuses the address of a button: PUBLIC_URL must be a public http(s) address',
  ],
];

/** @param description as Telegram wrote it: never shown unscrubbed, since it may quote an address */
function refusal(status: number, description: string, migrated: boolean): string {
  if (migrated) {
    return 'The chat became a group, and sign-in links go to private chats only: set "telegramChatId" to a private chat with the bot';
  }
  if (status === 401 || status === 404) {
    return 'Telegram does not know the bot: check "telegramBotToken" (and TELEGRAM_API_URL, if set)';
  }
  const known = ADVICE.find(([words]) => words.test(description));
  return known?.[1] ?? `Telegram refused the message with ${status}: ${scrub(description)}`;
}

function judgeNetwork(thrown: z.infer<typeof network>): TelegramFailure {
  const { name, code, type } = thrown;
  const cause = cleanCause(name, code ?? type, 'no usable answer from Telegram');
  if (name === 'AbortError') {
    return { error: unavailable('Telegram did not answer in time', cause), againInMs: null };
  }
  if (code === null) {
    return {
      error: unavailable('The answer is not Telegram’s: check TELEGRAM_API_URL', cause),
      againInMs: null,
    };
  }
  // node-fetch gives a connection lost within the answer the same code: by then the message was taken.
  const withinAnswer = thrown.message.startsWith('Invalid response body');
  const lost = CONNECTION_LOST.has(code) && !withinAnswer;
  return {
    error: unavailable('Telegram cannot be reached', cause),
    againInMs: lost ? RECONNECT_AFTER_MS : null,
  };
}

function unavailable(message: string, cause: Error, retryAfterMs: number | null = null) {
  return new NotificationError(message, {
    code: 'NOTIFICATION_UNAVAILABLE',
    retryable: true,
    cause,
    ...(retryAfterMs === null ? {} : { retryAfterMs }),
  });
}

function cleanCause(name: string, code: string | number | null, description: string): Error {
  const cause = new Error(description);
  cause.name = name;
  return Object.assign(cause, { code });
}

/** Drops what could be ours: addresses, quoted text, long words. */
function scrub(description: string): string {
  return description
    .replace(/'[^']*'?/g, '…')
    .replace(/\S*:\/\/\S*/g, '…')
    .replace(/\S{25,}/g, '…')
    .slice(0, DESCRIPTION_LIMIT);
}
