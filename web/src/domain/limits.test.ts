import { describe, expect, it } from "vitest";
import { beyondText, judge, place, scaleOf, withinText, zonesOf } from "./limits";
import { numberText, unitText } from "./units";

const pump = { warning_low: 0.35, alarm_low: 0.3, warning_high: 0.55, alarm_high: 0.6 };

describe("limits", () => {
  it("judges alarm before warning, and says nothing without limits", () => {
    expect(judge(0.29, pump)).toBe("alarm");
    expect(judge(0.32, pump)).toBe("watch");
    expect(judge(0.45, pump)).toBe("ok");
    expect(judge(0.6, pump)).toBe("watch");
    expect(judge(0.45, {})).toBe("unknown");
    expect(judge(0.45, { alarm_high: null })).toBe("unknown");
  });

  it("calls only what a warning is set for a warning: what is merely not normal is neither ok nor to watch", () => {
    const vibration = { normal_high: 3.2, warning_high: 5.1, alarm_high: 8.5 };
    expect([3, 4.9, 5.1, 5.2, 8.6].map((v) => judge(v, vibration))).toEqual([
      "ok",
      "off",
      "off",
      "watch",
      "alarm",
    ]);
    expect(judge(4.9, { normal_high: 3.2, warning_high: null })).toBe("off");
    expect(zonesOf(vibration, 0, 10).map((z) => [z.kind, z.from])).toEqual([
      ["ok", 0],
      ["off", 3.2],
      ["watch", 5.1],
      ["alarm", 8.5],
    ]);
  });

  it("writes where a level begins, and what is normal", () => {
    expect(beyondText(0.3, 8.5)).toBe("< 0.3 · > 8.5");
    expect(beyondText(null, 8.5)).toBe("> 8.5");
    expect(beyondText(undefined, null)).toBe("");
    expect([withinText(0, 3.2), withinText(null, 3.2), withinText(1, null), withinText(null, null)]).toEqual([
      "0–3.2",
      "≤ 3.2",
      "≥ 1",
      "",
    ]);
  });

  it("cuts a scale into zones without holes", () => {
    const zones = zonesOf(pump, 0.2, 0.7);
    expect(zones.map((z) => z.kind)).toEqual(["alarm", "watch", "ok", "watch", "alarm"]);
    expect(zones[0]?.from).toBe(0.2);
    expect(zones.at(-1)?.to).toBe(0.7);
    zones.slice(1).forEach((z, i) => {
      expect(z.from).toBe(zones[i]?.to);
    });
  });

  it("shows the limits and the value on one scale", () => {
    const { min, max } = scaleOf(pump, [0.9]);
    expect(min).toBeLessThan(0.3);
    expect(max).toBeGreaterThan(0.9);
    expect(place(2, 0, 1)).toBe(1);
  });
});

describe("units and numbers", () => {
  it("writes units as on a gauge", () => {
    expect(unitText("Cel")).toBe("°C");
    expect(unitText("m3/h")).toBe("m³/h");
    expect(unitText("{drop}/min")).toBe("/min");
    expect(unitText("1")).toBe("");
  });

  it("keeps enough digits to compare and no more", () => {
    expect(numberText(0.41999)).toBe("0.42");
    expect(numberText(15896.4)).toBe("15896");
    expect(numberText(40)).toBe("40");
    expect(numberText(Number.NaN)).toBe("–");
  });
});
