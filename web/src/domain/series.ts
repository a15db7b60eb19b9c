/** Readings as the API gives them, and as a chart needs them. Instants in ms. */

export type RawRow = readonly [ts: number, value: number, quality: number];
export type AggRow = readonly [ts: number, mean: number, min: number, max: number, count: number];
export type Resolution = "raw" | "10m" | "1h";

const HOUR = 3_600_000;

/** Raw up to 8 h on the screen, ten minutes up to 4 days, hours beyond. */
export function resolutionFor(spanMs: number): Resolution {
  if (spanMs <= 8 * HOUR) {
    return "raw";
  }
  return spanMs <= 96 * HOUR ? "10m" : "1h";
}

export interface ChartData {
  x: number[];
  mean: (number | null)[];
  min: (number | null)[];
  max: (number | null)[];
  bad: (number | null)[];
}

const SHORTEST_GAP_MS = 30_000;
const NEIGHBOURS = 5;

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/**
 * Whether there is a silence before each instant: four times the usual step around it, and never below 30 s.
 * The steps on both sides count, so that a change from one reading a minute to one a second is none. O(n).
 */
export function gapsIn(times: readonly number[]): boolean[] {
  const steps = times.map((t, i) => (i === 0 ? 0 : t - (times[i - 1] as number)));
  return steps.map((step, i) => {
    if (i === 0 || step <= SHORTEST_GAP_MS) {
      return false;
    }
    const before = median(steps.slice(Math.max(1, i - NEIGHBOURS), i));
    const after = median(steps.slice(i + 1, i + 1 + NEIGHBOURS));
    return step > 4 * Math.max(before, after, 1);
  });
}

/**
 * Columns for the chart, x in seconds. Gaps become rows without a value, so that no line is drawn over a
 * silence; bad values leave the line and stand in a column of their own. O(rows).
 */
export function chartData(rows: readonly (RawRow | AggRow)[], aggregated: boolean): ChartData {
  const data: ChartData = { x: [], mean: [], min: [], max: [], bad: [] };
  const gaps = gapsIn(rows.map((r) => r[0]));
  const push = (
    t: number,
    mean: number | null,
    min: number | null,
    max: number | null,
    bad: number | null,
  ): void => {
    data.x.push(t / 1000);
    data.mean.push(mean);
    data.min.push(min);
    data.max.push(max);
    data.bad.push(bad);
  };
  let last = 0;
  for (const [i, row] of rows.entries()) {
    const t = row[0];
    if (gaps[i]) {
      push(last + 1, null, null, null, null);
    }
    last = t;
    if (aggregated) {
      const [, mean, min, max] = row as AggRow;
      push(t, mean, min, max, null);
    } else {
      const [, value, quality] = row as RawRow;
      push(t, quality === 2 ? null : value, null, null, quality === 2 ? value : null);
    }
  }
  return data;
}

/** The places of values that have none beside them: no line is drawn to them, so they need a mark. O(n). */
export function aloneIn(values: ArrayLike<number | null | undefined>): number[] {
  const alone: number[] = [];
  for (let i = 0; i < values.length; i += 1) {
    if (values[i] != null && values[i - 1] == null && values[i + 1] == null) {
      alone.push(i);
    }
  }
  return alone;
}

/** New rows behind the old ones; a row of an instant that is there already replaces it. */
export function appendRows<R extends RawRow | AggRow>(
  old: readonly R[],
  fresh: readonly R[],
  from: number,
): R[] {
  const first = fresh[0];
  if (first === undefined) {
    return old[0] !== undefined && old[0][0] < from ? old.filter((r) => r[0] >= from) : [...old];
  }
  return [...old.filter((r) => r[0] < first[0] && r[0] >= from), ...fresh.filter((r) => r[0] >= from)];
}
