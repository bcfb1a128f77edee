/**
 * The chats of the Telegram stand-in: what each Bot API method does to them, and every refusal in
 * Telegram's own words.
 *
 * No network and no faults here. Used by `telegram.ts`.
 *
 * @see https://core.telegram.org/bots/api#available-methods
 */

import { z } from 'zod';
import { escapeHtml, parseTelegramHtml } from './telegram-html.ts';
import { type BotCall, jsonField } from './telegram-request.ts';

/** A message as the chat holds it. */
export type ChatMessage = {
  readonly id: number;
  readonly at: number;
  readonly editedAt: number | null;
  readonly chatId: string;
  /** What the person reads, without markup. */
  readonly text: string;
  readonly safeHtml: string;
  readonly buttons: readonly { readonly text: string; readonly url: string }[];
  /** Forwarding and saving are off (`protect_content`). */
  readonly isProtected: boolean;
  /** It made no sound (`disable_notification`). */
  readonly isSilent: boolean;
  /** Telegram may fetch links of the text. */
  readonly hasPreview: boolean;
};

export type BotAnswer =
  | { readonly ok: true; readonly result: unknown }
  | {
      readonly ok: false;
      readonly error_code: number;
      readonly description: string;
      readonly parameters?: { retry_after: number } | { migrate_to_chat_id: number };
    };

export type ChatOptions = {
  readonly clock: () => number;
  readonly botId: number;
  /** Chats that exist; `null`: every numeric id. */
  readonly chats: readonly string[] | null;
  readonly onMessage: (message: ChatMessage) => void;
};

export type Chat = {
  answer(call: BotCall, publicButtonsOnly: boolean): BotAnswer;
  messages(): readonly ChatMessage[];
  /** +1 with every change. */
  revision(): number;
};

type Content = Pick<ChatMessage, 'text' | 'safeHtml' | 'buttons'>;

/** A refusal on its way out of a method; never leaves this file. */
class Refusal extends Error {}

const TEXT_MAX_CHARACTERS = 4_096;
const BUTTONS_MAX = 100;
const DELETABLE_MS = 48 * 60 * 60 * 1_000;

const keyboard = z.object({
  inline_keyboard: z.array(z.array(z.object({ text: z.string(), url: z.string().optional() }))),
});
const flag = z.union([z.boolean(), z.literal('true'), z.literal('false')]);

export function createChat({ clock, botId, chats, onMessage }: ChatOptions): Chat {
  let messages: readonly ChatMessage[] = [];
  let lastId = 0;
  let changes = 0;

  const bot = {
    id: botId,
    is_bot: true,
    first_name: 'token-cadence',
    username: 'token_cadence_bot',
  };

  function change(next: readonly ChatMessage[]): void {
    messages = next;
    changes += 1;
  }

  function chatOf(parameters: BotCall['parameters']): string {
    const id = String(parameters['chat_id'] ?? '');
    if (id === '') throw new Refusal('chat_id is empty');
    const exists = chats === null ? /^-?[0-9]+$/.test(id) : chats.includes(id);
    if (!exists) throw new Refusal('chat not found');
    return id;
  }

  function find(parameters: BotCall['parameters'], purpose: 'edit' | 'delete'): ChatMessage {
    const chatId = chatOf(parameters);
    const id = Number(parameters['message_id']);
    const found = messages.find((message) => message.chatId === chatId && message.id === id);
    if (found === undefined) throw new Refusal(`message to ${purpose} not found`);
    return found;
  }

  function asResult(message: ChatMessage): unknown {
    return {
      message_id: message.id,
      from: bot,
      chat: chatInfo(message.chatId),
      date: Math.floor(message.at / 1_000),
      ...(message.editedAt === null ? {} : { edit_date: Math.floor(message.editedAt / 1_000) }),
      text: message.text,
      ...(message.isProtected ? { has_protected_content: true } : {}),
      ...(message.buttons.length === 0
        ? {}
        : { reply_markup: { inline_keyboard: message.buttons.map((button) => [button]) } }),
    };
  }

  function send({ parameters }: BotCall, publicButtonsOnly: boolean): unknown {
    const chatId = chatOf(parameters);
    const content = readContent(parameters, publicButtonsOnly);
    lastId += 1;
    const message: ChatMessage = {
      ...content,
      id: lastId,
      at: clock(),
      editedAt: null,
      chatId,
      isProtected: isSet(parameters['protect_content']),
      isSilent: isSet(parameters['disable_notification']),
      hasPreview: hasPreview(parameters),
    };
    change([...messages, message]);
    onMessage(message);
    return asResult(message);
  }

  function edit({ parameters }: BotCall, publicButtonsOnly: boolean): unknown {
    const old = find(parameters, 'edit');
    const content = readContent(parameters, publicButtonsOnly);
    const same =
      content.safeHtml === old.safeHtml &&
      JSON.stringify(content.buttons) === JSON.stringify(old.buttons);
    if (same) throw new Refusal('message is not modified');
    const edited: ChatMessage = { ...old, ...content, editedAt: clock() };
    change(messages.map((message) => (message === old ? edited : message)));
    return asResult(edited);
  }

  function remove({ parameters }: BotCall): true {
    const old = find(parameters, 'delete');
    if (clock() - old.at > DELETABLE_MS) throw new Refusal("message can't be deleted");
    change(messages.filter((message) => message !== old));
    return true;
  }

  function perform(call: BotCall, publicButtonsOnly: boolean): BotAnswer {
    switch (call.method) {
      case 'sendmessage':
        return done(send(call, publicButtonsOnly));
      case 'editmessagetext':
        return done(edit(call, publicButtonsOnly));
      case 'deletemessage':
        return done(remove(call));
      case 'getme':
        return done(bot);
      case 'getchat':
        return done(chatInfo(chatOf(call.parameters)));
      case 'sendchataction':
        chatOf(call.parameters);
        return done(true);
      case 'getupdates':
        return done([]);
      case 'setwebhook':
      case 'deletewebhook':
        return done(true);
      default:
        return { ok: false, error_code: 404, description: 'Not Found: method not found' };
    }
  }

  return {
    answer(call, publicButtonsOnly) {
      try {
        return perform(call, publicButtonsOnly);
      } catch (thrown) {
        if (!(thrown instanceof Refusal)) throw thrown;
        return { ok: false, error_code: 400, description: `Bad Request: ${thrown.message}` };
      }
    },
    messages: () => messages,
    revision: () => changes,
  };
}

