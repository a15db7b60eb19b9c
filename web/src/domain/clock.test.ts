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
