import { fetchOrders } from "@/api/resources";
import type { WorkOrder } from "@/api/types";
import { isEnded, type State } from "@/domain/work";
import { type Key, nameOf, showMoment, t, word } from "@/i18n";
import { Line, LineHead } from "../parts/orderline";
import { PageSearch } from "../parts/pagesearch";
import { Answered, Empty, Skeleton } from "../parts/states";
import { ClockTag, ConflictTag, DueTag, SafetyTag, SeverityTag, StateTag } from "../parts/tags";
import { hrefOf } from "../parts/tickets";
import { siteAmongSeveral, whereOf } from "../state/names";
import { now } from "../state/now";
import { useAnswer } from "../state/query";
import { search, setParam } from "../state/router";

const FILTERS = ["repair", "mine_open", "running", "held", "planned", "all", "ended"] as const;
type Filter = (typeof FILTERS)[number];

const UNSTARTED: readonly State[] = ["open", "scheduled"];

function fits(filter: Filter, o: WorkOrder): boolean {
  const repair = o.kind === "corrective";
  switch (filter) {
    case "repair":
      return repair && !isEnded(o.state);
    case "mine_open":
      return repair && UNSTARTED.includes(o.state);
    case "running":
      return o.state === "in_progress" || o.state === "acknowledged";
    case "held":
      return o.state === "on_hold";
    case "planned":
      return !repair && !isEnded(o.state);
    case "ended":
      return isEnded(o.state);
    default:
      return !isEnded(o.state);
  }
}

function Row({ order }: { order: WorkOrder }) {
  const repair = order.kind === "corrective";
  return (
    <Line
      state={
        <>
          {isEnded(order.state) ? (
            <StateTag state={order.state} />
          ) : repair ? (
            <ClockTag order={order} />
          ) : (
            <DueTag order={order} />
          )}
          <ConflictTag order={order} />
        </>
      }
      href={hrefOf(order)}
      what={`#${order.number} ${nameOf(order.title)}`}
      where={whereOf(order)}
      who={order.opened_at === null ? word("kind", order.kind) : showMoment(order.opened_at, now.value)}
      why={nameOf(order.reason) || word("origin", order.origin)}
      action={
        order.safety ? (
          <SafetyTag />
        ) : repair ? (
          <SeverityTag severity={order.severity} />
        ) : (
          <StateTag state={order.state} />
        )
      }
    />
  );
}

const PAGE = 60;

function Filters({ chosen, orders }: { chosen: Filter; orders: readonly WorkOrder[] | undefined }) {
  return (
    <div class="chips" role="group" aria-label={t("tickets.filter")}>
      {FILTERS.map((f) => (
        <button
          key={f}
          type="button"
          class="chip"
          aria-pressed={f === chosen}
          onClick={() => setParam("list", f)}
        >
          {t(`tickets.${f}` as Key)}
          {f !== "ended" && chosen !== "ended" && orders !== undefined && (
            <span class="xs-n">{orders.filter((o) => fits(f, o)).length}</span>
          )}
        </button>
      ))}
    </div>
  );
}

function hits(o: WorkOrder, text: string): boolean {
  const place = `${o.asset_ref?.code ?? ""} ${siteAmongSeveral(o.site)}`;
  const words = `#${o.number} ${o.title.zh} ${o.title.en} ${place}`;
  return text === "" || words.toLowerCase().includes(text);
}

/** Safety first, then the earliest date. */
const rank = (o: WorkOrder): string => `${o.safety ? 0 : 1}${o.due ?? "9"}`;

/** All work by state, with chips as filters; the address keeps the choice. */
export default function Tickets() {
  const chosen = search.value.get("list") as Filter | null;
  const filter: Filter = chosen !== null && FILTERS.includes(chosen) ? chosen : "repair";
  const text = (search.value.get("text") ?? "").toLowerCase();
  const ended = filter === "ended";
  const answer = useAnswer(
    `orders:${ended ? "all" : "open"}`,
    () => fetchOrders(ended ? { sort: "-number", limit: 200 } : { open: true }),
    {
      topics: ["work_order"],
      everyMs: 60_000,
    },
  );
  return (
    <div class="page">
      <div class="page-head">
        <h1>{t("nav.tickets")}</h1>
        <PageSearch label={t("tickets.search")} />
      </div>
      <Filters chosen={filter} orders={answer.data} />
      <div style={{ height: "16px" }} />
      <Answered of={answer} skeleton={<Skeleton count={8} height={48} />}>
        {(orders) => {
          const shown = orders.filter((o) => fits(filter, o) && hits(o, text));
          if (!ended) {
            shown.sort((a, b) => rank(a).localeCompare(rank(b)));
          }
          return shown.length === 0 ? (
            <div class="list">
              <Empty big text={t(text === "" ? "tickets.none" : "search.none")} />
            </div>
          ) : (
            <div class="list">
              <LineHead labels={[t("col.what"), t("col.where"), t("col.opened"), t("col.why")]} />
              {shown.slice(0, PAGE).map((o) => (
                <Row key={o.id} order={o} />
              ))}
              {shown.length > PAGE && <div class="empty">{t("list.narrow", { n: shown.length - PAGE })}</div>}
            </div>
          );
        }}
      </Answered>
    </div>
  );
}
