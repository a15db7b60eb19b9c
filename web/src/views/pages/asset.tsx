import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import {
  fetchAssets,
  fetchBaselines,
  fetchLatest,
  fetchOrders,
  fetchPoints,
  fetchPreview,
} from "@/api/resources";
import type { Asset, LatestValue, Point, PreviewItem, WorkOrder } from "@/api/types";
import { type ClockOff, clockCost, clockOff, clockSpan } from "@/domain/clock";
import { type Judgement, judge } from "@/domain/limits";
import { codeAndName } from "@/domain/names";
import { DAY_MS, dayOf } from "@/domain/time";
import { isEnded, series, shiftOf } from "@/domain/work";
import { nameOf, showAge, showDate, showMoment, showSpan, t, word, zone } from "@/i18n";
import { LiveChart } from "../chart/live";
import { useSparks } from "../chart/sparks";
import { Icon } from "../parts/icon";
import { PlanDates } from "../parts/plandates";
import { ageText, fromSensor, inkOf, silence, valueText } from "../parts/reading";
import { Spark } from "../parts/spark";
import { Answered, Empty, ReadingsFailed, Skeleton } from "../parts/states";
import { HealthTag, Presence, Tag } from "../parts/tags";
import { OrderCard } from "../parts/tickets";
import { Upkeep } from "../parts/upkeep";
import { className, departmentName, locationName, siteName } from "../state/names";
import { now } from "../state/now";
import { useAnswer } from "../state/query";
import { search, setParam } from "../state/router";

function Multiples({
  asset,
  points,
  latest,
  chosen,
  old,
  away,
}: {
  asset: Asset;
  points: readonly Point[];
  latest: ReadonlyMap<string, LatestValue>;
  chosen: string | null;
  old: boolean;
  /** Nothing is known of any value, since the store does not say. */
  away: boolean;
}) {
  const sparks = useSparks(asset.key);
  return (
    <div class="grid multiples">
      {points.map((p) => {
        const value = latest.get(p.key);
        return (
          <button
            key={p.key}
            type="button"
            class={p.kind === "measure" ? "card multi" : "card multi plain"}
            aria-pressed={p.key === chosen}
            onClick={() => setParam("point", p.key)}
            data-point={p.key}
          >
            <span class="row between s">
              <span class="clip">{nameOf(p.name)}</span>
              {value?.quality === 2 && <span class="tag warn">{t("quality.bad")}</span>}
            </span>
            <span
              class={`value ${value === undefined || (old && fromSensor(value)) ? "stale" : inkOf(p, value)}`}
            >
              {value === undefined ? "–" : valueText(p, value.value)}
            </span>
            <span class="xs row">
              {value === undefined
                ? t(away ? "value.away" : "value.none")
                : !fromSensor(value)
                  ? t("value.person_age", { age: ageText(value) })
                  : value.stale
                    ? t("value.stale", { age: ageText(value) })
                    : t("value.sensor", { age: ageText(value) })}
            </span>
            <Spark
              rows={sparks.get(p.key) ?? []}
              limits={p.limits}
              label={t("spark.label", { name: nameOf(p.name) })}
            />
          </button>
        );
      })}
    </div>
  );
}

function healthText(asset: Asset, silent: number | null | undefined, live: boolean): string {
  const told = clockCost(asset, live);
  if (told !== null && told.cost !== "some_refused" && asset.health !== "act" && asset.health !== "watch") {
    return t(`clock.health_${told.cost}`);
  }
  if (silent !== undefined && asset.health !== "act" && asset.health !== "watch") {
    return silent === null
      ? t("health.text_never")
      : t("health.text_silent", { age: showAge(now.value - silent) });
  }
  const reason = asset.health_reason;
  const score = typeof reason?.["score"] === "number" ? reason["score"].toFixed(1) : null;
  const sentence = t(`health.text_${asset.health}`);
  return score === null ? sentence : `${sentence} ${t("health.score", { score })}`;
}

/** What people have to know of the device's clock: nothing while it is right. */
function clockText(asset: Asset): string {
  const off = clockOff(asset);
  if (off === null) {
    return "";
  }
  return off.way === "standing" ? t("clock.tag", { off: offText(off) }) : offText(off);
}

function offText(off: ClockOff): string {
  return "byMs" in off
    ? t(`clock.${off.way}`, { span: showSpan(clockSpan(off.byMs)) })
    : t(`clock.${off.way}`);
}

