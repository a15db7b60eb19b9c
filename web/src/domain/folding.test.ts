import { describe, expect, it } from "vitest";
import { foldDaily } from "./folding";

const on = (asset: string, row: string, ...days: number[]) =>
  days.map((d) => ({
    asset,
    due: `2026-11-${String(d).padStart(2, "0")}`,
    occurrences: [{ plan_row: row }],
  }));

describe("the coming dates", () => {
  it("fold a daily job of one machine into its first date", () => {
    const items = [...on("P-1", "round", 1, 2, 3, 4), ...on("P-2", "round", 1, 2, 3)];
    expect(foldDaily(items).map((f) => [f.first.asset, f.first.due, f.times])).toEqual([
      ["P-1", "2026-11-01", 4],
      ["P-2", "2026-11-01", 3],
    ]);
  });

  it("leave what is rarer, and what comes only twice", () => {
    const items = [...on("P-1", "weekly", 1, 8, 15, 22), ...on("P-1", "twice", 1, 2)];
    expect(foldDaily(items).every((f) => f.times === 1)).toBe(true);
    expect(foldDaily(items)).toHaveLength(6);
  });

  it("keep their order", () => {
    const items = [...on("P-1", "law", 1), ...on("P-1", "round", 2, 3, 4), ...on("P-1", "oil", 5)];
    expect(foldDaily(items).map((f) => f.first.due)).toEqual(["2026-11-01", "2026-11-02", "2026-11-05"]);
  });
});
