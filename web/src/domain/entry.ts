/** Numbers as people type them into a checklist, read once and in one way only. */

export type EntryFault = "comma" | "not_a_number" | "too_large";
export type Entry =
  | { kind: "empty" }
  | { kind: "number"; value: number }
  | { kind: "fault"; fault: EntryFault };

/** No gauge of a plant shows more; whoever types more has slipped. */
export const LARGEST = 1e9;
const DECIMAL = /^[+-]?(\d+(\.\d*)?|\.\d+)$/;

/** Full-width digits, points and signs become half-width ones; so do the signs that input methods give for them. */
function halfWidth(text: string): string {
  return text
    .normalize("NFKC")
    .replaceAll(/[。｡]/g, ".")
    .replaceAll("、", ",")
    .replaceAll(/[−‐‑–—]/g, "-")
    .trim();
}

function withoutUnit(text: string, units: readonly string[]): string {
  for (const unit of units.map(halfWidth)) {
    if (unit !== "" && !/^\d/.test(unit) && text.endsWith(unit)) {
      return text.slice(0, -unit.length).trim();
    }
  }
  return text;
}

/**
 * What a typed text says. `units` are the ways in which the item's own unit is written; one of them may stand behind
 * the number. Only the point parts decimals: with a comma it could be thousands as well, so it is a fault.
 */
export function readEntry(typed: string, units: readonly string[] = []): Entry {
  const text = halfWidth(typed);
  if (text === "") {
    return { kind: "empty" };
  }
  const bare = withoutUnit(text, units);
  if (bare.includes(",") && /^[+-]?[\d.,\s]+$/.test(bare)) {
    return { kind: "fault", fault: "comma" };
  }
  if (!DECIMAL.test(bare)) {
    return { kind: "fault", fault: "not_a_number" };
  }
  const value = Number(bare);
  return Math.abs(value) > LARGEST
    ? { kind: "fault", fault: "too_large" }
    : { kind: "number", value: value + 0 };
}
