import type { Asset, LatestValue, Point } from "@/api/types";
import { silentSince } from "@/domain/heard";
import { judge } from "@/domain/limits";
import { numberText, unitText } from "@/domain/units";
import { nameOf, showAge, t } from "@/i18n";
import { now } from "../state/now";

const INK = { alarm: "bad-ink", watch: "warn-ink", off: "", ok: "", unknown: "" } as const;

/** A value in words: the number with its unit, or on and off for a state. */
export function valueText(point: Pick<Point, "kind" | "unit">, value: number): string {
  if (point.kind === "state" && (value === 0 || value === 1)) {
    return t(value === 1 ? "value.on" : "value.off");
  }
  const unit = unitText(point.unit);
  return unit === "" ? numberText(value) : `${numberText(value)} ${unit}`;
}

/** How a value is to be read: in alarm, to watch, or stale and therefore grey whatever it says. */
export function inkOf(point: Point, latest: LatestValue): string {
  if (latest.stale || latest.quality === 2) {
    return "stale";
  }
  return point.kind === "measure" ? INK[judge(latest.value, point.limits)] : "";
}

/** Whether a sensor measured it. A copy that an older server gave does not say: only a plainly good one is then. */
export function fromSensor(
  latest: Pick<LatestValue, "quality"> & Partial<Pick<LatestValue, "source">>,
): boolean {
  return latest.source === undefined ? latest.quality === 0 : latest.source === "sensor";
}

/** Since when a machine is silent (see `silentSince`), from what the server knows of it. */
export const silence = (
  asset: Pick<Asset, "presence" | "last_seen">,
  values: readonly LatestValue[] = [],
): number | null | undefined =>
  silentSince(
    asset,
    values.map((v) => ({ at: v.at, stale: v.stale, sensor: fromSensor(v) })),
  );

export function ageText(latest: Pick<LatestValue, "at">): string {
  const age = now.value - Date.parse(latest.at);
  return age < 15_000 ? t("time.now") : showAge(age);
}

/** One row: name, value, age, and that a person took it. Grey with its age once it is stale, or when the whole
 * machine is no longer heard from (`old`). */
export function ReadingRow({
  point,
  latest,
  old = false,
}: {
  point: Point;
  latest: LatestValue;
  old?: boolean;
}) {
  const person = !fromSensor(latest);
  return (
    <div>
      <span class="s clip">{nameOf(point.name)}</span>
      <b class={old && !person ? "stale" : inkOf(point, latest)}>{valueText(point, latest.value)}</b>
      <span class={person ? "xs person" : "xs"}>
        {person ? t("value.person_age", { age: ageText(latest) }) : ageText(latest)}
      </span>
    </div>
  );
}
