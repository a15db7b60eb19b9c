// @vitest-environment happy-dom
import "fake-indexeddb/auto";
import { expect, it, vi } from "vitest";

/** A server that knows one person at a time, as a browser has one cookie for all its tabs. */
let person = "a";
const session = (): unknown => ({ user: { id: person, username: person, grants: [] }, csrf_token: person });
const ANSWERS: Record<string, () => unknown> = {
  "/api/v1/session": session,
  "/api/v1/sync/bundle": () => ({
    generated_at: "2026-11-21T08:00:00Z",
    live_position: 0,
    user: { id: person },
    work_orders: [],
    assets: [],
  }),
};

it("notices with the next shift that another person has signed in in another tab", async () => {
  vi.stubGlobal("fetch", async (path: string) => {
    const answer = ANSWERS[path.split("?")[0] ?? ""] ?? (() => ({ items: [], next_cursor: null }));
    return new Response(JSON.stringify(answer()));
  });
  vi.stubGlobal(
    "EventSource",
    class {
      readonly readyState = 0;
      close(): void {}
    },
  );
  // What this browser's stand-in has is `null`, where a real one without locks has nothing.
  Object.defineProperty(navigator, "locks", { value: undefined });
  localStorage.setItem("plantroom.session", JSON.stringify(session()));
  const device = await import("./device");
  const { followOther, other } = await import("@/api/session");
  device.startDevice();
  await expect.poll(() => device.bundle.value).not.toBeNull();
  person = "b";
  expect(device.userId.value).toBe("a");
  await device.refreshBundle();
  await expect.poll(() => other.value?.user.id).toBe("b");
  expect(device.userId.value).toBe("a");
  await device.record({ type: "start", work_order: "o" }, { zh: "名", en: "name" });
  await expect.poll(() => device.line.value).toMatchObject({ kind: "waiting", why: "other_user" });
  followOther();
  expect(device.userId.value).toBe("b");
  await expect.poll(() => device.bundleFailure.value).toBeNull();
});
