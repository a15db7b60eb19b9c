import "fake-indexeddb/auto";
import { beforeEach, describe, expect, it } from "vitest";
import { ApiError } from "@/api/http";
import type { SyncAnswer, SyncRequest } from "@/api/types";
import { Database } from "@/db/database";
import { keepOrder, pendingOf, record } from "@/db/store";
import { backoffMs } from "./backoff";
import { type Obstacle, Sender } from "./sender";
import { exportOf, syncLine } from "./status";

const name = { zh: "名", en: "name" };
const alone = (job: () => Promise<void>): Promise<void> => job();
const applied = (request: SyncRequest): SyncAnswer =>
  ({
    server_now: "2026-11-21T08:00:00Z",
    results: (request.ops as { op_id: string }[]).map((op) => ({
      op_id: op.op_id,
      status: "applied",
      code: null,
      version: 2,
    })),
  }) as SyncAnswer;

let db: Database;
let count = 0;
beforeEach(() => {
  count += 1;
  db = new Database(`sync-${count}`);
});

describe("the sender", () => {
  it("sends what waits, oldest first, as the server knows it", async () => {
    const sent: SyncRequest[] = [];
    await record({ type: "start", work_order: "o" }, "u", name, db, 1000);
    await record({ type: "complete", work_order: "o" }, "u", name, db, 2000);
    const sender = new Sender({
      db,
      alone,
      send: async (r) => {
        sent.push(r);
        return applied(r);
      },
    });
    sender.serve("u");
    await sender.flush();
    const ops = sent.flatMap((r) => r.ops) as Record<string, unknown>[];
    expect(ops.map((op) => op["type"])).toEqual(["start", "complete"]);
    expect(Object.keys(ops[0] ?? {}).sort()).toEqual([
      "base_version",
      "captured_at",
      "op_id",
      "step",
      "type",
      "user",
      "value",
      "work_order",
    ]);
    expect(await pendingOf("u", db)).toEqual([]);
  });

  it("keeps to itself what it noted for people about an operation", async () => {
    const sent: SyncRequest[] = [];
    await keepOrder("u", { id: "o", title: name, template: [], answers: {}, version: 1 } as never, db);
    await record({ type: "start", work_order: "o" }, "u", name, db);
    expect((await pendingOf("u", db))[0]?.about?.title).toEqual(name);
    const sender = new Sender({
      db,
      alone,
      send: async (r) => {
        sent.push(r);
        return applied(r);
      },
    });
    sender.serve("u");
    await sender.flush();
    expect(Object.keys(sent[0]?.ops[0] ?? {})).not.toContain("about");
  });

  it("keeps everything while the network is away, and says why", async () => {
    const met: (Obstacle | null)[] = [];
    await record({ type: "start", work_order: "o" }, "u", name, db);
    const sender = new Sender({
      db,
      alone,
      onObstacle: (o) => met.push(o),
      send: async () => {
        throw new ApiError("offline", 0, "no connection");
      },
    });
    sender.serve("u");
    await sender.flush();
    sender.serve(null);
    expect(met).toContain("no_signal");
    expect(await pendingOf("u", db)).toMatchObject([{ status: "waiting" }]);
  });

  it("waits for the next sign-in when the session has ended, and never sends for somebody else", async () => {
    const users: unknown[] = [];
    await record({ type: "start", work_order: "o" }, "u", name, db);
    let ended = true;
    const sender = new Sender({
      db,
      alone,
      send: async (r) => {
        if (ended) {
          throw new ApiError("signed_out", 401, "ended");
        }
        users.push(...(r.ops as { user: string }[]).map((op) => op.user));
        return applied(r);
      },
    });
    sender.serve("u");
    await sender.flush();
    ended = false;
    sender.serve("v");
    await sender.flush();
    expect(users).toEqual([]);
    sender.serve("u");
    await sender.flush();
    expect(users).toEqual(["u"]);
  });

  it("says that it was not permitted: the session in the browser may be another one by now", async () => {
    await record({ type: "start", work_order: "o" }, "u", name, db);
    const met: (Obstacle | null)[] = [];
    const sender = new Sender({
      db,
      alone,
      onObstacle: (o) => met.push(o),
      send: async () => {
        throw new ApiError("forbidden", 403, "not this session's token");
      },
    });
    sender.serve("u");
    await sender.flush();
    sender.serve(null);
    expect(new Set(met)).toEqual(new Set(["forbidden"]));
    expect(await pendingOf("u", db)).toMatchObject([{ status: "waiting" }]);
  });

  it("keeps operations that the server took for another person's", async () => {
    await record({ type: "start", work_order: "o" }, "u", name, db);
    const met: (Obstacle | null)[] = [];
    const sender = new Sender({
      db,
      alone,
      onObstacle: (o) => met.push(o),
      send: async (r) => {
        const answer = applied(r);
        Object.assign(answer.results[0] ?? {}, { status: "rejected", code: "wrong_user" });
        return answer;
      },
    });
    sender.serve("u");
    await sender.flush();
    expect(new Set(met)).toEqual(new Set(["signed_out"]));
    expect(await pendingOf("u", db)).toMatchObject([{ status: "waiting" }]);
  });

  it("keeps a refused operation for a person to see and goes on with the rest", async () => {
    await record({ type: "start", work_order: "gone" }, "u", name, db, 1000);
    await record({ type: "start", work_order: "o" }, "u", name, db, 2000);
    const sender = new Sender({
      db,
      alone,
      send: async (r) => {
        const answer = applied(r);
        const ops = r.ops as { work_order: string }[];
        answer.results.forEach((result, i) => {
          if (ops[i]?.work_order === "gone") {
            Object.assign(result, { status: "rejected", code: "unknown_work_order" });
          }
        });
        return answer;
      },
    });
    sender.serve("u");
    await sender.flush();
    expect(await pendingOf("u", db)).toMatchObject([
      { work_order: "gone", status: "refused", code: "unknown_work_order" },
    ]);
  });

  it("takes a repeated answer for done: the network may have lost the first", async () => {
    await record({ type: "start", work_order: "o" }, "u", name, db);
    const sender = new Sender({
      db,
      alone,
      send: async (r) => {
        const answer = applied(r);
        Object.assign(answer.results[0] ?? {}, { status: "duplicate" });
        return answer;
      },
    });
    sender.serve("u");
    await sender.flush();
    expect(await pendingOf("u", db)).toEqual([]);
  });
});

