import type { PreviewItem } from "@/api/types";
import type { Folded } from "@/domain/folding";
import { codeAndName } from "@/domain/names";
import { nameOf, showCalendarDate, t } from "@/i18n";

/** Coming dates, each with why it is that day. */
export function PlanDates({
  items,
  showAsset = false,
}: {
  items: readonly Folded<PreviewItem>[];
  showAsset?: boolean;
}) {
  return (
    <ul class="list plan-dates">
      {items.map(({ first: item, times }) => (
        <li key={`${item.asset}${item.due}${item.occurrences[0]?.plan_row ?? ""}`} class="plan-item" data-row>
          <div class="plan-day">
            <b>{showCalendarDate(item.due)}</b>
            {item.earliest !== item.due && (
              <span class="xs">{t("plan.from", { day: showCalendarDate(item.earliest) })}</span>
            )}
          </div>
          <div class="grow stack-s">
            <div class="row wrap">
              {item.work_order === null ? (
                <span class="strong clamp2" title={nameOf(item.title)}>
                  {nameOf(item.title)}
                </span>
              ) : (
                <a
                  class="strong textlink clamp2"
                  href={`/orders/${item.work_order}`}
                  title={nameOf(item.title)}
                >
                  {nameOf(item.title)}
                </a>
              )}
              {item.layer === "law" && <span class="tag">{t("plan.law")}</span>}
            </div>
            {times > 1 && (
              <p class="s" data-times={times}>
                {t("plan.daily", { day: showCalendarDate(item.due), n: times })}
              </p>
            )}
            {showAsset && item.asset_ref !== null && (
              <a class="s" href={`/assets/${encodeURIComponent(item.asset_ref.code)}`}>
                {codeAndName(item.asset_ref.code, nameOf(item.asset_ref.name))}
              </a>
            )}
            <p class="s clamp2" title={nameOf(item.reason)}>
              {nameOf(item.reason)}
            </p>
          </div>
        </li>
      ))}
    </ul>
  );
}
