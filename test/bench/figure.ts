/**
 * One line of the bench: a figure beside the named baseline it was measured against in the same run.
 *
 * Types and small sums only. Made by each bench file, shown by `table.ts`.
 */

export type Figure = {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** Measured in the same run, on the same machine; `null` for a figure that stands alone. */
  readonly baseline: { readonly name: string; readonly value: number } | null;
  /** Value by baseline. */
  readonly ratio: number | null;
  /** In words; empty where the figure is for information. */
  readonly goal: string;
  readonly met: boolean | null;
  readonly note?: string;
};

/** Says what takes longer than a second. */
export type Report = (line: string) => void;

export type Measure = (report: Report) => Promise<readonly Figure[]>;

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}

/** A figure against a baseline with a goal for the ratio. */
export function compared(
  facts: Pick<Figure, 'name' | 'value' | 'unit'> & {
    readonly baseline: { readonly name: string; readonly value: number };
    readonly atMost?: number;
    readonly atLeast?: number;
    readonly note?: string;
  },
): Figure {
  const { name, value, unit, baseline, atMost, atLeast, note } = facts;
  const ratio = value / baseline.value;
  const goal = atMost !== undefined ? `≤ ${atMost}×` : atLeast !== undefined ? `≥ ${atLeast}×` : '';
  const met =
    atMost !== undefined ? ratio <= atMost : atLeast !== undefined ? ratio >= atLeast : null;
  const shown = { name, value, unit, baseline, ratio, goal, met };
  return note === undefined ? shown : { ...shown, note };
}

/** A figure that stands alone. */
export function plain(name: string, value: number, unit: string): Figure {
  return { name, value, unit, baseline: null, ratio: null, goal: '', met: null };
}
