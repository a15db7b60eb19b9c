// @vitest-environment happy-dom
import { render } from "preact";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Site } from "@/api/types";
import { setLocale } from "@/i18n";
import { catalogue } from "../state/names";
import { forgetAnswers } from "../state/query";
import Tickets from "./tickets";

const name = (zh: string, en: string) => ({ zh, en });
const demo = { code: "demo", name: name("示范", "Demo") } as unknown as Site;
const other = { code: "two", name: name("二期", "Phase two") } as unknown as Site;
const ticket = (number: number, site: string, asset_ref: object | null) => ({
  id: `t${number}`,
  number,
  site,
  asset_ref,
  kind: "corrective",
  state: "open",
  origin: "alarm",
  title: name("振动过高", "High vibration"),
  reason: name("", ""),
  severity: "major",
  safety: false,
  due: null,
  opened_at: "2026-01-15T08:00:00Z",
  tags: [],
});
const pump = { key: "k", code: "P-1", name: name("水泵", "Pump"), class: "pump" };

let host: HTMLElement;
const places = (): (string | null)[] =>
  [...host.querySelectorAll("[data-row] .where")].map((one) => one.textContent);

beforeEach(() => {
  host = document.createElement("div");
  setLocale("zh");
  forgetAnswers();
  const items = [ticket(1, "demo", pump), ticket(2, "two", pump), ticket(3, "two", null)];
  vi.stubGlobal(
    "fetch",
    vi.fn(async () => new Response(JSON.stringify({ items, next_cursor: null }))),
  );
});

describe("the list of tickets", () => {
  it("names the site of each where there are several: two may have a machine of one code", async () => {
    catalogue.value = { classes: [], systems: [], sites: [demo, other], locations: [] };
    render(<Tickets />, host);
    await vi.waitFor(() => expect(places()).toEqual(["示范 · P-1 水泵", "二期 · P-1 水泵", "二期"]));
  });

  it("names none where there is one", async () => {
    catalogue.value = { classes: [], systems: [], sites: [demo], locations: [] };
    render(<Tickets />, host);
    await vi.waitFor(() => expect(places().slice(0, 2)).toEqual(["P-1 水泵", "P-1 水泵"]));
  });
});
