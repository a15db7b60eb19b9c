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
