import { fetchAlarms, fetchFloods, fetchShelves } from "@/api/resources";
import type { Alarm, Flood, Shelf } from "@/api/types";
import {
  type AlarmListName,
  type AlarmPriority,
  byUrgency,
  isAmong,
  LISTS,
  type Narrow,
  PRIORITIES,
} from "@/domain/alarms";
import { nameOf, t, word } from "@/i18n";
import { AlarmLine, ShelfLine } from "../parts/alarmline";
import { Icon } from "../parts/icon";
import { Answered, Empty, Skeleton } from "../parts/states";
import { ALARMS_FRESH, useStandingAlarms } from "../state/alarms";
import { useAnswer } from "../state/query";
import { search, setParam } from "../state/router";

const PAGE = 200;

function FloodBanner({ flood }: { flood: Flood }) {
  const first = flood.first.map(nameOf).join(t("list.comma"));
  return (
    <div class="note bad" role="alert" data-flood={flood.id}>
      <Icon name="alert" />
      <div class="grow stack-s">
        <div class="strong">{t("flood.now")}</div>
        <div class="s">
          {t("flood.counts", { n: flood.alarms, machines: flood.machines, safety: flood.safety, first })}
        </div>
        {flood.moment !== null && <div class="s">{nameOf(flood.moment)}</div>}
        <div class="s">
          {flood.cause === null ? t("flood.no_cause") : t("flood.cause", { cause: nameOf(flood.cause.text) })}
        </div>
      </div>
      {flood.work_order !== null && (
        <a class="btn small" href={`/tickets/${flood.work_order}`}>
          {t("flood.ticket")}
        </a>
      )}
    </div>
  );
}

function Floods() {
  const floods = useAnswer("alarm-floods", fetchFloods, { topics: ["flood"], everyMs: 30_000 });
  return (
    <>
      {(floods.data ?? [])
        .filter((f) => f.ended_at === null)
        .map((f) => (
          <FloodBanner key={f.id} flood={f} />
        ))}
    </>
  );
}

function Chips({
  chosen,
  counts,
}: {
  chosen: AlarmListName;
  counts: Partial<Record<AlarmListName, number>>;
}) {
  return (
    <div class="chips" role="group" aria-label={t("alarms.filter")}>
      {LISTS.map((name) => (
        <button
          key={name}
          type="button"
          class="chip"
          data-list={name}
          aria-pressed={name === chosen}
          onClick={() => setParam("list", name)}
        >
          {t(`alarms.${name}`)}
          {counts[name] !== undefined && <span class="xs-n">{counts[name]}</span>}
        </button>
      ))}
    </div>
  );
}

/** Only with more than a screenful: what of it one wants to see, each with its count. */
const MANY = 8;

function narrowing(): Narrow {
  const priority = search.value.get("priority") as AlarmPriority | null;
  return {
    unnoted: search.value.get("unnoted") === "1",
    priority: priority !== null && PRIORITIES.includes(priority) ? priority : null,
  };
}

function NarrowChips({ list }: { list: readonly Alarm[] }) {
  const by = narrowing();
  const count = (one: Narrow): number => list.filter((a) => isAmong(a, one)).length;
  return (
    <div class="chips" role="group" aria-label={t("alarms.narrow")}>
      <button
        type="button"
        class="chip"
        data-unnoted
        aria-pressed={by.unnoted}
        onClick={() => setParam("unnoted", by.unnoted ? null : "1")}
      >
        {word("alarm_state", "active_unacknowledged")}
        <span class="xs-n">{count({ ...by, unnoted: true })}</span>
      </button>
      {PRIORITIES.map((one) => (
        <button
          key={one}
          type="button"
          class="chip"
          data-narrow={one}
          aria-pressed={one === by.priority}
          onClick={() => setParam("priority", one === by.priority ? null : one)}
        >
          {word("priority", one)}
          <span class="xs-n">{count({ ...by, priority: one })}</span>
        </button>
      ))}
    </div>
  );
}

/** The list, and above a long one what it can be narrowed to. */
function Narrowed({ list, none, again }: { list: readonly Alarm[]; none: string; again: () => void }) {
  const by = narrowing();
  const asked = by.unnoted || by.priority !== null;
  const shown = list.filter((a) => isAmong(a, by));
  return (
    <div class="stack">
      {(asked || list.length > MANY) && <NarrowChips list={list} />}
      <AlarmRows list={shown} none={asked ? t("alarms.none_such") : none} again={again} />
    </div>
  );
}

function AlarmRows({ list, none, again }: { list: readonly Alarm[]; none: string; again: () => void }) {
  return (
    <div class="list">
      {list.length === 0 && <Empty big text={none} />}
      {[...list]
        .sort(byUrgency)
        .slice(0, PAGE)
        .map((a) => (
          <AlarmLine key={a.id} alarm={a} again={again} />
        ))}
      {list.length > PAGE && <div class="empty">{t("list.narrow", { n: list.length - PAGE })}</div>}
    </div>
  );
}

function ShelfRows({ list, again }: { list: readonly Shelf[]; again: () => void }) {
  return (
    <div class="list">
      {list.length === 0 && <Empty big text={t("alarms.none_shelved")} />}
      {list.map((s) => (
        <ShelfLine key={s.id} shelf={s} again={again} />
      ))}
    </div>
  );
}

/** What is wrong now, what came and went unseen, and what is put aside for a while. */
export default function Alarms() {
  const asked = search.value.get("list") as AlarmListName | null;
  const chosen: AlarmListName = asked !== null && LISTS.includes(asked) ? asked : "standing";
  const standing = useStandingAlarms();
  const returned = useAnswer(
    "alarms:returned",
    () => fetchAlarms({ alarm_state: "returned_unacknowledged" }),
    ALARMS_FRESH,
  );
  const shelves = useAnswer("alarms:shelves", fetchShelves, ALARMS_FRESH);
  const again = (): void => {
    standing.again();
    returned.again();
    shelves.again();
  };
  const counts = {
    standing: standing.data?.length,
    returned: returned.data?.length,
    shelved: shelves.data?.length,
  };
  const skeleton = <Skeleton count={6} height={64} />;
  return (
    <div class="page">
      <div class="page-head">
        <h1>{t("nav.alarms")}</h1>
      </div>
      <Floods />
      <Chips chosen={chosen} counts={counts as Partial<Record<AlarmListName, number>>} />
      <div style={{ height: "16px" }} />
      {chosen === "shelved" ? (
        <Answered of={shelves} skeleton={skeleton}>
          {(list) => <ShelfRows list={list} again={again} />}
        </Answered>
      ) : (
        <Answered of={chosen === "standing" ? standing : returned} skeleton={skeleton}>
          {(list) => (
            <Narrowed
              list={list}
              none={t(chosen === "standing" ? "alarms.none" : "alarms.none_returned")}
              again={again}
            />
          )}
        </Answered>
      )}
    </div>
  );
}
