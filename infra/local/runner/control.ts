/**
 * The control API of the local run: see everything, move time, run jobs, play the person at the broker,
 * break things.
 *
 * Only for this machine: requests from web pages and for other hosts are refused. Routes and shapes are
 * those of README.md; the work is done by the parts handed in.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { DateTime, Duration } from 'luxon';
import { z } from 'zod';
import type { Clock } from '../../../functions/clock.ts';
import { type FaultChange, parseFaultChange } from '../faults.ts';
import { type JsonBody, readJsonBody, requestUrl, sendJson } from './http.ts';
import type { MoveResult, Run, Scheduler } from './scheduler.ts';

export type Approval = { readonly pin: string } | { readonly redirect: string };

export type ControlOptions = {
  readonly clock: Clock;
  /** Zone in which `P1D` is a day. */
  readonly zone: string;
  readonly scheduler: Scheduler;
  /** Everything of `GET /local`. */
  readonly overview: () => Promise<unknown>;
  /** `null`: time cannot be moved, and why not. */
  readonly whyTimeIsFixed: string | null;
  readonly approve: (
    session: string,
  ) =>
    | { readonly ok: true; readonly approval: Approval }
    | { ok: false; status: 400 | 409; problem: string };
  /** Sets faults; answers those now set, or what is wrong with the change. */
  readonly setFaults: (
    change: FaultChange,
  ) => { readonly ok: true; readonly faults: FaultChange } | { ok: false; problem: string };
  readonly onMove: (result: Extract<MoveResult, { ok: true }>) => void;
  /** Further POST routes on this port (`/events`, `/workers`). */
  readonly mounted: Readonly<
    Record<string, (req: IncomingMessage, res: ServerResponse) => Promise<void>>
  >;
  /** Further GET routes, whose answers stay open (`/events/follow`). */
  readonly streams?: ControlOptions['mounted'];
};

/** With an offset: a wall-clock time without one means different moments to different people. */
const INSTANT = /(Z|[+-]\d{2}:?\d{2})$/;

const clockSchema = z.union([
  z.strictObject({ advance: z.string() }),
  z.strictObject({ set: z.string() }),
]);

const approveSchema = z.strictObject({ session: z.string().min(1) });

export function createControl(options: ControlOptions) {
  return async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const url = requestUrl(req);
    if (url === null) return refuse(res, 400, 'The address cannot be read');
    if (!isFromThisMachine(req)) {
      return refuse(res, 403, 'The control API answers programs of this machine, not web pages');
    }
    const route = findRoute(options, url.pathname);
    if (route === null) return refuse(res, 404, `There is nothing at ${url.pathname}`);
    if (req.method !== route.method) {
      return sendJson(res, 405, { error: `Use ${route.method}` }, { allow: route.method });
    }
    await route.handle(req, res);
  };
}

type Route = {
  readonly method: 'GET' | 'POST';
  readonly handle: (req: IncomingMessage, res: ServerResponse) => Promise<void>;
};

function findRoute(options: ControlOptions, path: string): Route | null {
  const mounted = options.mounted[path];
  if (mounted !== undefined) return { method: 'POST', handle: mounted };
  const stream = options.streams?.[path];
  if (stream !== undefined) return { method: 'GET', handle: stream };
  if (path === '/local') {
    return {
      method: 'GET',
      handle: async (_req, res) => sendJson(res, 200, await options.overview()),
    };
  }
  if (path === '/local/clock') return withJson((json, res) => moveClock(options, json, res));
  if (path === '/local/approve') return withJson((json, res) => approve(options, json, res));
  if (path === '/local/faults') return withJson((json, res) => setFaults(options, json, res));
  const job = /^\/local\/jobs\/([a-z0-9-]+)$/.exec(path)?.[1];
  if (job !== undefined) {
    return {
      method: 'POST',
      handle: async (req, res) => {
        req.resume();
        await runJob(options, job, res);
      },
    };
  }
  return null;
}

