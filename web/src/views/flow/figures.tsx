import type { IngestStats } from "@/api/types";
import { OLD_S, sizeText } from "@/domain/flow";
import { showAge, showCount, t } from "@/i18n";
import { second } from "../state/now";
import { delayText, rateText, secondsText } from "./words";

type Flow = IngestStats["flow"];

/** Of what waits its size and until when; the segment that stays on the disk when nothing does is no backlog. */
function drainText({ spool_depth, spool_bytes, drained_in_s }: Flow): string {
  if (spool_depth === 0) {
    return t("flow.nothing_waits");
  }
  const when =
    drained_in_s === null
      ? t("flow.not_draining")
      : t("flow.drained_in", { span: secondsText(drained_in_s) });
  return `${sizeText(spool_bytes)} · ${when}`;
}

function cellsOf(stats: IngestStats): [string, string, string][] {
  const flow = stats.flow;
  return [
    [
      t("flow.messages"),
      `${rateText(flow.messages_per_s)} ${t("flow.per_s")}`,
      t("flow.values", { n: rateText(flow.values_per_s) }),
    ],
    [
      t("flow.stored"),
      `${rateText(flow.stored_per_s)} ${t("flow.per_s")}`,
      t("flow.delay", { p50: delayText(flow.stored_p50_ms), p99: delayText(flow.stored_p99_ms) }),
    ],
    [t("flow.waiting"), showCount(flow.spool_depth), drainText(flow)],
    [
      t("flow.lag"),
      secondsText(flow.lag_s),
      t("flow.durable", { p50: delayText(flow.durable_p50_ms), p99: delayText(flow.durable_p99_ms) }),
    ],
    [
      t("flow.rejects"),
      `${rateText(flow.rejects_per_min)} ${t("flow.per_min")}`,
      [
        t("flow.gaps", { n: showCount(stats.gaps), d: showCount(stats.duplicates) }),
        ...(stats.retained > 0 ? [t("flow.retained", { n: showCount(stats.retained) })] : []),
      ].join(" · "),
    ],
  ];
}

/** How old the newest word of any collector is, in seconds; `null`: there is none. */
function ageOf(stats: IngestStats): number | null {
  return stats.collectors.length === 0 ? null : Math.min(...stats.collectors.map((c) => c.age_s));
}

/** The figures of now. Once nobody has reported for a while they are grey, with their age. */
export function Figures({ stats, at }: { stats: IngestStats; at: number }) {
  const reported = ageOf(stats);
  const age = reported === null ? null : reported + Math.max(0, second.value - at) / 1000;
  const old = age === null || age > OLD_S;
  return (
    <>
      <div class={`kpis ${old ? "is-old" : ""}`} data-old={old}>
        {cellsOf(stats).map(([label, value, note]) => (
          <div key={label}>
            <span class="xs">{label}</span>
            <b class={old ? "stale" : ""}>{value}</b>
            <span class="xs">{note}</span>
          </div>
        ))}
      </div>
      <p class="xs age">
        {age === null ? t("data.no_collector") : t("flow.age", { age: showAge(age * 1000) })}
      </p>
    </>
  );
}
