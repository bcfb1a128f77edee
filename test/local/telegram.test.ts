/** The stand-in judges and fails as Telegram does. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { telegramFault } from '../../infra/local/telegram.ts';
import { BOT_TOKEN, startTelegram, type TelegramServer } from '../fixtures/telegram-server.ts';

const START = Date.parse('2026-03-09T12:30:00Z');

let now = START;
let server: TelegramServer;
beforeEach(async () => {
  now = START;
  server = await startTelegram({ clock: () => now, chats: ['77001', '-500'] });
});
afterEach(() => server.close());

type Fields = Record<string, unknown>;

async function call(method: string, fields: Fields, token = BOT_TOKEN) {
  const response = await fetch(`${server.url}/bot${token}/${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(fields),
  });
  return { status: response.status, body: await response.json() };
}

function send(fields: Fields) {
  return call('sendMessage', { chat_id: '77001', text: 'hello', ...fields });
}

function keyboard(...buttons: Fields[]) {
  return { reply_markup: { inline_keyboard: buttons.map((button) => [button]) } };
}

describe('sendMessage', () => {
  it('answers with the message and shows it in the chat at the virtual time', async () => {
    const { status, body } = await send({
      text: '<b>Tom &amp; Jerry</b>',
      parse_mode: 'HTML',
      protect_content: true,
      ...keyboard({ text: 'Open', url: 'http://127.0.0.1:8080/go/x' }),
    });
    expect(status).toBe(200);
    expect(body).toEqual({
      ok: true,
      result: {
        message_id: 1,
        from: expect.objectContaining({ id: 4242424242, is_bot: true }),
        chat: { id: 77001, type: 'private' },
        date: START / 1_000,
        text: 'Tom & Jerry',
        has_protected_content: true,
        reply_markup: { inline_keyboard: [[{ text: 'Open', url: 'http://127.0.0.1:8080/go/x' }]] },
      },
    });
    expect(server.standIn.messages()).toEqual([
      {
        at: START,
        chatId: '77001',
        text: 'Tom & Jerry',
        buttons: [{ text: 'Open', url: 'http://127.0.0.1:8080/go/x' }],
      },
    ]);
  });

  const fields = {
    chat_id: '77001',
    text: 'hello',
    reply_markup: JSON.stringify(
      keyboard({ text: 'Open', url: 'https://a.example/' }).reply_markup,
    ),
  };
  const multipart = new FormData();
  for (const [name, value] of Object.entries(fields)) multipart.append(name, value);

  it.each([
    { form: 'multipart', body: multipart },
    { form: 'urlencoded', body: new URLSearchParams(fields) },
  ])('reads a $form body', async ({ body }) => {
    const response = await fetch(`${server.url}/bot${BOT_TOKEN}/sendMessage`, {
      method: 'POST',
      body,
    });
    expect(response.status).toBe(200);
    expect(server.standIn.messages()).toMatchObject([
      { text: 'hello', buttons: [{ text: 'Open', url: 'https://a.example/' }] },
    ]);
  });

  it('reads the query of a GET', async () => {
    const response = await fetch(
      `${server.url}/bot${BOT_TOKEN}/sendmessage?chat_id=77001&text=hello`,
    );
    expect(response.status).toBe(200);
  });

  it.each<{ name: string; fields: Fields; description: string }>([
    { name: 'no chat', fields: { chat_id: '' }, description: 'chat_id is empty' },
    { name: 'an unknown chat', fields: { chat_id: 4 }, description: 'chat not found' },
    { name: 'no text', fields: { text: '' }, description: 'message text is empty' },
    {
      name: 'a text of nothing but markup',
      fields: { text: '<b> </b>', parse_mode: 'HTML' },
      description: 'message text is empty',
    },
    {
      name: '4,097 characters',
      fields: { text: 'x'.repeat(4_097) },
      description: 'message is too long',
    },
    {
      name: 'half a character',
      fields: { text: 'x\ud83d' },
      description: 'strings must be encoded in UTF-8',
    },
    {
      name: 'another markup',
      fields: { parse_mode: 'Markdown' },
      description: 'unsupported parse_mode',
    },
    {
      name: 'broken markup',
      fields: { text: 'é <i>x', parse_mode: 'HTML' },
      description: 'can\'t parse entities: Can\'t find end tag corresponding to start tag "i"',
    },
    {
      name: 'a button without an address',
      fields: keyboard({ text: 'Open' }),
      description:
        "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
    },
    {
      name: 'a button with something else',
      fields: keyboard({ text: 'Open', url: 'not an address' }),
      description: "inline keyboard button URL 'not an address' is invalid: Wrong HTTP URL",
    },
    {
      name: 'a button with a script',
      fields: keyboard({ text: 'Open', url: 'javascript:alert(1)' }),
      description:
        "inline keyboard button URL 'javascript:alert(1)' is invalid: Unsupported URL protocol",
    },
    {
      name: 'a keyboard that is none',
      fields: { reply_markup: '{' },
      description: "can't parse reply keyboard markup JSON object",
    },
  ])('refuses $name', async ({ fields, description }) => {
    expect(await send(fields)).toEqual({
      status: 400,
      body: { ok: false, error_code: 400, description: `Bad Request: ${description}` },
    });
    expect(server.standIn.messages()).toEqual([]);
  });

  it('takes 4,096 characters, counted without markup', async () => {
    const { status } = await send({ text: `<b>${'x'.repeat(4_096)}</b>`, parse_mode: 'HTML' });
    expect(status).toBe(200);
  });

  it('refuses malformed and oversized bodies', async () => {
    const post = (body: string) =>
      fetch(`${server.url}/bot${BOT_TOKEN}/sendMessage`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      });
    expect((await post('{"chat_id":')).status).toBe(400);
    expect((await post(`"${'x'.repeat(1024 * 1024)}"`)).status).toBe(413);
  });
});

describe('other methods', () => {
  it('edits a message, and refuses an edit that changes nothing', async () => {
    await send({});
    now += 60_000;
    const edit = { chat_id: '77001', message_id: 1, text: 'done' };
    expect(await call('editMessageText', edit)).toMatchObject({
      status: 200,
      body: { result: { message_id: 1, text: 'done', edit_date: now / 1_000 } },
    });
    expect(server.standIn.messages()).toMatchObject([{ at: START, text: 'done' }]);
    expect(await call('editMessageText', edit)).toMatchObject({
      status: 400,
      body: { description: 'Bad Request: message is not modified' },
    });
  });

  it('deletes a message for two days, and each message once', async () => {
    await send({});
    await send({ text: 'second' });
    now += 48 * 3_600_000;
    const remove = (id: number) => call('deleteMessage', { chat_id: '77001', message_id: id });
    expect(await remove(1)).toEqual({ status: 200, body: { ok: true, result: true } });
    expect(await remove(1)).toMatchObject({
      body: { description: 'Bad Request: message to delete not found' },
    });
    now += 1;
    expect(await remove(2)).toMatchObject({
      body: { description: "Bad Request: message can't be deleted" },
    });
    expect(server.standIn.messages()).toMatchObject([{ text: 'second' }]);
  });

  it.each([
    { method: 'getMe', result: expect.objectContaining({ username: 'token_cadence_bot' }) },
    { method: 'getUpdates', result: [] },
    { method: 'setWebhook', result: true },
  ])('answers $method', async ({ method, result }) => {
    expect(await call(method, {})).toEqual({ status: 200, body: { ok: true, result } });
  });

  it('knows no other method and no other path', async () => {
    expect(await call('sendDice', {})).toMatchObject({ status: 404 });
    expect((await fetch(`${server.url}/elsewhere`)).status).toBe(404);
  });

  it.each([
    { token: '4242424242:wrong', status: 401, description: 'Unauthorized' },
    { token: 'nonsense', status: 404, description: 'Not Found' },
  ])('answers $status to the bot token "$token"', async ({ token, status, description }) => {
    expect(await call('getMe', {}, token)).toEqual({
      status,
      body: { ok: false, error_code: status, description },
    });
  });
});

describe('faults', () => {
  it('answers 429 with the seconds to wait', async () => {
    server.standIn.setFault({ status: 429, retryAfterSeconds: 7 });
    expect(await send({})).toEqual({
      status: 429,
      body: {
        ok: false,
        error_code: 429,
        description: 'Too Many Requests: retry after 7',
        parameters: { retry_after: 7 },
      },
    });
  });

  it('answers a migrated chat with its new id', async () => {
    server.standIn.setFault({ migratedTo: -1001 });
    expect(await send({})).toMatchObject({
      status: 400,
      body: { parameters: { migrate_to_chat_id: -1001 } },
    });
  });

  it.each([
    { status: 403, description: 'Forbidden: bot was blocked by the user' },
    { status: 500, description: 'Internal Server Error' },
  ])('answers $status', async ({ status, description }) => {
    server.standIn.setFault({ status });
    expect(await send({})).toMatchObject({ status, body: { error_code: status, description } });
  });

  it('drops the connection before or after taking the message', async () => {
    server.standIn.setFault({ down: true });
    await expect(send({ text: 'before' })).rejects.toThrow();
    server.standIn.setFault({ dropAnswer: true });
    await expect(send({ text: 'after' })).rejects.toThrow();
    expect(server.standIn.messages()).toMatchObject([{ text: 'after' }]);
  });

  it('does not take a message whose sender gave up', async () => {
    server.standIn.setFault({ slowMs: 120, times: 1 });
    const given = fetch(`${server.url}/bot${BOT_TOKEN}/sendMessage?chat_id=77001&text=late`, {
      signal: AbortSignal.timeout(30),
    });
    await expect(given).rejects.toThrow();
    server.standIn.setFault({ slowMs: 150, times: 1 });
    await send({ text: 'patient' });
    expect(server.standIn.messages().map(({ text }) => text)).toEqual(['patient']);
  });

  it('ends a fault after its number of calls', async () => {
    server.standIn.setFault({ status: 500, times: 2 });
    const statuses = [await send({}), await send({}), await send({})].map(({ status }) => status);
    expect(statuses).toEqual([500, 500, 200]);
  });

  it('can be as strict about local buttons as Telegram', async () => {
    server.standIn.setFault({ publicButtonsOnly: true });
    const button = (url: string) => send(keyboard({ text: 'Open', url }));
    expect((await button('http://localhost:8080/')).status).toBe(400);
    expect((await button('http://127.0.0.1:8080/')).status).toBe(400);
    expect((await button('https://cadence.example/')).status).toBe(200);
  });

  it('clears', async () => {
    server.standIn.setFault({ down: true });
    server.standIn.setFault(null);
    expect((await send({})).status).toBe(200);
  });

  it('has a form that refuses unknown switches', () => {
    expect(telegramFault.safeParse({ status: 429, retryAfterSeconds: 3 }).success).toBe(true);
    expect(telegramFault.safeParse({ explode: true }).success).toBe(false);
  });
});
