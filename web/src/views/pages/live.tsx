import { fetchAssets, fetchPlantLatest, fetchPoints } from "@/api/resources";
import type { Asset, LatestValue, Point } from "@/api/types";
import { judge } from "@/domain/limits";
import { codeAndName } from "@/domain/names";
import { nameOf, t } from "@/i18n";
import { PlantLine } from "../parts/plantline";
import { ReadingRow, silence } from "../parts/reading";
import { Answered, Empty, ReadingsFailed, Skeleton } from "../parts/states";
import { HealthTag, Presence } from "../parts/tags";
import { catalogue } from "../state/names";
import { useAnswer } from "../state/query";

const SHOWN = 3;

/** The values that matter: beyond limits first, then measures with limits in the order of the class. */
function telling(points: readonly Point[], values: readonly LatestValue[]): [Point, LatestValue][] {
  const byKey = new Map(values.map((v) => [v.point, v]));
  const rank = ([p, v]: [Point, LatestValue]): number => {
    const verdict = p.kind === "measure" ? judge(v.value, p.limits) : "unknown";
    const place = ["alarm", "watch", "off"].indexOf(verdict);
    return place >= 0 ? place : p.kind === "measure" ? 3 : 4;
  };
  return points
    .flatMap((p): [Point, LatestValue][] => {
      const value = byKey.get(p.key);
      return value === undefined ? [] : [[p, value]];
    })
    .sort((a, b) => rank(a) - rank(b))
    .slice(0, SHOWN);
}

/** `values`: what is known of the machine; `away`: nothing, since the store does not say. */
function Tile({ asset, values, away }: { asset: Asset; values: readonly LatestValue[]; away: boolean }) {
  const points = (catalogue.value.classes.find((c) => c.class === asset.class)?.points ?? []) as Point[];
  const known = new Set(points.map((p) => p.key));
  // Points that the class does not know (a recorded file's columns) carry their names at the machine itself.
  const unknown = values.some((v) => !known.has(v.point));
  const asked = useAnswer(unknown ? `points:${asset.key}` : null, () => fetchPoints(asset.key));
  const own = (asked.data ?? []).filter((p) => !known.has(p.key));
  const silent = silence(asset, values);
  const rows = telling([...points, ...own], values);
  return (
    <a
      class={`card tile ${silent === undefined ? asset.health : "dead"}`}
      href={`/assets/${encodeURIComponent(asset.code)}`}
      data-row
    >
      <div class="row between top">
        <h3 class="grow">{codeAndName(asset.code, nameOf(asset.name))}</h3>
        <HealthTag health={asset.health} silent={silent} />
      </div>
      <Presence presence={asset.presence} />
      <div class="vals">
        {rows.length === 0 ? (
          <span class="xs">{t(away ? "value.away" : "value.none")}</span>
        ) : (
          rows.map(([p, v]) => <ReadingRow key={p.key} point={p} latest={v} old={silent !== undefined} />)
        )}
      </div>
    </a>
  );
}

/** The plant by system, moving: presence, health and the few values that say how a machine is. */
export default function Live() {
  const assets = useAnswer("assets", () => fetchAssets(), { topics: ["asset"], everyMs: 15_000 });
  const latest = useAnswer("plant-latest", () => fetchPlantLatest(), { everyMs: 3000 });
  const values = new Map((latest.data ?? []).map((l) => [l.asset.key, l.values]));
  const away = latest.failure !== null && latest.data === undefined;
  return (
    <div class="page">
      <div class="page-head">
        <h1>{t("nav.live")}</h1>
        <PlantLine />
      </div>
      {latest.failure !== null && assets.failure === null && (
        <div class="answer-failed">
          <ReadingsFailed failure={latest.failure} again={latest.again} old={latest.data !== undefined} />
        </div>
      )}
      <Answered of={assets} skeleton={<Skeleton count={6} height={132} />}>
        {(list) => {
          if (list.length === 0) {
            return (
              <div class="list">
                <Empty big icon="box" text={t("assets.none")} />
              </div>
            );
          }
          const rest = new Set(list);
          const groups = catalogue.value.systems.map((system) => {
            const mine = list.filter((a) => rest.has(a) && system.classes.includes(a.class));
            mine.forEach((a) => {
              rest.delete(a);
            });
            return { key: system.key, title: nameOf(system.name), mine };
          });
          groups.push({ key: "other", title: t("live.other"), mine: [...rest] });
          return groups
            .filter((g) => g.mine.length > 0)
            .map((g) => (
              <section key={g.key}>
                <div class="sect">
                  <h2>{g.title}</h2>
                  <span class="xs">{g.mine.length}</span>
                </div>
                <div class="grid">
                  {g.mine.map((a) => (
                    <Tile key={a.key} asset={a} values={values.get(a.key) ?? []} away={away} />
                  ))}
                </div>
              </section>
            ));
        }}
      </Answered>
    </div>
  );
}
