/**
 * What happened in a local run, as values, in the order in which the runner saw it.
 *
 * Types only. Made by `runner/system.ts`; shown live by `start.ts`, told as a day by `day.ts`.
 */

import type { HubEvent } from './runner/events-hub.ts';
import type { Run } from './runner/scheduler.ts';
import type { ProcessChange } from './runner/supervisor.ts';
import type { WorkerReport } from './runner/workers.ts';

export type SentMessage = {
  readonly at: number;
  readonly chatId: string;
  readonly text: string;
  readonly buttons: readonly { readonly text: string; readonly url: string }[];
};

export type Activity =
  | { readonly kind: 'job'; readonly at: number; readonly run: Run }
  | { readonly kind: 'message'; readonly at: number; readonly message: SentMessage }
  | { readonly kind: 'event'; readonly at: number; readonly event: HubEvent }
  | { readonly kind: 'worker'; readonly at: number; readonly report: WorkerReport }
  | {
      readonly kind: 'process';
      readonly at: number;
      readonly name: string;
      readonly change: ProcessChange;
    }
  | { readonly kind: 'clock'; readonly at: number; readonly sleptUntil: number | null }
  | { readonly kind: 'faults'; readonly at: number; readonly parts: readonly string[] };
