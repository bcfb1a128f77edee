/**
 * `morning-alert` sends the alert stage that is due: a Telegram message with a button per session.
 *
 * Cloud Scheduler calls it every day at 08:30 New York or 08:15 India; without trading nothing is due. 503
 * when the message could not be delivered, so that the scheduler tries again.
 */

import { compose } from './compose.ts';
import { isServedByHttps } from './config.ts';
import { json } from './http/reply.ts';
import { serve } from './http/serve.ts';
import { sendAlerts } from './operations/send-alerts.ts';
import type { System } from './operations/system.ts';
import { isUntold } from './operations/tell.ts';

export async function morningAlert(_request: Request, system: System): Promise<Response> {
  const telling = await sendAlerts(system);
  return json(telling, isUntold(telling) ? 503 : 200);
}

serve('morning-alert', morningAlert, () => compose({ uses: { consumers: 'for-approvals' } }), {
  https: isServedByHttps,
});
