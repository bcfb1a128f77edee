/** The dead-man switch: what it hears of health-check's runs, and that it can neither stop one nor leak. */

import { createServer } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { healthCheck } from '../functions/health-check.ts';
import { Secret } from '../functions/secret.ts';
import { LOOPBACK, openServer } from '../infra/local/runner/http.ts';
import { createScriptedFetch, type ScriptedAnswer } from './fixtures/scripted-fetch.ts';
import { signedIn } from './fixtures/sign-in.ts';
import { createTestSystem, storeDown, type TestSystem } from './fixtures/system.ts';

const CANARY = 'canary-9c1d7e';
const ADDRESS = `https://hc.example/ping/${CANARY}/`;

type Parts = { readonly fetch: typeof fetch; readonly url?: string; readonly timeoutMs?: number };

async function run(
  world: TestSystem,
  { url = ADDRESS, ...parts }: Parts,
  query = '',
  headers: Record<string, string> = {},
) {
  const system = { ...world.system, heartbeat: { url: new Secret(url), ...parts } };
  const request = new Request(`https://function.example.com/${query}`, { method: 'POST', headers });
  const answer = await healthCheck(request, system);
  return { status: answer.status, report: await answer.json() };
}

function hearing(answer: ScriptedAnswer = new Response('OK')) {
  return createScriptedFetch([answer]);
}

describe('the dead-man switch', () => {
  it('hears of a run that did its work, by one GET of its exact address', async () => {
    const { fetch, requests } = hearing();
    const world = await signedIn();
    expect(await run(world, { fetch })).toMatchObject({ status: 200, report: { worked: true } });
    expect(requests).toMatchObject([{ method: 'GET', url: ADDRESS, redirect: 'manual' }]);
    expect(world.logged()).not.toContain('heartbeat-not-sent');
  });

  it('hears of a run that found a session unusable: Telegram tells of that', async () => {
    const { fetch, requests } = hearing();
    const { status, report } = await run(createTestSystem(), { fetch }, '?strict');
    expect(status).toBe(503);
    expect(report).toMatchObject({ worked: true, problems: [expect.any(String)] });
    expect(requests).toHaveLength(1);
  });

  it('hears nothing of a run that could not do its work', async () => {
    const { fetch, requests } = hearing();
    const world = await signedIn();
    world.steps.fail('store.readToken', storeDown());
    expect(await run(world, { fetch })).toMatchObject({ status: 503, report: { worked: false } });
    expect(requests).toEqual([]);
  });

  it('hears nothing of an uptime check', async () => {
    const { fetch, requests } = hearing();
    expect(await run(createTestSystem(), { fetch }, '?live')).toMatchObject({ status: 200 });
    expect(requests).toEqual([]);
  });
});

describe('a run of the scheduler', () => {
  const SCHEDULER = { 'x-cloudscheduler': 'true' };

  it('away from market hours answers at once, reads nothing, and is heard of', async () => {
    const { fetch, requests } = hearing();
    const world = createTestSystem({ startsAt: '2026-03-08T12:00-04:00' });
    world.steps.fail('store.load', storeDown());
    expect(await run(world, { fetch }, '', SCHEDULER)).toEqual({
      status: 200,
      report: { at: '2026-03-08T16:00:00.000Z', worked: true, skipped: 'no-market-active' },
    });
    expect(requests).toHaveLength(1);
  });

  it('in market hours checks the sessions', async () => {
    const { fetch } = hearing();
    const world = createTestSystem({ startsAt: '2026-03-09T12:00-04:00' });
    const { report } = await run(world, { fetch }, '', SCHEDULER);
    expect(report).toMatchObject({ worked: true, sessions: [{ session: 'etrade-sandbox' }] });
  });

  it('is told apart from a person’s, which checks the sessions at any hour', async () => {
    const { fetch } = hearing();
    const world = createTestSystem({ startsAt: '2026-03-08T12:00-04:00' });
    const { report } = await run(world, { fetch });
    expect(report).toMatchObject({ worked: true, sessions: [{ session: 'etrade-sandbox' }] });
    const asked = await run(world, { fetch: hearing().fetch }, '?now', SCHEDULER);
    expect(asked.report).toMatchObject({ sessions: [{ session: 'etrade-sandbox' }] });
  });
});

describe('a dead-man switch that does not listen', () => {
  const failed = new TypeError(`fetch failed: ${ADDRESS}`, { cause: new Error(ADDRESS) });
  const cases: readonly (readonly [string, ScriptedAnswer, string])[] = [
    ['refuses', new Response(ADDRESS, { status: 404, statusText: CANARY }), 'status 404'],
    ['has moved', Response.redirect(`${ADDRESS}there`, 301), 'status 301'],
    ['is away', failed, 'no answer'],
    ['is silent', 'hang', 'timeout'],
  ];
  it.each(cases)(
    'and %s changes no answer, and is logged without its address',
    async (_, answer, problem) => {
      const world = await signedIn();
      const { fetch, requests } = hearing(answer);
      const result = await run(world, { fetch, timeoutMs: 20 });
      expect(result).toMatchObject({ status: 200, report: { worked: true, problems: [] } });
      expect(requests).toHaveLength(1);
      const lines = world.logLines.filter((line) => line.includes('heartbeat'));
      expect(lines).toHaveLength(1);
      expect(lines[0]).toContain(`"problem":"${problem}"`);
      expect(world.logLines.join('')).not.toContain(CANARY);
      expect(JSON.stringify(result)).not.toContain(CANARY);
    },
  );

  it('and never ends its answer is left after the timeout', async () => {
    const endless = await openServer((_request, response) => {
      response.writeHead(200);
      response.write('O');
    }, 0);
    onTestFinished(() => endless.close());
    const world = await signedIn();
    const url = `${endless.url}/${CANARY}`;
    expect(await run(world, { fetch, url, timeoutMs: 500 })).toMatchObject({ status: 200 });
    expect(world.logLines.join('')).not.toContain(CANARY);
  });

  it('and cannot be reached by the real network code leaks nothing either', async () => {
    const gone = createServer();
    await new Promise<void>((resolve) => gone.listen(0, LOOPBACK, resolve));
    const address = gone.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await new Promise((resolve) => gone.close(resolve));
    const world = await signedIn();
    const url = `http://${LOOPBACK}:${port}/${CANARY}`;
    expect(await run(world, { fetch, url })).toMatchObject({ status: 200 });
    expect(world.logLines.join('')).toContain('"problem":"no answer"');
    expect(world.logLines.join('')).not.toContain(CANARY);
  });
});
