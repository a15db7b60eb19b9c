// @vitest-environment happy-dom
import { render } from "preact";
import { beforeEach, describe, expect, it } from "vitest";
import type { LatestValue, Point } from "@/api/types";
import { setLocale } from "@/i18n";
import { LimitBar } from "./parts/limitbar";
import { ReadingRow } from "./parts/reading";
import { Answered, Empty } from "./parts/states";

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
