/**
 * `keep-alive` keeps every session usable until its next run, delivers events and messages that wait, and
 * sends an alert stage that is due. Where it is configured, it keeps a daily copy of all sessions.
 *
 * Cloud Scheduler calls it every 15 minutes, a worker may call it with `{ "session" }`; IAM admits no one
 * else. 200 means nothing is left to do at once; 503 asks the caller to try again, also when people
 * wait for a message: the stage it belongs to may end with the quarter of an hour.
 */

import { compose } from './compose.ts';
import { isServedByHttps } from './config.ts';
import { readSessionField } from './http/body.ts';
import { json } from './http/reply.ts';
import { serve } from './http/serve.ts';
import { backUp, type WithBackups } from './operations/back-up.ts';
import { renewSessions } from './operations/renew-sessions.ts';
import { sendAlerts } from './operations/send-alerts.ts';
import type { System } from './operations/system.ts';
import { isUntold } from './operations/tell.ts';

export async function keepAlive(
  request: Request,
  system: System & Partial<WithBackups>,
): Promise<Response> {
  const wanted = await readSessionField(request, system.sessions);
  if (!wanted.ok) {
    system.log.warn('call-refused', 'A call names no session of ours.', { reason: wanted.reason });
    return json({ error: wanted.reason }, 400);
  }
  // A worker asks because its token was refused or ends: then the broker's word counts, not the record's. Only the
  // scheduler's own calls reach a broker as often as they come.
  const mode = wanted.session === null ? 'due' : 'now';
  const isScheduled = wanted.session === null && request.headers.has('x-cloudscheduler');
  const report = await renewSessions(system, wanted.session, mode, !isScheduled);
  const alerts = wanted.session === null ? await sendAlerts(system) : null;
  const { backups = null } = system;
  const backup = wanted.session === null && backups !== null ? await backUp(system, backups) : null;
  // A broker in trouble is asked again by the next run: calling at once would only count it three times.
  // Only where a token ends before that, sooner.
  const again =
    report.outcomes.some(({ delivered, urgent }) => !delivered || urgent === true) ||
    (alerts !== null && isUntold(alerts));
  return json(
    { ...report, at: new Date(report.at).toISOString(), alerts, backup },
    again ? 503 : 200,
  );
}

serve('keep-alive', keepAlive, () => compose(), { https: isServedByHttps });
