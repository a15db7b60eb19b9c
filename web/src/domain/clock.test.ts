import { describe, expect, it } from "vitest";
import { clockCost, clockOff, clockSpan } from "./clock";

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
    expect(clockCost({ ...wrong, clock_effect: "refused" }, false)).toEqual({
      off: { way },
      cost: "refused",
    });
  });

  it("is told as standing still, and since when, where its times do not go on", () => {
    const asset = { clock_wrong: true, clock_offset_ms: -7_862_400_000, clock_times: "standing" } as const;
    const off = { way: "standing", byMs: 7_862_400_000 };
    expect(clockOff(asset)).toEqual(off);
    expect(clockCost({ ...asset, clock_effect: "refused" }, false)).toEqual({ off, cost: "too_old" });
  });

  it("is told by its offset where an older server did not say", () => {
    expect(clockOff({ clock_wrong: true, clock_offset_ms: -1_782_000_000_000 })?.way).toBe("behind");
  });
});

describe("what a wrong clock costs", () => {
  it("is said once limits are not judged or messages refused, and not before", () => {
    const late = { clock_wrong: true, clock_offset_ms: -3_600_000, clock_effect: "not_judged" } as const;
    expect(clockCost(late, false)).toEqual({ off: { way: "behind", byMs: 3_600_000 }, cost: "not_judged" });
    expect(clockCost({ ...late, clock_effect: "none" }, false)).toBeNull();
    expect(clockCost({ ...late, clock_wrong: false }, false)).toBeNull();
  });

  it("is another word where a slow clock's readings are older than they are kept", () => {
    const old = { clock_wrong: true, clock_offset_ms: -31_536_000_000, clock_times: "behind" } as const;
    expect(clockCost({ ...old, clock_effect: "refused" }, false)?.cost).toBe("too_old");
    expect(clockCost({ ...old, clock_effect: "not_judged" }, false)?.cost).toBe("not_judged");
    expect(clockCost({ ...old, clock_times: "ahead", clock_effect: "refused" }, false)?.cost).toBe("refused");
  });

  it("is some of its messages where values come all the same", () => {
    const ahead = { clock_wrong: true, clock_offset_ms: 3_600_000, clock_times: "ahead" } as const;
    expect(clockCost({ ...ahead, clock_effect: "refused" }, true)?.cost).toBe("some_refused");
    expect(clockCost({ ...ahead, clock_times: "behind", clock_effect: "not_judged" }, true)?.cost).toBe(
      "not_judged",
    );
  });

  it("is not guessed from the copy of an older server", () => {
    expect(clockCost({ clock_wrong: true, clock_offset_ms: -3_600_000 }, false)).toBeNull();
  });
});

describe("by how much a clock is off", () => {
  it.each([
    [3_599_880, "minute", 60],
    [599_400, "second", 599],
    [599_600, "minute", 10],
    [7_200_000, "hour", 2],
    [172_800_000, "day", 2],
    [42_400, "second", 42],
  ] as const)("is %i ms in the words of its ticket", (ms, unit, count) => {
    expect(clockSpan(ms)).toEqual({ unit, count });
  });
});
