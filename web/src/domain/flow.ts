/** The way in: what its figures mean to a reader. */
import { type ChartData, chartData, type RawRow } from "./series";

/** `[ts_ms, messages/s, stored/s, rejects/min, waiting, lag_s, gaps]`, as the history has them. */
export type FlowRow = readonly [number, number, number, number, number, number, number];

export const FIGURES = ["messages", "stored", "rejects", "waiting", "lag"] as const;
export type Figure = (typeof FIGURES)[number];

/** After so long without a word a figure is old, and shown so. */
export const OLD_S = 15;

/** One figure over time; where nobody reported there is a gap. */
export function seriesOf(rows: readonly FlowRow[], figure: Figure): ChartData {
  const column = FIGURES.indexOf(figure) + 1;
  return chartData(
    rows.map((row): RawRow => [row[0], row[column] as number, 0]),
    false,
  );
}

export type Level = "info" | "warning" | "urgent";

const TONES = { info: "go", warning: "warn", urgent: "bad" } as const;
export const toneOf = (level: Level): (typeof TONES)[Level] => TONES[level];

/** What is worth a line on the morning screen: nothing that merely informs. */
export const isSerious = (one: { level: Level }): boolean => one.level !== "info";

/** Bytes as people say them: 812 B, 31 MB. */
export function sizeText(bytes: number): string {
  const units = ["B", "kB", "MB", "GB"];
  let size = bytes;
  let at = 0;
  while (size >= 1000 && at < units.length - 1) {
    size /= 1000;
    at += 1;
  }
  return `${at < 2 ? Math.round(size) : size.toFixed(size < 10 ? 1 : 0)} ${units[at]}`;
}

/** A rate with as many digits as say something: 0, 0.3, 12, 1,240 come out of `showCount` for whole numbers. */
export const rateDigits = (rate: number): number => (rate >= 10 || rate === 0 ? 0 : 1);

export interface Group {
  site: string;
  reason: string;
  topic: string;
  count: number;
  first_at: string;
  last_at: string;
}

/** All topics of one site and reason, which are mended, replayed and thrown away together. */
export interface Reason<G extends Group> {
  site: string;
  reason: string;
  count: number;
  first_at: string;
  last_at: string;
  topics: readonly G[];
}

/** Groups by site and reason, the largest first, each with its topics in the order given. */
export function byReason<G extends Group>(groups: readonly G[]): Reason<G>[] {
  const found = new Map<string, Reason<G>>();
  for (const group of groups) {
    const key = `${group.site}\n${group.reason}`;
    const known = found.get(key);
    found.set(key, {
      site: group.site,
      reason: group.reason,
      count: (known?.count ?? 0) + group.count,
      first_at: known === undefined || group.first_at < known.first_at ? group.first_at : known.first_at,
      last_at: known === undefined || group.last_at > known.last_at ? group.last_at : known.last_at,
      topics: [...(known?.topics ?? []), group],
    });
  }
  return [...found.values()].sort((a, b) => b.count - a.count);
}

interface Hole {
  site: string;
  code: string;
  missing: number;
  found_at: string;
}

export interface Device<H extends Hole> {
  site: string;
  code: string;
  missing: number;
  since: string;
  holes: readonly H[];
}

/** Holes by the device that numbers its messages, those that miss most first. */
export function byDevice<H extends Hole>(holes: readonly H[]): Device<H>[] {
  const found = new Map<string, Device<H>>();
  for (const hole of holes) {
    const key = `${hole.site}\n${hole.code}`;
    const known = found.get(key);
    found.set(key, {
      site: hole.site,
      code: hole.code,
      missing: (known?.missing ?? 0) + hole.missing,
      since: known === undefined || hole.found_at < known.since ? hole.found_at : known.since,
      holes: [...(known?.holes ?? []), hole],
    });
  }
  return [...found.values()].sort((a, b) => b.missing - a.missing);
}

/** The first bytes of a payload as text; what is no text is shown as hexadecimal. */
export function payloadText(base64: string): string {
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  try {
    // Cut in the middle of a character it is still text.
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true }).slice(0, 400);
  } catch {
    return [...bytes.slice(0, 60)].map((b) => b.toString(16).padStart(2, "0")).join(" ");
  }
}
