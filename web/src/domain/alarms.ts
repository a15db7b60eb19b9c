import type { Alarm, Shelf } from "@/api/types";

export const LISTS = ["standing", "returned", "shelved"] as const;
export type AlarmListName = (typeof LISTS)[number];

/** How long an alarm may be shelved in one go, in minutes; the site may allow less. */
export const SPANS = [30, 60, 120, 240, 480] as const;

export const isQuiet = (state: Alarm["alarm_state"]): boolean =>
  state === "shelved" || state === "suppressed" || state === "out_of_service";

/** Whether somebody has to take note of it. */
export const wantsNote = (alarm: Pick<Alarm, "alarm_state">): boolean =>
  alarm.alarm_state === "active_unacknowledged" || alarm.alarm_state === "returned_unacknowledged";

export const canShelve = (alarm: Pick<Alarm, "alarm_state" | "can_shelve">): boolean =>
  alarm.can_shelve && alarm.alarm_state !== "shelved" && alarm.alarm_state !== "returned_unacknowledged";

const PRIORITIES: readonly Alarm["priority"][] = ["critical", "high", "medium", "low"];

/** What calls first: what is loud before what is quiet, then by priority, then the newest. */
export function byUrgency(a: Alarm, b: Alarm): number {
  const quiet = Number(isQuiet(a.alarm_state)) - Number(isQuiet(b.alarm_state));
  const priority = PRIORITIES.indexOf(a.priority) - PRIORITIES.indexOf(b.priority);
  return quiet || priority || b.opened_at.localeCompare(a.opened_at);
}

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

/** What is left of a shelf's time, never less than nothing. */
export const leftOf = (shelf: Pick<Shelf, "until">, nowMs: number): number =>
  Math.max(0, Date.parse(shelf.until) - nowMs);
