import { useSignal } from "@preact/signals";
import { ApiError } from "@/api/http";
import { acknowledgeAlarm, unshelveAlarm } from "@/api/resources";
import type { Alarm, Point, Shelf } from "@/api/types";
import { canShelve, leftOf, subjectOf, wantsNote } from "@/domain/alarms";
import { codeAndName } from "@/domain/names";
import { clockFace } from "@/domain/time";
import { numberText, unitText } from "@/domain/units";
import { nameOf, showMoment, t, word } from "@/i18n";
import { reachable } from "../state/device";
import { catalogue, siteName } from "../state/names";
import { now, second } from "../state/now";
import { AlarmStateTag, PriorityTag } from "./alarmtags";
import { ShelveForm } from "./shelveform";
import { SafetyTag } from "./tags";

const pointsOf = (asset: Alarm["asset_ref"]): Point[] =>
  (catalogue.value.classes.find((c) => c.class === asset?.class)?.points ?? []) as Point[];

const whereOf = (one: Pick<Alarm, "asset_ref" | "site">): string =>
  one.asset_ref == null ? siteName(one.site) : codeAndName(one.asset_ref.code, nameOf(one.asset_ref.name));

/** The newest value that speaks for the alarm, beside its limit. */
function valueText(alarm: Alarm): string {
  const seen = alarm.evidence.find((e) => e.value !== null);
  if (seen === undefined || seen.value === null) {
    return "";
  }
  const point = pointsOf(alarm.asset_ref).find((p) => p.key === seen.point);
  const unit = point === undefined ? "" : unitText(point.unit);
  const name = point === undefined ? seen.point : nameOf(point.name);
  const value = `${numberText(seen.value)} ${unit}`.trim();
  return seen.expected === null
    ? `${name} ${value}`
    : t("alarms.value", { point: name, value, limit: `${numberText(seen.expected)} ${unit}`.trim() });
}

/** What is shelved, in words: the point with its level, or the event. */
function subjectText(text: string, asset: Alarm["asset_ref"]): string {
  const { source, name, level } = subjectOf(text);
  const point = pointsOf(asset).find((p) => p.key === name);
  const named = point === undefined ? name.replaceAll("_", " ") : nameOf(point.name);
  return named === "" ? word("origin", source) : `${named} ${word("alarm_level", level)}`.trim();
}

/** One thing that is done on the server; what went wrong stands beside the button. */
function Act({ label, run, done }: { label: string; run: () => Promise<unknown>; done: () => void }) {
  const busy = useSignal(false);
  const problem = useSignal("");
  const press = async (): Promise<void> => {
    busy.value = true;
    problem.value = "";
    try {
      await run();
      done();
    } catch (error) {
      const kind = error instanceof ApiError ? error.kind : "server";
      problem.value = kind === "refused" ? (error as ApiError).message : t(`failure.${kind}`);
    }
    busy.value = false;
  };
  return (
    <>
      <button
        type="button"
        class="btn small"
        disabled={busy.value || !reachable.value}
        onClick={() => void press()}
      >
        {label}
      </button>
      {problem.value !== "" && (
        <span class="xs problem" role="alert">
          {problem.value}
        </span>
      )}
    </>
  );
}

/** One alarm: state, priority, what and where, since when, value and limit, and what can be done about it. */
export function AlarmLine({ alarm, again }: { alarm: Alarm; again: () => void }) {
  const shelving = useSignal(false);
  const title = nameOf(alarm.title);
  const noted = alarm.acknowledged_by;
  return (
    <div class="alarm-line" data-row data-alarm={alarm.id}>
      <span class="state">
        <AlarmStateTag state={alarm.alarm_state} />
        <PriorityTag priority={alarm.priority} />
        {alarm.safety && <SafetyTag />}
      </span>
      <span class="what">
        {alarm.work_order === null ? (
          <b>{title}</b>
        ) : (
          <a class="textlink" href={`/tickets/${alarm.work_order}`}>
            <b>{title}</b>
          </a>
        )}
        <span class="s">{whereOf(alarm)}</span>
      </span>
      <span class="why">
        <span>{valueText(alarm)}</span>
        <span class="xs">
          {t("alarms.since", { at: showMoment(alarm.opened_observed_at, now.value) })}
          {noted !== null && ` · ${t("alarms.acknowledged_by", { by: noted })}`}
        </span>
      </span>
      <span class="do">
        {wantsNote(alarm) && (
          <Act label={t("action.acknowledge_alarm")} run={() => acknowledgeAlarm(alarm.id)} done={again} />
        )}
        {canShelve(alarm) && (
          <button
            type="button"
            class="btn small"
            disabled={!reachable.value}
            onClick={() => {
              shelving.value = true;
            }}
          >
            {t("action.shelve")}
          </button>
        )}
        {!alarm.can_shelve && <span class="xs">{t("alarms.is_safety")}</span>}
      </span>
      {shelving.value && (
        <ShelveForm
          alarm={alarm}
          done={() => {
            shelving.value = false;
            again();
          }}
        />
      )}
    </div>
  );
}

/** One shelf, its time counting down. */
export function ShelfLine({ shelf, again }: { shelf: Shelf; again: () => void }) {
  const left = leftOf(shelf, second.value);
  return (
    <div class="alarm-line" data-row data-shelf={shelf.id}>
      <span class="state">
        <AlarmStateTag state="shelved" />
        <span class="tag" data-left>
          {left === 0 ? t("alarms.over") : t("alarms.left", { left: clockFace(left) })}
        </span>
      </span>
      <span class="what">
        <b>{shelf.subjects.map((one) => subjectText(one, shelf.asset_ref)).join(", ")}</b>
        <span class="s">{whereOf(shelf)}</span>
      </span>
      <span class="why">
        <span>{t("alarms.shelved_by", { by: shelf.by, reason: shelf.reason })}</span>
        <span class="xs">{t("alarms.since", { at: showMoment(shelf.at, now.value) })}</span>
      </span>
      <span class="do">
        <Act label={t("action.unshelve")} run={() => unshelveAlarm(shelf.id)} done={again} />
      </span>
    </div>
  );
}
