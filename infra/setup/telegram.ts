/**
 * The three calls of Telegram's Bot API that setting up needs: who the bot is, who wrote to it, send a line.
 *
 * No error holds the bot token or an address, which contains it. Groups are never taken for a chat.
 *
 * @see https://core.telegram.org/bots/api
 */

import * as z from 'zod';
import type { Secret } from '../../functions/secret.ts';
import { SetupProblem } from './problem.ts';

export type Telegram = {
  /** The bot's user name, or `null` when Telegram does not know the token. */
  readonly botName: () => Promise<string | null>;
  /** Messages of the last day that were not handed out before; waits up to 20 s for one. */
  readonly messages: () => Promise<readonly ChatMessage[]>;
  readonly send: (chatId: string, text: string) => Promise<void>;
};

export type ChatMessage = {
  readonly chatId: string;
  /** False in groups and channels. */
  readonly isPrivate: boolean;
  readonly from: string;
  readonly text: string;
};

export type TelegramOptions = {
  readonly token: Secret;
  readonly fetch: typeof fetch;
  /** @default 'https://api.telegram.org' */
  readonly apiRoot?: string;
};

const API_ROOT = 'https://api.telegram.org';
const LONG_POLL_SECONDS = 20;
const CALL_TIMEOUT_MS = 10_000;

const answerSchema = z.object({
  ok: z.boolean(),
  result: z.unknown().optional(),
  error_code: z.number().optional(),
  description: z.string().optional(),
});

const meSchema = z.object({ username: z.string() });

const updatesSchema = z.array(
  z.object({
    update_id: z.number(),
    message: z
      .object({
        text: z.string().default(''),
        chat: z.object({ id: z.number(), type: z.string() }),
        from: z.object({ first_name: z.string(), username: z.string().optional() }).optional(),
      })
      .optional(),
  }),
);

export function createTelegram({ token, fetch, apiRoot = API_ROOT }: TelegramOptions): Telegram {
  async function call(
    method: string,
    parameters: Readonly<Record<string, unknown>>,
    timeoutMs = CALL_TIMEOUT_MS,
  ): Promise<z.infer<typeof answerSchema>> {
    try {
      const response = await fetch(
        `${apiRoot.replace(/\/+$/, '')}/bot${token.reveal()}/${method}`,
        {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(parameters),
          signal: AbortSignal.timeout(timeoutMs),
        },
      );
      return answerSchema.parse(await response.json());
    } catch {
      throw new SetupProblem('Telegram did not answer.', [
        'Check the network (is api.telegram.org reachable from here?), then run the same again.',
      ]);
    }
  }

  function refused(doing: string, answer: z.infer<typeof answerSchema>): SetupProblem {
    return new SetupProblem(
      `Telegram refused to ${doing}: ${answer.description ?? 'no reason given'} (${answer.error_code ?? '?'}).`,
    );
  }

  /** Telegram answers at once as long as it has what is older than this. */
  let nextUpdate = 0;

  return {
    async botName() {
      const answer = await call('getMe', {});
      if (answer.ok) return meSchema.parse(answer.result).username;
      // 401 for a token that was revoked, 404 for one that never was.
      if (answer.error_code === 401 || answer.error_code === 404) return null;
      throw refused('say who the bot is', answer);
    },
    async messages() {
      const answer = await call(
        'getUpdates',
        { offset: nextUpdate, timeout: LONG_POLL_SECONDS, allowed_updates: ['message'] },
        LONG_POLL_SECONDS * 1000 + CALL_TIMEOUT_MS,
      );
      if (answer.error_code === 409) {
        throw new SetupProblem('Another program already listens to this bot.', [
          'Give token-cadence a bot of its own (@BotFather, /newbot), then run the same again.',
        ]);
      }
      if (!answer.ok) throw refused('read what was written to the bot', answer);
      const updates = updatesSchema.parse(answer.result);
      for (const { update_id } of updates) nextUpdate = Math.max(nextUpdate, update_id + 1);
      return updates.flatMap(({ message }) =>
        message === undefined
          ? []
          : [
              {
                chatId: String(message.chat.id),
                isPrivate: message.chat.type === 'private',
                from: message.from?.username ?? message.from?.first_name ?? 'somebody',
                text: message.text,
              },
            ],
      );
    },
    async send(chatId, text) {
      const answer = await call('sendMessage', {
        chat_id: chatId,
        text,
        link_preview_options: { is_disabled: true },
      });
      if (!answer.ok) throw refused('send the test message', answer);
    },
  };
}

/** Longer than it takes to find the phone. */
const POLLS = 30;

/**
 * The private chat in which somebody wrote `code`: whoever else writes to the bot is not taken for the person
 * at this terminal, since sign-in links will go there.
 */
export async function findChat(
  telegram: Telegram,
  code: string,
  tell: (text: string) => void,
): Promise<string> {
  const told = new Set<string>();
  for (let poll = 0; poll < POLLS; poll += 1) {
    const messages = await telegram.messages();
    const right = messages.filter(({ text }) => text.includes(code));
    const found = right.find(({ isPrivate }) => isPrivate);
    if (found !== undefined) return found.chatId;
    const complaint =
      right.length > 0
        ? 'The code came in a group. Sign-in links go to private chats only: write to the bot itself.'
        : messages.length > 0
          ? `Somebody wrote to the bot (${safeName(messages.at(-1)?.from)}), but not the code ${code}.`
          : null;
    if (complaint !== null && !told.has(complaint)) {
      told.add(complaint);
      tell(complaint);
    }
  }
  throw new SetupProblem('Nobody wrote the code to the bot.', [
    'Run the same again when the phone is at hand: what is done stays done.',
  ]);
}

/** A name that a stranger chose. */
function safeName(name = ''): string {
  return name.replace(/[^\p{L}\p{N} ._-]/gu, '').slice(0, 32);
}
