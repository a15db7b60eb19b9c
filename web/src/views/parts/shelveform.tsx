import { shelveAlarm } from "@/api/resources";
import type { Alarm } from "@/api/types";
import { SPANS } from "@/domain/alarms";
import { t } from "@/i18n";
import { SpanForm } from "./spanform";

/** Shelves an alarm for a while. */
export function ShelveForm({ alarm, done }: { alarm: Alarm; done: () => void }) {
  return (
    <SpanForm
      title={t("shelve.title")}
      note={t("shelve.note")}
      label={t("action.shelve")}
      spans={SPANS}
      usual={60}
      send={(wish) => shelveAlarm(alarm.id, wish)}
      done={done}
    />
  );
}
