import { useSignal } from "@preact/signals";
import { ApiError } from "@/api/http";
import { beginMaintenance, endMaintenance, fetchMaintenance } from "@/api/resources";
import { holds, session } from "@/api/session";
import type { Asset, MaintenanceSpell } from "@/api/types";
import { MAINTENANCE_SPANS } from "@/domain/alarms";
import { showMoment, t } from "@/i18n";
import { reachable } from "../state/device";
import { now } from "../state/now";
import { useAnswer } from "../state/query";
import { SpanForm } from "./spanform";

const POSSIBLE: readonly Asset["status"][] = ["in_service", "standby", "under_maintenance"];

/** Maintenance by hand that lasts: until when, by whom and why. */
export function StandingSpell({ spell }: { spell: MaintenanceSpell }) {
  return (
    <p class="s">
      {t("maintenance.until", {
        until: showMoment(spell.until, now.value),
        by: spell.by,
        reason: spell.reason,
      })}
    </p>
  );
}

function Buttons({ lasts, begin, end }: { lasts: boolean; begin: () => void; end: () => void }) {
  return (
    <div class="row wrap">
      <button type="button" class="btn" disabled={!reachable.value} onClick={begin} data-maintenance>
        {t(lasts ? "action.change_maintenance" : "action.begin_maintenance")}
      </button>
      {lasts && (
        <button type="button" class="btn" disabled={!reachable.value} onClick={end}>
          {t("action.end_maintenance")}
        </button>
      )}
    </div>
  );
}

/** Takes a machine out of monitoring for a while, and back; for those who may. */
export function Upkeep({ asset, changed }: { asset: Asset; changed: () => void }) {
  const spells = useAnswer(`maintenance:${asset.key}`, () => fetchMaintenance(asset.key), {
    topics: ["asset"],
  });
  const asking = useSignal(false);
  const problem = useSignal("");
  const standing = spells.data?.find((one) => one.ended_at === null);
  const may = holds(session.value?.user, "supervisor") && POSSIBLE.includes(asset.status);
  const again = (): void => {
    asking.value = false;
    spells.again();
    changed();
  };
  const end = async (): Promise<void> => {
    problem.value = "";
    try {
      await endMaintenance(asset.key);
    } catch (error) {
      problem.value = t(`failure.${error instanceof ApiError ? error.kind : "server"}`);
    }
    again();
  };
  return (
    <div class="stack">
      {standing !== undefined && <StandingSpell spell={standing} />}
      {may && spells.data !== undefined && (
        <Buttons lasts={standing !== undefined} begin={() => (asking.value = true)} end={() => void end()} />
      )}
      {problem.value !== "" && (
        <p class="xs problem" role="alert">
          {problem.value}
        </p>
      )}
      {asking.value && (
        <SpanForm
          title={t("maintenance.title")}
          note={t("maintenance.note")}
          label={t("action.begin_maintenance")}
          spans={MAINTENANCE_SPANS}
          usual={240}
          send={(wish) => beginMaintenance(asset.key, wish)}
          done={again}
        />
      )}
    </div>
  );
}
