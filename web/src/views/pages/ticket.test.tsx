// @vitest-environment happy-dom
import { render } from "preact";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { setLocale } from "@/i18n";
import { forgetAnswers } from "../state/query";
import Ticket from "./ticket";

const name = (zh: string, en: string) => ({ zh, en });
const done = {
  id: "o1",
  number: 7,
  site: "demo",
  asset: null,
  asset_ref: null,
  kind: "statutory",
  state: "completed",
  origin: "plan",
  title: name("半月维保", "Half-month"),
  reason: name("", ""),
  severity: "general",
  safety: false,
  due: null,
  opened_at: "2026-01-01T08:00:00Z",
  completed_at: "2026-01-03T08:00:00Z",
  reopened: 0,
  episode: null,
  tags: [],
  first_checks: [],
  history: [],
  answers: {},
  template: [],
  verdict: null,
  clocks: [],
  recorded_late: null as object | null,
};
const late = { done_at: "2026-01-03T08:00:00Z", recorded_at: "2026-01-15T08:00:00Z", hours: 288 };

let host: HTMLElement;
const shown = (): string | null | undefined => host.querySelector("[data-late]")?.textContent;

async function show(recorded_late: object | null, early: object | null = null): Promise<void> {
  vi.stubGlobal(
    "fetch",
    vi.fn(async () => new Response(JSON.stringify({ ...done, recorded_late, early }))),
  );
  render(<Ticket id="o1" />, host);
  await vi.waitFor(() => expect(host.textContent).toContain("#7"));
}

beforeEach(() => {
  host = document.createElement("div");
  setLocale("zh");
  forgetAnswers();
});

describe("the page of an order", () => {
  it("says when work was entered that was done long before, and whose word the time is", async () => {
    await show({ ...late, device: null });
    expect(shown()).toMatch(/完成于 .*补录于 .*时间为录入人所述/);
  });

  it("names the tablet by whose clock it was done", async () => {
    setLocale("en");
    await show({ ...late, device: "tab-7" });
    expect(shown()).toMatch(/entered on .*tablet tab-7/);
  });

  it("says that work was done before its window, and what the next date counts from", async () => {
    const text = name("早59天", "59 days before its window");
    await show(null, { days: 59, day: "2026-01-03", opens: "2026-03-03", text });
    expect(host.querySelector("[data-early]")?.textContent).toContain("早59天");
  });

  it("says nothing of work that was entered in time", async () => {
    await show(null);
    expect(shown()).toBeUndefined();
    expect(host.querySelector("[data-early]")).toBeNull();
  });
});
