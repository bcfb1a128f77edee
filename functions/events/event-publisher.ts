/**
 * What the system asks of an event service: publish one event, bounded in time.
 *
 * At least once, never before the token is stored, in no particular order: consumers order by
 * generation. Throws `EventError`. Implemented by `local.ts` and, in the cloud, `pubsub.ts`.
 */

import type { TokenRenewed } from '../lifecycle/events.ts';

export interface EventPublisher {
  publish(event: TokenRenewed): Promise<void>;
}
