import type { LatestValue, Point } from "@/api/types";
import { judge } from "@/domain/limits";
import { numberText, unitText } from "@/domain/units";
import { nameOf, showAge, t } from "@/i18n";
import { now } from "../state/now";

const INK = { alarm: "bad-ink", watch: "warn-ink", ok: "", unknown: "" } as const;

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

export function ageText(latest: Pick<LatestValue, "at">): string {
  const age = now.value - Date.parse(latest.at);
  return age < 15_000 ? t("time.now") : showAge(age);
}

/** One row: name, value, age. Grey with its age once it is stale. */
export function ReadingRow({ point, latest }: { point: Point; latest: LatestValue }) {
  return (
    <div>
      <span class="s clip">{nameOf(point.name)}</span>
      <b class={inkOf(point, latest)}>{valueText(point, latest.value)}</b>
      <span class="xs">{ageText(latest)}</span>
    </div>
  );
}
