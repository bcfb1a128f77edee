/**
 * Hears of `token-renewed` events over one long HTTP answer of the local run's hub: a line of JSON an
 * event, in the form in which Pub/Sub pushes a message, and an empty line now and then as a sign of life.
 *
 * Connects again, with pauses, whatever ends the answer. Called by `worker/` on one machine.
 */

import * as z from 'zod';
import { systemWait, type Wait } from '../clock.ts';
import type { SessionKey } from '../lifecycle/session.ts';
import type { Log } from '../logging/log.ts';
import { hubAddress } from './local.ts';
import { decodeTokenRenewed } from './message.ts';
import type { Following, FollowOptions, TokenEvents } from './token-events.ts';
import { troubleTeller } from './trouble-teller.ts';

export type LocalSubscriptionOptions = {
  /** The hub's address for events, that of the publisher. */
  readonly url: string;
  readonly session: SessionKey;
  readonly fetch: typeof globalThis.fetch;
  readonly log: Log;
  readonly wait?: Wait;
  /** A hub that is silent for this long is given up. @default 15000 */
  readonly silenceMs?: number;
};

/** Before the next try; the last one repeats. The record is polled meanwhile. */
const PAUSES_MS = [250, 500, 1_000, 2_000] as const;

const CLOSE_WITHIN_MS = 1_000;

/** Far above any event. */
const LINE_MAX_CHARS = 64 * 1024;

const pushSchema = z.object({ message: z.object({ data: z.base64() }) });

export function createLocalSubscription(options: LocalSubscriptionOptions): TokenEvents {
  const { session, log, wait = systemWait, silenceMs = 15_000 } = options;
  return {
    follow(following: FollowOptions): Following {
      const closing = new AbortController();
      const running = keepUp(following, closing.signal);
      return {
        close: () => {
          closing.abort();
          return Promise.race([running, wait(CLOSE_WITHIN_MS)]);
        },
      };
    },
  };

  async function keepUp(following: FollowOptions, closing: AbortSignal): Promise<void> {
    const tell = troubleTeller(following, log);
    let tries = 0;
    while (!closing.aborted) {
      try {
        await read(following, closing, () => {
          tries = 0;
          tell(null);
        });
      } catch {
        // Which of the many ways it broke says nothing to anyone.
      }
      if (closing.aborted) return;
      await wait(PAUSES_MS[Math.min(tries, PAUSES_MS.length - 1)] ?? 0, closing);
      tries += 1;
      // The first try after a working line is made before anyone is told.
      if (tries > 1 && !closing.aborted) tell('The local run does not pass on events now');
    }
  }

  /** Resolves or rejects when the answer has ended. */
  async function read(
    following: FollowOptions,
    closing: AbortSignal,
    onUp: () => void,
  ): Promise<void> {
    const silence = new AbortController();
    let quiet = new AbortController();
    const heard = (): void => {
      quiet.abort();
      const timer = new AbortController();
      quiet = timer;
      void wait(silenceMs, timer.signal).then(() => {
        if (!timer.signal.aborted) silence.abort();
      });
    };
    try {
      heard();
      const response = await options.fetch(hubAddress(options.url, 'follow'), {
        redirect: 'manual',
        signal: AbortSignal.any([closing, silence.signal]),
      });
      if (!response.ok || response.body === null) {
        await response.body?.cancel();
        return;
      }
      onUp();
      let rest = '';
      for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
        heard();
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) if (line !== '') take(line, following);
        if (rest.length > LINE_MAX_CHARS) return;
      }
    } finally {
      quiet.abort();
      silence.abort();
    }
  }

  function take(line: string, following: FollowOptions): void {
    const push = pushSchema.safeParse(parsed(line));
    const decoded = push.success
      ? decodeTokenRenewed(Buffer.from(push.data.message.data, 'base64'))
      : { ok: false as const, reason: 'not-json' };
    if (!decoded.ok) {
      log.warn('event-unreadable', 'An event that cannot be read was skipped.', {
        reason: decoded.reason,
      });
      return;
    }
    if (decoded.event.session !== session) return;
    try {
      following.onEvent(decoded.event);
    } catch (error) {
      log.error('event-not-followed', 'An event could not be followed.', error);
    }
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
