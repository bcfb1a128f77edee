/**
 * The one public address of the local run: `/morning-alert`, `/keep-alive` and `/health-check` go to those
 * functions, everything else to `pin-exchange`.
 *
 * Passes requests through unchanged; in the cloud each function has an address of its own. A function
 * that is just being restarted is waited for.
 */

import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Wait } from '../../../functions/clock.ts';
import type { Faults } from '../faults.ts';
import { LOOPBACK, sendJson } from './http.ts';
import { answeredByFault } from './network-fault.ts';

export const PUBLIC_FUNCTION = 'pin-exchange';
export const SCHEDULED_FUNCTIONS = ['morning-alert', 'keep-alive', 'health-check'] as const;
export const FUNCTIONS = [PUBLIC_FUNCTION, ...SCHEDULED_FUNCTIONS] as const;
export type FunctionName = (typeof FUNCTIONS)[number];

/** Restarting takes a second on a free machine, many on a busy one. */
const RESTART_WAIT_MS = 30_000;

/** Headers that belong to one hop and are not passed on (RFC 9110, section 7.6.1). */
const HOP_BY_HOP = ['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'te', 'trailer'];

export type GatewayOptions = {
  /** The port of a function, waited for when it is not up. */
  readonly portOf: (name: FunctionName, timeoutMs: number) => Promise<number>;
  readonly faults: Faults;
  readonly wait: Wait;
};

export function createGateway({ portOf, faults, wait }: GatewayOptions) {
  return async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const { name, path } = targetOf(req.url ?? '/');
    if (await answeredByFault(faults.of(name)?.fault ?? null, res, wait)) return;
    let port: number;
    try {
      port = await portOf(name, RESTART_WAIT_MS);
    } catch {
      sendJson(res, 503, { error: `The function "${name}" is not up` });
      return;
    }
    await pass(req, res, { name, path, port });
  };
}

/** Which function a path belongs to, and the path as that function sees it. */
export function targetOf(url: string): { readonly name: FunctionName; readonly path: string } {
  for (const name of SCHEDULED_FUNCTIONS) {
    const prefix = `/${name}`;
    if (!url.startsWith(prefix)) continue;
    const rest = url.slice(prefix.length);
    if (rest === '' || rest.startsWith('?')) return { name, path: `/${rest}` };
    if (rest.startsWith('/')) return { name, path: rest };
  }
  return { name: PUBLIC_FUNCTION, path: url };
}

function pass(
  req: IncomingMessage,
  res: ServerResponse,
  target: { readonly name: string; readonly path: string; readonly port: number },
): Promise<void> {
  return new Promise((resolve) => {
    const headers = { ...req.headers };
    for (const header of HOP_BY_HOP) delete headers[header];
    const upstream = httpRequest(
      {
        host: LOOPBACK,
        port: target.port,
        path: target.path,
        method: req.method,
        headers: { ...headers, 'x-forwarded-for': LOOPBACK, 'x-forwarded-proto': 'http' },
        agent: false,
      },
      (answer) => {
        const answerHeaders = { ...answer.headers };
        for (const header of HOP_BY_HOP) delete answerHeaders[header];
        res.writeHead(answer.statusCode ?? 502, answerHeaders);
        answer.pipe(res);
        answer.once('error', () => res.destroy());
      },
    );
    upstream.once('error', () => {
      if (res.headersSent) res.destroy();
      else sendJson(res, 502, { error: `The function "${target.name}" died or cut the call` });
    });
    res.once('close', () => {
      upstream.destroy();
      resolve();
    });
    req.pipe(upstream);
  });
}