function withJson(handle: (json: unknown, res: ServerResponse) => Promise<void>): Route {
  return {
    method: 'POST',
    handle: async (req, res) => {
      const body: JsonBody = await readJsonBody(req);
      if (body.ok) await handle(body.json, res);
      else refuse(res, body.status, body.problem);
    },
  };
}

async function moveClock(options: ControlOptions, json: unknown, res: ServerResponse) {
  const target = readTarget(json, options);
  if (!target.ok) return refuse(res, 400, target.problem);
  if (options.whyTimeIsFixed !== null) return refuse(res, 409, options.whyTimeIsFixed);
  const moved = await options.scheduler.moveTo(target.at);
  if (!moved.ok) {
    const now = new Date(moved.now).toISOString();
    return refuse(res, 400, `The clock never goes back: it is ${now} already`);
  }
  options.onMove(moved);
  sendJson(res, 200, {
    clock: new Date(moved.now).toISOString(),
    runs: moved.runs.map(runAsJson),
    ...(moved.sleptUntil === null ? {} : { sleptUntil: new Date(moved.sleptUntil).toISOString() }),
  });
}

function readTarget(
  json: unknown,
  { clock, zone }: ControlOptions,
): { readonly ok: true; readonly at: number } | { readonly ok: false; readonly problem: string } {
  const parsed = clockSchema.safeParse(json);
  if (!parsed.success) {
    return {
      ok: false,
      problem: 'Send {"advance": "PT2H"} or {"set": "2026-03-09T08:30:00-04:00"}',
    };
  }
  if ('advance' in parsed.data) {
    const duration = Duration.fromISO(parsed.data.advance);
    const from = DateTime.fromMillis(clock(), { zone });
    const at = duration.isValid ? from.plus(duration).toMillis() : Number.NaN;
    if (Number.isNaN(at) || at < from.toMillis()) {
      return { ok: false, problem: '"advance" is not a positive ISO 8601 duration like "PT2H"' };
    }
    return { ok: true, at };
  }
  const at = DateTime.fromISO(parsed.data.set, { setZone: true });
  if (!at.isValid || !INSTANT.test(parsed.data.set)) {
    return {
      ok: false,
      problem: '"set" is not an ISO 8601 moment with an offset like "2026-03-09T08:30:00-04:00"',
    };
  }
  return { ok: true, at: at.toMillis() };
}

async function runJob(options: ControlOptions, name: string, res: ServerResponse) {
  const running = options.scheduler.run(name);
  if (running === null) {
    const names = options.scheduler.view().map((job) => job.name);
    return refuse(res, 404, `There is no job "${name}"; the jobs are ${names.join(', ')}`);
  }
  sendJson(res, 200, runAsJson(await running));
}

async function approve(options: ControlOptions, json: unknown, res: ServerResponse) {
  const parsed = approveSchema.safeParse(json);
  if (!parsed.success) return refuse(res, 400, 'Send {"session": "etrade-sandbox"}');
  const answer = options.approve(parsed.data.session);
  if (answer.ok) sendJson(res, 200, answer.approval);
  else refuse(res, answer.status, answer.problem);
}

async function setFaults(options: ControlOptions, json: unknown, res: ServerResponse) {
  const parsed = parseFaultChange(json);
  if (!parsed.ok) return refuse(res, 400, parsed.problem);
  const answer = options.setFaults(parsed.change);
  if (answer.ok) sendJson(res, 200, { faults: answer.faults });
  else refuse(res, 400, answer.problem);
}

function runAsJson(run: Run) {
  return { ...run, at: new Date(run.at).toISOString() };
}

function refuse(res: ServerResponse, status: number, problem: string): void {
  sendJson(res, status, { error: problem });
}

/**
 * Any page in this machine's browser can post to 127.0.0.1, but cannot leave out its `Origin`; a page
 * that rebinds its own name to 127.0.0.1 shows that name as the host.
 */
function isFromThisMachine(req: IncomingMessage): boolean {
  const host = (req.headers.host ?? '').replace(/:\d+$/, '');
  return req.headers.origin === undefined && (host === '127.0.0.1' || host === 'localhost');
}
