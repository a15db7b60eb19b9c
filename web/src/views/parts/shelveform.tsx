import { shelveAlarm } from "@/api/resources";
import type { Alarm } from "@/api/types";
import { replacedBy, SPANS } from "@/domain/alarms";
import { showMoment, t } from "@/i18n";
import { now } from "../state/now";
import { SpanForm } from "./spanform";

/** Shelves an alarm for a while; says which shelves the new one replaces. */
export function ShelveForm({ alarm, done }: { alarm: Alarm; done: () => void }) {
  const replaced = replacedBy(alarm).map((one) =>
    t("shelve.replaces", { by: one.by, until: showMoment(one.until, now.value) }),
  );
  return (
    <SpanForm
      title={t("shelve.title")}
      note={[t("shelve.note"), ...replaced].join(" ")}
      label={t("action.shelve")}
      spans={SPANS}
      usual={60}
      send={(wish) => shelveAlarm(alarm.id, wish)}
      done={done}
    />
  );
}
