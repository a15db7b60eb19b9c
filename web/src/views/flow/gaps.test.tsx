// @vitest-environment happy-dom
import { render } from "preact";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Gap } from "@/api/flow";
import { setLocale } from "@/i18n";
import { forgetAnswers } from "../state/query";
import { Gaps } from "./gaps";

const gap = (part: Partial<Gap>): Gap => ({
  id: "g",
  site: "demo",
  code: "P-101",
  channel: "telemetry",
  boot: "7f3a",
  first: 5,
  last: 9,
  missing: 5,
  found_at: "2026-01-01T00:00:00Z",
  asks: 2,
  ask_at: null,
  reason: "",
  ended_at: null,
  ...part,
});

let host: HTMLElement;
let lost: Gap[];
let open: Gap[];
beforeEach(() => {
  open = [gap({})];
  setLocale("en");
  host = document.createElement("div");
  forgetAnswers();
  vi.stubGlobal("fetch", (path: string) => {
    const items = String(path).includes("given_up") ? lost : open;
    return Promise.resolve(new Response(JSON.stringify({ items, next_cursor: null }), { status: 200 }));
  });
});

describe("gaps", () => {
  it("that were given up are shown with the reason, also when nothing is missing now", async () => {
    lost = [gap({ code: "P-102", reason: "gone", ended_at: "2026-01-02T00:00:00Z" })];
    render(<Gaps count={0} nodes={[]} />, host);
    await expect.poll(() => host.querySelector("[data-lost]")).not.toBeNull();
    expect(host.textContent).toContain("lost: 5, gaps: 1");
    expect(host.textContent).toContain("the device no longer has them");
    expect(host.textContent).not.toContain("Devices with gaps");
    expect(host.querySelector("#gaps"), "where the condition's button leads").not.toBeNull();
  });

  it("that may still heal are shown apart from them", async () => {
    lost = [];
    render(<Gaps count={5} nodes={[]} />, host);
    await expect.poll(() => host.querySelector("[data-gaps]")).not.toBeNull();
    expect(host.textContent).toContain("missing: 5, gaps: 1");
    expect(host.textContent).toContain("asked for 2×");
    expect(host.querySelector(".sect")?.textContent, "a figure of messages, not of devices").toBe(
      "Devices with gapsmessages missing in all: 5",
    );
    expect(host.querySelector("[data-lost]")).toBeNull();
  });

  it("of several boots of a device name the boot", async () => {
    lost = [];
    open = [gap({ id: "a" }), gap({ id: "b", boot: "91c0" }), gap({ id: "c", code: "P-102", boot: "17" })];
    render(<Gaps count={15} nodes={[]} />, host);
    await expect.poll(() => host.querySelector('[data-gaps="P-102"]')).not.toBeNull();
    const told = (code: string) => host.querySelector(`[data-gaps="${code}"]`)?.textContent ?? "";
    expect(told("P-101")).toContain("numbers 5 to 9 · boot 7f3a · asked");
    expect(told("P-101")).toContain("numbers 5 to 9 · boot 91c0 · asked");
    expect(told("P-102")).not.toContain("boot");
  });

  it("of a Sparkplug node name it with its count and what ends them, and nothing says that all has arrived", async () => {
    lost = [gap({ code: "P-102", reason: "gone", ended_at: "2026-01-02T00:00:00Z" })];
    open = [];
    const at = "2026-01-01T00:00:00Z";
    const node = { site: "demo", node: "g/n1", missing: 2, found_at: at, asked_at: at };
    render(<Gaps count={2} nodes={[node]} />, host);
    await expect.poll(() => host.querySelector("[data-lost]")).not.toBeNull();
    expect(host.querySelector('[data-node="g/n1"]')?.textContent).toContain("missing: 2");
    expect(host.textContent).toContain("asked for a rebirth");
    expect(host.textContent).toContain("(NBIRTH) ends this");
    expect(host.textContent).not.toContain("arrived");
  });

  it("that are counted and not listed yet are not called none", async () => {
    lost = [];
    open = [];
    render(<Gaps count={2} nodes={[]} />, host);
    await expect.poll(() => host.textContent).toContain("follows in a moment");
    expect(host.textContent).not.toContain("arrived");
  });
});
