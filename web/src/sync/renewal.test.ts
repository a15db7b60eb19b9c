import "fake-indexeddb/auto";
import { beforeEach, describe, expect, it } from "vitest";
import { ApiError, type Failure } from "@/api/http";
import type { Bundle } from "@/api/types";
import { Database } from "@/db/database";
import { bundleInfo, record, settle as settleInStore, takeBundle } from "@/db/store";
import { PAUSE_MS, Renewal } from "./renewal";

/** Timers that run when the test lets time pass. */
class Clock {
  private now = 0;
  private jobs: { at: number; job: () => void }[] = [];

  readonly later = (job: () => void, ms: number): (() => void) => {
    const entry = { at: this.now + ms, job };
    this.jobs.push(entry);
    return () => {
      this.jobs = this.jobs.filter((one) => one !== entry);
    };
  };

  async pass(ms: number): Promise<void> {
    this.now += ms;
    const due = this.jobs.filter((one) => one.at <= this.now);
    this.jobs = this.jobs.filter((one) => one.at > this.now);
    for (const { job } of due) {
      job();
    }
    await settle();
  }
}

/** A server whose answers the test gives one by one, in the order of the questions. */
class Server {
  asked = 0;
  private readonly waiting: { give: (bundle: Bundle) => void; refuse: (error: Error) => void }[] = [];

  readonly fetch = (): Promise<Bundle> => {
    this.asked += 1;
    return new Promise((give, refuse) => this.waiting.push({ give, refuse }));
  };

  async give(user: string, at = "2026-11-21T08:00:00Z", orders: unknown[] = []): Promise<void> {
    this.waiting.shift()?.give({
      generated_at: at,
      live_position: 0,
      user: { id: user },
      work_orders: orders,
      assets: [],
    } as unknown as Bundle);
    await settle();
  }

  async refuse(error: Error): Promise<void> {
    this.waiting.shift()?.refuse(error);
    await settle();
  }
}

const settle = (): Promise<void> => new Promise((done) => setTimeout(done, 0));

async function over(promise: Promise<void>): Promise<boolean> {
  let done = false;
  void promise.then(() => {
    done = true;
  });
  await settle();
  return done;
}

let clock: Clock;
let server: Server;
let taken: [string, Bundle][];
let failures: (Failure | null)[];
let renewal: Renewal;
beforeEach(() => {
  clock = new Clock();
  server = new Server();
  taken = [];
  failures = [];
  renewal = new Renewal({
    fetch: server.fetch,
    take: async (user, bundle) => {
      taken.push([user, bundle]);
    },
    onFailure: (failure) => failures.push(failure),
    later: clock.later,
  });
});

describe("what is asked for", () => {
  it("begins with the person", async () => {
    renewal.serve("a");
    await server.give("a");
    expect(taken.map(([user]) => user)).toEqual(["a"]);
  });

  it("is renewed every 1.5 s under a steady stream of events, and no oftener", async () => {
    renewal.serve("a");
    await server.give("a");
    const begun: number[] = [];
    for (let ms = 0; ms <= 4 * PAUSE_MS; ms += 100) {
      const before = server.asked;
      renewal.soon();
      await clock.pass(100);
      if (server.asked > before) {
        begun.push(ms + 100);
        await server.give("a");
      }
    }
    expect(begun).toEqual([PAUSE_MS, 2 * PAUSE_MS, 3 * PAUSE_MS, 4 * PAUSE_MS]);
  });

  it("is asked for once more, however often somebody asked during a run", async () => {
    renewal.serve("a");
    void renewal.now();
    void renewal.now();
    void renewal.now();
    expect(server.asked).toBe(1);
    await server.give("a", "2026-11-21T08:00:00Z");
    expect(server.asked).toBe(2);
    await server.give("a", "2026-11-21T08:00:01Z");
    expect(server.asked).toBe(2);
    expect(taken.map(([, bundle]) => bundle.generated_at)).toEqual([
      "2026-11-21T08:00:00Z",
      "2026-11-21T08:00:01Z",
    ]);
  });

  it("is there for who asked only after a fetch that began later than the question", async () => {
    renewal.serve("a");
    const asked = renewal.now();
    await server.give("a");
    expect(await over(asked)).toBe(false);
    await server.give("a");
    expect(await over(asked)).toBe(true);
  });

  it("is asked for again after an event that came during a run", async () => {
    renewal.serve("a");
    renewal.soon();
    await clock.pass(PAUSE_MS);
    expect(server.asked).toBe(1);
    await server.give("a");
    expect(server.asked).toBe(2);
  });

  it("is not asked for while that makes no sense", async () => {
    let allowed = false;
    const careful = new Renewal({
      fetch: server.fetch,
      take: async () => undefined,
      allowed: () => allowed,
      later: clock.later,
    });
    careful.serve("a");
    await careful.now();
    expect(server.asked).toBe(0);
    allowed = true;
    void careful.now();
    expect(server.asked).toBe(1);
  });
});

describe("a run that fails", () => {
  it("is reported and does not stop later ones", async () => {
    renewal.serve("a");
    const first = renewal.now();
    await server.refuse(new ApiError("offline", 0, "no connection"));
    await server.refuse(new Error("no JSON"));
    expect(await over(first)).toBe(true);
    expect(failures).toEqual([null, "offline", "server"]);
    renewal.soon();
    await clock.pass(PAUSE_MS);
    await server.give("a");
    expect(failures).toEqual([null, "offline", "server", null]);
    expect(taken).toHaveLength(1);
  });

  it("is reported when the device cannot keep what came", async () => {
    const full = new Renewal({
      fetch: server.fetch,
      take: () => Promise.reject(new DOMException("full", "QuotaExceededError")),
      onFailure: (failure) => failures.push(failure),
      later: clock.later,
    });
    full.serve("a");
    await server.give("a");
    expect(failures).toEqual([null, "server"]);
  });
});

