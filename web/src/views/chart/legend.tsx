import { beyondText, type Limits, withinText } from "@/domain/limits";
import { type Key, t } from "@/i18n";

export type LegendItem =
  | "line"
  | "env"
  | "alarm"
  | "watch"
  | "normal"
  | "expected"
  | "band"
  | "opened"
  | "closed"
  | "bad";

/** The limits that a point has, with their figures: they are read here also where the chart does not reach them. */
export const limitItems = (limits: Limits): [LegendItem, string][] =>
  (
    [
      ["normal", withinText(limits.normal_low, limits.normal_high)],
      ["watch", beyondText(limits.warning_low, limits.warning_high)],
      ["alarm", beyondText(limits.alarm_low, limits.alarm_high)],
    ] as [LegendItem, string][]
  ).filter(([, text]) => text !== "");

/** What the marks of a chart mean, in words; those of limits with their figures. */
export function Legend({ items, limits = {} }: { items: readonly LegendItem[]; limits?: Limits }) {
  return (
    <div class="legend">
      {items.map((item) => (
        <span key={item}>
          <i class={`l-${item}`} />
          {t(`legend.${item}` as Key)}
        </span>
      ))}
      {limitItems(limits).map(([item, text]) => (
        <span key={item} data-limit={item}>
          <i class={`l-${item}`} />
          {t(`legend.${item}` as Key)} <b class="nowrap">{text}</b>
        </span>
      ))}
    </div>
  );
}
