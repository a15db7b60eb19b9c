import { ApiError } from "@/api/http";
import type { SyncAnswer, SyncRequest } from "@/api/types";
import { type Database, database, type QueuedOperation } from "@/db/database";
import { deviceId, noteAttempt, settle } from "@/db/store";
import { backoffMs } from "./backoff";

export type Obstacle = "no_signal" | "signed_out" | "other_user" | "forbidden" | "server" | "throttled";

export interface SenderPorts {
  db: Database;
  send: (request: SyncRequest) => Promise<SyncAnswer>;
  /** Runs the job as the only one of its name over all tabs; resolves at once when another tab has it. */
  alone: (job: () => Promise<void>) => Promise<void>;
  onObstacle: (obstacle: Obstacle | null) => void;
  onSettled: (count: number) => void;
}

const BATCH = 100;
const LOCK = "plantroom-sender";

export async function aloneByLock(job: () => Promise<void>): Promise<void> {
  if (navigator.locks === undefined) {
    return job();
  }
  await navigator.locks.request(LOCK, { ifAvailable: true }, async (lock) => {
    if (lock !== null) {
      await job();
    }
  });
}

const OBSTACLES: Partial<Record<string, Obstacle>> = {
  offline: "no_signal",
  signed_out: "signed_out",
  forbidden: "forbidden",
  throttled: "throttled",
};

/** The single sender of a person's operations, oldest first, each until the server has answered it. */
export class Sender {
  private readonly ports: SenderPorts;
  private user: string | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private running: Promise<void> | null = null;
  private again = false;
  private failures = 0;

  constructor(ports: Partial<SenderPorts> & Pick<SenderPorts, "send">) {
    this.ports = {
      db: database,
      alone: aloneByLock,
      onObstacle: () => undefined,
      onSettled: () => undefined,
      ...ports,
    };
  }

  /** Whose queue to send; `null` stops. Another person's operations stay where they are. */
  serve(user: string | null): void {
    this.user = user;
    this.failures = 0;
    clearTimeout(this.timer);
    if (user !== null) {
      void this.flush();
    }
  }

  /** Sends now whatever waits; calls while one is under way make it look once more at the end. */
  flush(): Promise<void> {
    clearTimeout(this.timer);
    if (this.running !== null) {
      this.again = true;
      return this.running.then(() => this.running ?? undefined);
    }
    this.running = this.ports
      .alone(() => this.drain())
      .finally(() => {
        this.running = null;
        if (this.again) {
          this.again = false;
          void this.flush();
        }
      });
    return this.running;
  }

  private waiting(user: string): Promise<QueuedOperation[]> {
    return this.ports.db.operations.where("[user+status]").equals([user, "waiting"]).sortBy("op_id");
  }

  private async drain(): Promise<void> {
    const user = this.user;
    while (user !== null && user === this.user) {
      const batch = (await this.waiting(user)).slice(0, BATCH);
      if (batch.length === 0) {
        this.failures = 0;
        this.ports.onObstacle(null);
        return;
      }
      try {
        await this.sendBatch(user, batch);
        this.failures = 0;
      } catch (error) {
        this.meet(error);
        return;
      }
    }
  }

  private async sendBatch(user: string, batch: readonly QueuedOperation[]): Promise<void> {
    const ids = batch.map((op) => op.op_id);
    const device = await deviceId(this.ports.db);
    await noteAttempt(ids, this.ports.db);
    if (user !== this.user) {
      return;
    }
    const answer = await this.ports.send({
      device,
      device_now: new Date().toISOString(),
      ops: batch.map(({ status: _s, code: _c, attempts: _a, label: _l, about: _o, ...op }) => op),
    });
    // Somebody else signed in in another tab: the operations are good, only not now.
    const results = answer.results.filter((r) => r.code !== "wrong_user");
    await settle(user, results, this.ports.db, answer.server_now);
    if (results.length < answer.results.length) {
      throw new ApiError("signed_out", 401, "another person is signed in");
    }
    if (!results.some((r) => ids.includes(r.op_id))) {
      throw new ApiError("server", 500, "the server answered none of the operations");
    }
    this.ports.onObstacle(null);
    this.ports.onSettled(results.length);
  }

  /** Waits out what may pass by itself; a lost session waits for the next sign-in. */
  private meet(error: unknown): void {
    const kind = error instanceof ApiError ? error.kind : "server";
    this.ports.onObstacle(OBSTACLES[kind] ?? "server");
    if (kind === "signed_out") {
      return;
    }
    this.failures += 1;
    const asked = error instanceof ApiError && error.retryAfterS !== null ? error.retryAfterS * 1000 : 0;
    this.timer = setTimeout(() => void this.flush(), Math.max(asked, backoffMs(this.failures)));
  }
}
