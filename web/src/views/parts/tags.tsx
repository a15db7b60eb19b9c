import { clockFace, DAY_MS, daysAway } from "@/domain/time";
import { type OrderFacts, runningClock, type State } from "@/domain/work";
import { showAge, showDay, showDuration, showTime, t, word, zone } from "@/i18n";
import { now, second } from "../state/now";
import { Icon } from "./icon";

type Tone = "" | "bad" | "warn" | "go" | "ok";

export function Tag({ tone = "", text }: { tone?: Tone; text: string }) {
  return <span class={`tag ${tone}`}>{text}</span>;
}

const STATE_TONE: Partial<Record<State, Tone>> = {
  in_progress: "go",
  acknowledged: "go",
  on_hold: "warn",
  completed: "ok",
  verified: "ok",
  missed: "bad",
  evidence_pending: "warn",
};

export const StateTag = ({ state }: { state: State }) => (
  <Tag tone={STATE_TONE[state] ?? ""} text={word("order_state", state)} />
);

const SEVERITY_TONE: Record<string, Tone> = { critical: "bad", major: "warn" };

export const SeverityTag = ({ severity }: { severity: string }) => (
  <Tag tone={SEVERITY_TONE[severity] ?? ""} text={word("severity", severity)} />
);

export const SafetyTag = () => (
  <span class="tag bad">
    <Icon name="alert" />
    {t("ticket.safety")}
  </span>
);

/** Devices answered the same item differently: somebody has to look. */
export const ConflictTag = ({ order }: { order: { tags: readonly string[] } }) =>
  order.tags.includes("conflict") ? (
    <span class="tag warn" data-tag="conflict">
      <Icon name="alert" />
      {word("tag", "conflict")}
    </span>
  ) : null;

/** It was completed without all that its checklist asks for. */
export const IncompleteTag = ({ order }: { order: { tags: readonly string[] } }) =>
  order.tags.includes("incomplete") ? (
    <span class="tag warn" data-tag="incomplete">
      <Icon name="alert" />
      {word("tag", "incomplete")}
    </span>
  ) : null;

/** When it is due, in words: overdue since, today, tomorrow, or the date. */
export function DueTag({ order }: { order: OrderFacts }) {
  if (order.due === null) {
    return <StateTag state={order.state} />;
  }
  const due = Date.parse(order.due);
  const away = daysAway(due, now.value, zone.value);
  const law = order.kind === "statutory";
  if (due < now.value) {
    return <Tag tone="bad" text={t("due.overdue", { span: showDuration(now.value - due) })} />;
  }
  if (away === 0) {
    // What is due with the day, and not by the hour, ends with its last minute.
    const time = showTime(due);
    const day = t(law ? "due.today_law" : "due.today");
    return <Tag tone={law ? "bad" : "warn"} text={time === "23:59" ? day : t("due.at", { day, time })} />;
  }
  return <Tag text={away === 1 ? t("due.tomorrow") : t("due.by", { day: showDay(due) })} />;
}

/** The clock that runs, counting down; after its time it says how long ago that was. */
export function ClockTag({ order }: { order: OrderFacts }) {
  const clock = runningClock(order);
  if (clock === null) {
    return <StateTag state={order.state} />;
  }
  const left = clock.due - second.value;
  if (left < 0) {
    return <Tag tone="bad" text={t(`clock.${clock.kind}_late`, { span: showDuration(-left) })} />;
  }
  const face = left > DAY_MS ? showDuration(left) : clockFace(left);
  return <Tag tone={left < DAY_MS / 6 ? "warn" : ""} text={t(`clock.${clock.kind}`, { left: face })} />;
}

/** Whether a machine is heard from, and for how long that has been so: no age of its data. */
export function Presence({
  presence,
  text = true,
  spanMs,
}: {
  presence: string;
  text?: boolean;
  spanMs?: number | undefined;
}) {
  const state = word("presence", presence);
  return (
    <span class="row wrap" title={state}>
      <span class={`dot ${presence}`} />
      <span class={text ? "s" : "hidden-label"}>
        {spanMs === undefined ? state : t("presence.for", { state, span: showDuration(spanMs) })}
      </span>
    </span>
  );
}

const HEALTH_TONE: Record<string, Tone> = { good: "ok", watch: "warn", act: "bad" };

/** How a machine is. Without data it is not "good": grey, with how long ago it was last heard. What was found wrong
 * before it fell silent stays beside that. */
export function HealthTag({ health, silent }: { health: string; silent?: number | null | undefined }) {
  if (silent === undefined) {
    return <Tag tone={HEALTH_TONE[health] ?? ""} text={word("health", health)} />;
  }
  const age = silent === null ? "" : ` · ${showAge(now.value - silent)}`;
  return (
    <span class="row wrap" data-health="none">
      {(health === "act" || health === "watch") && (
        <Tag tone={HEALTH_TONE[health] ?? ""} text={word("health", health)} />
      )}
      <Tag text={`${t("value.none")}${age}`} />
    </span>
  );
}
