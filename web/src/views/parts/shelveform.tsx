import { useSignal } from "@preact/signals";
import { ApiError } from "@/api/http";
import { shelveAlarm } from "@/api/resources";
import type { Alarm } from "@/api/types";
import { SPANS } from "@/domain/alarms";
import { t } from "@/i18n";
import { LongText } from "./longtext";
import { Modal } from "./modal";
import { Failed } from "./states";

const spanText = (minutes: number): string =>
  minutes < 60 ? t("shelve.minutes", { n: minutes }) : t("shelve.hours", { n: minutes / 60 });

/** Why, and for how long: both are asked for, nothing is shelved without an end. */
export function ShelveForm({ alarm, done }: { alarm: Alarm; done: () => void }) {
  const minutes = useSignal<number>(60);
  const reason = useSignal("");
  const busy = useSignal(false);
  const problem = useSignal<ApiError | null>(null);
  const send = async (): Promise<void> => {
    busy.value = true;
    problem.value = null;
    try {
      await shelveAlarm(alarm.id, { reason: reason.value.trim(), minutes: minutes.value });
      done();
    } catch (error) {
      problem.value = error instanceof ApiError ? error : new ApiError("server", 0, String(error));
    }
    busy.value = false;
  };
  return (
    <Modal onClose={done}>
      <form
        class="stack"
        onSubmit={(e) => {
          e.preventDefault();
          void send();
        }}
      >
        <h2>{t("shelve.title")}</h2>
        <p class="xs">{t("shelve.note")}</p>
        <div class="chips wrap" role="group" aria-label={t("shelve.how_long")}>
          {SPANS.map((n) => (
            <button
              key={n}
              type="button"
              class="chip"
              aria-pressed={minutes.value === n}
              onClick={() => {
                minutes.value = n;
              }}
            >
              {spanText(n)}
            </button>
          ))}
        </div>
        <LongText
          name="reason"
          label={t("shelve.reason")}
          value={reason.value}
          set={(text) => {
            reason.value = text;
          }}
        />
        {problem.value !== null && (
          <Failed failure={problem.value.kind} detail={problem.value.message} again={() => void send()} />
        )}
        <button type="submit" class="btn primary wide" disabled={busy.value || reason.value.trim() === ""}>
          {t("action.shelve")}
        </button>
      </form>
    </Modal>
  );
}
