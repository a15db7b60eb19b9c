/** What an asset's page has to know of its device's clock. */
interface Measured {
  clock_wrong: boolean;
  clock_offset_ms: number | null;
  clock_measured_at?: string | null;
}

/** How a wrong clock is off: by so much, or by no amount that would say anything, since it was never set. */
export type ClockOff = { way: "ahead" | "behind"; byMs: number } | { way: "never_set" };

const YEAR_2000_MS = Date.UTC(2000, 0);

/** How a wrong clock is off; nothing while it is right or not measured. */
export function clockOff(asset: Measured): ClockOff | null {
  const offset = asset.clock_offset_ms;
  if (!asset.clock_wrong || offset === null) {
    return null;
  }
  if (Date.parse(asset.clock_measured_at ?? "") + offset < YEAR_2000_MS) {
    return { way: "never_set" };
  }
  return { way: offset < 0 ? "behind" : "ahead", byMs: Math.abs(offset) };
}

/** What a wrong clock costs: nothing, the judging of the readings, or the messages themselves. */
export type ClockEffect = "none" | "not_judged" | "refused";

/** What has to be said before anything else about a machine whose clock makes its data useless; nothing otherwise. */
export function clockCost(
  asset: Measured & { clock_effect?: ClockEffect },
): (ClockOff & { effect: "not_judged" | "refused" }) | null {
  const off = clockOff(asset);
  const effect = asset.clock_effect ?? "none";
  return off === null || effect === "none" ? null : { ...off, effect };
}
