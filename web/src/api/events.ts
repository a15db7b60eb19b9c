import { signal } from "@preact/signals";
import type { LiveMessage } from "./types";

export type Topic = "work_order" | "episode" | "asset" | "reading" | "collector" | "plan" | "site" | "flood";

export type LiveState = "connecting" | "open" | "lost";
export const live = signal<LiveState>("connecting");

type Listener = (message: LiveMessage) => void;
const listeners = new Set<Listener>();
let source: EventSource | null = null;
let retry: ReturnType<typeof setTimeout> | undefined;
let wait = 1000;

/** The stream's own words for "whatever you know may be old". */
export const isFresh = (topic: string): boolean => topic === "hello" || topic === "reload";

export function onLive(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function hand(text: string): void {
  let message: LiveMessage;
  try {
    message = JSON.parse(text) as LiveMessage;
  } catch {
    return;
  }
  for (const listener of listeners) {
    listener(message);
  }
}

/** Listens to `GET /events`. The browser resumes short breaks by itself (Last-Event-ID); after a refusal or
 * a long break a new stream is opened, with a pause that doubles up to 30 s. */
export function startLive(make: (url: string) => EventSource = (url) => new EventSource(url)): void {
  stopLive();
  live.value = "connecting";
  const stream = make("/api/v1/events");
  source = stream;
  stream.onopen = () => {
    live.value = "open";
    wait = 1000;
  };
  stream.onmessage = (message: MessageEvent<string>) => hand(message.data);
  stream.onerror = () => {
    live.value = "lost";
    if (stream.readyState === 2) {
      retry = setTimeout(() => startLive(make), wait * (0.75 + Math.random() / 2));
      wait = Math.min(30_000, wait * 2);
    }
  };
}

export function stopLive(): void {
  clearTimeout(retry);
  source?.close();
  source = null;
  live.value = "lost";
}
