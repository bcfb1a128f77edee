/**
 * Measures how much of the trading session had a usable token, by looking every five virtual minutes.
 *
 * A slice counts as covered when the session was active at both its ends. Used by `day-story.ts`.
 */

const MINUTE_MS = 60_000;
export const SLICE_MS = 5 * MINUTE_MS;

export type Slice = { readonly from: number; readonly until: number; readonly isCovered: boolean };

export type Samples = {
  /** Moves time on to a moment, looking on the way. */
  readonly until: (moment: number) => Promise<void>;
  readonly slices: readonly Slice[];
};

export type SamplesOptions = {
  readonly from: number;
  readonly moveTo: (at: number) => Promise<void>;
  readonly isActive: () => Promise<boolean>;
};

export async function createSamples(options: SamplesOptions): Promise<Samples> {
  const { moveTo, isActive } = options;
  const slices: Slice[] = [];
  let at = options.from;
  let wasActive = await isActive();
  return {
    slices,
    async until(moment) {
      while (at < moment) {
        // Slices end on round times, whenever the story stops in between.
        const until = Math.min(moment, (Math.floor(at / SLICE_MS) + 1) * SLICE_MS);
        await moveTo(until);
        const nowActive = await isActive();
        slices.push({ from: at, until, isCovered: wasActive && nowActive });
        at = until;
        wasActive = nowActive;
      }
    },
  };
}

/** Minutes of `[from, until)` in covered slices. */
export function coveredMinutes(slices: readonly Slice[], from: number, until: number): number {
  const covered = slices.filter(({ isCovered }) => isCovered);
  const ms = covered.reduce(
    (sum, slice) => sum + Math.max(0, Math.min(slice.until, until) - Math.max(slice.from, from)),
    0,
  );
  return ms / MINUTE_MS;
}
