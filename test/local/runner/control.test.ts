/** The control API: what it takes, what it refuses, and in which words. */

import { request as httpRequest } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { FaultChange } from '../../../infra/local/faults.ts';
import { type ControlOptions, createControl } from '../../../infra/local/runner/control.ts';
import type { MoveResult, Run, Scheduler } from '../../../infra/local/runner/scheduler.ts';
import { openTestServer } from '../../fixtures/open-test-server.ts';

const NOW = Date.parse('2026-03-07T20:00:00-05:00');

const RUN: Run = { job: 'keep-alive', trigger: 'manual', at: NOW, status: 200, answer: { a: 1 } };

async function openControl(change: Partial<ControlOptions> = {}) {
  const movedTo: number[] = [];
  const faults: FaultChange[] = [];
  const scheduler: Scheduler = {
    start() {},
    async stop() {},
    async moveTo(at): Promise<MoveResult> {
      movedTo.push(at);
      if (at < NOW) return { ok: false, reason: 'in-the-past', now: NOW };
      return { ok: true, now: at, runs: [RUN], sleptUntil: null };
    },
    run: (name) => (name === 'keep-alive' ? Promise.resolve(RUN) : null),
    view: () => [
      {
        name: 'keep-alive',
        schedule: '*/15 * * * *',
        timeZone: 'UTC',
        paused: false,
        lastRunAt: null,
        lastStatus: null,
        nextRunAt: null,
      },
    ],
  };
  const control = createControl({
    clock: () => NOW,
    zone: 'America/New_York',
    scheduler,
    overview: async () => ({ clock: 'now' }),
    whyTimeIsFixed: null,
    approve: (session) =>
      session === 'etrade-sandbox'
        ? { ok: true, approval: { pin: 'AB12C' } }
        : { ok: false, status: 400, problem: `There is no session "${session}"` },
    setFaults(fault) {
      faults.push(fault);
      return { ok: true, faults: fault };
    },
    onMove: () => {},
    mounted: {
      '/events': async (_req, res) => {
        res.writeHead(204).end();
      },
    },
    ...change,
  });
  const { url, port } = await openTestServer((req, res) => void control(req, res));
  const post = async (path: string, body: string, headers: Record<string, string> = {}) => {
    const answer = await fetch(`${url}${path}`, { method: 'POST', body, headers });
    return { status: answer.status, json: (await answer.json()) as unknown };
  };
  return { url, port, post, movedTo, faults };
}

describe('GET /local', () => {
  it('answers the overview as JSON', async () => {
    const { url } = await openControl();
    const answer = await fetch(`${url}/local`);
    expect(answer.headers.get('content-type')).toContain('application/json');
    expect(await answer.json()).toEqual({ clock: 'now' });
  });
});

describe('POST /local/clock', () => {
  it.each([
    { body: { advance: 'PT2H' }, to: '2026-03-07T22:00:00-05:00' },
    { body: { advance: 'PT0S' }, to: '2026-03-07T20:00:00-05:00' },
    { body: { advance: 'PT0.5S' }, to: '2026-03-07T20:00:00.500-05:00' },
    // A day of 23 hours: the same wall-clock time on the next day.
    { body: { advance: 'P1D' }, to: '2026-03-08T20:00:00-04:00' },
    { body: { advance: 'PT24H' }, to: '2026-03-08T21:00:00-04:00' },
    { body: { set: '2026-03-09T08:30:00-04:00' }, to: '2026-03-09T08:30:00-04:00' },
    { body: { set: '2026-03-09T12:30:00Z' }, to: '2026-03-09T08:30:00-04:00' },
  ])('moves by $body', async ({ body, to }) => {
    const { post, movedTo } = await openControl();
    const { status, json } = await post('/local/clock', JSON.stringify(body));
    expect(status).toBe(200);
    expect(movedTo).toEqual([Date.parse(to)]);
    expect(json).toEqual({
      clock: new Date(to).toISOString(),
      runs: [{ ...RUN, at: new Date(NOW).toISOString() }],
    });
  });

  it.each([
    { body: '{"advance":"2 hours"}', says: 'ISO 8601 duration' },
    { body: '{"advance":"-PT1H"}', says: 'positive' },
    { body: '{"advance":""}', says: 'ISO 8601 duration' },
    { body: '{"advance":7200}', says: 'advance' },
    { body: '{"set":"2026-03-09T08:30:00"}', says: 'offset' },
    { body: '{"set":"tomorrow"}', says: 'ISO 8601 moment' },
    { body: '{"set":"2026-13-09T08:30:00Z"}', says: 'ISO 8601 moment' },
    { body: '{"advance":"PT1H","set":"2026-03-09T08:30:00Z"}', says: 'Send' },
    { body: '{}', says: 'Send' },
    { body: 'null', says: 'Send' },
    { body: '{"advance":', says: 'not JSON' },
    { body: '', says: 'not JSON' },
  ])('refuses $body', async ({ body, says }) => {
    const { post, movedTo } = await openControl();
    const { status, json } = await post('/local/clock', body);
    expect(status).toBe(400);
    expect(json).toEqual({ error: expect.stringContaining(says) });
    expect(movedTo).toEqual([]);
  });

  it('refuses the past and says what time it is', async () => {
    const { post } = await openControl();
    const { status, json } = await post('/local/clock', '{"set":"2026-03-01T00:00:00Z"}');
    expect(status).toBe(400);
    expect(json).toEqual({ error: expect.stringContaining('2026-03-08T01:00:00.000Z') });
  });

  it('refuses to move the time of a real broker', async () => {
    const { post, movedTo } = await openControl({ whyTimeIsFixed: 'real time' });
    expect(await post('/local/clock', '{"advance":"PT1H"}')).toEqual({
      status: 409,
      json: { error: 'real time' },
    });
    expect(movedTo).toEqual([]);
  });
});

