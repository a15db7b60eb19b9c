// @vitest-environment happy-dom
import { render } from "preact";
import { beforeEach, describe, expect, it } from "vitest";
import type { LatestValue, Point } from "@/api/types";
import type { Item, KeptAnswer } from "@/domain/checklist";
import { makeOperation, type OrderProgress, withPending } from "@/domain/operations";
import { setLocale } from "@/i18n";
import { ChecklistItem } from "./parts/checkitem";
import { answerText, enteredText } from "./parts/entered";
import { LimitBar } from "./parts/limitbar";
import { LongText } from "./parts/longtext";
import { Line } from "./parts/orderline";
import { fromSensor, ReadingRow } from "./parts/reading";
import { Answered, Empty } from "./parts/states";
import { ConflictTag, HealthTag, IncompleteTag, Presence } from "./parts/tags";
import { departmentName } from "./state/names";

const pressure = {
  key: "p",
  name: { zh: "压力", en: "Pressure" },
  unit: "MPa",
  kind: "measure",
  limits: { alarm_low: 0.3 },
} as unknown as Point;
const value = (part: Partial<LatestValue>): LatestValue => ({
  point: "p",
  at: new Date().toISOString(),
  value: 0.2,
  quality: 0,
  reason: 0,
  source: "sensor",
  stale: false,
  ...part,
});

let host: HTMLElement;
beforeEach(() => {
  setLocale("en");
  host = document.createElement("div");
});

describe("a reading", () => {
  it("shows name, value with unit and age, in the colour of its state", () => {
    render(<ReadingRow point={pressure} latest={value({})} />, host);
    expect(host.textContent).toBe("Pressure0.2 MPajust now");
    expect(host.querySelector("b")?.className).toBe("bad-ink");
  });

  it("is grey once it is stale, whatever it says", () => {
    render(<ReadingRow point={pressure} latest={value({ stale: true })} />, host);
    expect(host.querySelector("b")?.className).toBe("stale");
  });
});

it("says of a number from a round that a person took it, and that a silent machine's values are old", () => {
  render(<ReadingRow point={pressure} latest={value({ source: "person", quality: 1 })} old />, host);
  expect(host.textContent).toContain("By hand");
  expect(host.querySelector("b")?.className).toBe("bad-ink");
  render(<ReadingRow point={pressure} latest={value({})} old />, host);
  expect(host.querySelector("b")?.className).toBe("stale");
});

it("takes only a good value for a sensor's when nobody says who took it", () => {
  expect([0, 1, 2].map((quality) => fromSensor({ quality }))).toEqual([true, false, false]);
  expect(fromSensor({ quality: 1, source: "sensor" })).toBe(true);
});

describe("health", () => {
  it("is grey with its age once the machine is silent, never green", () => {
    render(<HealthTag health="good" silent={Date.now() - 3.5 * 3_600_000} />, host);
    expect(host.textContent).toContain("No data · 3 h ago");
    expect(host.querySelector(".tag.ok")).toBeNull();
  });

  it("keeps in sight what was found wrong before", () => {
    render(<HealthTag health="act" silent={null} />, host);
    expect(host.querySelector(".tag.bad")?.textContent).toBe("Act");
    expect(host.textContent).toContain("No data");
  });
});

it("counts down near the end of a long text", () => {
  const field = (text: string) => <LongText label="Remark" value={text} set={() => undefined} />;
  render(field("short"), host);
  expect(host.querySelector(".counter")).toBeNull();
  render(field("x".repeat(3990)), host);
  expect(host.querySelector(".counter")?.textContent).toContain("10 of 4000");
  expect(host.querySelector("textarea")?.maxLength).toBe(4000);
});

it("shows what was entered with its unit, in full", () => {
  expect(answerText({ outcome: "not_ok", number: 1234.5678, remark: "leaks" }, "m3/h")).toBe(
    "Not OK · 1234.5678 m³/h · leaks",
  );
  expect(enteredText("verdict", { verdict: "confirmed", cause: "leak", action: "seal" }, "")).toBe(
    "Fault confirmed · Leak · seal",
  );
});

describe("an answer from the server", () => {
  const page = (of: Parameters<typeof Answered<string>>[0]["of"]) => (
    <Answered of={of} skeleton={<span class="skeleton" />}>
      {(text) => <p>{text}</p>}
    </Answered>
  );

  it("shows grey blocks while it is awaited, then itself", () => {
    render(page({ data: undefined, failure: null, detail: "", again: () => undefined }), host);
    expect(host.querySelector(".skeleton")).not.toBeNull();
    render(page({ data: "there", failure: null, detail: "", again: () => undefined }), host);
    expect(host.textContent).toBe("there");
  });

  it("keeps what was there when the network goes, and says so with a way on", () => {
    let asked = 0;
    render(
      page({
        data: "there",
        failure: "offline",
        detail: "",
        again: () => {
          asked += 1;
        },
      }),
      host,
    );
    expect(host.textContent).toContain("there");
    expect(host.textContent).toContain("what was last received");
    host.querySelector("button")?.click();
    expect(asked).toBe(1);
  });
});

