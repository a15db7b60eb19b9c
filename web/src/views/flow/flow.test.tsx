// @vitest-environment happy-dom
import { render } from "preact";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { session } from "@/api/session";
import type { FlowCondition, IngestStats, LetterSummary } from "@/api/types";
import { setLocale } from "@/i18n";
import { forgetAnswers } from "../state/query";
import { ConditionLine, Conditions } from "./conditions";
import { Figures } from "./figures";
import { Letters } from "./letters";
import { Sites } from "./sites";
import { delayText, rateText, secondsText } from "./words";

const name = (text: string) => ({ zh: `${text}（中）`, en: text });
const condition = (part: Partial<FlowCondition>): FlowCondition => ({
  code: "store_away",
  level: "warning",
  title: name("The store is away"),
  text: name("9 wait."),
  loss: name("Nothing is lost."),
  advice: name("Start it."),
  sites: ["demo"],
  since: new Date(Date.now() - 17.5 * 60_000).toISOString(),
  lost: false,
  detail: "connection refused",
  help: "",
  reason: "",
  ...part,
});

const flow: IngestStats["flow"] = {
  received: 10,
  stored: 50,
  duplicates: 0,
  retained: 0,
  dead_lettered: 0,
  gaps: 0,
  spool_depth: 60_000,
  spool_bytes: 9e6,
  lag_s: 600,
  messages_per_s: 1000,
  done_per_s: 1250,
  values_per_s: 6250,
  stored_per_s: 6250,
  rejects_per_min: 0,
  durable_p50_ms: 12,
  durable_p99_ms: 90,
  stored_p50_ms: 300,
  stored_p99_ms: 61_000,
  drained_in_s: 240,
};
const stats = (age_s: number, strays = 0): IngestStats =>
  ({
    ...flow,
    flow,
    collectors: [{ collector: "a", age_s, ready: true, problems: [], reported_at: "", stats: {} }],
    sites: [
      { ...flow, site: "+", age_s: 0, spool_depth: strays, lanes: [{ ...flow, lane: "strays" }] },
      { ...flow, site: "demo", age_s: 42, lanes: [{ ...flow, lane: "safety" }] },
    ],
  }) as unknown as IngestStats;

let host: HTMLElement;
beforeEach(() => {
  setLocale("en");
  host = document.createElement("div");
  forgetAnswers();
});

describe("conditions", () => {
  it("say what, where, since when, what is lost and what to do", () => {
    render(<Conditions items={[condition({})]} flowing="" />, host);
    for (const text of [
      "The store is away",
      "Act soon",
      "demo",
      "17 min",
      "9 wait.",
      "Nothing is lost.",
      "Start it.",
    ]) {
      expect(host.textContent).toContain(text);
    }
    expect(host.querySelector("details")?.open).toBe(false);
    expect(host.querySelector("[data-flowing]")).toBeNull();
  });

  it("show what is to be typed as such, without backticks", () => {
    const advice = { zh: "x", en: "Look: `plantroom gaps ask`, then wait." };
    render(<Conditions items={[condition({ advice })]} flowing="" />, host);
    expect(host.querySelector(".advice code")?.textContent).toBe("plantroom gaps ask");
    expect(host.textContent).not.toContain("`");
  });

  it("when there are none, all is flowing", () => {
    render(<Conditions items={[]} flowing="50 messages a second" />, host);
    expect(host.querySelector("[data-flowing]")?.textContent).toBe("All is flowing. 50 messages a second");
  });

  it("catching up is not all well, letters that are merely kept are", () => {
    render(<Conditions items={[condition({ code: "backlog_draining", level: "info" })]} flowing="" />, host);
    expect(host.querySelector("[data-flowing]")).toBeNull();
    render(
      <Conditions items={[condition({ code: "letters_kept", level: "info", help: "letters" })]} flowing="" />,
      host,
    );
    expect(host.querySelector("[data-flowing]")).not.toBeNull();
    expect(host.querySelector("button")?.textContent).toBe("See the messages");
  });

  it("have one line on the morning screen, when they are amber or red", () => {
    const items = [
      condition({ level: "urgent", code: "broker_away" }),
      condition({}),
      condition({ level: "info" }),
    ];
    render(<ConditionLine items={items} />, host);
    expect(host.querySelector("a")?.getAttribute("href")).toBe("/health");
    expect(host.textContent).toContain("1 more");
    render(<ConditionLine items={[condition({ level: "info" })]} />, host);
    expect(host.textContent).toBe("");
  });
});

