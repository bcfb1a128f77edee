/**
 * Answers that are no success: however long or slow, they are judged by their beginning and reach the caller
 * whole.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDesk, type Desk } from '../fixtures/worker/desk.ts';
import { settle } from '../fixtures/worker/manual-time.ts';

const QUOTE = '/v1/market/quote/AAPL.json';
const KIB = 1_024;

let desk: Desk;
beforeEach(async () => {
  desk = await createDesk();
  await desk.put({ generation: 7 });
});
afterEach(() => desk.close());

/** An answer that comes piece by piece, as fast as it is read. */
function inPieces(status: number, pieces: readonly string[]): Response {
  const left = pieces.values();
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const { value, done } = left.next();
      if (done) controller.close();
      else controller.enqueue(new TextEncoder().encode(value));
    },
  });
  return new Response(body, { status });
}

async function facing(answers: readonly Response[]) {
  const left = answers.values();
  const paths: string[] = [];
  const fetch: typeof globalThis.fetch = async (input) => {
    paths.push(new URL(String(input)).pathname);
    return left.next().value ?? new Response('{}');
  };
  return { worker: await desk.connect({ fetch }), paths };
}

describe('a long answer', () => {
  test.each([
    [404, 63],
    [404, 64],
    [404, 65],
    [404, 1_000],
    [403, 200],
    [400, 200],
  ])('of status %i and %i KiB reaches the caller whole, of one call', async (status, kib) => {
    const pieces = Array.from({ length: kib }, () => 'x'.repeat(KIB));
    const { worker, paths } = await facing([inPieces(status, pieces)]);
    const answer = await worker.fetch(QUOTE);
    expect([answer.status, (await answer.text()).length]).toEqual([status, kib * KIB]);
    expect(paths).toEqual([QUOTE]);
  });

  test('in one piece does so as well', async () => {
    const { worker } = await facing([inPieces(404, ['x'.repeat(300 * KIB)])]);
    expect(await (await worker.fetch(QUOTE)).text()).toHaveLength(300 * KIB);
  });

  test('is read by us no further than we need', async () => {
    let pulled = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled += 1;
        controller.enqueue(new Uint8Array(KIB));
      },
    });
    const { worker } = await facing([new Response(body, { status: 404 })]);
    const answer = await worker.fetch(QUOTE);
    await settle();
    expect(pulled).toBeLessThan(70);
    await answer.body?.cancel();
  });

  test('that refuses the token is known by its beginning', async () => {
    const refusal = ['oauth_problem=token_expired ', ...Array(100).fill('x'.repeat(KIB))];
    const { worker, paths } = await facing([inPieces(401, refusal), new Response('renewed')]);
    expect((await worker.fetch(QUOTE)).status).toBe(200);
    expect(paths).toEqual([QUOTE, '/oauth/renew_access_token', QUOTE]);
  });
});

describe('a slow answer', () => {
  /** The beginning at once, the rest when the test says so. */
  function slow(status: number, beginning: string) {
    const rest = Promise.withResolvers<string>();
    const encoder = new TextEncoder();
    const body = new ReadableStream<Uint8Array>({
      async start(controller) {
        controller.enqueue(encoder.encode(beginning));
        const end = await rest.promise.catch((error: unknown) => controller.error(error));
        if (end === undefined) return;
        controller.enqueue(encoder.encode(end));
        controller.close();
      },
    });
    return { response: new Response(body, { status }), rest };
  }

  test('is judged after two seconds, and goes on to the caller', async () => {
    const { response, rest } = slow(404, 'no such ');
    const { worker } = await facing([response]);
    const call = worker.fetch(QUOTE);
    let isThere = false;
    void call.then(() => {
      isThere = true;
    });
    await desk.time.advance(1_999);
    expect(isThere).toBe(false);
    await desk.time.advance(1);
    expect(isThere).toBe(true);
    rest.resolve('symbol');
    expect(await (await call).text()).toBe('no such symbol');
  });

  test('that breaks off is passing trouble for a GET', async () => {
    const { response, rest } = slow(404, 'no such ');
    const { worker, paths } = await facing([response]);
    const call = worker.fetch(QUOTE);
    await settle();
    rest.reject(new Error('cut'));
    await desk.time.advance(1_000);
    expect((await call).status).toBe(200);
    expect(paths).toEqual([QUOTE, QUOTE]);
  });
});
