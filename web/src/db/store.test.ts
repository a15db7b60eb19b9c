import "fake-indexeddb/auto";
import { beforeEach, describe, expect, it } from "vitest";
import type { Bundle, BundleOrder } from "@/api/types";
import { Database } from "./database";
import {
  deviceId,
  dismiss,
  draftsOf,
  keepOrder,
  pendingOf,
  placeOf,
  record,
  saveDraft,
  savePlace,
  settle,
  takeBack,
  takeBundle,
} from "./store";

const name = { zh: "名", en: "name" };
const order = (id: string, part: Partial<BundleOrder> = {}): BundleOrder =>
  ({
    id,
    number: 1,
    state: "open",
    version: 3,
    title: name,
    template: [],
    answers: {},
    asset: null,
    ...part,
  }) as BundleOrder;
const AT = "2026-11-21T08:00:00Z";
const LATER = "2026-11-21T08:00:05Z";
const bundle = (...orders: BundleOrder[]): Bundle =>
  ({
    generated_at: AT,
    live_position: 1,
    user: {},
    work_orders: orders,
    assets: [],
  }) as unknown as Bundle;

let db: Database;
let count = 0;
beforeEach(() => {
  count += 1;
  db = new Database(`test-${count}`);
});

describe("recording", () => {
  it("keeps the operation and the order's new state together", async () => {
    await takeBundle("u", bundle(order("o")), db);
    await record({ type: "answer", work_order: "o", step: "1", value: { outcome: "ok" } }, "u", name, db);
    const [op] = await pendingOf("u", db);
    expect(op).toMatchObject({ type: "answer", step: "1", base_version: 3, status: "waiting", user: "u" });
    expect((await db.orders.get(["u", "o"]))?.answers).toEqual({ 1: { outcome: "ok" } });
  });

  it("keeps neither when one of them fails", async () => {
    await takeBundle("u", bundle(order("o")), db);
    db.orders.hook("updating", () => {
      throw new Error("disk");
    });
    await expect(record({ type: "start", work_order: "o" }, "u", name, db)).rejects.toThrow();
    expect(await pendingOf("u", db)).toEqual([]);
    expect((await db.orders.get(["u", "o"]))?.state).toBe("open");
  });

  it("survives closing and opening", async () => {
    await takeBundle("u", bundle(order("o")), db);
    await record({ type: "start", work_order: "o" }, "u", name, db);
    const device = await deviceId(db);
    await savePlace("u", "o", 7, db);
    db.close();
    const again = new Database(db.name);
    expect(await pendingOf("u", again)).toHaveLength(1);
    expect(await deviceId(again)).toBe(device);
    expect(await placeOf("u", "o", again)).toBe(7);
  });

  it("drops the draft with the answer", async () => {
    await takeBundle("u", bundle(order("o")), db);
    await saveDraft({ user: "u", order: "o", step: "1", value: { number: 4 } }, db);
    await saveDraft({ user: "u", order: "o", step: "2", value: { number: 5 } }, db);
    await record({ type: "answer", work_order: "o", step: "1", value: { outcome: "ok" } }, "u", name, db);
    expect((await draftsOf("u", "o", db)).map((d) => d.step)).toEqual(["2"]);
  });
});

describe("taking over the server's word", () => {
  it("keeps unsent work on top of it", async () => {
    await takeBundle("u", bundle(order("o")), db);
    await record({ type: "answer", work_order: "o", step: "1", value: { outcome: "na" } }, "u", name, db);
    await takeBundle("u", bundle(order("o", { version: 9, answers: { 2: { outcome: "ok" } } })), db);
    const kept = await db.orders.get(["u", "o"]);
    expect(kept?.version).toBe(9);
    expect(kept?.answers).toEqual({ 1: { outcome: "na" }, 2: { outcome: "ok" } });
  });

  it("forgets orders that are gone, but none with unsent work", async () => {
    await takeBundle("u", bundle(order("a"), order("b")), db);
    await record({ type: "start", work_order: "a" }, "u", name, db);
    await takeBundle("u", bundle(), db);
    expect((await db.orders.toArray()).map((o) => o.id)).toEqual(["a"]);
  });

  it("leaves another person's orders and queue alone", async () => {
    await takeBundle("u", bundle(order("a")), db);
    await record({ type: "start", work_order: "a" }, "u", name, db);
    await takeBundle("v", bundle(order("a")), db);
    expect((await db.orders.get(["v", "a"]))?.state).toBe("open");
    expect(await pendingOf("v", db)).toEqual([]);
  });
});

