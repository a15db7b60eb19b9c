// @vitest-environment happy-dom
import { render } from "preact";
import { beforeEach, describe, expect, it } from "vitest";
import { session } from "@/api/session";
import type { Alarm, Shelf, Site } from "@/api/types";
import { setLocale } from "@/i18n";
import { catalogue } from "../state/names";
import { AlarmLine, ShelfLine } from "./alarmline";

const name = (zh: string, en: string) => ({ zh, en });
const ref = { key: "k", code: "P-1", name: name("泵", "Pump"), class: "pump" };
const at = "2026-01-15T08:00:00Z";
const alarm = {
  id: "a",
  asset_ref: ref,
  site: "demo",
  title: name("水泵轴承异常", "Pump bearing"),
  alarm_state: "active_unacknowledged",
  priority: "high",
  safety: false,
  can_shelve: true,
  evidence: [
    { point: "own", name: name("自有", "Own"), unit: "kPa", contribution: 1, value: 9.1, expected: 8.5 },
  ],
  opened_observed_at: at,
  acknowledged_by: null,
  work_order: null,
} as unknown as Alarm;
const shelf = {
  id: "s",
  asset_ref: ref,
  site: "demo",
  subjects: ["rule:door_close_fault", "limit:own:alarm_high", "presence:"],
  subject_names: [name("关门故障", "Door does not close"), name("自有", "Own"), name("", "")],
  reason: "x",
  by: "li",
  at,
  until: at,
} as unknown as Shelf;

const signIn = (role: string): void => {
  session.value = {
    user: { grants: [{ role, site: null, department: null }] },
  } as unknown as typeof session.value;
};
const buttons = (): (string | null)[] =>
  [...host.querySelectorAll("button")].map((one) => one.getAttribute("aria-label"));

let host: HTMLElement;
beforeEach(() => {
  host = document.createElement("div");
  setLocale("zh");
  catalogue.value = { classes: [], systems: [], sites: [], locations: [] };
});

describe("a line of the alarm list", () => {
  it("says that it is a loop test's, and whose value stands", () => {
    const of = () => host.querySelector("[data-tag='loop_test']")?.textContent ?? null;
    render(<AlarmLine alarm={alarm} again={() => undefined} />, host);
    expect(of()).toBe(null);
    const tested = { ...alarm, tags: ["loop_test"], open_subjects: ["rule:gas_leak"] };
    render(<AlarmLine alarm={tested} again={() => undefined} />, host);
    expect(of()).toBe("回路测试");
    expect(host.textContent).not.toContain("9.1");
  });

  it("names its events: three of one machine are one line and three things", () => {
    const events = [name("燃气泄漏", "Gas leak"), name("flooded_room", "flooded room")];
    render(<AlarmLine alarm={{ ...alarm, events }} again={() => undefined} />, host);
    expect(host.querySelector("[data-events]")?.textContent).toBe("燃气泄漏、flooded_room");
    render(<AlarmLine alarm={alarm} again={() => undefined} />, host);
    expect(host.querySelector("[data-events]"), "of an older server's copy nothing is said").toBeNull();
  });

  it("offers a technician what can be done, each button with the name of its alarm", () => {
    signIn("technician");
    render(<AlarmLine alarm={alarm} again={() => undefined} />, host);
    expect(buttons()).toEqual(["确认 · 水泵轴承异常, P-1 泵", "搁置 · 水泵轴承异常, P-1 泵"]);
    render(<ShelfLine shelf={shelf} again={() => undefined} />, host);
    expect(buttons()).toEqual(["取消搁置 · 关门故障, 自有 高报警, 通信监视, P-1 泵"]);
  });

  it("offers a viewer nothing that the server would refuse", () => {
    signIn("viewer");
    render(<AlarmLine alarm={alarm} again={() => undefined} />, host);
    expect(buttons()).toEqual([]);
    render(<ShelfLine shelf={shelf} again={() => undefined} />, host);
    expect(buttons()).toEqual([]);
  });

  it("names the site where there are several, for two machines of one code", () => {
    const site = (code: string, zh: string) => ({ code, name: name(zh, code) }) as unknown as Site;
    const where = () => host.querySelector(".what .s")?.textContent;
    render(<AlarmLine alarm={alarm} again={() => undefined} />, host);
    expect(where()).toBe("P-1 泵");
    catalogue.value = { ...catalogue.value, sites: [site("demo", "示范楼"), site("north", "北区")] };
    render(<AlarmLine alarm={{ ...alarm, site: "north" }} again={() => undefined} />, host);
    expect(where()).toBe("北区 · P-1 泵");
  });

  it("calls a point of the asset alone by its name, with its unit", () => {
    render(<AlarmLine alarm={alarm} again={() => undefined} />, host);
    expect(host.textContent).toContain("自有 9.1 kPa，限值 8.5 kPa");
  });

  it("calls shelved events by their names in the reader's language", () => {
    render(<ShelfLine shelf={shelf} again={() => undefined} />, host);
    expect(host.textContent).toContain("关门故障");
    setLocale("en");
    render(<ShelfLine shelf={shelf} again={() => undefined} />, host);
    expect(host.textContent).toContain("Door does not close");
  });
});
