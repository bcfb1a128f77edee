/**
 * Google Secret Manager on one machine: the REST surface that the official clients and gcloud speak.
 *
 * Judges like the real one (etags, limits, checksums, quotas, permissions), and can lag, fail and lose
 * answers on demand. Nothing leaves the machine; payloads stay in memory and in the snapshot. Mounted by
 * the local run and by tests, on a server of its own.
 *
 * @see https://docs.cloud.google.com/secret-manager/docs/reference/rest
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerCall, type Query } from './answer-call.ts';
import { createBook } from './book.ts';
import { createFaultSwitch, type SecretManagerFault } from './faults.ts';
import { createQuotas } from './quotas.ts';
import { errorBody, httpStatusOf, Refusal, statusFor } from './refusal.ts';
import { type Call, type Method, permissionOf, routeOf } from './routes.ts';
import type { BookSnapshot } from './state.ts';

export type SecretManagerOptions = {
  /** Virtual time: creation times, lag and quotas follow it. */
  readonly clock: () => number;
  /** The one project that exists, by its id. */
  readonly project: string;
  /**
   * Its number, which is what names in answers carry.
   * @default '100000000001'
   */
  readonly projectNumber?: string;
  /** What `onChange` gave last, to go on with the same secrets. */
  readonly snapshot?: unknown;
  /** Called with plain JSON, payloads included, before the answer to any call that changed something. */
  readonly onChange?: (snapshot: BookSnapshot) => void;
  /** Called for every call that reached it, with the HTTP status of the answer; 0 when there was none. */
  readonly onCall?: (call: Call & { readonly status: number }) => void;
  /** Items in a page when the caller does not say. @default 100 */
  readonly pageSize?: number;
  /** Whether quotas count from the start. @default true */
  readonly quotas?: boolean;
};

/** Who may not do what; a part left out means all. */
export type Denial = {
  /** The bearer token that the caller sends; "anonymous" without one. */
  readonly principal?: string;
  readonly method?: Method;
  readonly secret?: string;
};

export type SecretManagerStandIn = {
  handle(req: IncomingMessage, res: ServerResponse): Promise<void>;
  setFault(fault: SecretManagerFault | null): void;
  /** How long everything but access by number lags behind (virtual time). */
  setLag(ms: number): void;
  setQuotas(on: boolean): void;
  deny(denial: Denial): void;
  /** Takes all denials back. */
  allowAll(): void;
  /** Calls that reached it since the start, by method. */
  calls(): Readonly<Partial<Record<Method, number>>>;
  snapshot(): BookSnapshot;
};

const BODY_LIMIT = 512 * 1024;

