import type { QueuedOperation } from "@/db/database";
import type { Obstacle } from "./sender";

export type SyncLine =
  | { kind: "sent" }
  | { kind: "sending"; count: number }
  | { kind: "waiting"; count: number; since: string; why: Obstacle | null }
  | { kind: "refused"; count: number }
  | { kind: "noted"; count: number };

/** The one line at the top that says whether anything of a person's work is still on the device. */
export function syncLine(
  operations: readonly Pick<QueuedOperation, "status" | "captured_at">[],
  obstacle: Obstacle | null,
): SyncLine {
  const noted = operations.filter((op) => op.status === "noted").length;
  const refused = operations.filter((op) => op.status !== "waiting").length - noted;
  const waiting = operations.filter((op) => op.status === "waiting");
  const oldest = waiting.map((op) => op.captured_at).sort()[0];
  if (oldest !== undefined && obstacle !== null) {
    return { kind: "waiting", count: waiting.length, since: oldest, why: obstacle };
  }
  if (refused > 0) {
    return { kind: "refused", count: refused };
  }
  if (noted > 0 && oldest === undefined) {
    return { kind: "noted", count: noted };
  }
  return oldest === undefined ? { kind: "sent" } : { kind: "sending", count: waiting.length };
}

/** Everything that is not sent, as a document that a person can save and hand over. */
export function exportOf(device: string, operations: readonly QueuedOperation[], now: Date): string {
  return JSON.stringify({ exported_at: now.toISOString(), device, operations }, null, 2);
}