describe("a late word of the server", () => {
  const sent = async (version = 4) => {
    await takeBundle("u", bundle(order("o"), order("p")), db);
    const act = { type: "answer", work_order: "o", step: "1", value: { outcome: "ok" } } as const;
    const op = await record(act, "u", name, db);
    await settle("u", [{ op_id: op.op_id, status: "applied", version }], db, LATER);
  };
  const answers = async () => (await db.orders.get(["u", "o"]))?.answers;

  it("takes nothing back that was sent since, and tells of everything else", async () => {
    await sent();
    await takeBundle("u", bundle(order("o"), order("p", { state: "on_hold" })), db);
    expect(await answers()).toEqual({ 1: { outcome: "ok" } });
    expect((await db.orders.get(["u", "o"]))?.version).toBe(4);
    expect((await db.orders.get(["u", "p"]))?.state).toBe("on_hold");
    await takeBundle("u", bundle(), db);
    expect(await answers()).toEqual({ 1: { outcome: "ok" } });
    await keepOrder("u", order("o"), db);
    expect(await answers()).toEqual({ 1: { outcome: "ok" } });
  });

  it("holds when it knows of what was sent, whenever it was put together", async () => {
    await sent();
    const merged = { 1: { outcome: "ok", by: "u" }, 2: { outcome: "na" } };
    await takeBundle("u", bundle(order("o", { version: 4, answers: merged })), db);
    expect(await answers()).toEqual(merged);
  });

  it("holds when it is younger, also from a server whose data were restored", async () => {
    await sent();
    await takeBundle(
      "u",
      { ...bundle(order("o", { version: 2 })), generated_at: "2026-11-21T08:00:06Z" },
      db,
    );
    expect(await answers()).toEqual({});
  });

  it("is not let in by a repeated answer of an earlier version", async () => {
    await sent(9);
    const op = await record({ type: "start", work_order: "o" }, "u", name, db);
    await settle("u", [{ op_id: op.op_id, status: "duplicate", version: 4 }], db, LATER);
    await takeBundle("u", bundle(order("o", { version: 5 })), db);
    expect((await db.orders.get(["u", "o"]))?.version).toBe(9);
  });
});

describe("a refused answer", () => {
  const refuse = async (value: Record<string, unknown>) => {
    const asset_ref = { code: "P-101", name } as never;
    const template = [{ step: "1", unit: "MPa" }] as never;
    await takeBundle("u", bundle(order("o", { asset_ref, template, kind: "inspection" })), db);
    const op = await record({ type: "answer", work_order: "o", step: "1", value }, "u", name, db);
    await settle("u", [{ op_id: op.op_id, status: "rejected", code: "malformed" }], db);
    return op.op_id;
  };

  it("still says which order, machine and unit it is about when the order has left the device", async () => {
    await refuse({ outcome: "ok", number: 0.4 });
    await takeBundle("u", bundle(), db);
    const [kept] = await pendingOf("u", db);
    expect(kept?.about).toEqual({
      title: name,
      kind: "inspection",
      asset: { code: "P-101", name },
      unit: "MPa",
    });
  });

  it("goes back into its fields, and over nothing that was typed since", async () => {
    const id = await refuse({ outcome: "not_ok", number: 0.4, remark: "leaks" });
    await takeBack(id, db);
    expect((await draftsOf("u", "o", db))[0]?.value).toEqual({ typed: "0.4", remark: "leaks" });
    await saveDraft({ user: "u", order: "o", step: "1", value: { typed: "0.5" } }, db);
    await takeBack(id, db);
    expect((await draftsOf("u", "o", db))[0]?.value).toEqual({ typed: "0.5" });
  });
});

describe("settling", () => {
  it("removes what is done, keeps what is refused with its reason", async () => {
    await takeBundle("u", bundle(order("o")), db);
    const done = await record({ type: "start", work_order: "o" }, "u", name, db);
    const refused = await record({ type: "complete", work_order: "o" }, "u", name, db);
    await settle(
      "u",
      [
        { op_id: done.op_id, status: "applied", version: 5 },
        { op_id: refused.op_id, status: "rejected", code: "illegal_transition" },
      ],
      db,
    );
    expect(await pendingOf("u", db)).toMatchObject([
      { op_id: refused.op_id, status: "refused", code: "illegal_transition" },
    ]);
    expect((await db.orders.get(["u", "o"]))?.version).toBe(5);
    await dismiss(refused.op_id, db);
    expect(await pendingOf("u", db)).toEqual([]);
  });

  it.each([
    ["applied", "opened_again"],
    ["duplicate", "opened_again"],
    ["applied", "same_image"],
    ["duplicate", "same_image"],
  ])(
    "keeps what does not do what was expected, as the server says, until it was seen: %s, %s",
    async (status, code) => {
      await takeBundle("u", bundle(order("o")), db);
      const { op_id } = await record({ type: "complete", work_order: "o" }, "u", name, db);
      await settle("u", [{ op_id, status, code, version: 5 }], db);
      expect(await pendingOf("u", db)).toMatchObject([{ op_id, status: "noted", code }]);
      await dismiss(op_id, db);
      expect(await pendingOf("u", db)).toEqual([]);
    },
  );

  it.each(["incomplete", "evidence_pending", "outside_limits"])(
    "lets go what the order itself shows: %s",
    async (code) => {
      await takeBundle("u", bundle(order("o")), db);
      const { op_id } = await record({ type: "complete", work_order: "o" }, "u", name, db);
      await settle("u", [{ op_id, status: "applied", code, version: 5 }], db);
      expect(await pendingOf("u", db)).toEqual([]);
    },
  );

  it("lets nobody dismiss what is still to be sent", async () => {
    await takeBundle("u", bundle(order("o")), db);
    const op = await record({ type: "start", work_order: "o" }, "u", name, db);
    await dismiss(op.op_id, db);
    expect(await pendingOf("u", db)).toHaveLength(1);
  });
});

it("keeps the last known readings of a card while their store does not answer", async () => {
  const card = (values: number[]) => ({
    asset: { key: "k" },
    points: [],
    latest: values.map((value) => ({ value })),
  });
  const withCards = (values: number[], readings_away: boolean) =>
    ({ ...bundle(), assets: [card(values)], readings_away }) as unknown as Bundle;
  const kept = async () => (await db.assets.get(["u", "k"]))?.latest.map((v) => v.value);
  await takeBundle("u", withCards([1], false), db);
  await takeBundle("u", withCards([], true), db);
  expect(await kept()).toEqual([1]);
  await takeBundle("u", withCards([], false), db);
  expect(await kept()).toEqual([]);
});
