// @vitest-environment happy-dom
import { render } from "preact";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { session } from "@/api/session";
import { setLocale } from "@/i18n";
import SignIn from "./pages/signin";

const problem = (status: number, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify({ title: "no", detail: "no" }), { status, headers });

async function attempt(answer: () => Promise<Response>): Promise<string> {
  vi.stubGlobal("fetch", answer);
  const host = document.createElement("div");
  document.body.append(host);
  render(<SignIn />, host);
  for (const [name, value] of [
    ["username", "admin"],
    ["password", "secret"],
  ] as const) {
    const input = host.querySelector<HTMLInputElement>(`[name=${name}]`);
    if (input !== null) {
      input.value = value;
      input.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }
  host.querySelector("form")?.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
  await expect.poll(() => host.querySelector("[role=alert]")).not.toBeNull();
  return host.querySelector("[role=alert]")?.textContent ?? "";
}

describe("a sign-in that fails says what to do", () => {
  beforeEach(() => {
    setLocale("en");
    session.value = null;
  });
  afterEach(() => vi.unstubAllGlobals());

  it("after a wrong password", async () => {
    expect(await attempt(async () => problem(401))).toContain("check both");
  });

  it("after too many attempts, with the time to wait", async () => {
    expect(await attempt(async () => problem(429, { "Retry-After": "300" }))).toContain("wait 5 min");
  });

  it("without a network", async () => {
    expect(
      await attempt(async () => {
        throw new TypeError("failed to fetch");
      }),
    ).toContain("check the network");
  });

  it("when the disk of the ledger is full, which no second try mends", async () => {
    const full = { type: "urn:plantroom:problem:ledger_full", detail: "full" };
    const answer = async (): Promise<Response> => new Response(JSON.stringify(full), { status: 503 });
    expect(await attempt(answer)).toContain("the disk of the ledger is full");
    setLocale("zh");
    expect(await attempt(answer)).toContain("台账所在的磁盘已满");
  });

  it("when the ledger does not answer", async () => {
    const away = { type: "urn:plantroom:problem:ledger_away", detail: "away" };
    expect(await attempt(async () => new Response(JSON.stringify(away), { status: 503 }))).toContain(
      "the ledger does not answer",
    );
  });

  it("when the server fails", async () => {
    expect(await attempt(async () => problem(500))).toContain("The server failed");
  });
});
