import { describe, expect, it } from "vitest";
import { tickTexts } from "./units";

describe("the labels of an axis", () => {
  it("have as many decimals as the step needs, so that no two read alike", () => {
    expect(tickTexts([0.409, 0.4095, 0.41, 0.4105], 0.0005)).toEqual([
      "0.4090",
      "0.4095",
      "0.4100",
      "0.4105",
    ]);
    expect(tickTexts([1234.2, 1234.4], 0.2)).toEqual(["1234.2", "1234.4"]);
  });

  it("have none where the step is whole, and no minus before nothing", () => {
    expect(tickTexts([0, 25, 50], 25)).toEqual(["0", "25", "50"]);
    expect(tickTexts([-0.1, -1.4e-17, 0.1], 0.1)).toEqual(["-0.1", "0.0", "0.1"]);
  });
});
