/**
 * What the public pages need beside the system itself: their address and the keys to their doors.
 *
 * Types only; made by `compose.ts`. The address is configuration and never the Host header.
 */

import type { Secret } from '../secret.ts';
import type { Cookies } from './cookie.ts';
import type { Hooks } from './hook.ts';
import type { Links } from './link.ts';

export type Doors = {
  /** Origin of the public function, no trailing slash: `https://…`. */
  readonly publicUrl: string;
  readonly links: Links;
  readonly cookies: Cookies;
  readonly hooks: Hooks;
  /** Bearer key of the JSON routes; `null` where only the cookie opens them. */
  readonly statusKey: Secret | null;
};
