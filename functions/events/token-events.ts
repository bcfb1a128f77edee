/**
 * What a worker asks of the event service: hear of every `token-renewed` event from now on.
 *
 * One subscription per instance, so that two replicas hear of the same event. Events may be missed, late,
 * doubled or out of order: the follower looks at the record as well. Implemented by
 * `pubsub-subscription.ts` and `local-subscription.ts`, called by `worker/`.
 */

import type { ReceivedTokenRenewed } from './message.ts';

export type Following = {
  /** Stops listening and deletes what was made for it. Never throws. */
  readonly close: () => Promise<void>;
};

export type FollowOptions = {
  /** Every event of ours that can be read; what cannot is acknowledged and logged. */
  readonly onEvent: (event: ReceivedTokenRenewed) => void;
  /** The line broke (with its reason, safe to show), or is up (`null`): for the first time, or again. It is mended without help. */
  readonly onTrouble: (problem: string | null) => void;
};

export interface TokenEvents {
  /** Resolves at once; the subscription is made, and made again, in the background. */
  follow(options: FollowOptions): Following;
}
