/**
 * What the workers of the local run last said of themselves: one entry per worker and session.
 *
 * Mounted on the control port at `/workers`; read by the control API.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { readJsonBody, sendEmpty, sendJson } from './http.ts';

const reportSchema = z.object({
  name: z.string().min(1),
  session: z.string().min(1),
  generation: z.int().min(0),
  lastCall: z
    .object({
      at: z.iso.datetime({ offset: true }),
      /** HTTP status of the broker's answer; `null` when there was none. */
      status: z.int().nullable(),
    })
    .nullable(),
  /** What keeps it from working, in words. */
  problem: z.string().nullable(),
});
export type WorkerReport = z.infer<typeof reportSchema>;

export type WorkerBoard = {
  readonly handle: (req: IncomingMessage, res: ServerResponse) => Promise<void>;
  readonly reports: () => readonly WorkerReport[];
};

export function createWorkerBoard(onReport: (report: WorkerReport) => void): WorkerBoard {
  const reports = new Map<string, WorkerReport>();
  return {
    async handle(req, res) {
      const body = await readJsonBody(req);
      if (!body.ok) return sendJson(res, body.status, { error: body.problem });
      const parsed = reportSchema.safeParse(body.json);
      if (!parsed.success) return sendJson(res, 400, { error: z.prettifyError(parsed.error) });
      reports.set(`${parsed.data.name} ${parsed.data.session}`, parsed.data);
      sendEmpty(res, 204);
      onReport(parsed.data);
    },
    reports: () => [...reports].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, report]) => report),
  };
}
