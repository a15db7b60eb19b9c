import { rateDigits } from "@/domain/flow";
import { showCount, t } from "@/i18n";
import { siteName } from "../state/names";

/** A site's name; all sites that the ledger does not have are one, and topics may name none. */
export function siteOf(site: string): string {
  if (site === "") {
    return t("flow.no_site");
  }
  return site === "+" ? t("flow.strays") : siteName(site);
}

export const rateText = (rate: number): string =>
  rateDigits(rate) === 0 ? showCount(Math.round(rate)) : rate.toFixed(1);

/** Seconds in the unit that says enough: 0.3 s, 42 s, 5 min, 3 h. */
export function secondsText(seconds: number): string {
  if (seconds < 60) {
    return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} ${t("flow.s")}`;
  }
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? t("span.minute", { n: minutes }) : t("span.hour", { n: Math.round(minutes / 60) });
}

export const delayText = (ms: number): string => (ms === 0 ? "–" : secondsText(ms / 1000));
