/**
 * The faults of the local run: what is broken on purpose right now, shared by all its processes.
 *
 * Only the runner writes the file (control API); functions and the worker read it at each use, so that a
 * fault acts on the next call. Nothing of this exists in `functions/`. A fault sits where the real one
 * would: network parts fail at the service that answers, the store inside the caller, a crash in its process.
 */

import { z } from 'zod';
import { readJsonFile, writeJsonFile } from './files.ts';
import { WORKER_NAMES } from './worker-names.ts';

/** Longer than any deadline of the system, short enough not to hang a run for good. */
const SLOWEST_MS = 10 * 60_000;

const MOST_STEPS = 1_000;

const flag = z.boolean();
const slowMs = z.int().min(0).max(SLOWEST_MS);
const status = z.int().min(400).max(599);
const step = z.int().min(1).max(MOST_STEPS);

/** A switch of a simulator: any plain value; the simulator itself knows its names. */
const switchValue = z.union([z.boolean(), z.number(), z.string(), z.null()]);

const serviceFault = z
  .object({
    down: flag.optional(),
    slowMs: slowMs.optional(),
    status: status.optional(),
    malformed: flag.optional(),
  })
  .catchall(switchValue);

const eventsFault = z.strictObject({
  down: flag.optional(),
  slowMs: slowMs.optional(),
  status: status.optional(),
  malformed: flag.optional(),
});

const storeFault = z.strictObject({
  down: flag.optional(),
  slowMs: slowMs.optional(),
  /** Store calls fail once a process has made this many since the fault was set. */
  downAfterStep: z.int().min(0).max(MOST_STEPS).optional(),
  /** Secret Manager's metadata and "latest" lag behind by this much virtual time. */
  lagMs: z.int().min(0).optional(),
});

const workerFault = z.strictObject({
  paused: flag.optional(),
  down: flag.optional(),
  slowMs: slowMs.optional(),
  status: status.optional(),
  crashAfterStep: step.optional(),
  /** This worker hears no event and reaches no store; its reports still arrive. */
  cutOff: z.enum(WORKER_NAMES).optional(),
  /** This worker says goodbye and is gone. */
  stopped: z.enum(WORKER_NAMES).optional(),
});

const functionFault = z.strictObject({
  down: flag.optional(),
  slowMs: slowMs.optional(),
  status: status.optional(),
  malformed: flag.optional(),
  paused: flag.optional(),
  /** The function's process is killed right after this many remote calls since the fault was set. */
  crashAfterStep: step.optional(),
});

/** The parts that can be broken, each with what can be wrong with it. */
const faultsSchema = z.strictObject({
  broker: serviceFault.nullable().optional(),
  telegram: serviceFault.nullable().optional(),
  events: eventsFault.nullable().optional(),
  store: storeFault.nullable().optional(),
  worker: workerFault.nullable().optional(),
  'morning-alert': functionFault.nullable().optional(),
  'pin-exchange': functionFault.nullable().optional(),
  'keep-alive': functionFault.nullable().optional(),
  'health-check': functionFault.nullable().optional(),
});

/** What a request sets: a part's fault, or `null` to clear it. Parts left out stay as they are. */
export type FaultChange = z.infer<typeof faultsSchema>;
export type FaultPart = keyof FaultChange;
const partSchema = faultsSchema.keyof();
const functionPartSchema = partSchema.extract([
  'morning-alert',
  'pin-exchange',
  'keep-alive',
  'health-check',
]);
const processPartSchema = partSchema.extract([...functionPartSchema.options, 'worker']);
export type ProcessPart = z.infer<typeof processPartSchema>;
export type ServiceFault = z.infer<typeof serviceFault>;
export type Fault<P extends FaultPart> = NonNullable<FaultChange[P]>;

const fileSchema = z.object({
  lastId: z.int(),
  faults: faultsSchema,
  /** Which setting of a part this is: whoever counts steps starts again when it changes. */
  ids: z.partialRecord(partSchema, z.int()),
});
type FaultsFile = z.infer<typeof fileSchema>;

const NO_FAULTS: FaultsFile = { lastId: 0, faults: {}, ids: {} };

export type SetFault<P extends FaultPart> = { readonly id: number; readonly fault: Fault<P> };

export type Faults = {
  /** The fault of a part as it is now, or `null`. */
  readonly of: <P extends FaultPart>(part: P) => SetFault<P> | null;
  readonly all: () => FaultChange;
};

export type FaultsEditor = Faults & {
  readonly change: (change: FaultChange) => void;
  readonly clear: () => void;
  /** Whether the scheduler passes over a job. */
  readonly isPaused: (job: string) => boolean;
  /** Takes `crashAfterStep` from a part, once it has done its work. */
  readonly clearCrash: (part: string) => void;
};

/** Reads a request's JSON. The problems name part and setting. */
export function parseFaultChange(
  json: unknown,
): { readonly ok: true; readonly change: FaultChange } | { readonly ok: false; problem: string } {
  const parsed = faultsSchema.safeParse(json);
  if (!parsed.success) return { ok: false, problem: z.prettifyError(parsed.error) };
  return { ok: true, change: parsed.data };
}

export function createFaults(file: string): Faults {
  const read = (): FaultsFile => {
    const saved = readJsonFile(file);
    return saved === null ? NO_FAULTS : fileSchema.parse(saved);
  };
  return {
    of(part) {
      const { faults, ids } = read();
      const fault = faults[part];
      if (fault === undefined || fault === null) return null;
      return { id: ids[part] ?? 0, fault: fault as Fault<typeof part> };
    },
    all: () => read().faults,
  };
}

/** The runner's door to the same file: it alone writes. */
export function createFaultsEditor(file: string): FaultsEditor {
  const faults = createFaults(file);

  function change(changes: FaultChange): void {
    const saved = readJsonFile(file);
    const before = saved === null ? NO_FAULTS : fileSchema.parse(saved);
    const lastId = before.lastId + 1;
    const after: FaultsFile = { lastId, faults: { ...before.faults }, ids: { ...before.ids } };
    for (const part of partSchema.options) {
      const fault = changes[part];
      if (fault === undefined) continue;
      delete after.faults[part];
      delete after.ids[part];
      if (fault === null) continue;
      Object.assign(after.faults, { [part]: fault });
      after.ids[part] = lastId;
    }
    writeJsonFile(file, after);
  }

  return {
    ...faults,
    change,
    clear: () => writeJsonFile(file, NO_FAULTS),
    isPaused(job) {
      const part = functionPartSchema.safeParse(job);
      return part.success && faults.of(part.data)?.fault.paused === true;
    },
    clearCrash(name) {
      const part = processPartSchema.safeParse(name);
      const fault = part.success ? faults.of(part.data)?.fault : undefined;
      if (!part.success || fault?.crashAfterStep === undefined) return;
      const { crashAfterStep: _done, ...rest } = fault;
      change({ [part.data]: Object.keys(rest).length === 0 ? null : rest });
    },
  };
}
