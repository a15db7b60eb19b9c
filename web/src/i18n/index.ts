import { signal } from "@preact/signals";
import { inLanguage, type Locale, type Name } from "@/domain/names";
import { daysAway, type Span, spanOf } from "@/domain/time";
import { en } from "./en";
import { zh } from "./zh";

export type Key = keyof typeof zh;
export type Params = Readonly<Record<string, string | number>>;

export const catalogues: Record<Locale, Record<Key, string>> = { zh, en };
const STORE = "plantroom.locale";
const LANG: Record<Locale, string> = { zh: "zh-Hans", en: "en" };

/** The language of the first visit: the first of the browser's that we speak, else Chinese. */
export function preferred(languages: readonly string[]): Locale {
  const spoken = languages.map((one) => one.toLowerCase().split("-")[0]);
  return spoken.find((one): one is Locale => one === "zh" || one === "en") ?? "zh";
}

function stored(): Locale {
  try {
    const chosen = localStorage.getItem(STORE);
    return chosen === "en" || chosen === "zh" ? chosen : preferred(navigator.languages);
  } catch {
    return "zh";
  }
}

export const locale = signal<Locale>(stored());
if (typeof document !== "undefined") {
  document.documentElement.lang = LANG[locale.value];
}

/** The site's time zone (IANA): days and times on the page are the site's, wherever the reader is. */
export const zone = signal<string | undefined>(undefined);

export function setLocale(next: Locale): void {
  locale.value = next;
  localStorage.setItem(STORE, next);
  document.documentElement.lang = LANG[next];
}

/** The text of a key in the person's language, with `{name}` filled in. */
export function t(key: Key, params: Params = {}): string {
  return catalogues[locale.value][key].replaceAll(/\{(\w+)\}/g, (whole, name: string) =>
    name in params ? String(params[name]) : whole,
  );
}

/** As `t` for words that come from the server; a word that we do not know is shown as it came. */
export function word(group: string, code: string | null | undefined): string {
  if (code == null || code === "") {
    return "";
  }
  const key = `${group}.${code}`;
  return key in zh ? t(key as Key) : code.replaceAll("_", " ");
}

/** Whether there is a word for a code of the server. */
export const isKnown = (group: string, code: string): boolean => `${group}.${code}` in zh;

export const nameOf = (name: Name | null | undefined): string => inLanguage(name, locale.value);

const formats = new Map<string, Intl.DateTimeFormat>();

function format(options: Intl.DateTimeFormatOptions, at: number): string {
  const language = locale.value === "zh" ? "zh-CN" : "en-GB";
  const place = zone.value;
  const id = language + place + JSON.stringify(options);
  let made = formats.get(id);
  if (made === undefined) {
    made = new Intl.DateTimeFormat(language, place === undefined ? options : { ...options, timeZone: place });
    formats.set(id, made);
  }
  return made.format(at);
}

const millis = (at: string | number): number => (typeof at === "number" ? at : Date.parse(at));

export const showTime = (at: string | number): string =>
  format({ hour: "2-digit", minute: "2-digit", hour12: false }, millis(at));
export const showDay = (at: string | number): string =>
  format({ month: "short", day: "numeric" }, millis(at));
export const showLongDay = (at: string | number): string =>
  format({ month: "long", day: "numeric", weekday: "long" }, millis(at));
export const showDate = (at: string | number): string =>
  format({ year: "numeric", month: "short", day: "numeric" }, millis(at));

/** Time of day for today, day and time for anything else. */
export function showMoment(at: string | number, now: number): string {
  return daysAway(millis(at), now, zone.value) === 0 ? showTime(at) : `${showDay(at)} ${showTime(at)}`;
}

/** A local calendar date (YYYY-MM-DD), which has no time zone. */
export const showCalendarDate = (day: string): string =>
  new Intl.DateTimeFormat(locale.value === "zh" ? "zh-CN" : "en-GB", {
    month: "short",
    day: "numeric",
    timeZone: "UTC",
  }).format(Date.parse(`${day}T00:00:00Z`));

export const showSpan = (span: Span): string => t(`span.${span.unit}`, { n: span.count });
export const showDuration = (ms: number): string => showSpan(spanOf(ms));
export const showAge = (ms: number): string => t("time.ago", { span: showDuration(ms) });
export const showCount = (n: number): string => n.toLocaleString(locale.value === "zh" ? "zh-CN" : "en-GB");
