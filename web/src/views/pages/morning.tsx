import type { ComponentChildren } from "preact";
import { fetchConditions, fetchStats } from "@/api/flow";
import { fetchAssets, fetchOrders } from "@/api/resources";
import { holds, session } from "@/api/session";
import type { Asset, WorkOrder } from "@/api/types";
import { codeAndName } from "@/domain/names";
import { withPending } from "@/domain/operations";
import { isEnded, type Morning as Lists, morningLists } from "@/domain/work";
import { nameOf, showAge, showCount, showDay, showLongDay, showTime, t, word, zone } from "@/i18n";
import { ConditionLine } from "../flow/conditions";
import { Line, LineHead } from "../parts/orderline";
import { PlantLine } from "../parts/plantline";
import { Answered, Empty, Skeleton } from "../parts/states";
import { ClockTag, ConflictTag, DueTag, SafetyTag, Tag } from "../parts/tags";
import { hrefOf } from "../parts/tickets";
import { overlay, record } from "../state/device";
import { departmentName, locationName, whereOf } from "../state/names";
import { now, second } from "../state/now";
import { useAnswer } from "../state/query";

/** The one button: accept what nobody has accepted, else look. */
function Act({ order }: { order: WorkOrder }) {
  const may = holds(session.value?.user, "technician");
  if (may && order.kind === "corrective" && order.acknowledged_at === null) {
    const accept = (): Promise<void> =>
      record({ type: "acknowledge", work_order: order.id, base_version: order.version }, order.title);
    return (
      <button type="button" class="btn small" onClick={() => void accept()}>
        {t("action.acknowledge")}
      </button>
    );
  }
  return (
    <a class="btn small" href={hrefOf(order)}>
      {t(
        order.kind === "corrective"
          ? "action.look"
          : order.state === "in_progress"
            ? "action.resume_checklist"
            : "action.open_checklist",
      )}
    </a>
  );
}

