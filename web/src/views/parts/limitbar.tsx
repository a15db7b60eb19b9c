import { type Limits, place, scaleOf, zonesOf } from "@/domain/limits";
import { numberText } from "@/domain/units";
import { t } from "@/i18n";

/** The limits as a bar, with the value that was entered and the sensor's mark over it. */
export function LimitBar({
  limits,
  value,
  sensor,
}: {
  limits: Limits;
  value?: number | undefined;
  sensor?: number | undefined;
}) {
  const values = [value, sensor].filter((v): v is number => v !== undefined);
  const { min, max } = scaleOf(limits, values);
  const zones = zonesOf(limits, min, max);
  if (zones.length === 0) {
    return null;
  }
  const percent = (v: number): string => `${place(v, min, max) * 100}%`;
  const low = limits.alarm_low ?? limits.warning_low ?? limits.normal_low;
  const high = limits.alarm_high ?? limits.warning_high ?? limits.normal_high;
  return (
    <div>
      <div class="limitbar">
        {zones.map((z) => (
          <span
            key={z.from}
            class={z.kind}
            style={{ left: percent(z.from), right: `${100 - place(z.to, min, max) * 100}%` }}
          />
        ))}
        {sensor !== undefined && <i class="sensor" style={{ left: percent(sensor) }} />}
        {value !== undefined && <i style={{ left: percent(value) }} />}
      </div>
      <div class="row between xs" style={{ marginTop: "8px" }}>
        <span>{low == null ? "" : t("limit.low", { value: numberText(low) })}</span>
        <span>{high == null ? "" : t("limit.high", { value: numberText(high) })}</span>
      </div>
    </div>
  );
}
