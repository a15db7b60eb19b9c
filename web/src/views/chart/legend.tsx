import { type Key, t } from "@/i18n";

export type LegendItem =
  | "line"
  | "env"
  | "alarm"
  | "watch"
  | "expected"
  | "band"
  | "opened"
  | "closed"
  | "bad";

/** What the marks of a chart mean, in words. */
export function Legend({ items }: { items: readonly LegendItem[] }) {
  return (
    <div class="legend">
      {items.map((item) => (
        <span key={item}>
          <i class={`l-${item}`} />
          {t(`legend.${item}` as Key)}
        </span>
      ))}
    </div>
  );
}
