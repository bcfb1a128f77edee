/**
 * `health-check` probes every session with a real call, mends what it can and answers a report.
 *
 * Cloud Scheduler calls it all day, and away from every market's hours it answers at once: which days and
 * hours are traded, the calendar knows. With `?now` it always looks. An uptime check may call it with `?live`, which touches nothing.
 * 503 only with `?strict` and a problem, or when it could not do its own work: telling people is part of it.
 * A run that did its work is told to the dead-man switch, where one is set.
 */

import { compose } from './compose.ts';
import { isServedByHttps } from './config.ts';
import { json } from './http/reply.ts';
import { serve } from './http/serve.ts';
import type { WithBackups } from './operations/back-up.ts';
import { checkHealth } from './operations/check-health.ts';
import { isAnyMarketActive } from './operations/markets.ts';
import { sendHeartbeat, type WithHeartbeat } from './operations/send-heartbeat.ts';
import type { System } from './operations/system.ts';

export async function healthCheck(
  request: Request,
  system: System & Partial<WithBackups & WithHeartbeat>,
): Promise<Response> {
  const { searchParams } = new URL(request.url);
  if (searchParams.has('live')) return json({ live: true }, 200);
  const { heartbeat = null } = system;
  const beat = async () => heartbeat !== null && (await sendHeartbeat(system.log, heartbeat));
  const now = system.clock();
  const isScheduled = request.headers.has('x-cloudscheduler') && !searchParams.has('now');
  if (isScheduled && !isAnyMarketActive(system, now)) {
    await beat();
    return json({ at: new Date(now).toISOString(), worked: true, skipped: 'no-market-active' });
  }
  const report = await checkHealth(system);
  if (report.worked) await beat();
  const strict = searchParams.has('strict') && report.problems.length > 0;
  return json(report, strict || !report.worked ? 503 : 200);
}

serve('health-check', healthCheck, () => compose(), { https: isServedByHttps });
