import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { fetchEvidence, fetchOrder } from "@/api/resources";
import { holds, session } from "@/api/session";
import type { EpisodeEvidence, WorkOrderDetail } from "@/api/types";
import { codeAndName } from "@/domain/names";
import { withPending } from "@/domain/operations";
import { numberText, unitText } from "@/domain/units";
import { isEnded } from "@/domain/work";
import { isKnown, nameOf, showMoment, t, word } from "@/i18n";
import { EvidenceCharts } from "../chart/evidence";
import { ClampedHeading } from "../parts/clamped";
import { Icon } from "../parts/icon";
import { Answered, Empty, Skeleton } from "../parts/states";
import { ClockTag, ConflictTag, SafetyTag, SeverityTag, StateTag, Tag } from "../parts/tags";
import { TicketActions } from "../parts/ticketactions";
import { orders, overlay, settled } from "../state/device";
import { siteName } from "../state/names";
import { now } from "../state/now";
import { useAnswer } from "../state/query";

function Contributions({ evidence }: { evidence: EpisodeEvidence }) {
  const shares = evidence.points.filter((p) => p.contribution !== null && p.contribution >= 0.005);
  if (shares.length === 0) {
    return null;
  }
  return (
    <div class="bars" role="list" aria-label={t("ticket.contributions")}>
      {shares.map((p) => {
        const percent = Math.round((p.contribution ?? 0) * 100);
        return (
          <>
            <span key={p.point} class="s">
              {nameOf(p.name)}
            </span>
            <span class="prog" role="presentation">
              <i style={{ width: `${percent}%` }} />
            </span>
            <span class="s nowrap">{percent} %</span>
          </>
        );
      })}
    </div>
  );
}

/** One sentence: what was seen where, and what it should be. The ticket's own reason stands before it. */
function whyOf(order: WorkOrderDetail, evidence: EpisodeEvidence | undefined): string {
  const given = nameOf(order.reason);
  const first = evidence?.points[0];
  if (first === undefined || first.value === null || first.expected === null) {
    return given || word("origin_why", order.origin);
  }
  const unit = unitText(first.unit);
  const seen = t("ticket.why_seen", {
    point: nameOf(first.name),
    value: `${numberText(first.value)} ${unit}`.trim(),
    expected: `${numberText(first.expected)} ${unit}`.trim(),
  });
  return given === "" ? seen : `${given} ${seen}`;
}

function Card({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section class="card stack">
      <h2>{title}</h2>
      {children}
    </section>
  );
}

function Evidence({ order }: { order: WorkOrderDetail }) {
  const episode = order.episode;
  const evidence = useAnswer(
    episode === null ? null : `evidence:${episode}`,
    () => fetchEvidence(episode ?? ""),
    { topics: ["episode"] },
  );
  return (
    <>
      {episode !== null && order.asset !== null && (
        <Answered of={evidence} skeleton={<Skeleton height={260} />}>
          {(found) => <EvidenceCharts evidence={found} />}
        </Answered>
      )}
      <Card title={t("ticket.why")}>
        <p class="s" data-why>
          {whyOf(order, evidence.data)}
        </p>
        {evidence.data !== undefined && <Contributions evidence={evidence.data} />}
        <p class="xs">{t("ticket.source", { source: word("origin", order.origin) })}</p>
      </Card>
    </>
  );
}

function FirstChecks({ order }: { order: WorkOrderDetail }) {
  if (order.first_checks.length === 0) {
    return null;
  }
  return (
    <Card title={t("ticket.first_checks")}>
      <ol class="numbered">
        {order.first_checks.map((check) => (
          <li key={check.en}>{nameOf(check)}</li>
        ))}
      </ol>
    </Card>
  );
}

function History({ order }: { order: WorkOrderDetail }) {
  return (
    <Card title={t("ticket.history")}>
      {order.history.length === 0 ? (
        <p class="s">{t("ticket.no_history")}</p>
      ) : (
        <div class="history">
          {order.history.map((step) => (
            <>
              <span key={step.recorded_at + step.to} class="xs nowrap">
                {showMoment(step.at, now.value)}
              </span>
              <StateTag state={step.to} />
              <span class="s">
                {[word("actor", step.by.split(":")[0]), step.reason].filter(Boolean).join(" · ")}
              </span>
            </>
          ))}
        </div>
      )}
      {order.verdict !== null && (
        <p class="s">
          {t("ticket.verdict_given", { verdict: word("verdict", String(order.verdict["verdict"] ?? "")) })}
        </p>
      )}
    </Card>
  );
}

/** Tags that say by themselves which device a ticket without a machine is about. */
const ABOUT_DEVICE = ["unknown_asset", "unknown_site", "scrapped_asset", "finding_not_applied"];

