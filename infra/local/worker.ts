/**
 * The sample worker's process: takes pushed events, acts on its timers and whenever the runner has moved
 * the virtual time, and reports to the runner.
 *
 * Started by the runner with the same settings as a function; what it does is in `worker-loop.ts`.
 */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { z } from 'zod';
import { systemWait } from '../../functions/clock.ts';
import { decodeTokenRenewed } from '../../functions/events/message.ts';
import { composeLocal } from './compose.ts';
import { readJsonBody, sendEmpty, sendJson } from './runner/http.ts';
import { answeredByFault } from './runner/network-fault.ts';
import type { WorkerReport } from './runner/workers.ts';
import { REPORTS_URL_VARIABLE } from './settings.ts';
import { createWorkerLoop } from './worker-loop.ts';

const REAL_TIMER_MS = 5_000;
const REPORT_TIMEOUT_MS = 5_000;
const KEEP_ALIVE_TIMEOUT_MS = 30_000;

const pushSchema = z.object({ message: z.object({ data: z.base64() }) });

const wiring = composeLocal('worker');
const reportsUrl = process.env[REPORTS_URL_VARIABLE] ?? '';

const loop = createWorkerLoop({
  sessions: wiring.sessions,
  store: wiring.store,
  clock: wiring.clock,
  publicUrl: wiring.publicUrl,
  print: (line) => void process.stdout.write(`${line}\n`),
  async askKeepAlive(session) {
    const answer = await post(`${wiring.publicUrl}/keep-alive`, { session }, KEEP_ALIVE_TIMEOUT_MS);
    await answer?.body?.cancel();
  },
  async report(report: WorkerReport) {
    const answer = await post(reportsUrl, report, REPORT_TIMEOUT_MS);
    await answer?.body?.cancel();
  },
});

const isPaused = (): boolean => wiring.faults.of('worker')?.fault.paused === true;

async function handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
  if (await answeredByFault(wiring.faults.of('worker')?.fault ?? null, res, systemWait)) return;
  // A paused worker takes nothing: the hub keeps the event for later.
  if (isPaused()) return sendEmpty(res, 503);
  if (req.url === '/act') {
    req.resume();
    await loop.act();
    return sendEmpty(res, 204);
  }
  const body = await readJsonBody(req);
  if (!body.ok) return sendJson(res, body.status, { error: body.problem });
  const push = pushSchema.safeParse(body.json);
  if (!push.success) return sendJson(res, 400, { error: 'The body is not a Pub/Sub push' });
  const event = decodeTokenRenewed(Buffer.from(push.data.message.data, 'base64'));
  // Events of other types or newer schemas are taken and ignored, or they would come for ever.
  if (event.ok) await loop.renewed(event.event);
  sendEmpty(res, 204);
}

/** Posts JSON; `null` without an answer: the other side is away, and the next turn tries again. */
async function post(url: string, json: unknown, timeoutMs: number): Promise<Response | null> {
  try {
    return await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(json),
      signal: AbortSignal.timeout(timeoutMs),
    });
  } catch {
    return null;
  }
}

createServer((req, res) => {
  handle(req, res).catch((error: unknown) => {
    wiring.log.error('worker-failed', 'The worker could not handle a call', error);
    sendEmpty(res, 500);
  });
}).listen(0);

setInterval(() => {
  if (!isPaused()) void loop.act();
}, REAL_TIMER_MS);
