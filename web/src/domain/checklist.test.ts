import { describe, expect, it } from "vitest";
import {
  answeredCount,
  answerOf,
  type Item,
  isOutside,
  lacksOf,
  nextOpen,
  sameAnswer,
  sectionsOf,
  withinLimits,
} from "./checklist";
import { uuid7 } from "./ids";
import { applyOperation, makeOperation, withPending } from "./operations";

const name = { zh: "名", en: "name" };
const item = (step: string, part: Partial<Item> = {}): Item => ({
  step,
  type: "ok",
  name,
  requirement: name,
  section: { zh: "机房", en: "machine room" },
  point: null,
  unit: "",
  low: null,
  high: null,
  choices: [],
  evidence: [],
  ...part,
});

describe("answers", () => {
  it("need a result, and a number where one is asked", () => {
    expect(lacksOf(item("1"), {})).toEqual(["outcome"]);
    expect(lacksOf(item("1", { type: "number" }), { outcome: "ok" })).toEqual(["number"]);
    expect(lacksOf(item("1", { type: "number" }), { outcome: "ok", number: 0 })).toEqual([]);
  });

  it("need a remark and a severity when something is not OK", () => {
    expect(lacksOf(item("1"), { outcome: "not_ok", remark: "  " })).toEqual(["remark", "severity"]);
    expect(lacksOf(item("1"), { outcome: "not_ok", remark: "leaks", severity: "major" })).toEqual([]);
  });

  it("need nothing where the item does not apply", () => {
    expect(lacksOf(item("1", { type: "number" }), { outcome: "na" })).toEqual([]);
  });

  it("count a limit itself as within", () => {
    const gap = { low: 0.3, high: 0.6 };
    expect([0.3, 0.6, 0.29, 0.61].map((v) => withinLimits(gap, v))).toEqual([true, true, false, false]);
  });
});

describe("a number outside its limits", () => {
  const gauge = item("1", { type: "number", low: 0.3, high: 0.6 });

  it("is OK only with a remark, and needs nothing when the item does not apply", () => {
    expect(lacksOf(gauge, { outcome: "ok", number: 0.9 })).toEqual(["remark"]);
    expect(lacksOf(gauge, { outcome: "ok", number: 0.9, remark: "gauge replaced today" })).toEqual([]);
    expect(lacksOf(gauge, { outcome: "na", number: 0.9 })).toEqual([]);
  });

  it("keeps its remark when it is sent as OK", () => {
    const value = { number: 0.9, remark: "gauge replaced", severity: "major" };
    expect(answerOf(gauge, value, "ok")).toEqual({ outcome: "ok", number: 0.9, remark: "gauge replaced" });
    expect(isOutside(gauge, { outcome: "ok", number: 0.9 })).toBe(true);
    expect(isOutside(gauge, { outcome: "ok", number: 0.6 })).toBe(false);
  });

  it("that cannot be read keeps the answer from being saved, whatever the outcome", () => {
    const comma = { kind: "fault", fault: "comma" } as const;
    expect(lacksOf(gauge, { outcome: "ok" }, comma)).toEqual(["comma"]);
    expect(lacksOf(gauge, { outcome: "not_ok", remark: "x", severity: "major" }, comma)).toEqual(["comma"]);
  });
});

describe("an answer as it is sent", () => {
  it("has nothing in it that the server added, and no remark of an outcome that was taken back", () => {
    const kept = { outcome: "not_ok", remark: "leaks", severity: "major", by: "li", op_id: "x" } as const;
    expect(answerOf(item("1"), kept, "ok")).toEqual({ outcome: "ok" });
    expect(answerOf(item("1"), kept, "not_ok")).toEqual({
      outcome: "not_ok",
      remark: "leaks",
      severity: "major",
    });
  });

  it("is the same as before when only the server's additions differ", () => {
    const kept = { outcome: "ok", number: 0.4, at: "2026-11-21", by: "li" } as never;
    expect(sameAnswer(kept, { outcome: "ok", number: 0.4 })).toBe(true);
    expect(sameAnswer(kept, { outcome: "ok", number: 0.5 })).toBe(false);
    expect(sameAnswer(undefined, { outcome: "ok" })).toBe(false);
  });
});

describe("a checklist", () => {
  const items = [item("1"), item("2"), item("3", { section: { zh: "轿顶", en: "car top" } })];

  it("goes on at the first open item behind the present one, then from the start", () => {
    expect(nextOpen(items, { 1: { outcome: "ok" } })).toBe(1);
    expect(nextOpen(items, { 3: { outcome: "ok" } }, 1)).toBe(0);
    expect(nextOpen(items, { 1: { outcome: "ok" }, 2: { outcome: "na" }, 3: { outcome: "ok" } })).toBe(-1);
  });

  it("shows progress by section", () => {
    const sections = sectionsOf(items, { 1: { outcome: "ok" } });
    expect(sections.map((s) => [s.name.en, s.answered, s.items.length])).toEqual([
      ["machine room", 1, 2],
      ["car top", 0, 1],
    ]);
  });

  it("does not take a photo for an answer", () => {
    expect(answeredCount(items, { 1: { files: [] } as never })).toBe(0);
  });
});

describe("operations", () => {
  const fresh = {
    id: "o",
    state: "open" as const,
    acknowledged_at: null,
    arrived_at: null,
    completed_at: null,
    hold_reason: null,
    answers: {},
  };

  it("carry what the order becomes, without touching what it was", () => {
    const op = makeOperation({ type: "answer", work_order: "o", step: "1", value: { outcome: "ok" } }, "u");
    const after = applyOperation(fresh, op);
    expect(after.answers).toEqual({ 1: { outcome: "ok" } });
    expect(fresh.answers).toEqual({});
  });

  it("go on top of the server's word, in order, for their own order only", () => {
    const ops = [
      makeOperation({ type: "start", work_order: "o" }, "u", 1000),
      makeOperation({ type: "hold", work_order: "o", value: { reason: "waiting_part" } }, "u", 2000),
      makeOperation({ type: "complete", work_order: "another" }, "u", 3000),
    ];
    expect(withPending(fresh, ops)).toMatchObject({ state: "on_hold", hold_reason: "waiting_part" });
  });

  it("have ids of version 7 that rise, also within a millisecond", () => {
    const ids = Array.from({ length: 6000 }, () => uuid7(1_763_700_000_000));
    expect(ids[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(6000);
  });
});
