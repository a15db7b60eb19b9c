import { describe, expect, it } from "vitest";
import {
  type AlarmFacts,
  byUrgency,
  canShelve,
  isAmong,
  leftOf,
  replacedBy,
  spokenFor,
  subjectOf,
  wantsNote,
} from "./alarms";

interface Named extends AlarmFacts {
  id: string;
}

const alarm = (more: Partial<Named>): Named => ({
  id: "a",
  alarm_state: "active_unacknowledged",
  priority: "low",
  can_shelve: true,
  opened_at: "2026-03-02T08:00:00.000Z",
  ...more,
});

describe("alarms", () => {
  it("shelved anew lose the shelf that holds nothing else", () => {
    const own = { id: "own", subjects: ["limit:vibration:warning_high"] };
    const wider = { id: "wider", subjects: ["limit:vibration:warning_high", "rule:tripped"] };
    const open_subjects = ["limit:vibration:warning_high", "limit:vibration:alarm_high"];
    expect(replacedBy({ shelves: [own, wider], open_subjects })).toEqual([own]);
  });

  it("stand by urgency, the quiet ones last", () => {
    const list = [
      alarm({ priority: "low", id: "low" }),
      alarm({ priority: "critical", alarm_state: "suppressed", id: "quiet" }),
      alarm({ priority: "high", id: "old" }),
      alarm({ priority: "high", id: "new", opened_at: "2026-03-02T09:00:00.000Z" }),
    ];
    expect(list.sort(byUrgency).map((a) => a.id)).toEqual(["new", "old", "low", "quiet"]);
  });

  it("are narrowed to what nobody has taken note of, to a priority, or both", () => {
    const list = [
      alarm({ id: "a", priority: "high" }),
      alarm({ id: "b", priority: "high", alarm_state: "active_acknowledged" }),
      alarm({ id: "c", priority: "low" }),
    ];
    const ids = (unnoted: boolean, priority: "high" | null): string =>
      list
        .filter((one) => isAmong(one, { unnoted, priority }))
        .map((one) => one.id)
        .join("");
    expect([ids(false, null), ids(true, null), ids(false, "high"), ids(true, "high")]).toEqual([
      "abc",
      "ac",
      "ab",
      "a",
    ]);
  });

  it("can be shelved unless they are safety alarms, shelved or over", () => {
    expect(canShelve(alarm({}))).toBe(true);
    expect(canShelve(alarm({ can_shelve: false }))).toBe(false);
    expect(canShelve(alarm({ alarm_state: "shelved" }))).toBe(false);
    expect(canShelve(alarm({ alarm_state: "returned_unacknowledged" }))).toBe(false);
  });

  it("ask to be acknowledged when they are new or came and went unseen", () => {
    expect(wantsNote(alarm({}))).toBe(true);
    expect(wantsNote(alarm({ alarm_state: "returned_unacknowledged" }))).toBe(true);
    expect(wantsNote(alarm({ alarm_state: "active_acknowledged" }))).toBe(false);
    expect(wantsNote(alarm({ alarm_state: "shelved" }))).toBe(false);
  });

  it("name their point and level", () => {
    expect(subjectOf("limit:vibration:alarm_high")).toEqual({
      source: "limit",
      name: "vibration",
      level: "alarm_high",
    });
    expect(subjectOf("presence:")).toEqual({ source: "presence", name: "", level: "" });
  });

  it("count a shelf's time down to nothing", () => {
    const shelf = { until: "2026-03-02T08:00:00.000Z" };
    expect(leftOf(shelf, Date.parse("2026-03-02T07:59:00Z"))).toBe(60_000);
    expect(leftOf(shelf, Date.parse("2026-03-02T09:00:00Z"))).toBe(0);
  });

  it("are spoken for by the newest value of a limit that stands", () => {
    const evidence = [
      { point: "vibration", value: 9 },
      { point: "unheard", value: null },
      { point: "bearing_temperature", value: 99 },
    ];
    const of = (...open_subjects: string[]) => spokenFor({ evidence, open_subjects })?.value;
    expect(of("limit:bearing_temperature:alarm_high")).toBe(99);
    expect(of("limit:vibration:alarm_high", "limit:bearing_temperature:alarm_high")).toBe(9);
    expect(of("limit:unheard:alarm_high")).toBe(undefined);
    expect(of("rule:gas_leak"), "the limit is over, the event stands").toBe(undefined);
    expect(of("rule:gas_leak", "model:")).toBe(9);
    expect(of(), "of what is over the newest").toBe(9);
    expect(spokenFor({ evidence })?.value, "of an older server's copy").toBe(9);
  });
});
