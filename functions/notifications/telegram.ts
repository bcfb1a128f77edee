/**
 * Delivers notices to one private Telegram chat, through telegraf's `Telegram` class.
 *
 * A delivery is one call, with at most one more after a lost connection or a short flood wait; a call
 * whose answer is lost may have been taken, so a message can come twice but is never passed over in
 * silence. It never sends to groups, never logs, and no error of it holds the bot token or a link.
 * (With `DEBUG=telegraf:*` set, telegraf itself prints whole messages: never set it where logs are
 * kept.) Made by `compose.ts`.
 *
 * @see https://core.telegram.org/bots/api#sendmessage
 */

import { Agent } from 'node:https';
import type { Telegram } from 'telegraf';
import type { Wait } from '../clock.ts';
import { NotificationError } from '../errors.ts';
import type { Secret } from '../secret.ts';
import { composeMessage, type Message } from './messages.ts';
import type { Notifier } from './notifier.ts';
import { judgeFailure, type TelegramFailure } from './telegram-failure.ts';

export type TelegramNotifierOptions = {
  /** The bot token that @BotFather gave. */
  readonly token: Secret;
  /** Id of a private chat with the bot, digits only: groups have negative ids. */
  readonly chatId: string;
  /** @default 'https://api.telegram.org' */
  readonly apiRoot?: string;
  /** Time for one call. @default 5000 */
  readonly timeoutMs?: number;
  readonly wait: Wait;
};

const API_ROOT = 'https://api.telegram.org';

/** Far below telegraf's own 500 s: a scheduled run must get on. */
const CALL_TIMEOUT_MS = 5_000;

const PRIVATE_CHAT_ID = /^[1-9][0-9]*$/;

/** A notifier for one chat. Loads telegraf at the first delivery and keeps its client. */
export function createTelegramNotifier(options: TelegramNotifierOptions): Notifier {
  let client: Promise<Telegram> | null = null;

  async function call(message: Message): Promise<TelegramFailure | null> {
    try {
      client ??= createClient(options);
      await (await client).callApi(
        'sendMessage',
        {
          chat_id: options.chatId,
          text: message.html,
          parse_mode: 'HTML',
          protect_content: true,
          ...(message.silent === true ? { disable_notification: true } : {}),
          link_preview_options: { is_disabled: true },
          reply_markup: {
            inline_keyboard: message.buttons.map(({ text, url }) => [{ text, url }]),
          },
        },
        { signal: timeoutSignal(options.timeoutMs ?? CALL_TIMEOUT_MS) },
      );
      return null;
    } catch (thrown) {
      return judgeFailure(thrown);
    }
  }

  return {
    async deliver(notice, facts) {
      refuseGroups(options.chatId);
      const message = await composeMessage(notice, facts);
      const first = await call(message);
      if (first === null) return;
      if (first.againInMs === null) throw first.error;
      await options.wait(first.againInMs);
      const second = await call(message);
      if (second !== null) throw second.error;
    },
  };
}

/** A client that keeps no connection. Loads telegraf. */
export async function createClient({
  token,
  apiRoot = API_ROOT,
}: Pick<TelegramNotifierOptions, 'token' | 'apiRoot'>) {
  const { Telegram } = await import('telegraf');
  return new Telegram(token.reveal(), {
    apiRoot: apiRoot.endsWith('/') ? apiRoot : `${apiRoot}/`,
    // A pooled connection is dead after the instance was frozen, and would cost the first message.
    agent: new Agent({ keepAlive: false }),
    webhookReply: false,
  });
}

type CallSignal = NonNullable<NonNullable<Parameters<Telegram['callApi']>[2]>['signal']>;

/** telegraf types its signal by an older polyfill; the platform's own works. */
export function timeoutSignal(ms: number): CallSignal {
  return AbortSignal.timeout(ms) as CallSignal;
}

/** Whoever can read a group could sign in, and could bind a foreign account. */
function refuseGroups(chatId: string): void {
  if (PRIVATE_CHAT_ID.test(chatId)) return;
  throw new NotificationError(
    '"telegramChatId" is no private chat (a positive number), and sign-in links go to private chats only',
    { code: 'NOTIFICATION_REFUSED', retryable: false },
  );
}
