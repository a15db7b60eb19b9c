import { useSignal } from "@preact/signals";
import type { Baseline, Point } from "@/api/types";
import { DAY_MS, HOUR_MS } from "@/domain/time";
import { unitText } from "@/domain/units";
import { type Key, nameOf, t } from "@/i18n";
import { ReadingsFailed } from "../parts/states";
import { search, setParam } from "../state/router";
import { Chart } from "./chart";
import { Legend, type LegendItem } from "./legend";
import { bandOf } from "./marks";
import { type Loaded, useReadings, type Window } from "./readings";

const RANGES = {
  "15m": HOUR_MS / 4,
  "1h": HOUR_MS,
  "8h": 8 * HOUR_MS,
  "24h": DAY_MS,
  "7d": 7 * DAY_MS,
  "30d": 30 * DAY_MS,
} as const;
type Range = keyof typeof RANGES;

function chosenRange(): Range {
  const chosen = search.value.get("range") as Range | null;
  return chosen !== null && chosen in RANGES ? chosen : "1h";
}

function legendOf(baseline: Baseline | undefined, aggregated: boolean): LegendItem[] {
  return [
    "line",
    aggregated ? "env" : "bad",
    ...(baseline === undefined ? [] : (["expected"] as const)),
    ...(bandOf(baseline) === undefined ? [] : (["band"] as const)),
  ];
}

/** What stands over a chart without rows. */
function coverOf({ loading, failure, data }: Loaded): string | undefined {
  if (data.x.length > 0) {
    return undefined;
  }
  if (loading) {
    return t("state.loading");
  }
  return failure === null ? t("chart.empty") : undefined;
}

/** The name of what is drawn, and how much of the past: zoomed in, no range is the chosen one. */
function Head({
  point,
  range,
  zoomed,
  unzoom,
}: {
  point: Point;
  range: Range;
  zoomed: boolean;
  unzoom: () => void;
}) {
  const pick = (next: Range): void => {
    unzoom();
    setParam("range", next);
  };
  return (
    <div class="row wrap between">
      <h2>
        {nameOf(point.name)} <span class="xs">{unitText(point.unit) || t("unit.unknown")}</span>
      </h2>
      <div class="row wrap">
        {zoomed && (
          <button type="button" class="btn small" onClick={unzoom}>
            {t("chart.reset")}
          </button>
        )}
        <div class="choice ranges" role="group" aria-label={t("chart.range")}>
          {(Object.keys(RANGES) as Range[]).map((key) => (
            <button key={key} type="button" aria-pressed={!zoomed && key === range} onClick={() => pick(key)}>
              {t(`range.${key}` as Key)}
            </button>
          ))}
        </div>
      </div>
    </div>
  );
}

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
  const range = chosenRange();
  const zoom = useSignal<Window | null>(null);
  const now = Date.now();
  const window: Window = zoom.value ?? { from: now - RANGES[range], to: now, live: true };
  const loaded = useReadings(asset, point.key, window);
  const aggregated = loaded.resolution !== "raw";
  const unzoom = (): void => {
    zoom.value = null;
  };
  return (
    <div class="card stack">
      <Head point={point} range={range} zoomed={zoom.value !== null} unzoom={unzoom} />
      {loaded.failure !== null && (
        <ReadingsFailed failure={loaded.failure} again={loaded.again} old={loaded.data.x.length > 0} />
      )}
      <Chart
        data={loaded.data}
        aggregated={aggregated}
        limits={point.limits}
        unit={unitText(point.unit)}
        height={300}
        marks={{ expected: baseline?.expected, band: bandOf(baseline) }}
        span={zoom.value === null ? loaded.span : { from: zoom.value.from, to: zoom.value.to }}
        label={nameOf(point.name)}
        cover={coverOf(loaded)}
        onZoom={(from, to) => {
          zoom.value = { from: Math.round(from), to: Math.round(Math.max(to, from + 5000)), live: false };
        }}
        onReset={unzoom}
      />
      <Legend items={legendOf(baseline, aggregated)} limits={point.limits} />
      <p class="xs">
        {t(`resolution.${loaded.resolution}` as Key)} <span class="mouse-hint">{t("chart.help")}</span>
      </p>
    </div>
  );
}
