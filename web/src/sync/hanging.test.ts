import "fake-indexeddb/auto";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { connectHttp } from "@/api/http";
import { fetchBundle, sendOperations } from "@/api/resources";
import type { Bundle } from "@/api/types";
import { Database } from "@/db/database";
import { pendingOf, record } from "@/db/store";
import { Renewal } from "./renewal";
import { type Obstacle, Sender } from "./sender";

/** The first question hangs, as behind a gateway that has lost its way out; the later ones are answered. */
let asked: string[];
function serve(answerOf: (body: string) => unknown): void {
  asked = [];
  vi.stubGlobal("fetch", (path: string, { signal, body }: RequestInit) => {
    asked.push(path);
    if (asked.length > 1) {
      return Promise.resolve(new Response(JSON.stringify(answerOf(String(body)))));
    }
    return new Promise((_, fail) => {
      signal?.addEventListener("abort", () => fail(signal.reason));
    });
  });
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  connectHttp({ csrfToken: () => "", onReachable: () => undefined, onSignedOut: () => undefined });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("a shift that never comes does not end renewing: it is asked for again", async () => {
  serve(() => ({ user: { id: "a" } }));
  const taken: Bundle[] = [];
  const renewal = new Renewal({
    fetch: fetchBundle,
    take: async (_user, bundle) => {
      taken.push(bundle);
    },
  });
  renewal.serve("a");
  await vi.advanceTimersByTimeAsync(31_000);
  expect(asked).toHaveLength(2);
  expect(taken).toHaveLength(1);
  renewal.stop();
});

it("a sending that is never answered does not end sending: it is tried again", async () => {
  const db = new Database("hanging");
  await record({ type: "start", work_order: "o" }, "a", { zh: "", en: "" }, db);
  serve((body) => {
    const { ops } = JSON.parse(body) as { ops: { op_id: string }[] };
    const results = ops.map((op) => ({ op_id: op.op_id, status: "applied", code: null, version: 2 }));
    return { server_now: "2026-11-21T08:00:00Z", results };
  });
  const met: (Obstacle | null)[] = [];
  const sender = new Sender({
    db,
    alone: (job) => job(),
    send: sendOperations,
    onObstacle: (obstacle) => met.push(obstacle),
  });
  sender.serve("a");
  await expect.poll(() => asked).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(31_000);
  await expect.poll(() => asked).toHaveLength(2);
  await expect.poll(() => pendingOf("a", db)).toEqual([]);
  expect([met[0], met.at(-1)]).toEqual(["no_signal", null]);
  sender.serve(null);
});
