import { describe, expect, it } from "vitest";
import { clockCost, clockOff } from "./clock";

describe("a device's clock", () => {
  it("is spoken of only when it is wrong", () => {
    expect(clockOff({ clock_wrong: false, clock_offset_ms: -42_000 })).toBeNull();
    expect(clockOff({ clock_wrong: false, clock_offset_ms: null })).toBeNull();
    expect(clockOff({ clock_wrong: true, clock_offset_ms: null })).toBeNull();
  });

  it("is behind when its time is earlier than ours", () => {
    expect(clockOff({ clock_wrong: true, clock_offset_ms: -42_000 })).toEqual({
      way: "behind",
      byMs: 42_000,
    });
    expect(clockOff({ clock_wrong: true, clock_offset_ms: 3_600_000 })).toEqual({
      way: "ahead",
      byMs: 3_600_000,
    });
  });
});

describe("a clock that was never set", () => {
  const unset = {
    clock_wrong: true,
    clock_offset_ms: -1_782_000_000_000,
    clock_measured_at: "2026-11-29T12:00:00.000Z",
  };

  it("is told as such, and not by how many years it is behind", () => {
    expect(clockOff(unset)).toEqual({ way: "never_set" });
    expect(clockCost({ ...unset, clock_effect: "refused" })).toEqual({ way: "never_set", effect: "refused" });
  });

  it("says times before the year 2000", () => {
    const offset = Date.UTC(2000, 0) - Date.parse(unset.clock_measured_at);
    expect(clockOff({ ...unset, clock_offset_ms: offset - 1 })).toEqual({ way: "never_set" });
    expect(clockOff({ ...unset, clock_offset_ms: offset })).toEqual({ way: "behind", byMs: -offset });
  });

  it("is not guessed from the copy of an older server", () => {
    expect(clockOff({ clock_wrong: true, clock_offset_ms: unset.clock_offset_ms })?.way).toBe("behind");
  });
});

describe("what a wrong clock costs", () => {
  it("is said once limits are not judged or messages refused, and not before", () => {
    const late = { clock_wrong: true, clock_offset_ms: -3_600_000, clock_effect: "not_judged" } as const;
    expect(clockCost(late)).toEqual({ way: "behind", byMs: 3_600_000, effect: "not_judged" });
    expect(clockCost({ ...late, clock_effect: "none" })).toBeNull();
    expect(clockCost({ ...late, clock_wrong: false })).toBeNull();
  });

  it("is not guessed from the copy of an older server", () => {
    expect(clockCost({ clock_wrong: true, clock_offset_ms: -3_600_000 })).toBeNull();
  });
});
