import { describe, expect, it } from "vitest";
import { byDevice, byReason, type FlowRow, isSerious, payloadText, seriesOf, sizeText, toneOf } from "./flow";

const row = (at: number, messages: number, lag: number): FlowRow => [at, messages, 0, 0, 0, lag, 0];

it("draws a figure of the history, with a gap where nobody reported", () => {
  const rows = [row(0, 5, 1), row(20_000, 6, 2), row(40_000, 7, 3), row(400_000, 8, 4)];
  expect(seriesOf(rows, "messages").mean).toEqual([5, 6, 7, null, 8]);
  expect(seriesOf(rows, "lag").mean).toEqual([1, 2, 3, null, 4]);
  expect(seriesOf([], "lag").x).toEqual([]);
});

it("says sizes as people do", () => {
  expect([0, 812, 31_400, 9_050_000, 31_000_000, 4.2e9].map(sizeText)).toEqual([
    "0 B",
    "812 B",
    "31 kB",
    "9.1 MB",
    "31 MB",
    "4.2 GB",
  ]);
});

it("colours what matters and lets the rest be", () => {
  expect((["info", "warning", "urgent"] as const).map(toneOf)).toEqual(["go", "warn", "bad"]);
  expect((["info", "warning", "urgent"] as const).map((level) => isSerious({ level }))).toEqual([
    false,
    true,
    true,
  ]);
});

describe("letters by site and reason", () => {
  const group = (site: string, reason: string, topic: string, count: number, last_at: string) => ({
    site,
    reason,
    topic,
    count,
    first_at: `2026-01-0${count}`,
    last_at,
  });

  it("are added up, the largest first, with their topics", () => {
    const found = byReason([
      group("a", "x", "t/1", 2, "2026-01-05"),
      group("b", "x", "t/1", 4, "2026-01-05"),
      group("a", "x", "t/2", 3, "2026-01-04"),
    ]);
    expect(found.map((r) => [r.site, r.reason, r.count, r.first_at, r.last_at, r.topics.length])).toEqual([
      ["a", "x", 5, "2026-01-02", "2026-01-05", 2],
      ["b", "x", 4, "2026-01-04", "2026-01-05", 1],
    ]);
  });
});

it("adds holes up by device, those that miss most first, since the first of them", () => {
  const hole = (code: string, missing: number, found_at: string) => ({ site: "a", code, missing, found_at });
  const found = byDevice([
    hole("P-1", 1, "2026-01-02"),
    hole("P-2", 9, "2026-01-03"),
    hole("P-1", 2, "2026-01-01"),
  ]);
  expect(found.map((d) => [d.code, d.missing, d.since, d.holes.length])).toEqual([
    ["P-2", 9, "2026-01-03", 1],
    ["P-1", 3, "2026-01-01", 2],
  ]);
});

it("shows a payload as text, or as hexadecimal when it is none", () => {
  const base64 = (bytes: number[]): string => btoa(String.fromCharCode(...bytes));
  expect(payloadText(btoa('{"a":1}'))).toBe('{"a":1}');
  expect(payloadText(base64([0xe6, 0xb3, 0xb5, 0xe6, 0xb3]))).toBe("泵");
  expect(payloadText(base64([0xff, 0x00]))).toBe("ff 00");
  expect(payloadText("")).toBe("");
});
