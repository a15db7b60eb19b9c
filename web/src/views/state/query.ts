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

/** Keeps one answer fresh while somebody looks at it: one question at a time, none missed. */
class Asker<T> {
  private readonly key: string;
  private readonly ask: () => Promise<T>;
  private readonly show: (answer: Answered<T>) => void;
  private answer: Answered<T>;
  private alive = true;
  private busy = false;
  private stale = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(key: string, ask: () => Promise<T>, show: (answer: Answered<T>) => void) {
    this.key = key;
    this.ask = ask;
    this.show = show;
    this.answer = (memory.get(key) as Answered<T> | undefined) ?? EMPTY;
    show(this.answer);
  }

  readonly run = async (): Promise<void> => {
    if (this.busy) {
      this.stale = true;
      return;
    }
    this.busy = true;
    try {
      this.put({ data: await this.ask(), failure: null, detail: "", at: Date.now() });
    } catch (error) {
      const known = error instanceof ApiError ? error : new ApiError("server", 0, String(error));
      this.put({ ...this.answer, failure: known.kind, detail: known.message });
    }
    this.busy = false;
    if (this.stale && this.alive) {
      this.stale = false;
      this.soon();
    }
  };

  soon(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.run(), QUIET_MS);
  }

  stop(): void {
    this.alive = false;
    clearTimeout(this.timer);
  }

  private put(next: Answered<T>): void {
    memory.set(this.key, next);
    if (this.alive) {
      this.answer = next;
      this.show(next);
    }
  }
}

/** Has the asker ask again whenever its answer may have become old; gives what ends that. */
function renewOn<T>(asker: Asker<T>, { topics = [], everyMs }: Options): () => void {
  const off = onLive((event) => {
    if (isFresh(event.topic) || (topics as readonly string[]).includes(event.topic)) {
      asker.soon();
    }
  });
  const beat = everyMs === undefined ? undefined : setInterval(() => void asker.run(), everyMs);
  addEventListener("online", asker.run);
  return () => {
    off();
    clearInterval(beat);
    removeEventListener("online", asker.run);
  };
}

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
  useEffect(() => {
    if (key === null) {
      answer.value = EMPTY;
      return;
    }
    const asker = new Asker<T>(key, ask, (next) => {
      answer.value = next;
    });
    void asker.run();
    const off = renewOn(asker, options);
    return () => {
      off();
      asker.stop();
    };
  }, [key, round.value]);
  return {
    ...answer.value,
    again: () => {
      round.value += 1;
    },
  };
}
