/**
 * Workers' reports over HTTP, in place of a Pub/Sub subscription: keeps them until they are acknowledged.
 *
 * Mounted on the control port below `/events/reports`; what workers send is not looked at.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import type { Wait } from '../../../functions/clock.ts';
import type { Faults } from '../faults.ts';
import { readJsonBody, sendEmpty, sendJson } from './http.ts';
import { answeredByFault } from './network-fault.ts';

type Handler = (req: IncomingMessage, res: ServerResponse) => Promise<void>;

export type ReportBox = {
  /** Takes one report. */
  readonly send: Handler;
  /** Gives all that wait; they stay until they are acknowledged. */
  readonly pull: Handler;
  readonly acknowledge: Handler;
};

/** As many as one collection takes; the oldest go first: newer ones say more. */
const KEPT = 500;

const sentSchema = z.object({ message: z.object({ data: z.base64() }) });
const acknowledgedSchema = z.object({ ackIds: z.array(z.string()) });

export function createReportBox(options: {
  readonly faults: Faults;
  readonly wait: Wait;
}): ReportBox {
  const waiting = new Map<string, { readonly data: string }>();
  let sent = 0;

  const withBody =
    <T>(schema: z.ZodType<T>, answer: (body: T, res: ServerResponse) => void): Handler =>
    async (req, res) => {
      if (await answeredByFault(options.faults.of('events')?.fault ?? null, res, options.wait))
        return;
      const body = await readJsonBody(req);
      if (!body.ok) return sendJson(res, body.status, { error: body.problem });
      const parsed = schema.safeParse(body.json);
      if (!parsed.success) return sendJson(res, 400, { error: z.prettifyError(parsed.error) });
      answer(parsed.data, res);
    };

  return {
    send: withBody(sentSchema, ({ message }, res) => {
      sent += 1;
      waiting.set(String(sent), message);
      for (const id of waiting.keys()) if (waiting.size > KEPT) waiting.delete(id);
      sendEmpty(res, 204);
    }),
    pull: withBody(z.unknown(), (_body, res) => {
      const receivedMessages = [...waiting].map(([ackId, message]) => ({ ackId, message }));
      sendJson(res, 200, { receivedMessages });
    }),
    acknowledge: withBody(acknowledgedSchema, ({ ackIds }, res) => {
      for (const id of ackIds) waiting.delete(id);
      sendEmpty(res, 204);
    }),
  };
}
