import type { Name } from "./names";
import { DAY_MS, daysAway, HOUR_MS, MINUTE_MS } from "./time";

export type State =
  | "scheduled"
  | "open"
  | "acknowledged"
  | "in_progress"
  | "on_hold"
  | "evidence_pending"
  | "completed"
  | "verified"
  | "missed"
  | "bypassed"
  | "deferred"
  | "cancelled"
  | "rejected";

export type Severity = "critical" | "major" | "general" | "info";

const ENDED: readonly State[] = [
  "completed",
  "verified",
  "missed",
  "bypassed",
  "deferred",
  "cancelled",
  "rejected",
  "evidence_pending",
];

export const isEnded = (state: State): boolean => ENDED.includes(state);

export const VERDICTS = ["confirmed", "false_alarm", "sensor", "nothing_found"] as const;
export type Verdict = (typeof VERDICTS)[number];
export const HOLD_REASONS = ["waiting_part", "waiting_access", "waiting_authority"] as const;

/** What the lists need of a work order, whichever way it came. */
export interface OrderFacts {
  id: string;
  number: number;
  kind: string;
  origin: string;
  state: State;
  severity: Severity;
  safety: boolean;
  title: Name;
  due: string | null;
  opened_at: string | null;
  acknowledged_at: string | null;
  arrived_at: string | null;
}

export type TicketAction = "acknowledge" | "arrive" | "resume" | "hold" | "finish";

/** What can be done next to a ticket: the first one is the primary action. */
export function actionsOf(order: Pick<OrderFacts, "state" | "arrived_at">): TicketAction[] {
  switch (order.state) {
    case "scheduled":
    case "open":
      return ["acknowledge"];
    case "acknowledged":
      return ["arrive"];
    case "in_progress":
      return ["finish", "hold"];
    case "on_hold":
      return ["resume"];
    default:
      return [];
  }
}

export interface Clock {
  kind: "acknowledge" | "arrive" | "resolve";
  due: number;
}

const ACKNOWLEDGE_MS = 30 * MINUTE_MS;
const ARRIVE_MS: Record<Severity, number> = {
  critical: 30 * MINUTE_MS,
  major: DAY_MS,
  general: DAY_MS,
  info: DAY_MS,
};

/** The clock that runs now (design section 6): acknowledge, then arrive, then resolve (the order's due). */
export function runningClock(order: OrderFacts): Clock | null {
  if (order.opened_at === null || isEnded(order.state) || order.kind !== "corrective") {
    return null;
  }
  const opened = Date.parse(order.opened_at);
  if (order.acknowledged_at === null) {
    return { kind: "acknowledge", due: opened + ACKNOWLEDGE_MS };
  }
  if (order.arrived_at === null) {
    return { kind: "arrive", due: opened + ARRIVE_MS[order.severity] };
  }
  if (order.state === "on_hold" || order.due === null) {
    return null;
  }
  return { kind: "resolve", due: Date.parse(order.due) };
}

/** Whether a clock deserves the supervisor's eye: past, or less than a quarter of it (at most 4 h) left. */
export function clockAtRisk(order: OrderFacts, now: number): boolean {
  const clock = runningClock(order);
  if (clock === null) {
    return false;
  }
  const opened = Date.parse(order.opened_at ?? "");
  const left = clock.due - now;
  const whole = clock.due - opened;
  return left <= Math.min(4 * HOUR_MS, Math.max(whole / 4, 15 * MINUTE_MS)) || clock.kind === "acknowledge";
}

export interface Morning<T> {
  overdueByLaw: T[];
  safety: T[];
  dueToday: T[];
  clocks: T[];
}

/** The supervisor's lists. Each order stands in one list only: the first that it belongs to. */
export function morningLists<T extends OrderFacts>(
  orders: readonly T[],
  now: number,
  zone?: string,
): Morning<T> {
  const lists: Morning<T> = { overdueByLaw: [], safety: [], dueToday: [], clocks: [] };
  for (const order of orders) {
    if (isEnded(order.state)) {
      continue;
    }
    const due = order.due === null ? null : Date.parse(order.due);
    if (order.kind === "statutory" && due !== null && due < now) {
      lists.overdueByLaw.push(order);
    } else if (order.safety && order.kind === "corrective") {
      lists.safety.push(order);
    } else if (order.kind !== "corrective" && due !== null && daysAway(due, now, zone) <= 0) {
      lists.dueToday.push(order);
    } else if (clockAtRisk(order, now)) {
      lists.clocks.push(order);
    }
  }
  const byDue = (a: T, b: T): number => (a.due ?? "9").localeCompare(b.due ?? "9") || a.number - b.number;
  lists.overdueByLaw.sort(byDue);
  lists.dueToday.sort(byDue);
  lists.safety.sort((a, b) => (b.opened_at ?? "").localeCompare(a.opened_at ?? ""));
  lists.clocks.sort((a, b) => (runningClock(a)?.due ?? 0) - (runningClock(b)?.due ?? 0));
  return lists;
}

export interface Shift<T> {
  /** Everything that is not ended, in the order of the three groups. */
  all: T[];
  now: T[];
  next: T[];
  later: T[];
}

const SEVERITY_RANK: Record<Severity, number> = { critical: 0, major: 1, general: 2, info: 3 };

/** The technician's order of work: running, then tickets and what is due within two days, then the rest. */
export function shiftOf<T extends OrderFacts>(orders: readonly T[], now: number, zone?: string): Shift<T> {
  const shift: Shift<T> = { all: [], now: [], next: [], later: [] };
  for (const order of orders) {
    if (isEnded(order.state)) {
      continue;
    }
    const due = order.due === null ? Number.POSITIVE_INFINITY : Date.parse(order.due);
    if (order.state === "in_progress") {
      shift.now.push(order);
    } else if (order.kind === "corrective" || daysAway(Math.min(due, 8.64e15), now, zone) <= 1) {
      shift.next.push(order);
    } else {
      shift.later.push(order);
    }
  }
  const rank = (o: T): number => (o.safety ? -1 : o.kind === "corrective" ? SEVERITY_RANK[o.severity] : 2);
  const byDue = (a: T, b: T): number => (a.due ?? "9").localeCompare(b.due ?? "9") || a.number - b.number;
  shift.next.sort((a, b) => rank(a) - rank(b) || byDue(a, b));
  shift.later.sort(byDue);
  shift.all = [...shift.now, ...shift.next, ...shift.later];
  return shift;
}

/** The same work on the same machine again and again: the first one, and how many more follow it. */
export function series<T extends OrderFacts & { asset: string | null }>(
  orders: readonly T[],
): { first: T; more: number }[] {
  const groups = new Map<string, { first: T; more: number }>();
  for (const order of orders) {
    const key = `${order.asset ?? ""} ${order.title.zh} ${order.kind === "corrective" ? order.id : ""}`;
    const group = groups.get(key);
    if (group === undefined) {
      groups.set(key, { first: order, more: 0 });
    } else {
      group.more += 1;
    }
  }
  return [...groups.values()];
}
