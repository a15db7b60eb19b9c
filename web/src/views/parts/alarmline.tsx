import { useSignal } from "@preact/signals";
import { ApiError } from "@/api/http";
import { acknowledgeAlarm, unshelveAlarm } from "@/api/resources";
import { holds, session } from "@/api/session";
import type { Alarm, Shelf } from "@/api/types";
import { canShelve, leftOf, spokenFor, subjectOf, wantsNote } from "@/domain/alarms";
import { clockFace } from "@/domain/time";
import { numberText, unitText } from "@/domain/units";
import { nameOf, showMoment, t, word } from "@/i18n";
import { reachable } from "../state/device";
import { whereOf } from "../state/names";
import { now, second } from "../state/now";
import { AlarmStateTag, PriorityTag } from "./alarmtags";
import { ShelveForm } from "./shelveform";
import { SafetyTag } from "./tags";

/** The value that speaks for the alarm, beside its limit. */
function valueText(alarm: Alarm): string {
  const seen = spokenFor(alarm);
  if (seen === undefined || seen.value === null) {
    return "";
  }
  const unit = unitText(seen.unit);
  const name = nameOf(seen.name);
  const value = `${numberText(seen.value)} ${unit}`.trim();
  return seen.expected === null
    ? `${name} ${value}`
    : t("alarms.value", { point: name, value, limit: `${numberText(seen.expected)} ${unit}`.trim() });
}

/** How many events a line names: it is there to be compared with others, and its ticket names all. */
const MANY_EVENTS = 5;

/** What its events are called: alarms of one machine and failure mode share a line, and may be different things. */
function eventText(alarm: Alarm): string {
  const names = alarm.events ?? [];
  const more = names.length - MANY_EVENTS;
  return names.slice(0, MANY_EVENTS).map(nameOf).join(t("list.comma")) + (more > 0 ? ` +${more}` : "");
}

/** What is shelved, in words: the point with its level, or the event. */
function subjectText(text: string, name: Shelf["title"] | undefined): string {
  const { source, level } = subjectOf(text);
  const named = nameOf(name);
  return named === "" ? word("origin", source) : `${named} ${word("alarm_level", level)}`.trim();
}

const mayAct = (): boolean => holds(session.value?.user, "technician");

interface Deed {
  label: string;
  /** What it is done to, for those who hear the button without seeing its line. */
  to: string;
  run: () => Promise<unknown>;
  done: () => void;
}

/** One thing that is done on the server; what went wrong stands beside the button. */
function Act({ label, to, run, done }: Deed) {
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
        aria-label={`${label} · ${to}`}
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

/** What can be done about an alarm, for those who may. */
function Deeds({ alarm, shelve, again }: { alarm: Alarm; shelve: () => void; again: () => void }) {
  const called = `${nameOf(alarm.title)}, ${whereOf(alarm)}`;
  const may = mayAct();
  return (
    <span class="do">
      {may && wantsNote(alarm) && (
        <Act
          label={t("action.acknowledge_alarm")}
          to={called}
          run={() => acknowledgeAlarm(alarm.id)}
          done={again}
        />
      )}
      {may && canShelve(alarm) && (
        <button
          type="button"
          class="btn small"
          aria-label={`${t("action.shelve")} · ${called}`}
          disabled={!reachable.value}
          onClick={shelve}
        >
          {t("action.shelve")}
        </button>
      )}
      {!alarm.can_shelve && <span class="xs">{t("alarms.is_safety")}</span>}
    </span>
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
        {(alarm.tags ?? []).includes("loop_test") && (
          <span class="tag" data-tag="loop_test">
            {word("tag", "loop_test")}
          </span>
        )}
      </span>
      <span class="what">
        {alarm.work_order === null ? (
          <b>{title}</b>
        ) : (
          <a class="textlink" href={`/tickets/${alarm.work_order}`}>
            <b>{title}</b>
          </a>
        )}
        {eventText(alarm) !== "" && <span data-events>{eventText(alarm)}</span>}
        <span class="s">{whereOf(alarm)}</span>
      </span>
      <span class="why">
        <span>{valueText(alarm)}</span>
        <span class="xs">
          {t("alarms.since", { at: showMoment(alarm.opened_observed_at, now.value) })}
          {noted !== null && ` · ${t("alarms.acknowledged_by", { by: noted })}`}
        </span>
      </span>
      <Deeds
        alarm={alarm}
        again={again}
        shelve={() => {
          shelving.value = true;
        }}
      />
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
  const subjects = shelf.subjects.map((one, n) => subjectText(one, shelf.subject_names[n])).join(", ");
  return (
    <div class="alarm-line" data-row data-shelf={shelf.id}>
      <span class="state">
        <AlarmStateTag state="shelved" />
        <span class="tag" data-left>
          {left === 0 ? t("alarms.over") : t("alarms.left", { left: clockFace(left) })}
        </span>
      </span>
      <span class="what">
        <b>{subjects}</b>
        <span class="s">{whereOf(shelf)}</span>
      </span>
      <span class="why">
        <span>{t("alarms.shelved_by", { by: shelf.by, reason: shelf.reason })}</span>
        <span class="xs">{t("alarms.since", { at: showMoment(shelf.at, now.value) })}</span>
      </span>
      <span class="do">
        {mayAct() && (
          <Act
            label={t("action.unshelve")}
            to={`${subjects}, ${whereOf(shelf)}`}
            run={() => unshelveAlarm(shelf.id)}
            done={again}
          />
        )}
      </span>
    </div>
  );
}
