/** What times a device sends, compared with ours. Of the last two its offset says nothing. */
export type DeviceTimes = "behind" | "ahead" | "before_2000" | "far_ahead";

/** What an asset's page has to know of its device's clock. */
interface Measured {
  clock_wrong: boolean;
  clock_offset_ms: number | null;
  clock_times?: DeviceTimes | null;
}

/** How a wrong clock is off: by so much, or by no amount that would say anything. */
export type ClockOff = { way: "ahead" | "behind"; byMs: number } | { way: "before_2000" | "far_ahead" };

/** How a wrong clock is off; nothing while it is right or not measured. */
export function clockOff(asset: Measured): ClockOff | null {
  const offset = asset.clock_offset_ms;
  if (!asset.clock_wrong || offset === null) {
    return null;
  }
  const way = asset.clock_times ?? (offset < 0 ? "behind" : "ahead");
  return way === "behind" || way === "ahead" ? { way, byMs: Math.abs(offset) } : { way };
}

/** What a wrong clock costs: nothing, the judging of the readings, or the messages themselves. */
export type ClockEffect = "none" | "not_judged" | "refused";

/** What is said of it: messages of a slow clock are refused only where their readings are older than any are kept. */
export type ClockCost = "not_judged" | "refused" | "too_old";

/** What has to be said before anything else about a machine whose clock makes its data useless; nothing otherwise. */
export function clockCost(
  asset: Measured & { clock_effect?: ClockEffect },
): { off: ClockOff; cost: ClockCost } | null {
  const off = clockOff(asset);
  const effect = asset.clock_effect ?? "none";
  if (off === null || effect === "none") {
    return null;
  }
  return { off, cost: effect === "refused" && off.way === "behind" ? "too_old" : effect };
}