describe('POST /local/jobs/<name>', () => {
  it('runs a job and answers what it answered', async () => {
    const { post } = await openControl();
    const { status, json } = await post('/local/jobs/keep-alive', '');
    expect(status).toBe(200);
    expect(json).toMatchObject({ job: 'keep-alive', status: 200, answer: { a: 1 } });
  });

  it('names the jobs there are when there is no such one', async () => {
    const { post } = await openControl();
    const { status, json } = await post('/local/jobs/pin-exchange', '');
    expect(status).toBe(404);
    expect(json).toEqual({ error: expect.stringContaining('keep-alive') });
  });
});

describe('POST /local/approve', () => {
  it('answers the PIN', async () => {
    const { post } = await openControl();
    const answer = await post('/local/approve', '{"session":"etrade-sandbox"}');
    expect(answer).toEqual({ status: 200, json: { pin: 'AB12C' } });
  });

  it.each(['{"session":"etrade-prod"}', '{"session":""}', '{}', '[]'])(
    'refuses %s',
    async (body) => {
      const { post } = await openControl();
      const { status, json } = await post('/local/approve', body);
      expect(status).toBe(400);
      expect(json).toEqual({ error: expect.stringMatching(/session/) });
    },
  );
});

describe('POST /local/faults', () => {
  it('sets faults and answers them', async () => {
    const { post, faults } = await openControl();
    const change = { store: { down: true }, 'keep-alive': null };
    const { status, json } = await post('/local/faults', JSON.stringify(change));
    expect({ status, json }).toEqual({ status: 200, json: { faults: change } });
    expect(faults).toEqual([change]);
  });

  it('refuses unknown parts by name and sets nothing', async () => {
    const { post, faults } = await openControl();
    const { status, json } = await post('/local/faults', '{"brokers":{"down":true}}');
    expect(status).toBe(400);
    expect(json).toEqual({ error: expect.stringContaining('brokers') });
    expect(faults).toEqual([]);
  });
});

describe('everything else', () => {
  it.each([
    { method: 'GET', path: '/', status: 404 },
    { method: 'GET', path: '/local/clocks', status: 404 },
    { method: 'POST', path: '/local/jobs/../clock/x', status: 404 },
    { method: 'DELETE', path: '/local', status: 405 },
    { method: 'GET', path: '/local/clock', status: 405 },
    { method: 'GET', path: '/events', status: 405 },
    { method: 'POST', path: '/events', status: 204 },
  ])('answers $method $path with $status', async ({ method, path, status }) => {
    const { url } = await openControl();
    expect((await fetch(`${url}${path}`, { method })).status).toBe(status);
  });

  it('refuses a body that is too large', async () => {
    const { post } = await openControl();
    const { status } = await post('/local/faults', JSON.stringify({ x: 'y'.repeat(300_000) }));
    expect(status).toBe(413);
  });

  it('refuses web pages, which cannot leave out their origin', async () => {
    const { post, movedTo } = await openControl();
    const { status } = await post('/local/clock', '{"advance":"PT1H"}', {
      origin: 'http://127.0.0.1:8080',
    });
    expect(status).toBe(403);
    expect(movedTo).toEqual([]);
  });

  it('refuses requests for another host name', async () => {
    const { port } = await openControl();
    const status = await new Promise((resolve, reject) => {
      const headers = { host: `rebound.example:${port}` };
      httpRequest({ port, host: '127.0.0.1', path: '/local', headers }, (res) => {
        res.resume();
        resolve(res.statusCode);
      })
        .once('error', reject)
        .end();
    });
    expect(status).toBe(403);
  });
});
