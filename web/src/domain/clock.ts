/** What an asset's page has to know of its device's clock. */
interface Measured {
  clock_wrong: boolean;
  clock_offset_ms: number | null;
}

/** Which way a wrong clock is off and by how much; nothing while it is right or not measured. */
export function clockOff(asset: Measured): { way: "ahead" | "behind"; byMs: number } | null {
  const offset = asset.clock_offset_ms;
  if (!asset.clock_wrong || offset === null) {
    return null;
  }
  return { way: offset < 0 ? "behind" : "ahead", byMs: Math.abs(offset) };
}

/** What a wrong clock costs: nothing, the judging of the readings, or the messages themselves. */
export type ClockEffect = "none" | "not_judged" | "refused";

/** What has to be said before anything else about a machine whose clock makes its data useless; nothing otherwise. */
export function clockCost(
  asset: Measured & { clock_effect?: ClockEffect },
): { way: "ahead" | "behind"; byMs: number; effect: "not_judged" | "refused" } | null {
  const off = clockOff(asset);
  const effect = asset.clock_effect ?? "none";
  return off === null || effect === "none" ? null : { ...off, effect };
}