describe("figures", () => {
  it("tell of retained values only where there are any", () => {
    render(<Figures stats={stats(2)} at={Date.now()} />, host);
    expect(host.textContent).not.toContain("retained");
    render(<Figures stats={{ ...stats(2), retained: 7 }} at={Date.now()} />, host);
    expect(host.textContent).toContain("7 retained by the broker");
  });

  it("come with units, an estimate and their age", () => {
    render(<Figures stats={stats(2)} at={Date.now()} />, host);
    expect(host.textContent).toContain("1,000 /s");
    expect(host.textContent).toContain("9.0 MB · caught up in about 4 min");
    expect(host.textContent).toContain("delay p50 0.3 s, p99 1 min");
    expect(host.textContent).toContain("As of 2 s ago");
    expect(host.querySelector("b.stale")).toBeNull();
  });

  it("are grey once nobody reports", () => {
    render(<Figures stats={stats(60)} at={Date.now()} />, host);
    expect(host.querySelectorAll("b.stale")).toHaveLength(5);
    render(<Figures stats={{ ...stats(0), collectors: [] }} at={Date.now()} />, host);
    expect(host.textContent).toContain("No collector is running");
  });

  it("of a silent site are grey with its age, of unknown sites shown when there is something", () => {
    render(<Sites stats={stats(2)} />, host);
    const rows = () => [...host.querySelectorAll("tbody tr")].map((row) => row.getAttribute("data-lane"));
    expect(rows()).toEqual(["demo/safety"]);
    expect(host.querySelector("tr.stale")?.textContent).toContain("42 s ago");
    render(<Sites stats={stats(2, 9)} />, host);
    expect(rows()).toEqual(["demo/safety", "+/strays"]);
  });

  it("of a site have what is missing once, for its lanes together", () => {
    const one = stats(2);
    const lanes = [
      { ...flow, lane: "normal" },
      { ...flow, lane: "safety" },
    ];
    render(<Sites stats={{ ...one, sites: [{ ...flow, site: "demo", age_s: 0, gaps: 3, lanes }] }} />, host);
    expect(host.querySelectorAll("tbody tr")).toHaveLength(2);
    const cells = [...host.querySelectorAll<HTMLTableCellElement>("[data-missing]")];
    expect(cells.map((cell) => [cell.textContent, cell.rowSpan])).toEqual([["3", 2]]);
  });

  it("have as many digits as say something", () => {
    expect([0, 0.34, 12.4, 1240].map(rateText)).toEqual(["0", "0.3", "12", "1,240"]);
    expect([0.26, 42, 300, 10_800].map(secondsText)).toEqual(["0.3 s", "42 s", "5 min", "3 h"]);
    expect(delayText(0)).toBe("–");
  });
});