export function createSecretManagerStandIn(options: SecretManagerOptions): SecretManagerStandIn {
  const { clock, project, onChange, onCall } = options;
  const { projectNumber = '100000000001', pageSize = 100 } = options;
  let lagMs = 0;
  let quotasOn = options.quotas ?? true;
  let denials: readonly Denial[] = [];
  const faults = createFaultSwitch();
  const quotas = createQuotas(clock);
  const counts = new Map<Method, number>();
  const book = createBook({ clock, lag: () => lagMs, snapshot: options.snapshot });

  function admit(call: Call, req: IncomingMessage): void {
    if (call.project !== project && call.project !== projectNumber) {
      throw new Refusal('PERMISSION_DENIED', `Permission denied on project "${call.project}".`);
    }
    const principal = /^Bearer (.+)$/.exec(req.headers.authorization ?? '')?.[1] ?? 'anonymous';
    if (denials.some((denial) => denies(denial, call, principal))) {
      const permission = permissionOf(call.method);
      const resource = `projects/${project}/secrets/${call.secret}`;
      throw new Refusal(
        'PERMISSION_DENIED',
        `Permission '${permission}' denied for resource '${resource}' (or it may not exist).`,
        { reason: 'IAM_PERMISSION_DENIED', metadata: { permission, resource } },
      );
    }
    if (quotasOn) quotas.admit(call);
  }

  async function perform(
    call: Call,
    req: IncomingMessage,
    body: string,
    query: Query,
    corrupt: boolean,
  ): Promise<{ status: number; json: unknown }> {
    try {
      admit(call, req);
      const about = { ...call, projectNumber };
      const answer = answerCall(about, parseJson(body), query, { book, clock, pageSize, corrupt });
      if (answer.changed) onChange?.(book.snapshot());
      return { status: 200, json: answer.json };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return {
        status: httpStatusOf(error.status),
        json: errorBody(error.status, error.message, error.reason),
      };
    }
  }

  async function handleCall(
    call: Call,
    req: IncomingMessage,
    res: ServerResponse,
    query: Query,
  ): Promise<void> {
    counts.set(call.method, (counts.get(call.method) ?? 0) + 1);
    const fault = faults.take(call);
    const told = (status: number): void => onCall?.({ ...call, status });
    const cut = (): void => {
      told(0);
      req.socket.destroy();
    };
    const body = await readBody(req);
    if (fault.slowMs !== undefined) await sleep(fault.slowMs);
    // A caller that gave up while we were slow was not heard.
    if (fault.down || body === null || req.socket.destroyed) return cut();
    if (fault.status !== undefined) {
      told(fault.status);
      const status = statusFor(fault.status);
      return sendJson(res, fault.status, errorBody(status, 'The service fails on demand.'));
    }
    if (fault.page) {
      told(404);
      res.writeHead(404, { 'content-type': 'text/html' }).end('<h1>Not here</h1>');
      return;
    }
    const answer = await perform(call, req, body, query, fault.corrupt ?? false);
    if (fault.dropAnswer) return cut();
    if (fault.answerAfterMs !== undefined) await sleep(fault.answerAfterMs);
    told(answer.status);
    if (fault.malformed) {
      const text = JSON.stringify(answer.json);
      const half = text.slice(0, Math.ceil(text.length / 2));
      res.writeHead(200, { 'content-type': 'application/json' }).end(half);
      return;
    }
    sendJson(res, answer.status, answer.json);
  }

  return {
    async handle(req, res) {
      const url = new URL(`http://secretmanager.local${req.url ?? '/'}`);
      const route = routeOf(req.method ?? 'GET', url.pathname);
      if (route === null) {
        return sendJson(res, 404, errorBody('NOT_FOUND', 'No method is at this address.'));
      }
      const secret = route.secret || (url.searchParams.get('secretId') ?? '');
      await handleCall({ ...route, secret }, req, res, url.searchParams);
    },
    setFault: (fault) => faults.set(fault),
    setLag(ms) {
      lagMs = ms;
    },
    setQuotas(on) {
      quotasOn = on;
    },
    deny(denial) {
      denials = [...denials, denial];
    },
    allowAll() {
      denials = [];
    },
    calls: () => Object.fromEntries(counts),
    snapshot: () => book.snapshot(),
  };
}

function denies(denial: Denial, call: Call, principal: string): boolean {
  return (
    (denial.principal === undefined || denial.principal === principal) &&
    (denial.method === undefined || denial.method === call.method) &&
    (denial.secret === undefined || denial.secret === call.secret)
  );
}

function parseJson(body: string): unknown {
  if (body === '') return {};
  try {
    return JSON.parse(body);
  } catch {
    throw new Refusal('INVALID_ARGUMENT', 'Invalid JSON payload received.');
  }
}

/** `null` when the caller went away or sends too much. */
async function readBody(req: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of req as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > BODY_LIMIT) return null;
      chunks.push(chunk);
    }
  } catch {
    return null;
  }
  return Buffer.concat(chunks).toString('utf8');
}

function sendJson(res: ServerResponse, status: number, body: unknown): void {
  res
    .writeHead(status, {
      'content-type': 'application/json; charset=UTF-8',
      'cache-control': 'private',
    })
    .end(JSON.stringify(body));
}