/** On top of the page while the clock makes the machine's data useless: what is wrong, what it costs, what to do. */
function ClockBanner({ asset, live }: { asset: Asset; live: boolean }) {
  const told = clockCost(asset, live);
  if (told === null) {
    return null;
  }
  return (
    <div class="note warn" role="alert" data-clock={told.cost}>
      <Icon name="clock" />
      <div class="grow stack-s">
        <div class="strong">{t(`clock.banner_${told.cost}`, { off: offText(told.off) })}</div>
        <div class="s">{t(`clock.do_${told.cost}`)}</div>
      </div>
    </div>
  );
}

function Facts({ asset }: { asset: Asset }) {
  const since = asset.presence_since;
  const rows: [string, ComponentChildren][] = [
    [t("asset.state"), word("asset_status", asset.status)],
    [
      t("asset.presence"),
      <Presence
        presence={asset.presence}
        spanMs={since === null ? undefined : now.value - Date.parse(since)}
      />,
    ],
    [t("asset.clock"), clockText(asset)],
    [t("asset.class"), className(asset.class)],
    [t("asset.site"), siteName(asset.site)],
    [t("asset.location"), locationName(asset.location)],
    [t("asset.criticality"), asset.criticality],
    [t("asset.department"), departmentName(asset.department)],
    [t("asset.maker"), [asset.manufacturer, asset.model].filter(Boolean).join(" ")],
    [t("asset.serial"), asset.serial],
    [t("asset.in_service"), asset.in_service_on === null ? "" : showDate(`${asset.in_service_on}T12:00:00`)],
  ];
  return (
    <dl class="facts">
      {rows
        .filter(([, value]) => value !== "")
        .map(([label, value]) => (
          <>
            <dt key={label}>{label}</dt>
            <dd>{value}</dd>
          </>
        ))}
    </dl>
  );
}

/** The next date of each line of the plan: a daily round does not hide the yearly inspection. */
function nextOfEach(items: readonly PreviewItem[]): PreviewItem[] {
  const seen = new Set<string>();
  return items.filter((item) => {
    const row = item.occurrences[0]?.plan_row ?? "";
    const fresh = !seen.has(row);
    seen.add(row);
    return fresh;
  });
}

function OpenWork({ orders }: { orders: readonly WorkOrder[] }) {
  const open = series(shiftOf(orders, now.value, zone.value).all).slice(0, 6);
  const last = orders.find((o) => isEnded(o.state));
  return (
    <div class="stack">
      {open.length === 0 && (
        <div class="list">
          <Empty text={t("asset.no_tickets")} />
        </div>
      )}
      {open.map(({ first, more }) => (
        <OrderCard key={first.id} order={first} more={more} />
      ))}
      {last !== undefined && (
        <p class="xs">
          {t("asset.last_done", {
            title: nameOf(last.title),
            at:
              last.completed_at === null
                ? word("order_state", last.state)
                : showMoment(last.completed_at, now.value),
          })}
        </p>
      )}
    </div>
  );
}

function Tickets({ asset }: { asset: Asset }) {
  const orders = useAnswer(
    `orders:asset:${asset.key}`,
    () => fetchOrders({ asset: asset.key, sort: "-number", limit: 100 }),
    { topics: ["work_order"] },
  );
  return (
    <section>
      <div class="sect">
        <h2>{t("asset.tickets")}</h2>
      </div>
      <Answered of={orders} skeleton={<Skeleton count={2} height={64} />}>
        {(list) => <OpenWork orders={list} />}
      </Answered>
    </section>
  );
}

function NextDates({ asset }: { asset: Asset }) {
  const to = dayOf(Date.now() + 365 * DAY_MS, zone.value);
  const preview = useAnswer(
    `preview:${asset.key}`,
    () => fetchPreview({ asset: asset.key, from: dayOf(Date.now(), zone.value), to, limit: 1000 }),
    { topics: ["plan", "work_order"] },
  );
  return (
    <section>
      <div class="sect">
        <h2>{t("asset.next_dates")}</h2>
      </div>
      <Answered of={preview} skeleton={<Skeleton count={3} height={64} />}>
        {(items) =>
          items.length === 0 ? (
            <div class="list">
              <Empty text={t("asset.without_plan")} icon="plan" />
            </div>
          ) : (
            <PlanDates
              items={nextOfEach(items)
                .slice(0, 8)
                .map((first) => ({ first, times: 1 }))}
            />
          )
        }
      </Answered>
    </section>
  );
}

