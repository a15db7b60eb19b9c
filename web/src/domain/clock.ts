import type { Span } from "./time";

type Step = readonly [least: number, size: number, unit: Span["unit"]];
const LEAST: Step = [0, 1, "second"];
const STEPS: readonly Step[] = [
  [172_800, 86_400, "day"],
  [7_200, 3_600, "hour"],
  [600, 60, "minute"],
];

/** What times a device sends, compared with ours. Standing ones do not go on; of the last two its offset says nothing. */
export type DeviceTimes = "behind" | "ahead" | "standing" | "before_2000" | "far_ahead";

/** What an asset's page has to know of its device's clock. */
interface Measured {
  clock_wrong: boolean;
  clock_offset_ms: number | null;
  clock_times?: DeviceTimes | null;
}

/** How a wrong clock is off: by so much, or by no amount that would say anything. */
export type ClockOff =
  | { way: "ahead" | "behind" | "standing"; byMs: number }
  | { way: "before_2000" | "far_ahead" };

/** How a wrong clock is off; nothing while it is right or not measured. */
export function clockOff(asset: Measured): ClockOff | null {
  const offset = asset.clock_offset_ms;
  if (!asset.clock_wrong || offset === null) {
    return null;
  }
  const way = asset.clock_times ?? (offset < 0 ? "behind" : "ahead");
  return way === "before_2000" || way === "far_ahead" ? { way } : { way, byMs: Math.abs(offset) };
}

/** By how much it is off, in the unit and number that its ticket names. */
export function clockSpan(byMs: number): Span {
  const seconds = Math.round(byMs / 1000);
  const [, size, unit] = STEPS.find(([least]) => seconds >= least) ?? LEAST;
  return { unit, count: Math.round(seconds / size) };
}

/** What a wrong clock costs: nothing, the judging of the readings, or the messages themselves. */
export type ClockEffect = "none" | "not_judged" | "refused";

/** What is said of it: messages of a slow clock are refused only where their readings are older than any are kept, and
 * not all of them are where there are values of now. */
export type ClockCost = "not_judged" | "refused" | "too_old" | "some_refused";

/** What has to be said before anything else about a machine whose clock makes its data useless; nothing otherwise.
 * `live`: values of it come all the same. */
export function clockCost(
  asset: Measured & { clock_effect?: ClockEffect },
  live: boolean,
): { off: ClockOff; cost: ClockCost } | null {
  const off = clockOff(asset);
  const effect = asset.clock_effect ?? "none";
  if (off === null || effect === "none") {
    return null;
  }
  if (effect === "refused" && live) {
    return { off, cost: "some_refused" };
  }
  const slow = off.way === "behind" || off.way === "standing";
  return { off, cost: effect === "refused" && slow ? "too_old" : effect };
}
