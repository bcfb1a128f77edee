/**
 * The values that only the person has, made into what the functions read: consumer keys, bot, chat.
 *
 * Asks, checks the form, and hands back a `Secret` holding the JSON of one secret's version. Nothing is kept
 * and nothing shown.
 */

import type { Random } from '../../functions/clock.ts';
import { Secret } from '../../functions/secret.ts';
import type { Answers } from './answers.ts';
import { HEARTBEAT_SECRET, variableOf } from './places.ts';
import type { Say } from './steps.ts';
import { createTelegram, findChat, type Telegram } from './telegram.ts';

export type ValueParts = {
  readonly answers: Answers;
  readonly fetch: typeof fetch;
  readonly telegramUrl: string | null;
  readonly random: Random;
};

const CONSUMER_HINT = '{"key":"…","secret":"…"}';
const APP_HINT =
  '{"telegramBotToken":"…","telegramChatId":"…","linkKey":"32 random characters or more","statusKey":"16 or more"}';

/** For `--print`: what to type, Enter, and Ctrl-D; a line end at the end does no harm. */
export function hintOf(secret: string): string {
  if (secret === HEARTBEAT_SECRET) return 'Type the https address of the watchman, Enter, Ctrl-D:';
  const form = secret.endsWith('-consumer') ? CONSUMER_HINT : APP_HINT;
  return `Type ${form}, Enter, Ctrl-D:`;
}

/** White space inside a key is half of another key, or a line end that came along. */
function whole(value: string): string | null {
  return /\s/.test(value) ? 'has a space or a line end inside: copy it once more' : null;
}

/** `{"key","secret"}` of a broker's app, for `etrade-sandbox-consumer` and its like. */
export async function askConsumer(secret: string, { answers }: ValueParts): Promise<Secret> {
  const title = secret.replace(/-consumer$/, '').replaceAll('-', ' ');
  const wanted = { isSecret: true, judge: whole };
  const variable = variableOf(secret);
  const key = await answers.get({
    ...wanted,
    name: `${variable}_KEY`,
    question: `Consumer key of ${title} (not shown)`,
  });
  const value = await answers.get({
    ...wanted,
    name: `${variable}_SECRET`,
    question: `Consumer secret of ${title} (not shown)`,
    judge: (typed) => whole(typed) ?? (typed === key ? 'is the key once more' : null),
  });
  return new Secret(JSON.stringify({ key, secret: value }));
}

const BOT_TOKEN = /^\d+:[\w-]+$/;
const CHAT_ID = /^[1-9]\d*$/;
/** 256 bits, as 43 characters. */
const LINK_KEY_BYTES = 32;
const STATUS_KEY_BYTES = 24;
const CODE_BYTES = 4;

/** What `token-cadence-app` holds. */
export async function askApp(parts: ValueParts, say: Say): Promise<Secret> {
  const { answers, random } = parts;
  const telegramBotToken = await answers.get({
    name: 'TELEGRAM_BOT_TOKEN',
    question: 'Bot token from @BotFather (not shown)',
    isSecret: true,
    judge: async (value) => {
      if (!BOT_TOKEN.test(value)) return 'does not look like 123456:ABC…';
      const name = await telegramOf(value, parts).botName();
      return name === null ? 'is unknown to Telegram: @BotFather shows it with /mybots' : null;
    },
  });
  const telegram = telegramOf(telegramBotToken, parts);
  const telegramChatId = await chatOf(telegram, parts, say);
  return new Secret(
    JSON.stringify({
      telegramBotToken,
      telegramChatId,
      linkKey: textOf(random(LINK_KEY_BYTES)),
      statusKey: textOf(random(STATUS_KEY_BYTES)),
    }),
  );
}

function telegramOf(token: string, { fetch, telegramUrl }: ValueParts): Telegram {
  return createTelegram({
    token: new Secret(token),
    fetch,
    ...(telegramUrl === null ? {} : { apiRoot: telegramUrl }),
  });
}

async function chatOf(telegram: Telegram, parts: ValueParts, say: Say): Promise<string> {
  const { answers, random } = parts;
  if (!answers.isInteractive) {
    const given = await answers.get({
      name: 'TELEGRAM_CHAT_ID',
      question: 'Chat id (empty: found by itself)',
      fallback: '',
      judge: (value) => (CHAT_ID.test(value) ? null : 'is no private chat: digits only'),
    });
    if (given !== '') return given;
  }
  const name = await telegram.botName();
  const code = Buffer.from(random(CODE_BYTES)).toString('hex');
  say.note(
    `Open https://t.me/${name ?? ''}?start=${code} on your phone or here and press "Start";`,
  );
  say.note(`or write ${code} to @${name ?? 'the bot'}. Waiting for it …`);
  const chat = await findChat(telegram, code, say.note);
  say.note('Found: it is in a private chat with you.');
  return chat;
}

/** The address of an outside watchman, which is a secret: whoever has it can keep it quiet. */
export async function askHeartbeat({ answers }: ValueParts): Promise<Secret> {
  const value = await answers.get({
    name: 'HEARTBEAT_URL',
    question: 'Address that the watchman expects to be called (not shown)',
    isSecret: true,
    judge: (typed) => whole(typed) ?? (/^https:\/\//.test(typed) ? null : 'is no https address'),
  });
  return new Secret(value);
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}