describe("messages that could not be used", () => {
  const summary: LetterSummary = {
    items: [
      {
        site: "demo",
        topic: "plantroom/demo/P-9/telemetry",
        reason: "unknown_asset",
        count: 3,
        first_at: "2026-01-01T00:00:00Z",
        last_at: "2026-01-01T01:00:00Z",
        title: name("Unknown"),
        advice: name("Enter it."),
        parts: ["振动", "temperature", "timestamp"],
        part_count: 5,
        example: {
          id: "l1",
          reason: "unknown_asset",
          part: "",
          payload_base64: btoa('{"a":1}'),
          payload_bytes: 7,
        },
      },
    ],
    total: 40_000,
    looked_at: 20_000,
    groups_left_out: 2,
  };
  const grant = (role: string) => ({ user: { grants: [{ role, site: null }] }, csrf_token: "c" }) as never;
  const asked: [string, string][] = [];

  beforeEach(() => {
    asked.length = 0;
    vi.stubGlobal("fetch", (path: string, request: RequestInit) => {
      asked.push([request.method ?? "GET", String(path)]);
      const body = String(path).includes("summary")
        ? summary
        : { asked: 3, items: [{ id: "a/1" }], next_cursor: null };
      return Promise.resolve(new Response(JSON.stringify(body), { status: 200 }));
    });
    document.body.replaceChildren(host);
  });

  async function opened(role: string): Promise<void> {
    session.value = grant(role);
    render(<Letters />, host);
    await expect.poll(() => host.querySelector("details")).not.toBeNull();
    const details = host.querySelector("details") as HTMLDetailsElement;
    details.open = true;
    details.dispatchEvent(new Event("toggle"));
    await expect.poll(() => host.textContent).toContain("Enter it.");
  }

  it("show why, which topic, an example and that not all were looked at", async () => {
    await opened("viewer");
    expect(host.textContent).toContain("plantroom/demo/P-9/telemetry");
    expect(host.querySelector("pre")?.textContent).toBe('{"a":1}');
    expect(host.textContent).toContain("20,000 of 40,000");
    expect(host.textContent).toContain("unknown_asset · 振动, temperature, timestamp and 2 more");
    expect(host.querySelector("[data-deed]")).toBeNull();
  });

  it("have a topic that is longer than a line bears cut, and whole on demand", async () => {
    const [first] = summary.items;
    const topic = `plantroom/${"x".repeat(3000)}`;
    summary.items = [{ ...(first as (typeof summary.items)[number]), topic }];
    await opened("viewer");
    const shown = () => host.querySelector(".letter-topic code")?.textContent ?? "";
    expect(shown().length).toBeLessThan(200);
    (host.querySelector(".letter-topic button") as HTMLButtonElement).click();
    await expect.poll(() => shown()).toBe(topic);
    summary.items = first === undefined ? [] : [first];
  });

  it("are replayed and thrown away by a supervisor, after a question", async () => {
    HTMLDialogElement.prototype.showModal ??= () => undefined;
    await opened("supervisor");
    for (const [deed, expected] of [
      ["replay", ["POST", "/api/v1/dead-letters/replay"]],
      ["discard", ["DELETE", "/api/v1/dead-letters/a%2F1"]],
    ] as const) {
      host.querySelector<HTMLButtonElement>(`[data-deed=${deed}]`)?.click();
      await expect.poll(() => host.querySelector("dialog .btn.primary")).not.toBeNull();
      expect(asked).not.toContainEqual(expected);
      host.querySelector<HTMLButtonElement>("dialog .btn.primary")?.click();
      await expect.poll(() => asked).toContainEqual(expected);
      await expect.poll(() => host.querySelector("dialog")).toBeNull();
    }
  });

  it("without a site are thrown away alone, and not replayed", async () => {
    HTMLDialogElement.prototype.showModal ??= () => undefined;
    const [first] = summary.items;
    const group = first as (typeof summary.items)[number];
    summary.items = [{ ...group, site: "", reason: "unknown_topic", topic: "plantroom//Z-1/telemetry" }];
    await opened("supervisor");
    expect(host.querySelector("summary .tag")?.textContent).toBe("topics without a site");
    const deeds = [...host.querySelectorAll("[data-deed]")].map((button) => button.getAttribute("data-deed"));
    expect(deeds).toEqual(["discard"]);
    host.querySelector<HTMLButtonElement>("[data-deed=discard]")?.click();
    await expect.poll(() => host.querySelector("dialog .btn.primary")).not.toBeNull();
    expect(host.querySelector("dialog")?.textContent).toContain(
      "3 messages of topics without a site for good",
    );
    host.querySelector<HTMLButtonElement>("dialog .btn.primary")?.click();
    await expect.poll(() => host.querySelector("dialog")).toBeNull();
    const letters = asked.filter(([, path]) => !path.includes("summary"));
    expect(letters).toEqual([
      ["GET", "/api/v1/dead-letters?site=&reason=unknown_topic&limit=100"],
      ["DELETE", "/api/v1/dead-letters/a%2F1"],
    ]);
    summary.items = [group];
  });
});
