// @vitest-environment happy-dom
import { render } from "preact";
import { beforeEach, describe, expect, it, vi } from "vitest";
import * as resources from "@/api/resources";
import { session } from "@/api/session";
import type { Asset, MaintenanceSpell } from "@/api/types";
import { setLocale } from "@/i18n";
import { reachable } from "../state/device";
import { Upkeep } from "./upkeep";

const asset = { key: "k", status: "in_service" } as unknown as Asset;
const spell = {
  id: "m",
  reason: "换轴承",
  by: "wang",
  until: "2026-01-15T08:00:00Z",
  ended_at: null,
} as unknown as MaintenanceSpell;

const signIn = (role: string): void => {
  session.value = {
    user: { grants: [{ role, site: null, department: null }] },
  } as unknown as typeof session.value;
};

let host: HTMLElement;
const buttons = (): (string | null)[] => [...host.querySelectorAll("button")].map((one) => one.textContent);
/** What is shown in this place; fails while nothing is. */
function found<T extends Element>(selector: string): T {
  const element = host.querySelector<T>(selector);
  if (element === null) {
    throw new Error(`no ${selector}`);
  }
  return element;
}

async function shown(of: Asset, standing: MaintenanceSpell[]): Promise<void> {
  vi.spyOn(resources, "fetchMaintenance").mockResolvedValue(standing);
  render(<Upkeep key={Math.random()} asset={of} changed={() => undefined} />, host);
  await new Promise((done) => setTimeout(done, 20));
}

beforeEach(() => {
  host = document.createElement("div");
  document.body.append(host);
  setLocale("zh");
  vi.spyOn(reachable, "value", "get").mockReturnValue(true);
});

describe("maintenance by hand on the page of a machine", () => {
  it("is offered to a supervisor and to nobody below", async () => {
    signIn("technician");
    await shown(asset, []);
    expect(buttons()).toEqual([]);
    signIn("supervisor");
    await shown(asset, []);
    expect(buttons()).toEqual(["设为维护"]);
  });

  it("says until when, who and why, and can be ended", async () => {
    signIn("supervisor");
    await shown({ ...asset, status: "under_maintenance" }, [spell]);
    expect(host.textContent).toContain("wang：换轴承");
    expect(buttons()).toEqual(["改结束时间", "结束维护"]);
  });

  it("is not offered for a machine of which nothing is expected", async () => {
    signIn("supervisor");
    await shown({ ...asset, status: "out_of_service" }, []);
    expect(buttons()).toEqual([]);
  });

  it("asks for a reason before it begins, and sends how long", async () => {
    const begin = vi.spyOn(resources, "beginMaintenance").mockResolvedValue(spell);
    HTMLDialogElement.prototype.showModal = () => undefined;
    signIn("supervisor");
    await shown(asset, []);
    host.querySelector<HTMLButtonElement>("[data-maintenance]")?.click();
    const submit = await vi.waitFor(() => found<HTMLButtonElement>("button[type=submit]"));
    expect(submit.disabled).toBe(true);
    const reason = found<HTMLTextAreaElement>("textarea");
    reason.value = "换轴承";
    reason.dispatchEvent(new Event("input", { bubbles: true }));
    await vi.waitFor(() => expect(submit.disabled).toBe(false));
    const longest = [...host.querySelectorAll<HTMLButtonElement>(".chip")].at(-1);
    longest?.click();
    await vi.waitFor(() => expect(longest?.getAttribute("aria-pressed")).toBe("true"));
    found<HTMLFormElement>("form").dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
    await vi.waitFor(() => expect(begin).toHaveBeenCalledWith("k", { reason: "换轴承", minutes: 10080 }));
  });
});
