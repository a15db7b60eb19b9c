import { signal } from "@preact/signals";
import { navigate } from "./router";

export const helpOpen = signal(false);
const PLACES: Record<string, string> = {
  m: "/",
  t: "/tickets",
  a: "/assets",
  l: "/live",
  n: "/alarms",
  p: "/plan",
  s: "/today",
};

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

function rows(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>("[data-row]")].filter((row) => row.offsetParent !== null);
}

const linkOf = (row: HTMLElement): HTMLElement | null =>
  row.matches("a, button") ? row : row.querySelector<HTMLElement>("a, summary, button");

/** Moves the mark to the next or previous row and its focus with it, so that Enter opens it. */
function move(step: 1 | -1): void {
  const all = rows();
  const at = all.findIndex((row) => row.dataset["cursor"] === "true");
  const next = all[Math.max(0, Math.min(all.length - 1, at + step))];
  for (const row of all) {
    delete row.dataset["cursor"];
  }
  if (next !== undefined) {
    next.dataset["cursor"] = "true";
    linkOf(next)?.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }
}

let prefix = false;

function press(event: KeyboardEvent): boolean {
  if (prefix) {
    prefix = false;
    const to = PLACES[event.key];
    if (to !== undefined) {
      navigate(to);
    }
    return to !== undefined;
  }
  switch (event.key) {
    case "/":
      [...document.querySelectorAll<HTMLElement>("main [data-search], [data-search]")]
        .find((e) => e.offsetParent !== null)
        ?.focus();
      return true;
    case "j":
      move(1);
      return true;
    case "k":
      move(-1);
      return true;
    case "g":
      prefix = true;
      return true;
    case "?":
      helpOpen.value = true;
      return true;
    default:
      return false;
  }
}

export function startKeys(): void {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) {
      return;
    }
    if (typing(event.target)) {
      if (event.key === "Escape") {
        (event.target as HTMLElement).blur();
      }
      return;
    }
    if (press(event)) {
      event.preventDefault();
    }
  });
}
