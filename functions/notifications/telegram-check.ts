/**
 * Whether the bot exists, the chat is a private one, and the bot may write there.
 *
 * "Typing …" is the one thing a blocked bot may not show and nobody is bothered by. No error holds the bot
 * token or a link. Made by `compose.ts` for the command line.
 *
 * @see https://core.telegram.org/bots/api#sendchataction
 */

import type { Telegram } from 'telegraf';
import * as z from 'zod';
import { NotificationError } from '../errors.ts';
import { html, lines } from './html.ts';
import type { MessengerCheck } from './messenger-check.ts';
import { createClient, type TelegramNotifierOptions, timeoutSignal } from './telegram.ts';
import { judgeFailure } from './telegram-failure.ts';

export type TelegramCheckOptions = Omit<TelegramNotifierOptions, 'wait'>;

const CALL_TIMEOUT_MS = 5_000;

const botSchema = z.object({ username: z.string() });
const chatSchema = z.object({ type: z.string() });

export function createTelegramCheck(options: TelegramCheckOptions): MessengerCheck {
  const { chatId: chat_id, timeoutMs = CALL_TIMEOUT_MS } = options;

  async function ask(work: (client: Telegram) => Promise<unknown>): Promise<unknown> {
    try {
      return await work(await createClient(options));
    } catch (thrown) {
      throw judgeFailure(thrown).error;
    }
  }

  const signal = () => ({ signal: timeoutSignal(timeoutMs) });

  return {
    async check() {
      const bot = botSchema.safeParse(await ask((client) => client.callApi('getMe', {}, signal())));
      const chat = chatSchema.safeParse(
        await ask((client) => client.callApi('getChat', { chat_id }, signal())),
      );
      if (!bot.success || !chat.success) throw unreadable();
      if (chat.data.type !== 'private') {
        throw refused(
          `The chat is a ${chat.data.type}, and sign-in links go to private chats only: set "telegramChatId" to a private chat with the bot`,
        );
      }
      await ask((client) =>
        client.callApi('sendChatAction', { chat_id, action: 'typing' }, signal()),
      );
      return bot.data.username;
    },

    async rehearse({ title, link }) {
      await ask((client) =>
        client.callApi(
          'sendMessage',
          {
            chat_id,
            text: lines([
              html`<b>Rehearsal: ${title}</b>`,
              html`On a real morning you would be asked to sign in now. Nothing is to be done.`,
            ]).markup,
            parse_mode: 'HTML',
            protect_content: true,
            link_preview_options: { is_disabled: true },
            reply_markup: { inline_keyboard: [[{ text: 'See the page', url: link }]] },
          },
          signal(),
        ),
      );
    },
  };
}

function unreadable(): NotificationError {
  return new NotificationError('The answer is not Telegram’s: check TELEGRAM_API_URL', {
    code: 'NOTIFICATION_UNAVAILABLE',
    retryable: true,
  });
}

function refused(message: string): NotificationError {
  return new NotificationError(message, { code: 'NOTIFICATION_REFUSED', retryable: false });
}
