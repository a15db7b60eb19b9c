import { fetchAlarms, fetchFloods, fetchShelves } from "@/api/resources";
import type { Alarm, Flood, Shelf } from "@/api/types";
import { type AlarmListName, byUrgency, LISTS } from "@/domain/alarms";
import { nameOf, t } from "@/i18n";
import { AlarmLine, ShelfLine } from "../parts/alarmline";
import { Icon } from "../parts/icon";
import { Answered, Empty, Skeleton } from "../parts/states";
import { useAnswer } from "../state/query";
import { search, setParam } from "../state/router";

const FRESH = { topics: ["episode", "work_order", "asset", "flood"], everyMs: 30_000 } as const;
const PAGE = 200;

function FloodBanner({ flood }: { flood: Flood }) {
  const first = flood.first.map(nameOf).join(", ");
  return (
    <div class="note bad" role="alert" data-flood={flood.id}>
      <Icon name="alert" />
      <div class="grow stack-s">
        <div class="strong">{t("flood.now")}</div>
        <div class="s">{t("flood.counts", { n: flood.alarms, safety: flood.safety, first })}</div>
        {flood.cause !== null && <div class="s">{t("flood.cause", { cause: nameOf(flood.cause.text) })}</div>}
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
  const standing = useAnswer("alarms:standing", () => fetchAlarms(), FRESH);
  const returned = useAnswer(
    "alarms:returned",
    () => fetchAlarms({ alarm_state: "returned_unacknowledged" }),
    FRESH,
  );
  const shelves = useAnswer("alarms:shelves", fetchShelves, FRESH);
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
            <AlarmRows
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
