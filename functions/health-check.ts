/**
 * `health-check` probes every session with a real call, mends what it can and answers a report.
 *
 * Cloud Scheduler calls it during market hours; an uptime check may call it with `?live`, which touches
 * nothing. 503 only with `?strict` and a problem, or when it could not do its own work: telling people is
 * part of it. A run that did its work is told to the dead-man switch, where one is set.
 */

import { compose } from './compose.ts';
import { json } from './http/reply.ts';
import { serve } from './http/serve.ts';
import type { WithBackups } from './operations/back-up.ts';
import { checkHealth } from './operations/check-health.ts';
import { sendHeartbeat, type WithHeartbeat } from './operations/send-heartbeat.ts';
import type { System } from './operations/system.ts';

export async function healthCheck(
  request: Request,
  system: System & Partial<WithBackups & WithHeartbeat>,
): Promise<Response> {
  const { searchParams } = new URL(request.url);
  if (searchParams.has('live')) return json({ live: true }, 200);
  const report = await checkHealth(system);
  const { heartbeat = null } = system;
  if (report.worked && heartbeat !== null) await sendHeartbeat(system.log, heartbeat);
  const strict = searchParams.has('strict') && report.problems.length > 0;
  return json(report, strict || !report.worked ? 503 : 200);
}

serve('health-check', healthCheck, () => compose());