it("draws the limits with the entered value and the sensor's", () => {
  render(<LimitBar limits={{ alarm_low: 0.3, alarm_high: 0.6 }} value={0.45} sensor={0.43} />, host);
  expect(host.querySelectorAll(".limitbar span")).toHaveLength(3);
  expect(host.querySelector("i.sensor")).not.toBeNull();
});

it("speaks the person's language at once", () => {
  render(<Empty text="x" />, host);
  setLocale("zh");
  render(<ReadingRow point={pressure} latest={value({})} />, host);
  expect(host.textContent).toContain("压力");
});

describe("an item that two devices answered differently", () => {
  const item = {
    step: "s",
    type: "number",
    name: { zh: "压力", en: "Pressure" },
    requirement: { zh: "", en: "" },
    section: { zh: "", en: "" },
    point: null,
    unit: "MPa",
    low: null,
    high: null,
    choices: [],
    evidence: [],
  } as unknown as Item;
  const other: KeptAnswer = {
    outcome: "not_ok",
    number: 0.2,
    remark: "leaks",
    by: "lin",
    at: "2026-11-21T09:30:00Z",
  };
  const kept: KeptAnswer = {
    outcome: "ok",
    number: 0.44,
    by: "wang",
    at: "2026-11-21T09:12:00Z",
    conflicts: [other],
  };
  const shown = (answer: KeptAnswer, here: boolean) => (
    <ChecklistItem
      item={item}
      index={0}
      count={1}
      here={here}
      locked={false}
      order={{ id: "o", user: "u" } as never}
      card={undefined}
      draft={undefined}
      answer={answer}
      onFocus={() => undefined}
      onAnswer={async () => undefined}
    />
  );

  it.each([true, false])("shows both with who and when, and no green (opened: %s)", (here) => {
    render(shown(kept, here), host);
    const note = host.querySelector("[data-conflict]");
    expect(note?.className).toContain("warn");
    expect(note?.textContent).toMatch(/Answer kept · wang · .*OK · 0\.44 MPa/);
    expect(note?.textContent).toMatch(/Another answer · lin · .*Not OK · 0\.2 MPa · leaks/);
    expect(host.querySelector(".tag.warn")?.textContent).toBe("OK · Conflict");
    expect(host.querySelector(".tag.ok")).toBeNull();
  });

  it("is an ordinary one when they agree", () => {
    const { conflicts: _conflicts, ...agreed } = kept;
    render(shown(agreed, false), host);
    expect(host.querySelector("[data-conflict]")).toBeNull();
    expect(host.querySelector(".tag.ok")?.textContent).toBe("OK");
  });

  it("keeps the other answer in sight while one's own is on its way", () => {
    const order = { id: "o", state: "in_progress", answers: { s: kept } } as never;
    const mine = makeOperation({ type: "answer", work_order: "o", step: "s", value: { outcome: "na" } }, "u");
    const after = withPending(order as OrderProgress & { id: string }, [mine]);
    expect(after.answers["s"]).toEqual({ outcome: "na", conflicts: [other] });
  });

  it("marks its order in a list, and no other", () => {
    render(<ConflictTag order={{ tags: ["late", "conflict"] }} />, host);
    expect(host.querySelector(".tag.warn")?.textContent).toBe("Conflict");
    render(<ConflictTag order={{ tags: ["late"] }} />, host);
    expect(host.textContent).toBe("");
  });
});

it("marks an order that was completed without all that its checklist asks for, and no other", () => {
  const host = document.createElement("div");
  render(<IncompleteTag order={{ tags: ["late", "incomplete"] }} />, host);
  expect(host.querySelector(".tag.warn")?.textContent).toBe("Incomplete");
  render(<IncompleteTag order={{ tags: ["late"] }} />, host);
  expect(host.textContent).toBe("");
});

it("names a department in the reader's language, and one that it does not know as it came", () => {
  expect(["消防管理部门", "水務管理部門", "物业二组", null].map(departmentName)).toEqual([
    "Fire management",
    "Water management",
    "物业二组",
    "",
  ]);
  setLocale("zh");
  expect(departmentName("Fire management")).toBe("消防管理部门");
});

it("says for how long a machine has been heard from, not how old its data are", () => {
  render(<Presence presence="online" spanMs={57_000} />, host);
  expect(host.textContent).toBe("Online for 57 s");
  setLocale("zh");
  render(<Presence presence="online" spanMs={58_000} />, host);
  expect(host.textContent).toBe("在线，已持续 58 秒");
});

it("keeps the whole of a text that a row has no room for", () => {
  const long = "x".repeat(10_000);
  render(<Line state="" href="/tickets/1" what={long} why={long} />, host);
  const texts = [...host.querySelectorAll<HTMLElement>(".what, .why")].map((e) => e.title);
  expect(texts).toEqual([long, long]);
});
