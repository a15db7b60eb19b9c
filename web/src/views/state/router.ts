import { computed, signal } from "@preact/signals";

/** The address bar as a signal. Pages are found by pattern; links are ordinary anchors. */
const address = signal(location.pathname + location.search);
export const path = computed(() => address.value.split("?")[0] ?? "/");
export const search = computed(() => new URLSearchParams(address.value.split("?")[1] ?? ""));

const here = (): string => location.pathname + location.search;

export function navigate(to: string, replace = false): void {
  if (to === here()) {
    return;
  }
  if (replace) {
    history.replaceState(null, "", to);
  } else {
    history.pushState(null, "", to);
  }
  const samePage = to.split("?")[0] === path.peek();
  address.value = to;
  if (!samePage) {
    scrollTo(0, 0);
  }
}

/** Sets one parameter of the address without a new entry in the history. */
export function setParam(name: string, value: string | null): void {
  const params = new URLSearchParams(search.peek());
  if (value === null || value === "") {
    params.delete(name);
  } else {
    params.set(name, value);
  }
  const text = params.toString();
  navigate(text === "" ? path.peek() : `${path.peek()}?${text}`, true);
}

export function startRouter(): void {
  addEventListener("popstate", () => {
    address.value = here();
  });
  document.addEventListener("click", (event) => {
    const link = (event.target as Element | null)?.closest?.("a");
    if (
      link == null ||
      event.defaultPrevented ||
      event.button !== 0 ||
      event.metaKey ||
      event.ctrlKey ||
      event.shiftKey ||
      link.target !== "" ||
      link.hasAttribute("download") ||
      link.origin !== location.origin
    ) {
      return;
    }
    event.preventDefault();
    navigate(link.pathname + link.search);
  });
}

/** `/orders/:id` against `/orders/7` gives `{ id: "7" }`; no match gives null. */
export function match(pattern: string, actual: string): Record<string, string> | null {
  const wanted = pattern.split("/");
  const given = actual.replace(/\/+$/, "").split("/");
  if (wanted.length !== Math.max(given.length, 2) && !(pattern === "/" && given.length <= 1)) {
    return null;
  }
  const params: Record<string, string> = {};
  for (let i = 0; i < wanted.length; i += 1) {
    const part = wanted[i] ?? "";
    const value = given[i] ?? "";
    if (part.startsWith(":")) {
      params[part.slice(1)] = decodeURIComponent(value);
    } else if (part !== value) {
      return null;
    }
  }
  return params;
}
