import { type Key, showTime, t } from "@/i18n";
import type { SyncLine } from "@/sync/status";
import { line } from "../state/device";
import { Icon, type IconName } from "./icon";

export function syncText(state: SyncLine): string {
  switch (state.kind) {
    case "sent":
      return t("sync.all_sent");
    case "sending":
      return t("sync.sending", { n: state.count });
    case "waiting":
      return t("sync.waiting_since", {
        n: state.count,
        at: showTime(state.since),
        why: t(`sync.why_${state.why ?? "server"}` as Key),
      });
    case "noted":
      return t("sync.noted_look", { n: state.count });
    default:
      return t("sync.refused_look", { n: state.count });
  }
}

const LOOKS: Record<SyncLine["kind"], [string, IconName]> = {
  sent: ["", "sent"],
  sending: ["quiet", "upload"],
  waiting: ["wait", "offline"],
  refused: ["refused", "alert"],
  noted: ["wait", "alert"],
};

/** Always in sight: whether anything of a person's work is still on the device. */
export function SyncLineView() {
  const state = line.value;
  const [tone, icon] = LOOKS[state.kind];
  return (
    <a class={`sync ${tone}`} href="/sync" data-sync={state.kind} aria-live="polite">
      <Icon name={icon} />
      <span>{syncText(state)}</span>
    </a>
  );
}
