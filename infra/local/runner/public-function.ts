/**
 * What the runner itself asks of the public function: the sessions' status, and a link into the chat.
 *
 * Over HTTP like everyone else, with the status key. Used by the control API and at the start.
 */

import { z } from 'zod';

const TIMEOUT_MS = 40_000;

/** What the gateway answers when a function is lost during a call. */
const DIED = 502;

const statusSchema = z.looseObject({
  sessions: z.array(z.looseObject({ key: z.string(), state: z.string() })),
});
export type PublicStatus = z.infer<typeof statusSchema>;

export type PublicFunction = {
  /** `GET /status`; throws with words for the person at the terminal. */
  readonly status: () => Promise<PublicStatus>;
  /** `POST /link`: asks for a message with a sign-in link. */
  readonly sendLink: () => Promise<number | null>;
};

export function createPublicFunction(
  publicUrl: string,
  statusKey: string,
  fetch: typeof globalThis.fetch,
): PublicFunction {
  const askStatus = (): Promise<Response> =>
    fetch(`${publicUrl}/status`, {
      headers: { authorization: `Bearer ${statusKey}`, accept: 'application/json' },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });

  return {
    async status() {
      let answer = await askStatus();
      // It died of this very call, as faults can have it: the restarted one answers.
      if (answer.status === DIED) answer = await askStatus();
      if (!answer.ok) throw new Error(`The public function answers ${answer.status} to /status`);
      return statusSchema.parse(await answer.json());
    },
    async sendLink() {
      try {
        const answer = await fetch(`${publicUrl}/link`, {
          method: 'POST',
          headers: { origin: publicUrl, 'content-type': 'application/x-www-form-urlencoded' },
          redirect: 'manual',
          signal: AbortSignal.timeout(TIMEOUT_MS),
        });
        await answer.body?.cancel();
        return answer.status;
      } catch {
        return null;
      }
    },
  };
}
