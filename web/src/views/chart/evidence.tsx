import { useComputed } from "@preact/signals";
import type { EpisodeEvidence, EvidencePoint } from "@/api/types";
import { HOUR_MS } from "@/domain/time";
import { unitText } from "@/domain/units";
import { nameOf, showMoment, t } from "@/i18n";
import { ReadingsFailed } from "../parts/states";
import { now } from "../state/now";
import { Chart } from "./chart";
import { Legend, type LegendItem } from "./legend";
import { bandOf } from "./marks";
import { type Loaded, useReadings } from "./readings";
import type { ChartInput } from "./uplot";

const MOST = 3;

function windowOf(evidence: EpisodeEvidence): { from: number; to: number } {
  const [start, end] = [Date.parse(evidence.start), Date.parse(evidence.end)];
  // An episode that opened a moment ago still shows some of the time before it.
  return { from: Math.min(start, end - HOUR_MS / 6), to: Math.max(end, start + HOUR_MS / 6) };
}

function legendOf(evidence: EpisodeEvidence, point: EvidencePoint, aggregated: boolean): LegendItem[] {
  return [
    "line",
    ...(expectedOf(point) === null ? [] : (["expected"] as const)),
    ...(bandOf(point.baseline) === undefined ? [] : (["band"] as const)),
    "opened",
    ...(evidence.closed_observed_at === null ? [] : (["closed"] as const)),
    ...(aggregated ? [] : (["bad"] as const)),
    ...(aggregated ? (["env"] as const) : []),
  ];
}

const expectedOf = (point: EvidencePoint): number | null =>
  point.expected ?? point.baseline?.expected ?? null;

function marksOf(evidence: EpisodeEvidence, point: EvidencePoint): ChartInput["marks"] {
  const opened = Date.parse(evidence.opened_observed_at);
  return {
    expected: expectedOf(point),
    band: bandOf(point.baseline),
    openedAt: opened,
    openedLabel: t("chart.observed", { at: showMoment(opened, now.value) }),
    closedAt: evidence.closed_observed_at === null ? undefined : Date.parse(evidence.closed_observed_at),
  };
}

/** What stands over a chart that has nothing to show, or not yet. */
function coverOf({ loading, failure, data }: Loaded): string | undefined {
  if (loading) {
    return t("state.loading");
  }
  return data.x.length === 0 && failure === null ? t("chart.empty") : undefined;
}

function EvidenceChart({
  evidence,
  point,
  span,
}: {
  evidence: EpisodeEvidence;
  point: EvidencePoint;
  span: { from: number; to: number };
}) {
  const loaded = useReadings(evidence.episode.asset, point.point, { ...span, live: false });
  const aggregated = loaded.resolution !== "raw";
  // A point that is only there for the class (an event ticket has no readings of its own) is no empty frame.
  const spoken = point.contribution !== null || point.value !== null;
  if (!spoken && loaded.failure === null && loaded.data.x.length === 0) {
    return null;
  }
  return (
    <section class="card stack-s" data-evidence={point.point}>
      <div class="row between">
        <h2>{nameOf(point.name)}</h2>
        <span class="xs">{unitText(point.unit) || t("unit.unknown")}</span>
      </div>
      {loaded.failure !== null && <ReadingsFailed failure={loaded.failure} again={loaded.again} />}
      <Chart
        data={loaded.data}
        aggregated={aggregated}
        limits={point.limits}
        unit={unitText(point.unit)}
        height={200}
        syncKey={`evidence:${evidence.episode.id}`}
        span={span}
        marks={marksOf(evidence, point)}
        label={nameOf(point.name)}
        cover={coverOf(loaded)}
      />
      <Legend items={legendOf(evidence, point, aggregated)} limits={point.limits} />
    </section>
  );
}

/** The points that speak for the fault, the strongest first, over the same time. */
export function EvidenceCharts({ evidence }: { evidence: EpisodeEvidence }) {
  const minute = useComputed(() => Math.floor(now.value / 60_000));
  const window = windowOf(evidence);
  const open = evidence.closed_observed_at === null && Date.parse(evidence.end) > Date.now() - HOUR_MS;
  // An open one ends at the present, minute by minute; the future has nothing to show.
  const present = (minute.value + 1) * 60_000;
  const span = open
    ? { from: window.from, to: present }
    : { from: window.from, to: Math.min(window.to, present) };
  const points = evidence.points.filter((p) => p.kind !== "counter").slice(0, MOST);
  return (
    <>
      {points.map((p) => (
        <EvidenceChart key={p.point} evidence={evidence} point={p} span={span} />
      ))}
    </>
  );
}
