/** Where an alarm stands, in the words of ISA-18.2. */
export type AlarmState =
  | "active_unacknowledged"
  | "active_acknowledged"
  | "returned_unacknowledged"
  | "shelved"
  | "suppressed"
  | "out_of_service"
  | "normal";

export type AlarmPriority = "critical" | "high" | "medium" | "low";

/** What these rules need to know of an alarm. */
export interface AlarmFacts {
  alarm_state: AlarmState;
  priority: AlarmPriority;
  can_shelve: boolean;
  opened_at: string;
}

export const LISTS = ["standing", "returned", "shelved"] as const;
export type AlarmListName = (typeof LISTS)[number];

/** How long an alarm may be shelved in one go, in minutes; the site may allow less. */
export const SPANS = [30, 60, 120, 240, 480] as const;

/** How long a machine may be under maintenance by hand, in minutes: up to seven days. */
export const MAINTENANCE_SPANS = [60, 240, 480, 1440, 4320, 10080] as const;

export const isQuiet = (state: AlarmState): boolean =>
  state === "shelved" || state === "suppressed" || state === "out_of_service";

/** Whether somebody has to take note of it. */
export const wantsNote = (alarm: Pick<AlarmFacts, "alarm_state">): boolean =>
  alarm.alarm_state === "active_unacknowledged" || alarm.alarm_state === "returned_unacknowledged";

export const canShelve = (alarm: Pick<AlarmFacts, "alarm_state" | "can_shelve">): boolean =>
  alarm.can_shelve && alarm.alarm_state !== "shelved" && alarm.alarm_state !== "returned_unacknowledged";

export const PRIORITIES: readonly AlarmPriority[] = ["critical", "high", "medium", "low"];

/** What calls first: what is loud before what is quiet, then by priority, then the newest. */
export function byUrgency(a: AlarmFacts, b: AlarmFacts): number {
  const quiet = Number(isQuiet(a.alarm_state)) - Number(isQuiet(b.alarm_state));
  const priority = PRIORITIES.indexOf(a.priority) - PRIORITIES.indexOf(b.priority);
  return quiet || priority || b.opened_at.localeCompare(a.opened_at);
}

export interface Narrow {
  /** Only what nobody has taken note of. */
  unnoted: boolean;
  priority: AlarmPriority | null;
}

/** Whether an alarm is among those that somebody wants to see of a long list. */
export const isAmong = (alarm: Pick<AlarmFacts, "alarm_state" | "priority">, by: Narrow): boolean =>
  (!by.unnoted || wantsNote(alarm)) && (by.priority === null || alarm.priority === by.priority);

export interface Subject {
  source: string;
  name: string;
  level: string;
}

/** The parts of `limit:vibration:alarm_high`, `rule:tripped`, `presence:`. */
export function subjectOf(text: string): Subject {
  const [source = "", name = "", level = ""] = text.split(":");
  return { source, name, level };
}

interface Spoken<E> {
  evidence: readonly E[];
  open_subjects?: readonly string[];
}

/** The value that speaks for an alarm: the newest of a limit that stands, of one that is over while nothing stands. */
export function spokenFor<E extends { point: string; value: number | null }>(
  alarm: Spoken<E>,
): E | undefined {
  const open = (alarm.open_subjects ?? []).map(subjectOf);
  const limits = open.filter(({ source }) => source === "limit").map(({ name }) => name);
  const all = open.length === 0 || (limits.length === 0 && open.some(({ source }) => source === "model"));
  return alarm.evidence.find(({ point, value }) => value !== null && (all || limits.includes(point)));
}

interface Held<S> {
  shelves: readonly S[];
  open_subjects: readonly string[];
}

/** The shelves that end when what stands of the alarm is shelved anew: those that hold nothing else. */
export const replacedBy = <S extends { subjects: readonly string[] }>(alarm: Held<S>): S[] =>
  alarm.shelves.filter(({ subjects }) => subjects.every((one) => alarm.open_subjects.includes(one)));

/** What is left of a shelf's time, never less than nothing. */
export const leftOf = (shelf: { until: string }, nowMs: number): number =>
  Math.max(0, Date.parse(shelf.until) - nowMs);
