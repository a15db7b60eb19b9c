/** Instants and how people read them. Everything takes `now` so that tests can set the clock. */

export type Instant = string;

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

export interface Span {
  unit: "second" | "minute" | "hour" | "day";
  count: number;
}

/** The largest unit that says enough: 42 s, 5 min, 3 h, 2 days. */
export function spanOf(ms: number): Span {
  const abs = Math.max(0, Math.abs(ms));
  if (abs < MINUTE_MS) {
    return { unit: "second", count: Math.floor(abs / 1000) };
  }
  if (abs < HOUR_MS) {
    return { unit: "minute", count: Math.floor(abs / MINUTE_MS) };
  }
  if (abs < 2 * DAY_MS) {
    return { unit: "hour", count: Math.floor(abs / HOUR_MS) };
  }
  return { unit: "day", count: Math.floor(abs / DAY_MS) };
}

const two = (n: number): string => String(n).padStart(2, "0");

/** A clock that counts down: 12:40 (minutes and seconds) under an hour, 5:07:30 above, never negative. */
export function clockFace(ms: number): string {
  const seconds = Math.max(0, Math.floor(Math.abs(ms) / 1000));
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${two(minutes)}:${two(seconds % 60)}`;
}

const days = new Map<string, Intl.DateTimeFormat>();

/** The calendar day of an instant in an IANA time zone, as YYYY-MM-DD. Without a zone: the device's. */
export function dayOf(at: number, zone?: string): string {
  const id = zone ?? "";
  let format = days.get(id);
  if (format === undefined) {
    const parts = { year: "numeric", month: "2-digit", day: "2-digit" } as const;
    format = new Intl.DateTimeFormat("en-CA", zone === undefined ? parts : { ...parts, timeZone: zone });
    days.set(id, format);
  }
  return format.format(at);
}

/** Whole calendar days from today to the day of `at` on the site: 0 today, 1 tomorrow, -1 yesterday. DST does
 * not count: a day is a day. */
export function daysAway(at: number, now: number, zone?: string): number {
  return Math.round((Date.parse(dayOf(at, zone)) - Date.parse(dayOf(now, zone))) / DAY_MS);
}
