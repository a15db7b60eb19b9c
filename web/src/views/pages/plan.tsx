import { fetchPreview } from "@/api/resources";
import type { PreviewItem } from "@/api/types";
import { foldDaily } from "@/domain/folding";
import { DAY_MS, dayOf } from "@/domain/time";
import { showCount, t, zone } from "@/i18n";
import { PlanDates } from "../parts/plandates";
import { Answered, Empty, Skeleton } from "../parts/states";
import { catalogue, siteName } from "../state/names";
import { useAnswer } from "../state/query";
import { search, setParam } from "../state/router";

const SHOWN = 80;
const SPANS = [30, 90, 365] as const;

type Days = (typeof SPANS)[number];

/** Which site, where there are several, and how far ahead. */
function Choices({ site, days }: { site: string; days: Days }) {
  const sites = catalogue.value.sites;
  return (
    <div class="row wrap">
      {sites.length > 1 && (
        <select
          class="input small"
          style={{ width: "auto" }}
          aria-label={t("asset.site")}
          value={site}
          onChange={(e) => setParam("site", e.currentTarget.value)}
        >
          {sites.map((s) => (
            <option key={s.code} value={s.code}>
              {siteName(s.code)}
            </option>
          ))}
        </select>
      )}
      <div class="choice" role="group" aria-label={t("plan.span")}>
        {SPANS.map((s) => (
          <button key={s} type="button" aria-pressed={s === days} onClick={() => setParam("days", String(s))}>
            {t("plan.days", { n: s })}
          </button>
        ))}
      </div>
    </div>
  );
}

function Dates({ items }: { items: readonly PreviewItem[] }) {
  const folded = foldDaily(items);
  if (folded.length === 0) {
    return (
      <div class="list">
        <Empty big icon="plan" text={t("plan.none")} />
      </div>
    );
  }
  return (
    <>
      <PlanDates items={folded.slice(0, SHOWN)} showAsset />
      {folded.length > SHOWN && (
        <p class="s" style={{ marginTop: "12px" }}>
          {t("plan.more", { n: showCount(folded.length - SHOWN) })}
        </p>
      )}
    </>
  );
}

/** The coming dates of a site, each with the sentence that explains it. */
export default function Plan() {
  const site = search.value.get("site") ?? catalogue.value.sites[0]?.code ?? "demo";
  const days = SPANS.find((s) => String(s) === search.value.get("days")) ?? 30;
  const law = search.value.get("layer") === "law";
  const from = dayOf(Date.now(), zone.value);
  const to = dayOf(Date.now() + days * DAY_MS, zone.value);
  const answer = useAnswer(`plan:${site}:${from}:${to}`, () => fetchPreview({ site, from, to }), {
    topics: ["plan", "work_order"],
  });
  return (
    <div class="page">
      <div class="page-head">
        <h1>{t("nav.plan")}</h1>
        <Choices site={site} days={days} />
      </div>
      <div class="chips">
        <button type="button" class="chip" aria-pressed={!law} onClick={() => setParam("layer", null)}>
          {t("plan.all")}
        </button>
        <button type="button" class="chip" aria-pressed={law} onClick={() => setParam("layer", "law")}>
          {t("plan.law_only")}
        </button>
      </div>
      <div style={{ height: "16px" }} />
      <Answered of={answer} skeleton={<Skeleton count={6} height={84} />}>
        {(all) => <Dates items={law ? all.filter((i) => i.layer === "law") : all} />}
      </Answered>
    </div>
  );
}
