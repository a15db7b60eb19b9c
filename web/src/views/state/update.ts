import { signal } from "@preact/signals";

/** A newer version of the app is on the device and waits for the person's word. */
export const updateReady = signal(false);
let waiting: ServiceWorker | null = null;

export function takeOver(): void {
  navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
  waiting?.postMessage("take-over");
}

function offer(worker: ServiceWorker | null): void {
  if (worker !== null && navigator.serviceWorker.controller !== null) {
    waiting = worker;
    updateReady.value = true;
  }
}

const EVERY_MS = 30 * 60_000;

export async function startUpdates(): Promise<void> {
  if (!("serviceWorker" in navigator) || import.meta.env.DEV) {
    return;
  }
  const registration = await navigator.serviceWorker.register("/sw.js").catch(() => null);
  if (registration == null) {
    return;
  }
  offer(registration.waiting);
  registration.addEventListener("updatefound", () => {
    const worker = registration.installing;
    worker?.addEventListener("statechange", () => {
      if (worker.state === "installed") {
        offer(worker);
      }
    });
  });
  setInterval(() => void registration.update().catch(() => undefined), EVERY_MS);
}
