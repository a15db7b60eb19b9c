import { batch, computed, effect, signal } from "@preact/signals";
import { liveQuery } from "dexie";
import { isFresh, onLive, startLive, stopLive } from "@/api/events";
import { connectHttp, type Failure } from "@/api/http";
import { fetchBundle, sendOperations } from "@/api/resources";
import { checkSession, expired, other, session, watchTabs } from "@/api/session";
import { database, type LocalAsset, type LocalOrder, type QueuedOperation } from "@/db/database";
import { type BundleInfo, bundleInfo, record as recordInStore, takeBundle } from "@/db/store";
import type { Name } from "@/domain/names";
import type { Act, Operation } from "@/domain/operations";
import { sendLeaving } from "@/sync/leaving";
import { Renewal } from "@/sync/renewal";
import { type Obstacle, Sender } from "@/sync/sender";
import { syncLine } from "@/sync/status";
import { loadCatalogue } from "./names";
import { forgetAnswers } from "./query";

/** What this device holds for the person who uses it, and how its work gets to the server. */
export const reachable = signal(navigator.onLine);
export const operations = signal<QueuedOperation[]>([]);
export const obstacle = signal<Obstacle | null>(null);
export const orders = signal<LocalOrder[] | undefined>(undefined);
export const assetCards = signal<ReadonlyMap<string, LocalAsset>>(new Map());
export const bundle = signal<BundleInfo | null>(null);
export const settled = signal(0);
/** Why the shift could not be taken along the last time; what was there before stays. */
export const bundleFailure = signal<Failure | null>(null);
/** Unsent operations of other people on this device: only counted, never shown or sent. */
export const foreign = signal(0);

export const userId = computed(() => session.value?.user.id ?? null);
export const line = computed(() => {
  const met = obstacle.value ?? (reachable.value ? null : "no_signal");
  const why = other.value !== null ? "other_user" : expired.value ? "signed_out" : met;
  return syncLine(operations.value, why);
});

/** The server took this device for somebody else's, or for nobody's: who is signed in here, another tab may have
 * changed. A session that is known to have ended waits for the next sign-in. */
function doubtSession(): void {
  if (!expired.peek() && other.peek() === null) {
    void checkSession();
  }
}

const sender = new Sender({
  send: sendOperations,
  onObstacle: (met) => {
    obstacle.value = met;
    // Forbidden: the token is not that of the browser's session, which is another one by now.
    if (met === "signed_out" || met === "forbidden") {
      doubtSession();
    }
  },
  onSettled: () => {
    settled.value += 1;
    void refreshBundle();
  },
});

const recent = signal<Operation[]>([]);
const RECENT_MS = 8000;

/** What pages put on top of the server's word: what is unsent, and for a moment what was sent just now, so that
 * nothing jumps back before the fresh answer is there. */
export const overlay = computed(() => {
  const queued = operations.value;
  const refused = new Set(queued.filter((op) => op.status !== "waiting").map((op) => op.op_id));
  const waiting = queued.filter((op) => op.status === "waiting");
  const known = new Set(waiting.map((op) => op.op_id));
  return [...recent.value.filter((op) => !refused.has(op.op_id) && !known.has(op.op_id)), ...waiting];
});

/** Records what a person did and sends it when it can be sent. Resolves once it is on disk. */
export async function record(act: Act, label: Name): Promise<void> {
  const user = userId.peek();
  if (user === null) {
    throw new Error("nobody is signed in");
  }
  const done = await recordInStore(act, user, label);
  recent.value = [...recent.peek(), done];
  setTimeout(() => {
    recent.value = recent.peek().filter((op) => op.op_id !== done.op_id);
  }, RECENT_MS);
  void sender.flush();
}

export const flush = (): Promise<void> => sender.flush();

const renewal = new Renewal({
  fetch: fetchBundle,
  take: takeBundle,
  allowed: () => !expired.peek() && other.peek() === null,
  onFailure: (failure) => {
    bundleFailure.value = failure;
    if (failure === "signed_out") {
      doubtSession();
    }
  },
});

/** Takes everything for the shift along, as the server has it after this call. Failing is no fault: what is on the
 * device stays, and `bundleFailure` says why. */
export const refreshBundle = (): Promise<void> => renewal.now();

function watch(user: string): () => void {
  const watched = liveQuery(async () => ({
    orders: await database.orders.where("user").equals(user).toArray(),
    assets: await database.assets.where("user").equals(user).toArray(),
    operations: await database.operations.where("user").equals(user).sortBy("op_id"),
    foreign: await database.operations.where("user").notEqual(user).count(),
    bundle: await bundleInfo(user),
  })).subscribe((found) =>
    batch(() => {
      orders.value = found.orders;
      assetCards.value = new Map(found.assets.map((a) => [a.key, a]));
      operations.value = found.operations;
      foreign.value = found.foreign;
      bundle.value = found.bundle;
    }),
  );
  return () => watched.unsubscribe();
}

function serve(user: string): () => void {
  const unwatch = watch(user);
  sender.serve(user);
  startLive();
  void checkSession().then(() => sender.flush());
  renewal.serve(user);
  void loadCatalogue().catch(() => undefined);
  const off = onLive((event) => {
    if (event.topic === "work_order" || isFresh(event.topic)) {
      renewal.soon();
    }
  });
  return () => {
    unwatch();
    off();
    renewal.stop();
    sender.serve(null);
    stopLive();
    orders.value = undefined;
    operations.value = [];
    forgetAnswers();
  };
}

/** Starts everything that follows the person: the store's live view, the sender, live events. */
export function startDevice(): void {
  watchTabs();
  void sendLeaving();
  connectHttp({
    onReachable: (yes) => {
      reachable.value = yes;
    },
  });
  addEventListener("offline", () => {
    reachable.value = false;
  });
  addEventListener("online", () => {
    reachable.value = true;
    obstacle.value = null;
    void sendLeaving();
    if (userId.peek() !== null) {
      startLive();
      void checkSession().then(() => sender.flush());
      void refreshBundle();
    }
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") {
      void sender.flush();
    }
  });
  // Before the one below, so that at the start nothing is asked twice.
  effect(() => {
    if (!expired.value && other.value === null) {
      void sender.flush();
      void refreshBundle();
    }
  });
  effect(() => {
    const user = userId.value;
    return user === null ? undefined : serve(user);
  });
}
