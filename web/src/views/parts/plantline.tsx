import { live } from "@/api/events";
import { t } from "@/i18n";
import { reachable } from "../state/device";
import { now } from "../state/now";

/** Whether what is on the screen moves by itself just now. */
export function PlantLine() {
  const state = !reachable.value ? "lost" : live.value;
  void now.value;
  const tone = state === "open" ? "" : "quiet";
  return (
    <span class={`sync ${tone}`} role="status" data-live={state}>
      <span class={`dot ${state === "open" ? "online" : "offline"}`} />
      <span>{t(`live.${state}`)}</span>
    </span>
  );
}
