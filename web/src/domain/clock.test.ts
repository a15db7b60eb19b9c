import { describe, expect, it } from "vitest";
import { clockOff } from "./clock";

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
