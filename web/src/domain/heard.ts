/** Whether what we know of a machine is of now. */

export interface Heard {
  presence: string;
  last_seen: string | null;
}

export interface HeardValue {
  at: string;
  stale: boolean;
  /** Whether a sensor took it; what people wrote down says nothing about the line. */
  sensor: boolean;
}

/**
 * Since when there is no data: an instant in ms, `null` when nobody knows since when, `undefined` when there is data.
 * A machine is silent when it is offline, or when every sensor value is older than its usual rate suggests.
 */
export function silentSince(asset: Heard, values: readonly HeardValue[] = []): number | null | undefined {
  const measured = values.filter((v) => v.sensor);
  const stale = measured.length > 0 && measured.every((v) => v.stale);
  if (asset.presence !== "offline" && !stale) {
    return undefined;
  }
  const instants = measured.map((v) => Date.parse(v.at));
  if (instants.length === 0 && asset.last_seen !== null) {
    instants.push(Date.parse(asset.last_seen));
  }
  return instants.length === 0 ? null : Math.max(...instants);
}