describe("the sync line", () => {
  const op = (status: "waiting" | "refused" | "noted", captured_at = "2026-11-21T09:12:00Z") => ({
    status,
    captured_at,
  });

  it("says all sent, sending, waiting since and why, refused", () => {
    expect(syncLine([], null)).toEqual({ kind: "sent" });
    expect(syncLine([op("waiting")], null)).toEqual({ kind: "sending", count: 1 });
    expect(syncLine([op("waiting", "2026-11-21T09:30:00Z"), op("waiting")], "no_signal")).toEqual({
      kind: "waiting",
      count: 2,
      since: "2026-11-21T09:12:00Z",
      why: "no_signal",
    });
    expect(syncLine([op("refused")], "no_signal")).toEqual({ kind: "refused", count: 1 });
    expect(syncLine([op("noted"), op("noted")], null)).toEqual({ kind: "noted", count: 2 });
    expect(syncLine([op("noted"), op("refused")], null)).toEqual({ kind: "refused", count: 1 });
    expect(syncLine([op("noted"), op("waiting")], null)).toEqual({ kind: "sending", count: 1 });
  });

  it("exports what is not sent", async () => {
    await record({ type: "start", work_order: "o" }, "u", name, db);
    const text = JSON.parse(exportOf("dev", await pendingOf("u", db), new Date(0)));
    expect(text).toMatchObject({ device: "dev", operations: [{ type: "start", work_order: "o" }] });
  });
});

it("waits longer from failure to failure, at most a minute, never twice alike", () => {
  expect(backoffMs(1, () => 1)).toBe(1000);
  expect(backoffMs(4, () => 1)).toBe(8000);
  expect(backoffMs(40, () => 1)).toBe(60_000);
  expect(backoffMs(4, () => 0)).toBe(4000);
});
