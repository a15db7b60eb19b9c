import type { Bundle, BundleOrder } from "@/api/types";
import { uuid7 } from "@/domain/ids";
import type { Name } from "@/domain/names";
import { type Act, applyOperation, makeOperation, type Operation, withPending } from "@/domain/operations";
import {
  type Database,
  type Draft,
  database,
  type LocalOrder,
  localOrder,
  type OperationSubject,
  type QueuedOperation,
} from "./database";

export interface BundleInfo {
  fetchedAt: string;
  serverNow: string;
}

/** This device's name towards the server: made once, kept for ever. */
export async function deviceId(db: Database = database): Promise<string> {
  return db.transaction("rw", db.meta, async () => {
    const row = await db.meta.get("device");
    if (row !== undefined) {
      return row.value as string;
    }
    const value = uuid7();
    await db.meta.put({ key: "device", value });
    return value;
  });
}

function aboutOf(order: LocalOrder, step: string | null | undefined): OperationSubject {
  const asset = order.asset_ref;
  return {
    title: order.title,
    kind: order.kind,
    asset: asset == null ? null : { code: asset.code, name: asset.name },
    unit: order.template?.find((item) => item.step === step)?.unit ?? "",
  };
}

/**
 * Records what a person did: the operation and the order's new state in one transaction, so that neither
 * ever exists without the other. Resolves when both are on disk.
 */
export async function record(
  act: Act,
  user: string,
  label: Name,
  db: Database = database,
  now: number = Date.now(),
): Promise<Operation> {
  return db.transaction("rw", db.orders, db.operations, db.drafts, async () => {
    const order = act.work_order ? await db.orders.get([user, act.work_order]) : undefined;
    const base = act.base_version ?? order?.version ?? null;
    const operation = makeOperation({ ...act, base_version: base }, user, now);
    const queued: QueuedOperation = { ...operation, status: "waiting", code: null, attempts: 0, label };
    await db.operations.add(order === undefined ? queued : { ...queued, about: aboutOf(order, act.step) });
    if (order !== undefined) {
      await db.orders.put(applyOperation(order, operation));
    }
    if (act.step && act.work_order) {
      await db.drafts.delete([user, act.work_order, act.step]);
    }
    return operation;
  });
}

export const pendingOf = (user: string, db: Database = database): Promise<QueuedOperation[]> =>
  db.operations.where("user").equals(user).sortBy("op_id");

/** Whether the server took operations on an order after it put together what it says now. */
const isAhead = (order: LocalOrder, saidAt: string): boolean =>
  order.sent_at !== undefined && !(Date.parse(saidAt) > Date.parse(order.sent_at));

/** Takes over the server's bundle: its orders with our unsent operations on top; orders that the server no
 * longer lists go, unless something of theirs is still unsent. A bundle that was already on its way when operations
 * were sent takes nothing of them back: the version of an order counts its changes, so a lower one is an older
 * state, however late it comes. While the store of the readings does not answer, the last known ones stay. Once a bundle is younger than what was sent, the server's word holds even with a
 * lower version, as after its data were restored from a copy. */
export async function takeBundle(user: string, bundle: Bundle, db: Database = database): Promise<void> {
  await db.transaction("rw", db.orders, db.assets, db.operations, db.meta, async () => {
    const pending = (await pendingOf(user, db)).filter((op) => op.status === "waiting");
    const old = await db.orders.where("user").equals(user).toArray();
    const ahead = new Map(old.filter((o) => isAhead(o, bundle.generated_at)).map((o) => [o.id, o.version]));
    const held = new Set([...pending.map((op) => op.work_order), ...ahead.keys()]);
    const listed = new Set(bundle.work_orders.map((o) => o.id));
    await db.orders.bulkDelete(
      old.filter((o) => !listed.has(o.id) && !held.has(o.id)).map((o) => [user, o.id] as [string, string]),
    );
    const fresh = bundle.work_orders.filter((order) => order.version >= (ahead.get(order.id) ?? 0));
    await db.orders.bulkPut(fresh.map((order) => withPending(localOrder(user, order), pending)));
    const mine = db.assets.where("user").equals(user);
    const known = new Map(bundle.readings_away ? (await mine.toArray()).map((c) => [c.key, c.latest]) : []);
    await mine.delete();
    const cards = bundle.assets.map((card) => ({ ...card, user, key: card.asset.key }));
    await db.assets.bulkPut(cards.map((card) => ({ ...card, latest: known.get(card.key) ?? card.latest })));
    const info: BundleInfo = { fetchedAt: new Date().toISOString(), serverNow: bundle.generated_at };
    await db.meta.put({ key: `bundle:${user}`, value: info });
  });
}