/** What a ticket without a machine of the ledger is about. */
function aboutNone(order: WorkOrderDetail): string {
  const why =
    order.asset !== null
      ? t("ticket.asset_gone")
      : ABOUT_DEVICE.some((tag) => order.tags.includes(tag))
        ? ""
        : t("ticket.no_asset");
  return [siteName(order.site), why].filter(Boolean).join(" · ");
}

/** That the work was entered long after it was done, and who says when that was. */
function RecordedLate({ order }: { order: WorkOrderDetail }) {
  const late = order.recorded_late ?? null;
  if (late === null) {
    return null;
  }
  const said = t("ticket.recorded_late", {
    done: showMoment(late.done_at, now.value),
    at: showMoment(late.recorded_at, now.value),
  });
  const by =
    late.device === null ? t("ticket.late_by_word") : t("ticket.late_by_tablet", { device: late.device });
  return (
    <div class="note warn" data-late>
      <Icon name="clock" />
      <span>{`${said} ${by}`}</span>
    </div>
  );
}

/** That planned work is done before its window, and what the next date counts from. */
function Early({ order }: { order: WorkOrderDetail }) {
  const early = order.early ?? null;
  return early === null ? null : (
    <div class="note" data-early>
      <Icon name="clock" />
      <span>{nameOf(early.text)}</span>
    </div>
  );
}

function Head({ order }: { order: WorkOrderDetail }) {
  const asset = order.asset_ref;
  return (
    <header class="stack-s ticket-head">
      <div class="row between top">
        <ClampedHeading text={`#${order.number} ${nameOf(order.title)}`} />
        {isEnded(order.state) ? <StateTag state={order.state} /> : <ClockTag order={order} />}
      </div>
      <div class="row wrap">
        {order.safety && <SafetyTag />}
        <SeverityTag severity={order.severity} />
        {!isEnded(order.state) && <StateTag state={order.state} />}
        <Tag text={word("origin", order.origin)} />
        {order.reopened > 0 && <Tag tone="warn" text={t("ticket.reopened", { n: order.reopened })} />}
        {order.tags
          .filter((tag) => tag !== "conflict" && isKnown("tag", tag))
          .map((tag) => (
            <Tag key={tag} text={word("tag", tag)} />
          ))}
        <ConflictTag order={order} />
      </div>
      <div class="row wrap s">
        <Icon name="place" />
        {asset === null ? (
          <span data-about="none">{aboutNone(order)}</span>
        ) : (
          <a class="textlink" href={`/assets/${encodeURIComponent(asset.code)}`}>
            {codeAndName(asset.code, nameOf(asset.name))}
          </a>
        )}
        {order.opened_at !== null && (
          <span>{t("ticket.opened", { at: showMoment(order.opened_at, now.value) })}</span>
        )}
      </div>
      <RecordedLate order={order} />
      <Early order={order} />
      {order.state === "on_hold" && order.hold_reason !== null && (
        <div class="note warn">
          <Icon name="clock" />
          <span>{t("ticket.held", { reason: word("hold", order.hold_reason) })}</span>
        </div>
      )}
    </header>
  );
}

/** A repair ticket: what is wrong, how we know, what to check, and the next step. */
export default function TicketPage({ id }: { id: string }) {
  const sent = useSignal(0);
  sent.value = settled.value;
  const answer = useAnswer(`order:${id}:${settled.value}`, () => fetchOrder(id), { topics: ["work_order"] });
  const kept = useSignal<WorkOrderDetail | undefined>(undefined);
  if (answer.data !== undefined && kept.peek() !== answer.data) {
    kept.value = answer.data;
  }
  // Without a network the copy that the device took along stands in.
  const known = kept.value ?? orders.value?.find((o) => o.id === id);
  const order = known === undefined ? undefined : withPending({ ...known, answers: {} }, overlay.value);
  const shown = {
    ...answer,
    data: order,
    failure: order === undefined || answer.failure !== "offline" ? answer.failure : null,
  };
  const may = holds(session.value?.user, "technician");
  return (
    <div class={order !== undefined && may && !isEnded(order.state) ? "page has-bottom" : "page"}>
      <a class="crumb" href="/tickets">
        <Icon name="back" />
        {t("nav.tickets")}
      </a>
      <Answered of={shown} skeleton={<Skeleton count={3} height={120} />}>
        {(found) =>
          found.id !== id ? (
            <Empty big text={t("failure.missing")} />
          ) : (
            <>
              <Head order={found as WorkOrderDetail} />
              <div class="two">
                <div class="stack">
                  <Evidence order={found as WorkOrderDetail} />
                </div>
                <div class="stack">
                  <FirstChecks order={found as WorkOrderDetail} />
                  <History order={found as WorkOrderDetail} />
                </div>
              </div>
              {may && <TicketActions order={found as WorkOrderDetail} />}
            </>
          )
        }
      </Answered>
    </div>
  );
}
