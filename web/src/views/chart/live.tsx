import { useSignal } from "@preact/signals";
import type { Baseline, Point } from "@/api/types";
import { hasLimits } from "@/domain/limits";
import { DAY_MS, HOUR_MS } from "@/domain/time";
import { unitText } from "@/domain/units";
import { type Key, nameOf, t } from "@/i18n";
import { Failed } from "../parts/states";
import { search, setParam } from "../state/router";
import { Chart } from "./chart";
import { Legend, type LegendItem } from "./legend";
import { useReadings, type Window } from "./readings";

const RANGES = {
  "15m": HOUR_MS / 4,
  "1h": HOUR_MS,
  "8h": 8 * HOUR_MS,
  "24h": DAY_MS,
  "7d": 7 * DAY_MS,
  "30d": 30 * DAY_MS,
} as const;
type Range = keyof typeof RANGES;

/** One point over time, moving with the present until somebody zooms in. */
export function LiveChart({
  asset,
  point,
  baseline,
}: {
  asset: string;
  point: Point;
  baseline: Baseline | undefined;
}) {
  const chosen = search.value.get("range") as Range | null;
  const range: Range = chosen !== null && chosen in RANGES ? chosen : "1h";
  const zoom = useSignal<Window | null>(null);
  const now = Date.now();
  const window: Window = zoom.value ?? { from: now - RANGES[range], to: now, live: true };
  const loaded = useReadings(asset, point.key, window);
  const aggregated = loaded.resolution !== "raw";
  const band =
    baseline?.low != null && baseline.high != null ? { low: baseline.low, high: baseline.high } : undefined;
  const legend: LegendItem[] = ["line", ...(aggregated ? (["env"] as const) : (["bad"] as const))];
  if (hasLimits(point.limits)) {
    legend.push("watch", "alarm");
  }
  if (baseline !== undefined) {
    legend.push("expected");
  }
  if (band !== undefined) {
    legend.push("band");
  }
  const empty = !loaded.loading && loaded.failure === null && loaded.data.x.length === 0;
  const pick = (next: Range): void => {
    zoom.value = null;
    setParam("range", next);
  };
  return (
    <div class="card stack">
      <div class="row wrap between">
        <h2>
          {nameOf(point.name)} <span class="xs">{unitText(point.unit) || t("unit.unknown")}</span>
        </h2>
        <div class="row wrap">
          {zoom.value !== null && (
            <button
              type="button"
              class="btn small"
              onClick={() => {
                zoom.value = null;
              }}
            >
              {t("chart.reset")}
            </button>
          )}
          <div class="choice ranges" role="group" aria-label={t("chart.range")}>
            {(Object.keys(RANGES) as Range[]).map((key) => (
              <button
                key={key}
                type="button"
                aria-pressed={zoom.value === null && key === range}
                onClick={() => pick(key)}
              >
                {t(`range.${key}` as Key)}
              </button>
            ))}
          </div>
        </div>
      </div>
      {loaded.failure !== null && (
        <Failed failure={loaded.failure} detail="" again={loaded.again} old={loaded.data.x.length > 0} />
      )}
      <Chart
        data={loaded.data}
        aggregated={aggregated}
        limits={point.limits}
        unit={unitText(point.unit)}
        height={300}
        marks={{ expected: baseline?.expected, band }}
        span={zoom.value === null ? loaded.span : { from: zoom.value.from, to: zoom.value.to }}
        label={nameOf(point.name)}
        cover={
          empty
            ? t("chart.empty")
            : loaded.loading && loaded.data.x.length === 0
              ? t("state.loading")
              : undefined
        }
        onZoom={(from, to) => {
          zoom.value = { from: Math.round(from), to: Math.round(Math.max(to, from + 5000)), live: false };
        }}
        onReset={() => {
          zoom.value = null;
        }}
      />
      <Legend items={legend} />
      <p class="xs">
        {t(`resolution.${loaded.resolution}` as Key)} <span class="mouse-hint">{t("chart.help")}</span>
      </p>
    </div>
  );
}
