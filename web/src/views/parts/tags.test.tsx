// @vitest-environment happy-dom
import { render } from "preact";
import { beforeEach, describe, expect, it } from "vitest";
import type { OrderFacts } from "@/domain/work";
import { setLocale, zone } from "@/i18n";
import { now } from "../state/now";
import { DueTag } from "./tags";

const due = (at: string): string => {
  const host = document.createElement("div");
  render(<DueTag order={{ kind: "preventive", due: at } as unknown as OrderFacts} />, host);
  return host.textContent ?? "";
};

describe("when work is due", () => {
  beforeEach(() => {
    setLocale("zh");
    zone.value = "Asia/Shanghai";
    now.value = Date.parse("2026-03-02T08:00:00Z");
  });

  it("says the hour of rounds by the hour, and the day alone of what is due with it", () => {
    expect(due("2026-03-02T10:00:00Z")).toBe("今天到期 18:00");
    expect(due("2026-03-02T15:59:59Z")).toBe("今天到期");
  });
});
