import { describe, expect, it } from "vitest";
import { clockFace, dayOf, daysAway, spanOf } from "./time";

describe("time", () => {
  it("says an age in the largest unit that says enough", () => {
    expect(spanOf(42_000)).toEqual({ unit: "second", count: 42 });
    expect(spanOf(42 * 60_000)).toEqual({ unit: "minute", count: 42 });
    expect(spanOf(36 * 3_600_000)).toEqual({ unit: "hour", count: 36 });
    expect(spanOf(49 * 3_600_000)).toEqual({ unit: "day", count: 2 });
  });

  it("counts down in minutes and seconds, with hours above one", () => {
    expect(clockFace(12 * 60_000 + 40_000)).toBe("12:40");
    expect(clockFace(5 * 3_600_000 + 7 * 60_000 + 30_000)).toBe("5:07:30");
    expect(clockFace(-1)).toBe("00:00");
  });

  it("takes the day from the site and not from the device", () => {
    const late = Date.parse("2026-11-21T22:00:00Z");
    expect(dayOf(late, "Asia/Shanghai")).toBe("2026-11-22");
    expect(dayOf(late, "UTC")).toBe("2026-11-21");
    expect(daysAway(Date.parse("2026-11-22T15:59:59Z"), late, "Asia/Shanghai")).toBe(0);
    expect(daysAway(Date.parse("2026-11-22T15:59:59Z"), late, "UTC")).toBe(1);
  });

  it("counts calendar days over a change of clocks", () => {
    const before = Date.parse("2026-10-24T22:30:00Z");
    expect(daysAway(Date.parse("2026-10-26T00:30:00Z"), before, "Europe/Berlin")).toBe(1);
  });
});
