import type { IngestStats } from "@/api/types";
import { OLD_S, sizeText } from "@/domain/flow";
import { showAge, showCount, t, word } from "@/i18n";
import { delayText, rateText, secondsText, siteOf } from "./words";

type Site = IngestStats["sites"][number];
type Lane = Site["lanes"][number];

const HEADS = [
  "flow.place",
  "flow.messages",
  "flow.stored",
  "flow.waiting",
  "flow.lag",
  "flow.delays",
  "flow.rejects",
  "flow.holes",
] as const;

function cellsOf(lane: Lane): string[] {
  return [
    `${rateText(lane.messages_per_s)} ${t("flow.per_s")}`,
    `${rateText(lane.stored_per_s)} ${t("flow.per_s")}`,
    lane.spool_depth === 0 ? "0" : `${showCount(lane.spool_depth)} (${sizeText(lane.spool_bytes)})`,
    secondsText(lane.lag_s),
    `${delayText(lane.stored_p50_ms)} / ${delayText(lane.stored_p99_ms)}`,
    `${rateText(lane.rejects_per_min)} ${t("flow.per_min")}`,
  ];
}

/** A lane's row. What is missing is the site's alone: its lanes share the numbers, so that their rows share the cell. */
function Row({ of, lane }: { of: Site; lane: Lane }) {
  const { site, age_s: age } = of;
  const old = age > OLD_S;
  return (
    <tr class={old ? "stale" : ""} data-lane={`${site}/${lane.lane}`}>
      <th scope="row" data-label={t("flow.place")}>
        <span class="strong">{siteOf(site)}</span> <span class="xs">{word("flow_lane", lane.lane)}</span>
        {old && <span class="xs block">{showAge(age * 1000)}</span>}
      </th>
      {cellsOf(lane).map((text, i) => (
        <td key={HEADS[i + 1]} class="right" data-label={t(HEADS[i + 1] ?? "flow.place")}>
          {text}
        </td>
      ))}
      {lane === of.lanes[0] && (
        <td class="right" data-label={t("flow.holes")} rowSpan={of.lanes.length} data-missing={site}>
          {showCount(of.gaps)}
        </td>
      )}
    </tr>
  );
}

/** All sites, those that nobody entered last and only when anything came for them. */
function shownSites({ sites }: IngestStats): IngestStats["sites"] {
  const strays = sites.filter((one) => one.site === "+" && one.dead_lettered + one.spool_depth > 0);
  return [...sites.filter((one) => one.site !== "+"), ...strays];
}

/** The figures of every site and lane. */
export function Sites({ stats }: { stats: IngestStats }) {
  const sites = shownSites(stats);
  if (sites.length === 0) {
    return null;
  }
  return (
    <section aria-labelledby="sites">
      <div class="sect">
        <h2 id="sites" tabIndex={-1}>
          {t("flow.sites")}
        </h2>
      </div>
      <div class="table-wrap">
        <table class="flow-table">
          <thead>
            <tr>
              {HEADS.map((key, i) => (
                <th key={key} scope="col" class={i === 0 ? "" : "right"}>
                  {t(key)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {sites.flatMap((of) =>
              of.lanes.map((lane) => <Row key={`${of.site}/${lane.lane}`} of={of} lane={lane} />),
            )}
          </tbody>
        </table>
      </div>
    </section>
  );
}