function Readings({ asset, points }: { asset: Asset; points: readonly Point[] }) {
  const latest = useAnswer(`latest:${asset.key}`, () => fetchLatest(asset.key), { everyMs: 3000 });
  const baselines = useAnswer(`baseline:${asset.key}`, () => fetchBaselines(asset.key), {
    topics: ["asset"],
  });
  const values = new Map((latest.data ?? []).map((v) => [v.point, v]));
  const measures = [...points].sort((a, b) => Number(b.kind === "measure") - Number(a.kind === "measure"));
  const wanted = search.value.get("point");
  const beyond = (p: Point, verdict: Judgement): boolean => {
    const value = values.get(p.key);
    return value !== undefined && p.kind === "measure" && judge(value.value, p.limits) === verdict;
  };
  // Without a choice the page opens on what is out of line, and stays there.
  const first = useRef<Point | undefined>(undefined);
  if (first.current === undefined && latest.data !== undefined) {
    const verdicts = ["alarm", "watch", "off"] as const;
    const worst = verdicts.map((one) => measures.find((p) => beyond(p, one))).find((p) => p !== undefined);
    first.current = worst ?? measures.find((p) => values.has(p.key)) ?? measures[0];
  }
  // Without the store the points are there all the same: the ledger has them.
  const away = latest.failure !== null && latest.data === undefined;
  const chosen = measures.find((p) => p.key === wanted) ?? first.current ?? (away ? measures[0] : undefined);
  if (measures.length > 0 && chosen === undefined) {
    return <Skeleton height={420} />;
  }
  if (chosen === undefined) {
    return (
      <div class="list">
        <Empty text={t("asset.no_points")} icon="sensor" />
      </div>
    );
  }
  return (
    <div class="stack">
      {away && latest.failure !== null ? (
        <ReadingsFailed failure={latest.failure} again={latest.again} />
      ) : (
        <LiveChart
          key={chosen.key}
          asset={asset.key}
          point={chosen}
          baseline={baselines.data?.find((b) => b.point === chosen.key)}
        />
      )}
      <Multiples
        asset={asset}
        points={measures}
        latest={values}
        chosen={chosen.key}
        old={silence(asset, latest.data) !== undefined}
        away={away}
      />
    </div>
  );
}

function Head({ asset, silent, live }: { asset: Asset; silent: ReturnType<typeof silence>; live: boolean }) {
  const told = clockCost(asset, live);
  return (
    <>
      <div class="page-head">
        <h1>{codeAndName(asset.code, nameOf(asset.name))}</h1>
        <div class="row wrap">
          <Presence presence={asset.presence} />
          {told !== null && <Tag tone="warn" text={t("clock.tag", { off: offText(told.off) })} />}
          <HealthTag health={asset.health} silent={silent} />
        </div>
      </div>
      <ClockBanner asset={asset} live={live} />
    </>
  );
}

/** Everything about one machine: how it is, what it shows, what is to be done. */
export default function AssetPage({ code }: { code: string }) {
  const found = useAnswer(`asset:${code}`, () => fetchAssets({ code }), {
    topics: ["asset"],
    everyMs: 15_000,
  });
  const asset = found.data?.[0];
  const points = useAnswer(asset === undefined ? null : `points:${asset.key}`, () =>
    fetchPoints(asset?.key ?? ""),
  );
  const latest = useAnswer(
    asset === undefined ? null : `latest:${asset.key}`,
    () => fetchLatest(asset?.key ?? ""),
    { everyMs: 10_000 },
  );
  const silent = asset === undefined ? undefined : silence(asset, latest.data);
  // Before the values are known, nobody can say that there are none.
  const live = latest.data?.some((value) => fromSensor(value) && !value.stale) ?? true;
  return (
    <div class="page">
      <a class="crumb" href="/assets">
        <Icon name="back" />
        {t("nav.assets")}
      </a>
      <Answered of={found} skeleton={<Skeleton count={4} height={96} />}>
        {() =>
          asset === undefined ? (
            <div class="list">
              <Empty big icon="box" text={t("asset.unknown", { code })} />
            </div>
          ) : (
            <>
              <Head asset={asset} silent={silent} live={live} />
              <div class="two">
                <div>
                  <Answered of={points} skeleton={<Skeleton height={420} />}>
                    {(list) => <Readings asset={asset} points={list} />}
                  </Answered>
                </div>
                <div>
                  <section class="card stack">
                    <h2>{t("asset.how")}</h2>
                    <p class="s">{healthText(asset, silent, live)}</p>
                    <Facts asset={asset} />
                    <Upkeep asset={asset} changed={found.again} />
                  </section>
                  <Tickets asset={asset} />
                  <NextDates asset={asset} />
                </div>
              </div>
            </>
          )
        }
      </Answered>
    </div>
  );
}
