import { describe, expect, it } from 'vitest';
import { judgeFailure } from '../../functions/notifications/telegram-failure.ts';

/** What telegraf throws for such an answer, as far as it is read. */
const refused = (error_code: number, description: string) =>
  judgeFailure({ response: { error_code, description } });

const START = 'open the chat with the bot and press Start';

describe('what Telegram says for good', () => {
  it.each([
    [403, 'Forbidden: bot was blocked by the user', `The bot was blocked by the chat: ${START}`],
    [400, 'Bad Request: USER_IS_BLOCKED', `The bot was blocked by the chat: ${START}`],
    [
      403,
      "Forbidden: bot can't initiate conversation with a user",
      `The person has not started the bot yet: ${START}`,
    ],
    [
      403,
      'Forbidden: user is deactivated',
      'The Telegram account of the chat was deleted or suspended: set "telegramChatId" to the private chat of an account in use, which has pressed Start',
    ],
    [
      400,
      'Bad Request: INPUT_USER_DEACTIVATED',
      'The Telegram account of the chat was deleted or suspended: set "telegramChatId" to the private chat of an account in use, which has pressed Start',
    ],
    [
      403,
      "Forbidden: bots can't send messages to bots",
      '"telegramChatId" is the id of a bot, and bots cannot write to bots: set it to your own private chat with the bot',
    ],
    [
      400,
      'Bad Request: chat not found',
      'Telegram finds no chat "telegramChatId": write to the bot once, then check the id',
    ],
    [
      400,
      'Bad Request: PEER_ID_INVALID',
      'Telegram finds no chat "telegramChatId": write to the bot once, then check the id',
    ],
    [
      400,
      "Bad Request: inline keyboard button URL 'http://127.0.0.1/go/canary' is invalid: Wrong HTTP URL",
      'Telegram refuses the address of a button: PUBLIC_URL must be a public http(s) address',
    ],
  ])('%i "%s" is told as what it is', (status, description, message) => {
    const { error, againInMs } = refused(status, description);
    expect(error.message).toBe(message);
    expect([error.retryable, againInMs]).toEqual([false, null]);
  });

  it.each([
    [403, 'Forbidden: bot was kicked from the supergroup chat'],
    [403, 'Forbidden: bot was kicked from the group chat'],
    [403, 'Forbidden: bot is not a member of the channel chat'],
    [403, 'Forbidden: the group chat was deleted'],
    [400, 'Bad Request: group chat was upgraded to a supergroup chat'],
    [400, 'Bad Request: have no rights to send a message'],
    [400, 'Bad Request: not enough rights to send text messages to the chat'],
    [400, 'Bad Request: CHAT_WRITE_FORBIDDEN'],
  ])('%i "%s" is told as a chat that is not a private one', (status, description) => {
    expect(refused(status, description).error.message).toBe(
      'The chat is a group or channel in which the bot may not write, and sign-in links go to private chats only: set "telegramChatId" to a private chat with the bot',
    );
  });

  it.each([
    [
      403,
      'Forbidden: something new',
      'Telegram refused the message with 403: Forbidden: something new',
    ],
    [
      400,
      "Bad Request: can't read 'https://pages.example/go/canary'",
      'Telegram refused the message with 400: Bad Request: …',
    ],
  ])('%i with words of its own is not guessed at, and quotes nothing', (status, words, message) => {
    expect(refused(status, words).error.message).toBe(message);
  });
});
