import { describe, expect, it } from "vitest";
import { actionsOf, clockAtRisk, morningLists, type OrderFacts, runningClock, series, shiftOf } from "./work";

const NOW = Date.parse("2026-11-21T08:00:00Z");
const at = (minutes: number): string => new Date(NOW + minutes * 60_000).toISOString();

function order(id: string, part: Partial<OrderFacts>): OrderFacts & { asset: string | null } {
  return {
    id,
    number: 1,
    kind: "corrective",
    origin: "model",
    state: "open",
    severity: "general",
    safety: false,
    title: { zh: id, en: id },
    due: at(180),
    opened_at: at(-5),
    acknowledged_at: null,
    arrived_at: null,
    asset: null,
    ...part,
  };
}

describe("the supervisor's morning", () => {
  it("puts each order into the first list that it belongs to", () => {
    const lists = morningLists(
      [
        order("overdue", { kind: "statutory", due: at(-60) }),
        order("safety", { safety: true }),
        order("today", { kind: "preventive", due: at(60) }),
        order("law today", { kind: "statutory", due: at(60) }),
        order("next week", { kind: "preventive", due: at(7 * 1440) }),
        order("unaccepted", {}),
        order("done", { state: "completed" }),
      ],
      NOW,
      "UTC",
    );
    expect(lists.overdueByLaw.map((o) => o.id)).toEqual(["overdue"]);
    expect(lists.safety.map((o) => o.id)).toEqual(["safety"]);
    expect(lists.dueToday.map((o) => o.id)).toEqual(["today", "law today"]);
    expect(lists.clocks.map((o) => o.id)).toEqual(["unaccepted"]);
  });

  it("keeps what is overdue from the contract among today's work", () => {
    expect(morningLists([order("late", { kind: "preventive", due: at(-3000) })], NOW).dueToday).toHaveLength(
      1,
    );
  });
});

describe("the clocks of a ticket", () => {
  it("run one after the other: accept, arrive, resolve", () => {
    expect(runningClock(order("a", {}))?.kind).toBe("acknowledge");
    expect(runningClock(order("a", { acknowledged_at: at(-1) }))?.kind).toBe("arrive");
    expect(
      runningClock(order("a", { acknowledged_at: at(-1), arrived_at: at(0), state: "in_progress" }))?.kind,
    ).toBe("resolve");
  });

  it("give 30 minutes to accept, and to arrive when critical", () => {
    expect(runningClock(order("a", { opened_at: at(0) }))?.due).toBe(NOW + 30 * 60_000);
    const critical = order("a", { severity: "critical", opened_at: at(0), acknowledged_at: at(1) });
    expect(runningClock(critical)?.due).toBe(NOW + 30 * 60_000);
  });

  it("stand still on hold and end with the work", () => {
    expect(
      runningClock(order("a", { acknowledged_at: at(-1), arrived_at: at(0), state: "on_hold" })),
    ).toBeNull();
    expect(runningClock(order("a", { state: "completed" }))).toBeNull();
  });

  it("are at risk near their end, and always while nobody has accepted", () => {
    const accepted = order("a", {
      acknowledged_at: at(-4),
      arrived_at: at(-3),
      state: "in_progress",
      due: at(7 * 1440),
    });
    expect(clockAtRisk(accepted, NOW)).toBe(false);
    expect(clockAtRisk({ ...accepted, due: at(10) }, NOW)).toBe(true);
    expect(clockAtRisk(order("a", {}), NOW)).toBe(true);
  });
});

describe("the technician's shift", () => {
  it("puts the running job first, then tickets by weight, then by date", () => {
    const shift = shiftOf(
      [
        order("tomorrow", { kind: "preventive", due: at(1440), state: "scheduled" }),
        order("next week", { kind: "preventive", due: at(7 * 1440), state: "scheduled" }),
        order("general", {}),
        order("safety", { safety: true }),
        order("running", { kind: "preventive", state: "in_progress" }),
      ],
      NOW,
      "UTC",
    );
    expect(shift.now.map((o) => o.id)).toEqual(["running"]);
    expect(shift.next.map((o) => o.id)).toEqual(["safety", "general", "tomorrow"]);
    expect(shift.later.map((o) => o.id)).toEqual(["next week"]);
  });

  it("folds the same round on the same machine, never two tickets", () => {
    const round = { kind: "preventive", title: { zh: "日巡", en: "round" } };
    expect(series([order("1", round), order("2", round), order("3", round)])).toMatchObject([
      { first: { id: "1" }, more: 2 },
    ]);
    expect(series([order("1", {}), order("2", {})])).toHaveLength(2);
  });
});

it("offers the next step of a ticket, the likely one first", () => {
  expect(actionsOf({ state: "open", arrived_at: null })).toEqual(["acknowledge"]);
  expect(actionsOf({ state: "acknowledged", arrived_at: null })).toEqual(["arrive"]);
  expect(actionsOf({ state: "in_progress", arrived_at: null })).toEqual(["finish", "hold"]);
  expect(actionsOf({ state: "on_hold", arrived_at: null })).toEqual(["resume"]);
  expect(actionsOf({ state: "verified", arrived_at: null })).toEqual([]);
});
