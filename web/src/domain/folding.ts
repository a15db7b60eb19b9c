import { DAY_MS } from "./time";

export interface Dated {
  asset: string;
  due: string;
  occurrences: readonly { plan_row: string }[];
}

export interface Folded<T> {
  first: T;
  /** How many dates stand behind this one, itself included; 1 for a date that is not folded. */
  times: number;
}

const LEAST = 3;

/** Daily jobs of one machine and one line of the plan become one entry at their first date; the rest stays. The
 * order is that of the first dates. */
export function foldDaily<T extends Dated>(items: readonly T[]): Folded<T>[] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = `${item.asset} ${item.occurrences.map((o) => o.plan_row).join(" ")}`;
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  const daily = new Map<T, number>();
  const hidden = new Set<T>();
  for (const group of groups.values()) {
    const [first, last] = [group[0], group.at(-1)];
    if (first === undefined || last === undefined || group.length < LEAST) {
      continue;
    }
    const days = (Date.parse(last.due) - Date.parse(first.due)) / DAY_MS;
    if (days / (group.length - 1) <= 1.5) {
      daily.set(first, group.length);
      for (const item of group.slice(1)) {
        hidden.add(item);
      }
    }
  }
  return items
    .filter((item) => !hidden.has(item))
    .map((item) => ({ first: item, times: daily.get(item) ?? 1 }));
}
