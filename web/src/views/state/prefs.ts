import { signal } from "@preact/signals";

export type Theme = "system" | "light" | "dark";
const STORE = "plantroom.theme";

function stored(): Theme {
  const value = localStorage.getItem(STORE);
  return value === "light" || value === "dark" ? value : "system";
}

export const theme = signal<Theme>(stored());
/** Rises when the colours on the page change: what is drawn on a canvas draws again. */
export const painted = signal(0);
const dark = matchMedia("(prefers-color-scheme: dark)");

function paint(): void {
  const night = theme.value === "dark" || (theme.value === "system" && dark.matches);
  document.documentElement.dataset["theme"] = night ? "dark" : "light";
  painted.value += 1;
}

export function setTheme(next: Theme): void {
  theme.value = next;
  if (next === "system") {
    localStorage.removeItem(STORE);
  } else {
    localStorage.setItem(STORE, next);
  }
  paint();
}

dark.addEventListener("change", paint);