function OrderRow({ order, state }: { order: WorkOrder; state: ComponentChildren }) {
  return (
    <Line
      state={
        <>
          {state}
          <ConflictTag order={order} />
        </>
      }
      href={hrefOf(order)}
      what={`${order.kind === "corrective" ? `#${order.number} ` : ""}${nameOf(order.title)}`}
      where={whereOf(order)}
      who={order.assignee ?? departmentName(order.department)}
      why={nameOf(order.reason) || word("origin", order.origin)}
      action={<Act order={order} />}
    />
  );
}

function Section({
  id,
  title,
  tone,
  count,
  empty,
  children,
}: {
  id: string;
  title: string;
  tone: string;
  count: number;
  empty: string;
  children: ComponentChildren;
}) {
  return (
    <section aria-labelledby={id} data-section={id}>
      <div class="sect">
        <h2 id={id} class={count > 0 ? tone : ""}>
          {title}
        </h2>
        <span class="xs">{count}</span>
      </div>
      <div class="list">{count === 0 ? <Empty text={empty} /> : children}</div>
    </section>
  );
}

const MOST = 12;

function Orders({
  orders,
  state,
}: {
  orders: readonly WorkOrder[];
  state: (o: WorkOrder) => ComponentChildren;
}) {
  return (
    <>
      <LineHead labels={[t("col.what"), t("col.where"), t("col.who"), t("col.why")]} />
      {orders.slice(0, MOST).map((o) => (
        <OrderRow key={o.id} order={o} state={state(o)} />
      ))}
      {orders.length > MOST && (
        <div class="empty">
          <a class="textlink" href="/tickets?list=all">
            {t("list.more", { n: orders.length - MOST })}
          </a>
        </div>
      )}
    </>
  );
}

function silentSince(asset: Asset): string {
  const since = asset.last_seen ?? asset.presence_since;
  return since === null ? word("presence", asset.presence) : showAge(now.value - Date.parse(since));
}

function OfflineRows({ assets }: { assets: readonly Asset[] }) {
  return (
    <>
      {assets.map((a) => (
        <Line
          key={a.key}
          state={<Tag text={silentSince(a)} />}
          href={`/assets/${encodeURIComponent(a.code)}`}
          what={codeAndName(a.code, nameOf(a.name))}
          where={locationName(a.location)}
          who={departmentName(a.department)}
          why={t(a.last_seen === null ? "offline.never" : "offline.last", {
            at: a.last_seen === null ? "" : `${showDay(a.last_seen)} ${showTime(a.last_seen)}`,
          })}
          action={
            <a class="btn small" href={`/assets/${encodeURIComponent(a.code)}`}>
              {t("action.look")}
            </a>
          }
        />
      ))}
    </>
  );
}

function Figures({ orders, assets }: { orders: readonly WorkOrder[]; assets: readonly Asset[] | undefined }) {
  const stats = useAnswer("stats", fetchStats, { topics: ["collector"], everyMs: 10_000 }).data;
  const open = orders.filter((o) => !isEnded(o.state));
  const planned = open.filter((o) => o.kind !== "corrective" && o.due !== null);
  const inTime = planned.filter((o) => Date.parse(o.due ?? "") >= now.value).length;
  const tickets = open.filter((o) => o.kind === "corrective");
  const early = tickets.filter((o) => o.origin === "model").length;
  const silent = assets?.filter((a) => a.presence === "offline").length;
  const cells: [string, string, string][] = [
    [
      t("kpi.on_time"),
      planned.length === 0 ? "–" : `${((100 * inTime) / planned.length).toFixed(1)} %`,
      t("kpi.of", { n: showCount(planned.length) }),
    ],
    [
      t("kpi.tickets"),
      showCount(tickets.length),
      t("kpi.unaccepted", { n: tickets.filter((o) => o.acknowledged_at === null).length }),
    ],
    [t("kpi.early"), showCount(early), t("kpi.early_of")],
    [
      t("kpi.silent"),
      silent === undefined ? "–" : showCount(silent),
      t("kpi.of", { n: showCount(assets?.length ?? 0) }),
    ],
    [
      t("kpi.readings"),
      stats === undefined ? "–" : showCount(stats.stored),
      stats === undefined ? "" : t("kpi.lag", { s: stats.lag_s.toFixed(1) }),
    ],
  ];
  return (
    <div class="kpis">
      {cells.map(([label, value, note]) => (
        <div key={label}>
          <span class="xs">{label}</span>
          <b>{value}</b>
          <span class="xs">{note}</span>
        </div>
      ))}
    </div>
  );
}

/** The lists in the order of their weight: illegal, unsafe, due, late. */
const SECTIONS: readonly {
  id: "overdue" | "safety" | "today" | "clocks";
  list: keyof Lists<WorkOrder>;
  tone: string;
  state: (order: WorkOrder) => ComponentChildren;
}[] = [
  { id: "overdue", list: "overdueByLaw", tone: "bad-ink", state: (o) => <DueTag order={o} /> },
  {
    id: "safety",
    list: "safety",
    tone: "bad-ink",
    state: (o) => (o.acknowledged_at === null ? <ClockTag order={o} /> : <SafetyTag />),
  },
  { id: "today", list: "dueToday", tone: "", state: (o) => <DueTag order={o} /> },
  { id: "clocks", list: "clocks", tone: "warn-ink", state: (o) => <ClockTag order={o} /> },
];

function OrderSections({ orders }: { orders: readonly WorkOrder[] }) {
  // Read once a second so that an order changes its list the moment its clock says so.
  const shown = orders.map((o) => withPending({ ...o, answers: {} }, overlay.value));
  const lists = morningLists(shown, second.value, zone.value);
  return (
    <>
      {SECTIONS.map(({ id, list, tone, state }) => (
        <Section
          key={id}
          id={id}
          title={t(`morning.${id}`)}
          tone={tone}
          count={lists[list].length}
          empty={t(`morning.${id}_none`)}
        >
          <Orders orders={lists[list]} state={state} />
        </Section>
      ))}
    </>
  );
}

/** The supervisor's morning: what is illegal, unsafe, due or late, in that order. */
export default function Morning() {
  const orders = useAnswer("orders:open", () => fetchOrders({ open: true }), {
    topics: ["work_order", "episode"],
    everyMs: 60_000,
  });
  const assets = useAnswer("assets", () => fetchAssets(), { topics: ["asset"], everyMs: 60_000 });
  const conditions = useAnswer("conditions", fetchConditions, { topics: ["collector"], everyMs: 10_000 });
  const offline = (assets.data ?? []).filter((a) => a.presence === "offline" || a.presence === "late");
  return (
    <div class="page">
      <div class="page-head">
        <h1>{zone.value === undefined ? "\u00a0" : showLongDay(now.value)}</h1>
        <PlantLine />
      </div>
      <ConditionLine items={conditions.data ?? []} />
      <Answered of={orders} skeleton={<Skeleton count={8} height={48} />}>
        {(list) => <OrderSections orders={list} />}
      </Answered>
      {assets.data !== undefined && (
        <Section
          id="silent"
          title={t("morning.silent")}
          tone=""
          count={offline.length}
          empty={t("morning.silent_none")}
        >
          <OfflineRows assets={offline} />
        </Section>
      )}
      {orders.data !== undefined && (
        <>
          <div class="sect">
            <h2>{t("morning.figures")}</h2>
          </div>
          <Figures orders={orders.data} assets={assets.data} />
        </>
      )}
    </div>
  );
}
