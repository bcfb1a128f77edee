/**
 * `pin-exchange` is the public function: pages, status, sign-in, callbacks, "check now", sign-out.
 *
 * People open it from the Telegram button; everything but the link, the callback and the request for a
 * new link needs the cookie that a link gives.
 */

import { compose, type Wiring } from './compose.ts';
import { isServedByHttps } from './config.ts';
import { route } from './http/routes.ts';
import { serve } from './http/serve.ts';

export async function pinExchange(request: Request, wiring: Wiring): Promise<Response> {
  return route(request, wiring);
}

serve('pin-exchange', pinExchange, () => compose(), { https: isServedByHttps });
