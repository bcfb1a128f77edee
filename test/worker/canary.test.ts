/**
 * No token, secret or consumer key in anything a worker shows: errors, logs, state, the object itself.
 */
import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { createScriptedFetch } from '../fixtures/scripted-fetch.ts';
import { CANARIES } from '../fixtures/tokens.ts';
import { CONSUMER, createDesk } from '../fixtures/worker/desk.ts';

const SECRETS = [...CANARIES, ...Object.values(CONSUMER)];

test('a whole day shows no secret', async () => {
  const desk = await createDesk();
  await desk.put();
  const shown: unknown[] = [];
  const answers = [
    new Response('{}'),
    new Response('oauth_problem=token_expired', { status: 401 }),
    new Response('renewed'),
    new Response('oauth_problem=signature_invalid', { status: 401 }),
    new TypeError('fetch failed', { cause: new Error(CANARIES[0]) }),
    new Response('oauth_problem=token_revoked', { status: 401 }),
    new Response('oauth_problem=token_revoked', { status: 401 }),
  ];
  const { fetch } = createScriptedFetch(answers);
  const worker = await desk.connect({ fetch });
  for (const event of ['renewed', 'expired', 'failing', 'recovered'] as const) {
    worker.on(event, (news) => shown.push(news));
  }
  worker.on('expired', () => {
    throw new Error('mine');
  });
  const order = { method: 'POST', body: '{}' };
  shown.push(
    await worker.fetch('/v1/a'),
    await worker.fetch('/v1/b', order).catch((error: unknown) => error),
    await worker.fetch('/v1/c', order).catch((error: unknown) => error),
    await worker.fetch('/v1/d').catch((error: unknown) => error),
    await worker.fetch('https://api.etrade.com/v1').catch((error: unknown) => error),
    await worker.authorization('GET', '/v1/x?oauth_token=1').catch((error: unknown) => error),
    await worker.token({ minimumSeconds: 1e6 }).catch((error: unknown) => error),
    worker,
    worker.state,
    desk.reports.sent,
  );
  await worker.close();
  const text = [
    inspect(shown, { depth: 20, showHidden: true, getters: true }),
    JSON.stringify(shown),
    ...shown.map((item) => (item instanceof Error ? `${item.stack} ${item}` : '')),
    desk.lines.text(),
  ].join('\n');
  expect(text).toContain('SIGN_IN_NEEDED');
  expect(desk.lines.text()).toContain('listener-failed');
  for (const secret of SECRETS) expect(text).not.toContain(secret);
});

test('two sessions in one process share nothing', async () => {
  const one = await createDesk();
  const other = await createDesk();
  await one.put({ generation: 3 });
  await other.put({ generation: 9 });
  const [a, b] = [await one.connect(), await other.connect()];
  const heard: string[] = [];
  a.on('renewed', () => heard.push('a'));
  b.on('renewed', () => heard.push('b'));
  one.events.tell({ generation: 4, version: await one.put({ generation: 4 }) });
  await one.time.advance(1);
  await other.time.advance(1);
  expect([a.state.generation, b.state.generation, heard]).toEqual([4, 9, ['a']]);
  await a.close();
  expect(b.state.status).toBe('ready');
  await b.close();
});
