/** The check of the messenger, against the stand-in: each trouble has a name, and no message is sent. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTelegramCheck } from '../../functions/notifications/telegram-check.ts';
import { Secret } from '../../functions/secret.ts';
import {
  BOT_TOKEN,
  CHAT_ID,
  startTelegram,
  type TelegramServer,
} from '../fixtures/telegram-server.ts';

let telegram: TelegramServer;

beforeEach(async () => {
  telegram = await startTelegram({ chats: [CHAT_ID, '-1001'] });
});

afterEach(() => telegram.close());

function checkOf(changes: { readonly token?: string; readonly chatId?: string } = {}) {
  return createTelegramCheck({
    token: new Secret(changes.token ?? BOT_TOKEN),
    chatId: changes.chatId ?? CHAT_ID,
    apiRoot: telegram.url,
    timeoutMs: 1_000,
  });
}

describe('the check', () => {
  it('answers the name of the bot, and sends nothing', async () => {
    expect(await checkOf().check()).toBe('token_cadence_bot');
    expect(telegram.taken).toEqual([]);
    expect(telegram.paths).toEqual([
      '/bot<token>/getMe',
      '/bot<token>/getChat',
      '/bot<token>/sendChatAction',
    ]);
  });

  it.each([
    { what: 'a wrong bot token', changes: { token: '1:wrong' }, says: 'does not know the bot' },
    { what: 'an unknown chat', changes: { chatId: '77002' }, says: 'finds no chat' },
    { what: 'a group', changes: { chatId: '-1001' }, says: 'private chats only' },
  ])('names $what', async ({ changes, says }) => {
    await expect(checkOf(changes).check()).rejects.toMatchObject({
      code: 'NOTIFICATION_REFUSED',
      message: expect.stringContaining(says),
    });
  });

  it('names a chat that has blocked the bot', async () => {
    telegram.standIn.setFault({ status: 403 });
    await expect(checkOf().check()).rejects.toThrow('The bot was blocked by the chat');
  });

  it('names a messenger that does not answer, and never its address, which holds the token', async () => {
    telegram.standIn.setFault({ down: true });
    const error: unknown = await checkOf()
      .check()
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'NOTIFICATION_UNAVAILABLE' });
    expect(`${error instanceof Error ? `${error.message} ${error.stack}` : ''}`).not.toContain(
      'canary',
    );
  });
});

it('a rehearsal says that it is one, with the link in the button only', async () => {
  const link = 'https://pin.example.com/go/canary-link';
  await checkOf().rehearse({ title: 'E*TRADE <sandbox>', link });
  const [message] = telegram.taken;
  expect(message).toMatchObject({
    text: expect.stringContaining('Rehearsal: E*TRADE <sandbox>'),
    buttons: [{ text: 'See the page', url: link }],
    isProtected: true,
  });
  expect(message?.text).not.toContain('canary');
});
