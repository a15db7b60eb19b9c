import { fetchAssets } from "@/api/resources";
import type { Asset } from "@/api/types";
import { nameOf, showDuration, t, word } from "@/i18n";
import { PageSearch } from "../parts/pagesearch";
import { silence } from "../parts/reading";
import { Answered, Empty, Skeleton } from "../parts/states";
import { HealthTag, Presence } from "../parts/tags";
import { className, locationName } from "../state/names";
import { now } from "../state/now";
import { useAnswer } from "../state/query";
import { search, setParam } from "../state/router";

const HEALTH_RANK: Record<string, number> = { act: 0, watch: 1 };

function Row({ asset }: { asset: Asset }) {
  return (
    <div class="asset-line" data-row>
      <a
        class="what clamp2"
        href={`/assets/${encodeURIComponent(asset.code)}`}
        title={`${asset.code} ${nameOf(asset.name)}`}
      >
        <span class="code">{asset.code}</span> {nameOf(asset.name)}
      </a>
      <span class="s kind">{className(asset.class)}</span>
      <span class="s where clip">{locationName(asset.location)}</span>
      <span class="s status">{word("asset_status", asset.status)}</span>
      <span class="heard">
        <Presence presence={asset.presence} />
      </span>
      <span class="xs seen">
        {asset.presence_since === null
          ? ""
          : t("presence.since", { span: showDuration(now.value - Date.parse(asset.presence_since)) })}
      </span>
      <span class="health">
        <HealthTag health={asset.health} silent={silence(asset)} />
      </span>
    </div>
  );
}

function Classes({ classes, chosen }: { classes: readonly string[]; chosen: string | null }) {
  return (
    <div class="chips" role="group" aria-label={t("assets.by_class")}>
      <button
        type="button"
        class="chip"
        aria-pressed={chosen === null}
        onClick={() => setParam("class", null)}
      >
        {t("assets.all")}
      </button>
      {classes.map((c) => (
        <button
          key={c}
          type="button"
          class="chip"
          aria-pressed={c === chosen}
          onClick={() => setParam("class", c === chosen ? null : c)}
        >
          {className(c)}
        </button>
      ))}
    </div>
  );
}

/** The ledger as a list: search by code or name, filter by class. */
export default function Assets() {
  const answer = useAnswer("assets", () => fetchAssets(), { topics: ["asset"], everyMs: 30_000 });
  const text = (search.value.get("text") ?? "").trim().toLowerCase();
  const chosen = search.value.get("class");
  const classes = [...new Set((answer.data ?? []).map((a) => a.class))].sort();
  const hit = (a: Asset): boolean =>
    (chosen === null || a.class === chosen) &&
    (text === "" || `${a.code} ${a.name.zh} ${a.name.en}`.toLowerCase().includes(text));
  return (
    <div class="page">
      <div class="page-head">
        <h1>{t("nav.assets")}</h1>
        <PageSearch label={t("assets.search")} />
      </div>
      <Classes classes={classes} chosen={chosen} />
      <div style={{ height: "16px" }} />
      <Answered of={answer} skeleton={<Skeleton count={8} height={44} />}>
        {(assets) => {
          const rank = (a: Asset): number => HEALTH_RANK[a.health] ?? 2;
          const shown = assets.filter(hit).sort((a, b) => rank(a) - rank(b) || a.code.localeCompare(b.code));
          return shown.length === 0 ? (
            <div class="list">
              <Empty big icon="box" text={t(assets.length === 0 ? "assets.none" : "search.none")} />
            </div>
          ) : (
            <div class="list">
              {shown.map((a) => (
                <Row key={a.key} asset={a} />
              ))}
            </div>
          );
        }}
      </Answered>
    </div>
  );
}
