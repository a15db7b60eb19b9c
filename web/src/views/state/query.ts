import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { isFresh, onLive, type Topic } from "@/api/events";
import { ApiError, type Failure } from "@/api/http";

/** What a page knows of an answer. `data` stays while it is asked again, so that nothing jumps. */
export interface Answered<T> {
  data: T | undefined;
  failure: Failure | null;
  detail: string;
  at: number;
}

const EMPTY: Answered<never> = { data: undefined, failure: null, detail: "", at: 0 };
const memory = new Map<string, Answered<unknown>>();

/** Forgets everything: another person has signed in. */
export function forgetAnswers(): void {
  memory.clear();
}

interface Options {
  /** Live topics that make the answer old. */
  topics?: readonly Topic[];
  /** Ask again this often, for what no topic tells. */
  everyMs?: number;
}

const QUIET_MS = 400;

/**
 * Asks the server, again after live events (at most every `QUIET_MS`), and keeps the last answer under its
 * key, so that going back to a page shows it at once. A `null` key asks nothing.
 */
export function useAnswer<T>(
  key: string | null,
  ask: () => Promise<T>,
  options: Options = {},
): Answered<T> & { again: () => void } {
  const answer = useSignal<Answered<T>>(EMPTY);
  const round = useSignal(0);
  const topics = options.topics ?? [];
  useEffect(() => {
    if (key === null) {
      answer.value = EMPTY;
      return;
    }
    answer.value = (memory.get(key) as Answered<T> | undefined) ?? EMPTY;
    let alive = true;
    let busy = false;
    let stale = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const put = (next: Answered<T>): void => {
      memory.set(key, next);
      if (alive) {
        answer.value = next;
      }
    };
    const run = async (): Promise<void> => {
      if (busy) {
        stale = true;
        return;
      }
      busy = true;
      try {
        put({ data: await ask(), failure: null, detail: "", at: Date.now() });
      } catch (error) {
        const known = error instanceof ApiError ? error : new ApiError("server", 0, String(error));
        put({ ...(answer.peek() ?? EMPTY), failure: known.kind, detail: known.message });
      }
      busy = false;
      if (stale && alive) {
        stale = false;
        soon();
      }
    };
    const soon = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => void run(), QUIET_MS);
    };
    void run();
    const off = onLive((event) => {
      if (isFresh(event.topic) || (topics as readonly string[]).includes(event.topic)) {
        soon();
      }
    });
    const beat = options.everyMs === undefined ? undefined : setInterval(() => void run(), options.everyMs);
    const online = (): void => void run();
    addEventListener("online", online);
    return () => {
      alive = false;
      off();
      clearTimeout(timer);
      clearInterval(beat);
      removeEventListener("online", online);
    };
  }, [key, round.value]);
  return {
    ...answer.value,
    again: () => {
      round.value += 1;
    },
  };
}