export async function bundleInfo(user: string, db: Database = database): Promise<BundleInfo | null> {
  return ((await db.meta.get(`bundle:${user}`))?.value as BundleInfo | undefined) ?? null;
}

/** Keeps an order that was opened on line, so that actions on it have a local state. */
export async function keepOrder(user: string, order: BundleOrder, db: Database = database): Promise<void> {
  await db.transaction("rw", db.orders, db.operations, async () => {
    const kept = await db.orders.get([user, order.id]);
    if (kept?.sent_at !== undefined && order.version < kept.version) {
      return; // Asked for before our operations arrived there.
    }
    const pending = (await pendingOf(user, db)).filter((op) => op.status === "waiting");
    await db.orders.put(withPending(localOrder(user, order), pending));
  });
}

/** What the server says of operations that it took and that do not do what their author expects, and that no page of
 * the order shows. */
const TO_BE_SEEN: ReadonlySet<string> = new Set(["opened_again", "same_image"]);

export interface Outcome {
  op_id: string;
  status: string;
  code?: string | null | undefined;
  version?: number | null | undefined;
}

/** What the server made of operations, and its time then: done ones leave the queue and raise the order's version.
 * Without the time only a bundle with at least that version tells more about the order. */
export async function settle(
  user: string,
  results: readonly Outcome[],
  db: Database = database,
  serverNow = "",
): Promise<void> {
  await db.transaction("rw", db.orders, db.operations, async () => {
    for (const result of results) {
      const op = await db.operations.get(result.op_id);
      if (op === undefined || op.user !== user) {
        continue;
      }
      const taken = result.status === "applied" || result.status === "duplicate";
      if (taken && result.code != null && TO_BE_SEEN.has(result.code)) {
        await db.operations.update(op.op_id, { status: "noted", code: result.code });
      } else if (taken) {
        await db.operations.delete(op.op_id);
      } else {
        const status = result.status === "conflict" ? "conflict" : "refused";
        await db.operations.update(op.op_id, { status, code: result.code ?? null });
      }
      const version = result.version;
      if (op.work_order !== null && version != null) {
        await db.orders.where({ user, id: op.work_order }).modify((order) => {
          // A repeated answer tells the version of its first time, which others may have passed since.
          order.version = Math.max(order.version, version);
          order.sent_at = serverNow;
        });
      }
    }
  });
}

export async function noteAttempt(ids: readonly string[], db: Database = database): Promise<void> {
  await db.operations
    .where("op_id")
    .anyOf(ids)
    .modify((op) => {
      op.attempts += 1;
    });
}

/** A person has looked at a refused operation and lets it go. A waiting one stays. */
export async function dismiss(opId: string, db: Database = database): Promise<void> {
  await db.transaction("rw", db.operations, async () => {
    const op = await db.operations.get(opId);
    if (op !== undefined && op.status !== "waiting") {
      await db.operations.delete(opId);
    }
  });
}

export const saveDraft = (draft: Draft, db: Database = database): Promise<unknown> => db.drafts.put(draft);

/** Forgets what was typed: it said nothing new. */
export const dropDraft = (
  user: string,
  order: string,
  step: string,
  db: Database = database,
): Promise<void> => db.drafts.delete([user, order, step]);

/** Puts a refused answer back into its fields, unless something newer stands there. */
export async function takeBack(opId: string, db: Database = database): Promise<void> {
  await db.transaction("rw", db.operations, db.drafts, async () => {
    const op = await db.operations.get(opId);
    if (op === undefined || op.status === "waiting" || op.type !== "answer" || !op.work_order || !op.step) {
      return;
    }
    if ((await db.drafts.get([op.user, op.work_order, op.step])) === undefined) {
      const { number, choice, text, remark, severity } = op.value as Record<string, never>;
      const typed = number === undefined ? {} : { typed: String(number) };
      const filled = Object.entries({ choice, text, remark, severity }).filter(([, v]) => v !== undefined);
      const value = { ...Object.fromEntries(filled), ...typed };
      await db.drafts.put({ user: op.user, order: op.work_order, step: op.step, value });
    }
  });
}

export const draftsOf = (user: string, order: string, db: Database = database): Promise<Draft[]> =>
  db.drafts.where("[user+order]").equals([user, order]).toArray();

export const savePlace = (
  user: string,
  order: string,
  index: number,
  db: Database = database,
): Promise<unknown> => db.places.put({ user, order, index });

export const placeOf = async (user: string, order: string, db: Database = database): Promise<number | null> =>
  (await db.places.get([user, order]))?.index ?? null;
