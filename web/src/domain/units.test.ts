import { describe, expect, it } from "vitest";
import { numberText, tickTexts } from "./units";

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

describe("a value", () => {
  it("has three figures at least, however small it is", () => {
    expect([0.0004, -0.0004, 0.0123456, 0.00099996].map(numberText)).toEqual([
      "0.0004",
      "-0.0004",
      "0.0123",
      "0.001",
    ]);
    expect([4.1234e-7, -5e-10].map(numberText)).toEqual(["4.12e-7", "-5e-10"]);
  });

  it("has four figures and at most three decimals otherwise", () => {
    expect([0.12345, 1.2345, 12.345, 123.45, 1234.5, 20, -0.5].map(numberText)).toEqual([
      "0.123",
      "1.23",
      "12.3",
      "123.5",
      "1235",
      "20",
      "-0.5",
    ]);
  });

  it("is nothing, without a minus, where only rounding is left of it", () => {
    expect([0, -0, -1.4e-17, 1e-13].map(numberText)).toEqual(["0", "0", "0", "0"]);
    expect([Number.NaN, Number.POSITIVE_INFINITY].map(numberText)).toEqual(["–", "–"]);
  });
});
