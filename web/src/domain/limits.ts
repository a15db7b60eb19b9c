import { numberText } from "./units";

/** Limits of a point, in the point's own unit; a missing one is null or absent. */
export interface Limits {
  normal_low?: number | null | undefined;
  normal_high?: number | null | undefined;
  warning_low?: number | null | undefined;
  warning_high?: number | null | undefined;
  alarm_low?: number | null | undefined;
  alarm_high?: number | null | undefined;
}

/** `off`: outside what is normal, but no warning is set there, so it calls nobody. */
export type Judgement = "ok" | "off" | "watch" | "alarm" | "unknown";

const below = (value: number, limit: number | null | undefined): boolean => limit != null && value < limit;
const above = (value: number, limit: number | null | undefined): boolean => limit != null && value > limit;

export function hasLimits(limits: Limits): boolean {
  return Object.values(pick(limits)).some((v) => v != null);
}

function pick(limits: Limits): Record<string, number | null | undefined> {
  const { normal_low, normal_high, warning_low, warning_high, alarm_low, alarm_high } = limits;
  return { normal_low, normal_high, warning_low, warning_high, alarm_low, alarm_high };
}

/** Where a value stands: alarm beats watch beats off; without any limit nobody can say. Colours and alarms agree: what
 * is merely not normal is neither. */
export function judge(value: number, limits: Limits): Judgement {
  if (below(value, limits.alarm_low) || above(value, limits.alarm_high)) {
    return "alarm";
  }
  if (below(value, limits.warning_low) || above(value, limits.warning_high)) {
    return "watch";
  }
  if (below(value, limits.normal_low) || above(value, limits.normal_high)) {
    return "off";
  }
  return hasLimits(limits) ? "ok" : "unknown";
}

export interface Zone {
  kind: "alarm" | "watch" | "off" | "ok";
  from: number;
  to: number;
}

/** Cuts [min, max] into zones, lowest first. Used by the limit bars and the bands of the charts. */
export function zonesOf(limits: Limits, min: number, max: number): Zone[] {
  if (!hasLimits(limits) || !(max > min)) {
    return [];
  }
  const cuts = Object.values(pick(limits))
    .filter((v): v is number => v != null && v > min && v < max)
    .concat(min, max)
    .sort((a, b) => a - b);
  const zones: Zone[] = [];
  for (let i = 1; i < cuts.length; i += 1) {
    const from = cuts[i - 1] as number;
    const to = cuts[i] as number;
    if (to === from) {
      continue;
    }
    const verdict = judge((from + to) / 2, limits);
    const kind = verdict === "unknown" ? "ok" : verdict;
    const last = zones.at(-1);
    if (last?.kind === kind) {
      last.to = to;
    } else {
      zones.push({ kind, from, to });
    }
  }
  return zones;
}

/** A scale on which the limits and all given values are seen, with a tenth of room on both sides. */
export function scaleOf(limits: Limits, values: readonly number[]): { min: number; max: number } {
  const all = [...Object.values(pick(limits)), ...values].filter(
    (v): v is number => v != null && Number.isFinite(v),
  );
  if (all.length === 0) {
    return { min: 0, max: 1 };
  }
  const min = Math.min(...all);
  const max = Math.max(...all);
  const room = max > min ? (max - min) * 0.15 : Math.max(1, Math.abs(max) * 0.15);
  return { min: min - room, max: max + room };
}

export function place(value: number, min: number, max: number): number {
  return Math.max(0, Math.min(1, (value - min) / (max - min)));
}

/** Where a level begins, in figures: `< 0.3 · > 8.5`. Empty: it has no limit. */
export function beyondText(low: number | null | undefined, high: number | null | undefined): string {
  return [low == null ? "" : `< ${numberText(low)}`, high == null ? "" : `> ${numberText(high)}`]
    .filter((text) => text !== "")
    .join(" · ");
}

/** What is normal, in figures: `0.3–3.2`, `≤ 3.2`, `≥ 0.3`. Empty: nobody said. */
export function withinText(low: number | null | undefined, high: number | null | undefined): string {
  if (low != null && high != null) {
    return `${numberText(low)}–${numberText(high)}`;
  }
  return low != null ? `≥ ${numberText(low)}` : high != null ? `≤ ${numberText(high)}` : "";
}