function chatInfo(chatId: string): unknown {
  const id = Number(chatId);
  return id < 0 ? { id, type: 'group', title: 'group' } : { id, type: 'private' };
}

function done(result: unknown): BotAnswer {
  return { ok: true, result };
}

function readContent(parameters: BotCall['parameters'], publicButtonsOnly: boolean): Content {
  const source = parameters['text'] === undefined ? '' : String(parameters['text']);
  const { text, safeHtml } = readText(source, parameters['parse_mode']);
  if (text.trim() === '') throw new Refusal('message text is empty');
  if (text.length > TEXT_MAX_CHARACTERS) throw new Refusal('message is too long');
  return { text, safeHtml, buttons: readButtons(parameters['reply_markup'], publicButtonsOnly) };
}

function readText(source: string, mode: unknown): { text: string; safeHtml: string } {
  if (!source.isWellFormed()) throw new Refusal('strings must be encoded in UTF-8');
  if (mode === undefined || mode === '') return { text: source, safeHtml: escapeHtml(source) };
  if (String(mode).toLowerCase() !== 'html') throw new Refusal('unsupported parse_mode');
  const parsed = parseTelegramHtml(source);
  if (!parsed.ok) throw new Refusal(`can't parse entities: ${parsed.problem}`);
  return parsed;
}

function readButtons(markup: unknown, publicOnly: boolean): ChatMessage['buttons'] {
  if (markup === undefined || markup === '') return [];
  const read = keyboard.safeParse(jsonField(markup));
  if (!read.success) throw new Refusal("can't parse reply keyboard markup JSON object");
  const buttons = read.data.inline_keyboard.flat();
  if (buttons.length > BUTTONS_MAX) throw new Refusal('reply markup is too long');
  return buttons.map(({ text, url }) => {
    if (text.trim() === '' || !text.isWellFormed()) throw new Refusal('button text is invalid');
    if (url === undefined) {
      throw new Refusal(
        "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
      );
    }
    const problem = urlProblem(url, publicOnly);
    // Telegram quotes the whole address, link and all: a trap for whoever logs its answers.
    if (problem !== null) {
      throw new Refusal(`inline keyboard button URL '${url}' is invalid: ${problem}`);
    }
    return { text, url };
  });
}

function urlProblem(address: string, publicOnly: boolean): string | null {
  if (!URL.canParse(address)) return 'Wrong HTTP URL';
  const { protocol, hostname } = new URL(address);
  if (!['http:', 'https:', 'tg:'].includes(protocol)) return 'Unsupported URL protocol';
  const isLocal = !hostname.includes('.') || hostname.startsWith('127.');
  return publicOnly && protocol !== 'tg:' && isLocal ? 'Wrong HTTP URL' : null;
}

function isSet(value: unknown): boolean {
  const read = flag.safeParse(value);
  return read.success && (read.data === true || read.data === 'true');
}

function hasPreview(parameters: BotCall['parameters']): boolean {
  const options = z
    .object({ is_disabled: z.boolean() })
    .safeParse(jsonField(parameters['link_preview_options']));
  return !(options.success && options.data.is_disabled);
}