describe("a run that fails for a while", () => {
  const lost = new ApiError("offline", 0, "no connection");

  it("is tried again without anybody asking, ever less often, until one goes well", async () => {
    renewal.serve("a");
    await server.refuse(lost);
    await clock.pass(400);
    expect(server.asked).toBe(1);
    await clock.pass(600);
    expect(server.asked).toBe(2);
    await server.refuse(new ApiError("server", 503, "starting"));
    await clock.pass(900);
    expect(server.asked).toBe(2);
    await clock.pass(1100);
    expect(server.asked).toBe(3);
    await server.give("a");
    await clock.pass(3_600_000);
    expect([server.asked, failures.at(-1)]).toEqual([3, null]);
  });

  it("is not tried again before the server said that it may be", async () => {
    renewal.serve("a");
    await server.refuse(new ApiError("throttled", 429, "wait", 30));
    await clock.pass(29_000);
    expect(server.asked).toBe(1);
    await clock.pass(1000);
    expect(server.asked).toBe(2);
  });

  it("waits for one thing only: whoever asks earlier replaces the next attempt", async () => {
    renewal.serve("a");
    await server.refuse(lost);
    void renewal.now();
    await server.give("a");
    await clock.pass(3_600_000);
    expect(server.asked).toBe(2);
  });

  it.each(["signed_out", "forbidden"] as const)("is left alone when it was %s", async (kind) => {
    renewal.serve("a");
    await server.refuse(new ApiError(kind, 403, "no"));
    await clock.pass(3_600_000);
    expect(server.asked).toBe(1);
  });

  it("is not tried again for a person who has gone", async () => {
    renewal.serve("a");
    await server.refuse(lost);
    renewal.stop();
    await clock.pass(3_600_000);
    expect(server.asked).toBe(1);
  });
});

it("what is sent while the shift is on its way stays on the tablet when the signal goes", async () => {
  const db = new Database("late");
  const order = { id: "o", version: 1, state: "open", title: {}, template: [], answers: {} };
  const kept = new Renewal({ fetch: server.fetch, take: (user, bundle) => takeBundle(user, bundle, db) });
  kept.serve("a");
  await server.give("a", "2026-11-21T08:00:00Z", [order]);
  await expect.poll(() => db.orders.get(["a", "o"])).toMatchObject({ version: 1 });
  void kept.now();
  const act = { type: "answer", work_order: "o", step: "s", value: { outcome: "ok" } } as const;
  const op = await record(act, "a", { zh: "", en: "" }, db);
  const applied = { op_id: op.op_id, status: "applied", version: 2 };
  await settleInStore("a", [applied], db, "2026-11-21T08:00:02Z");
  const after = kept.now();
  await server.give("a", "2026-11-21T08:00:01Z", [order]);
  await expect.poll(() => server.asked).toBe(3);
  await server.refuse(new ApiError("offline", 0, "no connection"));
  await after;
  kept.stop();
  expect(await db.orders.get(["a", "o"])).toMatchObject({ version: 2, answers: { s: { outcome: "ok" } } });
});

describe("after sign-out", () => {
  it("the timer is called off, for the next person as well", async () => {
    renewal.serve("a");
    await server.give("a");
    renewal.soon();
    renewal.stop();
    await clock.pass(10 * PAUSE_MS);
    expect(server.asked).toBe(1);
    renewal.serve("a");
    await server.give("a");
    renewal.soon();
    renewal.serve("b");
    await server.give("b");
    await clock.pass(10 * PAUSE_MS);
    expect(server.asked).toBe(3);
  });

  it("nothing is asked for", async () => {
    renewal.serve("a");
    await server.give("a");
    renewal.stop();
    renewal.soon();
    await clock.pass(PAUSE_MS);
    expect(await over(renewal.now())).toBe(true);
    expect(server.asked).toBe(1);
  });

  it("nothing is written or reported for the former person, nor asked for again", async () => {
    renewal.serve("a");
    const asked = renewal.now();
    renewal.stop();
    await server.give("a");
    expect(await over(asked)).toBe(true);
    expect([taken, server.asked]).toEqual([[], 1]);
    renewal.serve("a");
    renewal.stop();
    await server.refuse(new ApiError("signed_out", 401, "ended"));
    expect(failures).toEqual([null, null]);
  });

  it("the next person does not wait for the former one's answer, and never gets it", async () => {
    const db = new Database("renewal");
    const kept = new Renewal({ fetch: server.fetch, take: (user, bundle) => takeBundle(user, bundle, db) });
    kept.serve("a");
    kept.stop();
    kept.serve("b");
    expect(server.asked).toBe(2);
    await server.give("a", "2026-11-21T08:00:00Z");
    await server.give("b", "2026-11-21T08:00:01Z");
    await expect.poll(() => bundleInfo("b", db)).toMatchObject({ serverNow: "2026-11-21T08:00:01Z" });
    expect(await bundleInfo("a", db)).toBeNull();
  });

  it("a shift that belongs to whoever signed in in another tab is not kept as one's own", async () => {
    renewal.serve("a");
    await server.give("b");
    expect(taken).toEqual([]);
    expect(failures).toEqual([null, "signed_out"]);
  });
});
