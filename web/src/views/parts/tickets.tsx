import type { WorkOrder } from "@/api/types";
import { nameOf, t, word } from "@/i18n";
import { ClockTag, ConflictTag, DueTag, SafetyTag, SeverityTag } from "./tags";

export const hrefOf = (o: Pick<WorkOrder, "kind" | "id">): string =>
  o.kind === "corrective" ? `/tickets/${o.id}` : `/orders/${o.id}`;

/** A ticket as a card: for the asset page and small screens. */
export function OrderCard({ order, more = 0 }: { order: WorkOrder; more?: number }) {
  const corrective = order.kind === "corrective";
  const title = corrective ? `#${order.number} ${nameOf(order.title)}` : nameOf(order.title);
  const reason = nameOf(order.reason) || word("origin", order.origin);
  return (
    <a class="card stack-s" href={hrefOf(order)} data-row>
      <div class="row between top">
        <h3 class="grow clamp2" title={title}>
          {title}
        </h3>
        {corrective ? <ClockTag order={order} /> : <DueTag order={order} />}
      </div>
      <div class="row wrap">
        {order.safety && <SafetyTag />}
        {corrective && <SeverityTag severity={order.severity} />}
        <ConflictTag order={order} />
        <span class="xs clamp2" title={reason}>
          {reason}
        </span>
        {more > 0 && <span class="xs">{t("today.again", { n: more })}</span>}
      </div>
    </a>
  );
}
