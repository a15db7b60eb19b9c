// @vitest-environment happy-dom
import { render } from "preact";
import { beforeEach, expect, it, vi } from "vitest";
import { setLocale } from "@/i18n";
import { forgetAnswers } from "../state/query";
import AssetPage from "./asset";
import Live from "./live";

const asset = {
  key: "k1",
  code: "C-1",
  name: { zh: "水泵", en: "Booster pump" },
  class: "pump",
  site: "demo",
  status: "in_service",
  criticality: "A",
  presence: "online",
  presence_since: null,
  last_seen: null,
  health: "good",
  health_reason: null,
  clock: null,
  location: null,
  department: null,
  manufacturer: "Grundfos",
  model: "",
  serial: "",
  in_service_on: null,
};
const point = {
  key: "vibration",
  name: { zh: "振动", en: "Vibration" },
  unit: "mm/s",
  kind: "measure",
  limits: {},
};

const answers = (path: string): Response => {
  const json = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status });
  if (path.includes("latest") || path.includes("/readings")) {
    return json({ title: "Not available just now", detail: "the readings store is away" }, 503);
  }
  if (path.includes("/points")) {
    return json({ items: [point], next_cursor: null });
  }
  return json({ items: /\/assets(\?|$)/.test(path) ? [asset] : [], next_cursor: null });
};

let host: HTMLElement;
let away: number;
beforeEach(() => {
  away = 0;
  setLocale("en");
  forgetAnswers();
  host = document.createElement("div");
  vi.stubGlobal("fetch", (path: string) => {
    away += Number(path.includes("latest"));
    return Promise.resolve(answers(path));
  });
  return () => render(null, host);
});

it("a machine's page shows what the ledger knows, and says why there are no values", async () => {
  render(<AssetPage code="C-1" />, host);
  await expect.poll(() => host.querySelector("[data-readings-away]")).not.toBeNull();
  expect(host.textContent).toContain("Readings cannot be shown now: the store does not answer.");
  expect(host.textContent).toContain("Grundfos");
  expect(host.querySelector('[data-point="vibration"]')?.textContent).toContain("Cannot be shown now");
  expect(host.textContent).not.toContain("No data");
  expect(host.querySelector(".skeleton")).toBeNull();
  const before = away;
  host.querySelector<HTMLButtonElement>("[data-readings-away] button")?.click();
  await expect.poll(() => away).toBeGreaterThan(before);
});

it("what the ledger does not answer is not the readings store's", async () => {
  vi.stubGlobal("fetch", (path: string) => {
    const problem = { type: "urn:plantroom:problem:ledger_away", detail: "ledger: is away" };
    const away = path.includes("latest") || path.includes("/readings");
    return Promise.resolve(away ? new Response(JSON.stringify(problem), { status: 503 }) : answers(path));
  });
  render(<AssetPage code="C-1" />, host);
  await expect.poll(() => host.textContent).toContain("the ledger does not answer");
  expect(host.querySelector("[data-readings-away]")).toBeNull();
});

it("says so in Chinese", async () => {
  setLocale("zh");
  render(<AssetPage code="C-1" />, host);
  await expect.poll(() => host.textContent).toContain("读数暂时无法显示：数据库没有应答。");
});

it("the plant's page says so, too, and no machine has no data for that", async () => {
  render(<Live />, host);
  await expect.poll(() => host.querySelector("[data-readings-away]")).not.toBeNull();
  expect(host.textContent).toContain("Booster pump");
  expect(host.textContent).toContain("Cannot be shown now");
  expect(host.textContent).not.toContain("No data");
});
