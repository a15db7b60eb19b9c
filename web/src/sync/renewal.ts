import { ApiError, type Failure } from "@/api/http";
import type { Bundle } from "@/api/types";
import { backoffMs } from "./backoff";

/** Live events renew the shift at most this often. */
export const PAUSE_MS = 1500;

export interface RenewalPorts {
  fetch: () => Promise<Bundle>;
  take: (user: string, bundle: Bundle) => Promise<void>;
  /** Whether asking makes sense, e.g. the session has not ended. */
  allowed: () => boolean;
  /** Why the last run failed; `null` once one went well, and for a person who has just come. */
  onFailure: (failure: Failure | null) => void;
  /** Calls back once after so many ms; gives what calls that off. */
  later: (job: () => void, ms: number) => () => void;
}

/** One person's time at this device. What was begun in it ends with it. */
interface Turn {
  user: string;
  running: Promise<void> | null;
  next: Promise<void> | null;
  callOff: (() => void) | null;
  failures: number;
  callOffRetry: (() => void) | null;
}

function laterByTimeout(job: () => void, ms: number): () => void {
  const timer = setTimeout(job, ms);
  return () => clearTimeout(timer);
}

/** Keeps the shift on the device as fresh as the server's: one fetch at a time, none missed; one that failed is
 * tried again, ever less often. */
export class Renewal {
  private readonly ports: RenewalPorts;
  private turn: Turn | null = null;

  constructor(ports: Partial<RenewalPorts> & Pick<RenewalPorts, "fetch" | "take">) {
    this.ports = { allowed: () => true, onFailure: () => undefined, later: laterByTimeout, ...ports };
  }

  /** Whose shift to renew, beginning now. What is still under way for somebody else is dropped when it arrives. */
  serve(user: string): void {
    this.stop();
    this.turn = { user, running: null, next: null, callOff: null, failures: 0, callOffRetry: null };
    this.ports.onFailure(null);
    void this.now();
  }

  stop(): void {
    this.turn?.callOff?.();
    this.turn?.callOffRetry?.();
    this.turn = null;
  }

  /** Resolves after a fetch that began after this call, whether it went well or not. Calls during a run lead to
   * one more run, however many they are. */
  now(): Promise<void> {
    const turn = this.turn;
    if (turn === null) {
      return Promise.resolve();
    }
    if (turn.next !== null) {
      return turn.next;
    }
    if (turn.running === null) {
      return this.begin(turn);
    }
    turn.next = turn.running.then(() => this.begin(turn));
    return turn.next;
  }

  /** Something has changed: renews within `PAUSE_MS`. Further calls do not put that off, or a steady stream of
   * them would keep the shift from ever being renewed. */
  soon(): void {
    const turn = this.turn;
    if (turn !== null && turn.callOff === null) {
      turn.callOff = this.ports.later(() => {
        turn.callOff = null;
        void this.now();
      }, PAUSE_MS);
    }
  }

  private begin(turn: Turn): Promise<void> {
    turn.next = null;
    turn.callOffRetry?.();
    turn.callOffRetry = null;
    turn.running = this.run(turn).finally(() => {
      turn.running = null;
    });
    return turn.running;
  }

  /** Failing is no fault: what is on the device stays. */
  private async run(turn: Turn): Promise<void> {
    if (turn !== this.turn || !this.ports.allowed()) {
      return;
    }
    let failed: ApiError | null = null;
    try {
      const bundle = await this.ports.fetch();
      if (turn !== this.turn) {
        return;
      }
      if (bundle.user.id !== turn.user) {
        // Somebody else signed in in another tab: this is their shift.
        throw new ApiError("signed_out", 401, "another person is signed in");
      }
      await this.ports.take(turn.user, bundle);
    } catch (error) {
      failed = error instanceof ApiError ? error : new ApiError("server", 0, String(error));
    }
    if (turn === this.turn) {
      this.plan(turn, failed);
      this.ports.onFailure(failed?.kind ?? null);
    }
  }

  /** After a failure that may pass by itself: the next attempt, which any earlier one calls off. */
  private plan(turn: Turn, failed: ApiError | null): void {
    turn.failures = failed === null ? 0 : turn.failures + 1;
    if (failed?.retryable) {
      const wait = Math.max((failed.retryAfterS ?? 0) * 1000, backoffMs(turn.failures));
      turn.callOffRetry = this.ports.later(() => void this.now(), wait);
    }
  }
}
