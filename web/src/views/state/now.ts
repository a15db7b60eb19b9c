import { signal } from "@preact/signals";

/** The present, once a second for clocks that count down and every ten for ages. */
export const second = signal(Date.now());
export const now = signal(Date.now());

setInterval(() => {
  if (document.visibilityState !== "hidden") {
    second.value = Date.now();
    if (second.value - now.value >= 10_000) {
      now.value = second.value;
    }
  }
}, 1000);
