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

describe("a clock whose times are in another unit, or that was never set", () => {
  it.each(["before_2000", "far_ahead"] as const)("is told as %s, without an amount", (way) => {
    const wrong = { clock_wrong: true, clock_offset_ms: 1_782_000_000_000, clock_times: way };
    expect(clockOff(wrong)).toEqual({ way });
    expect(clockCost({ ...wrong, clock_effect: "refused" })).toEqual({ off: { way }, cost: "refused" });
  });

  it("is told by its offset where an older server did not say", () => {
    expect(clockOff({ clock_wrong: true, clock_offset_ms: -1_782_000_000_000 })?.way).toBe("behind");
  });
});

describe("what a wrong clock costs", () => {
  it("is said once limits are not judged or messages refused, and not before", () => {
    const late = { clock_wrong: true, clock_offset_ms: -3_600_000, clock_effect: "not_judged" } as const;
    expect(clockCost(late)).toEqual({ off: { way: "behind", byMs: 3_600_000 }, cost: "not_judged" });
    expect(clockCost({ ...late, clock_effect: "none" })).toBeNull();
    expect(clockCost({ ...late, clock_wrong: false })).toBeNull();
  });

  it("is another word where a slow clock's readings are older than they are kept", () => {
    const old = { clock_wrong: true, clock_offset_ms: -31_536_000_000, clock_times: "behind" } as const;
    expect(clockCost({ ...old, clock_effect: "refused" })?.cost).toBe("too_old");
    expect(clockCost({ ...old, clock_effect: "not_judged" })?.cost).toBe("not_judged");
    expect(clockCost({ ...old, clock_times: "ahead", clock_effect: "refused" })?.cost).toBe("refused");
  });

  it("is not guessed from the copy of an older server", () => {
    expect(clockCost({ clock_wrong: true, clock_offset_ms: -3_600_000 })).toBeNull();
  });
});
