import { describe, expect, it } from "vitest";
import { aloneIn, appendRows, chartData, gapsIn, type RawRow, resolutionFor } from "./series";

const every = (step: number, count: number, from = 0): number[] =>
  Array.from({ length: count }, (_, i) => from + i * step);

describe("gaps", () => {
  it("are silences of several usual steps", () => {
    const times = [...every(1000, 20), ...every(1000, 20, 120_000)];
    expect(gapsIn(times).flatMap((gap, i) => (gap ? [i] : []))).toEqual([20]);
  });

  it("are not made by a change of pace", () => {
    const times = [...every(60_000, 20), ...every(1000, 60, 20 * 60_000)];
    expect(gapsIn(times).some(Boolean)).toBe(false);
  });
});

describe("the columns of a chart", () => {
  it("break the line at a gap and keep bad values out of it", () => {
    const rows: RawRow[] = [
      ...every(1000, 10).map((t): RawRow => [t, 1, 0]),
      [10_000, 99, 2],
      ...every(1000, 10, 200_000).map((t): RawRow => [t, 2, 1]),
    ];
    const data = chartData(rows, false);
    const bad = data.bad.filter((v) => v !== null);
    expect(bad).toEqual([99]);
    expect(data.mean[10]).toBeNull();
    expect(data.mean[11]).toBeNull();
    expect(data.bad[11]).toBeNull();
    expect(data.x).toHaveLength(rows.length + 1);
    expect([...data.x].sort((a, b) => a - b)).toEqual(data.x);
  });

  it("carry the envelope of aggregates", () => {
    expect(chartData([[0, 2, 1, 3, 10]], true)).toMatchObject({ mean: [2], min: [1], max: [3], bad: [null] });
  });
});

it("marks a reading that no line reaches: a single one, and one between silences", () => {
  expect(aloneIn(chartData([[0, 2, 0]], false).mean)).toEqual([0]);
  expect(aloneIn([1, 2, null, 3, null, 4, 5, null, 6])).toEqual([3, 8]);
  expect(aloneIn([1, null, 3])).toEqual([0, 2]);
  expect(aloneIn([])).toEqual([]);
});

it("grows by new rows, lets a repeated instant replace the old one and forgets what left the window", () => {
  const old: RawRow[] = [
    [1000, 1, 0],
    [2000, 2, 0],
    [3000, 3, 0],
  ];
  expect(
    appendRows(
      old,
      [
        [3000, 33, 0],
        [4000, 4, 0],
      ],
      2000,
    ),
  ).toEqual([
    [2000, 2, 0],
    [3000, 33, 0],
    [4000, 4, 0],
  ]);
  expect(appendRows(old, [], 2500)).toEqual([[3000, 3, 0]]);
});

it("asks for the resolution that the span can show", () => {
  expect([1, 8, 24, 400].map((h) => resolutionFor(h * 3_600_000))).toEqual(["raw", "raw", "10m", "1h"]);
});
