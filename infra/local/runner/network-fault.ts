/**
 * Network faults at the service that answers: gone, slow, an error status, nonsense.
 *
 * Decides only whether the real handler still gets the request. Used by every server of the local run
 * that stands for a service.
 */

import type { ServerResponse } from 'node:http';
import type { Wait } from '../../../functions/clock.ts';

export type NetworkFault = {
  readonly down?: boolean | undefined;
  readonly slowMs?: number | undefined;
  readonly status?: number | undefined;
  readonly malformed?: boolean | undefined;
};

/** Starts like JSON, ends like HTML, is neither. */
const NONSENSE = '{"<html><title>502';

/** Resolves to true when the fault has answered (or cut) the request. */
export async function answeredByFault(
  fault: NetworkFault | null,
  res: ServerResponse,
  wait: Wait,
): Promise<boolean> {
  if (fault === null) return false;
  if (fault.slowMs !== undefined && fault.slowMs > 0) await wait(fault.slowMs);
  if (fault.down === true) {
    res.socket?.destroy();
    return true;
  }
  if (fault.status !== undefined) {
    res.writeHead(fault.status, { 'content-type': 'text/html; charset=utf-8' });
    res.end(`<html><body><h1>HTTP Status ${fault.status}</h1></body></html>`);
    return true;
  }
  if (fault.malformed === true) {
    res.writeHead(200, { 'content-type': 'application/json' });
    res.end(NONSENSE);
    return true;
  }
  return false;
}
