import { describe, expect, it } from "vitest";
import { readEntry } from "./entry";

const MPA = ["MPa"];

describe("a typed number", () => {
  it.each([
    ["12.5", 12.5],
    ["１２.５", 12.5],
    ["０．４", 0.4],
    ["0。4", 0.4],
    ["－３", -3],
    ["−3", -3],
    ["+3", 3],
    [" 7 ", 7],
    [".5", 0.5],
    ["5.", 5],
    ["-0", 0],
    ["007", 7],
    ["0.4 MPa", 0.4],
    ["0.4MPa", 0.4],
    ["０．４ ＭＰａ", 0.4],
    ["1000000000", 1e9],
  ])("%s is %d", (typed, value) => {
    expect(readEntry(typed, MPA)).toEqual({ kind: "number", value });
  });

  it.each([
    ["1,234", "comma"],
    ["0,4", "comma"],
    ["１，２３４", "comma"],
    ["1,234.5 MPa", "comma"],
    ["0x10", "not_a_number"],
    ["1e5", "not_a_number"],
    ["1e400", "not_a_number"],
    ["Infinity", "not_a_number"],
    ["NaN", "not_a_number"],
    ["0.4 bar", "not_a_number"],
    ["0.4 mPa", "not_a_number"],
    ["1 234", "not_a_number"],
    ["1.2.3", "not_a_number"],
    ["--1", "not_a_number"],
    ["MPa", "not_a_number"],
    ["约0.4", "not_a_number"],
    ["1000000001", "too_large"],
    ["-99999999999", "too_large"],
  ])("%s is refused: %s", (typed, fault) => {
    expect(readEntry(typed, MPA)).toEqual({ kind: "fault", fault });
  });

  it("may carry its own unit in any of its spellings, and no digit of a unit is taken for one of the number", () => {
    expect(readEntry("35℃", ["°C", "Cel"])).toEqual({ kind: "number", value: 35 });
    expect(readEntry("35 Cel", ["°C", "Cel"])).toEqual({ kind: "number", value: 35 });
    expect(readEntry("12 ㎥/h", ["m³/h"])).toEqual({ kind: "number", value: 12 });
    expect(readEntry("11", ["1"])).toEqual({ kind: "number", value: 11 });
    expect(readEntry("95％", ["%"])).toEqual({ kind: "number", value: 95 });
  });

  it("is none when nothing but space is typed", () => {
    expect(readEntry("　 ")).toEqual({ kind: "empty" });
  });
});
