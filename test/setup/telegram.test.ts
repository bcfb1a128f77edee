/** Finding the chat by what people write to the bot, on a Telegram that answers at once while something waits. */

import { expect, it } from 'vitest';
import { Secret } from '../../functions/secret.ts';
import { createTelegram, findChat } from '../../infra/setup/telegram.ts';

type Written = { readonly afterSeconds: number; readonly chatId: number; readonly text: string };

/** A bot to which these messages are written. Time passes only while a call waits. */
function botWith(written: readonly Written[]) {
  let seconds = 0;
  const answer: typeof fetch = async (_address, init) => {
    const { offset, timeout }: { offset: number; timeout: number } = JSON.parse(String(init?.body));
    const updates = written.map(({ afterSeconds, chatId, text }, index) => ({
      update_id: 900 + index,
      afterSeconds,
      message: { text, chat: { id: chatId, type: 'private' }, from: { first_name: 'Trader' } },
    }));
    const waiting = () =>
      updates.filter((each) => each.update_id >= offset && each.afterSeconds <= seconds);
    if (waiting().length === 0) seconds += timeout;
    return new Response(JSON.stringify({ ok: true, result: waiting() }));
  };
  return createTelegram({ token: new Secret('42:bot'), fetch: answer });
}

it('waits for the code although the bot was started before', async () => {
  const telegram = botWith([
    { afterSeconds: 0, chatId: 77001, text: '/start' },
    { afterSeconds: 120, chatId: 77001, text: '/start c0de' },
  ]);
  const told: string[] = [];
  expect(await findChat(telegram, 'c0de', (text) => told.push(text))).toBe('77001');
  expect(told).toEqual(['Somebody wrote to the bot (Trader), but not the code c0de.']);
});

it('finds the code behind what strangers wrote', async () => {
  const telegram = botWith([
    { afterSeconds: 0, chatId: 1, text: 'hi' },
    { afterSeconds: 0, chatId: 77001, text: 'c0de' },
  ]);
  expect(await findChat(telegram, 'c0de', () => {})).toBe('77001');
});
