import type { AlarmPriority, AlarmState } from "@/domain/alarms";
import { word } from "@/i18n";
import { Icon, type IconName } from "./icon";

type Tone = "" | "bad" | "warn" | "go" | "ok";

const STATE_TONE: Partial<Record<AlarmState, Tone>> = {
  active_unacknowledged: "bad",
  active_acknowledged: "go",
  returned_unacknowledged: "warn",
};

/** Each state has a shape of its own, so that it can be told without its colour. */
const STATE_ICON: Record<AlarmState, IconName> = {
  active_unacknowledged: "bell",
  active_acknowledged: "check",
  returned_unacknowledged: "back",
  shelved: "clock",
  suppressed: "tickets",
  out_of_service: "cross",
  normal: "check",
};

export const AlarmStateTag = ({ state }: { state: AlarmState }) => (
  <span class={`tag ${STATE_TONE[state] ?? ""}`} data-alarm-state={state}>
    <Icon name={STATE_ICON[state]} />
    {word("alarm_state", state)}
  </span>
);

const PRIORITY_TONE: Record<AlarmPriority, Tone> = {
  critical: "bad",
  high: "warn",
  medium: "",
  low: "",
};

/** The priority as a word and as so many bars. */
export function PriorityTag({ priority }: { priority: AlarmPriority }) {
  const bars = { critical: 4, high: 3, medium: 2, low: 1 }[priority];
  return (
    <span class={`tag ${PRIORITY_TONE[priority]}`} data-priority={priority}>
      <span class="bars" aria-hidden="true">
        {[1, 2, 3, 4].map((n) => (
          <i key={n} class={n <= bars ? "on" : ""} />
        ))}
      </span>
      {word("priority", priority)}
    </span>
  );
}
