import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { fetchOrder } from "@/api/resources";
import type { LocalAsset, LocalOrder } from "@/db/database";
import { draftsOf, dropDraft, keepOrder, placeOf, savePlace } from "@/db/store";
import {
  type Answer,
  answeredCount,
  type DraftAnswer,
  type Item,
  nextOpen,
  sameAnswer,
  sectionsOf,
} from "@/domain/checklist";
import { codeAndName } from "@/domain/names";
import { isEnded } from "@/domain/work";
import { nameOf, showMoment, t } from "@/i18n";
import { ChecklistItem } from "../parts/checkitem";
import { Icon } from "../parts/icon";
import { Empty, Failed, Skeleton } from "../parts/states";
import { ConflictTag, DueTag, IncompleteTag, StateTag } from "../parts/tags";
import { assetCards, operations, orders, record, userId } from "../state/device";
import { now } from "../state/now";
import { search } from "../state/router";

function show(index: number): void {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  requestAnimationFrame(() =>
    document
      .querySelector(`[data-item="${index}"]`)
      ?.scrollIntoView({ block: "start", behavior: calm ? "auto" : "smooth" }),
  );
}

interface Standing {
  order: LocalOrder;
  items: Item[];
  index: number;
  go: (i: number) => void;
}

/** How far the whole list is: section by section where it has several, each one a way to its first open item. */
function Progress({ order, items, index, go }: Standing) {
  const sections = sectionsOf(items, order.answers);
  if (sections.length <= 1) {
    const done = answeredCount(items, order.answers);
    return (
      <div class="prog" style={{ marginTop: "8px" }}>
        <i style={{ width: `${(100 * done) / Math.max(1, items.length)}%` }} />
      </div>
    );
  }
  return (
    <div class="sections">
      {sections.map((s) => {
        const first = items.indexOf(s.items[0] as Item);
        const here = index >= first && index < first + s.items.length;
        return (
          <button
            key={first}
            type="button"
            aria-current={here ? "step" : undefined}
            onClick={() => go(first + Math.max(0, nextOpen(s.items, order.answers)))}
          >
            <span class={here ? "strong clip" : "clip"}>{nameOf(s.name) || t("check.general")}</span>{" "}
            {`${s.answered}/${s.items.length}`}
            <span class="prog" style={{ display: "block" }}>
              <i style={{ width: `${(100 * s.answered) / s.items.length}%` }} />
            </span>
          </button>
        );
      })}
    </div>
  );
}

function Head({ saved, ...standing }: Standing & { saved: string | null }) {
  const { order, items } = standing;
  const done = answeredCount(items, order.answers);
  return (
    <div class="sticky-head">
      <div class="row between">
        <a class="crumb grow clip" href="/today">
          <Icon name="back" />
          <span class="clip" title={nameOf(order.title)}>
            {nameOf(order.title)}
          </span>
        </a>
        <span class="s nowrap" data-progress={done}>{`${done} / ${items.length}`}</span>
      </div>
      <Progress {...standing} />
      {saved !== null && (
        <p class="xs row saved" role="status" data-saved-item>
          <Icon name="check" />
          <span class="clip">{t("check.saved_item", { name: saved })}</span>
        </p>
      )}
    </div>
  );
}

function Foot({ order, items, index, go }: Standing) {
  const open = nextOpen(items, order.answers, index);
  const act = (type: "start" | "complete" | "resume"): Promise<void> =>
    record({ type, work_order: order.id }, order.title);
  if (isEnded(order.state)) {
    return null;
  }
  const complete = nextOpen(items, order.answers) < 0;
  return (
    <div class="bottom">
      <button type="button" class="btn" disabled={index <= 0} onClick={() => go(index - 1)}>
        {t("check.previous")}
      </button>
      {complete ? (
        <button type="button" class="btn primary" data-action="complete" onClick={() => void act("complete")}>
          {t("check.complete")}
        </button>
      ) : (
        <button type="button" class="btn primary" onClick={() => go(open >= 0 ? open : index)}>
          {t("check.next")}
        </button>
      )}
    </div>
  );
}

/** Whether the server has this very answer, or it is on its way: then there is nothing to send. */
function isKept(order: LocalOrder, item: Item, value: Answer): boolean {
  const refused = operations
    .peek()
    .some((op) => op.work_order === order.id && op.step === item.step && op.status !== "waiting");
  return !refused && sameAnswer(order.answers[item.step], value);
}

async function keepAnswer(order: LocalOrder, item: Item, value: Answer): Promise<void> {
  if (isKept(order, item, value)) {
    await dropDraft(order.user, order.id, item.step);
    return;
  }
  if (order.state !== "in_progress") {
    const type = order.state === "on_hold" ? "resume" : "start";
    await record({ type, work_order: order.id }, order.title);
  }
  await record({ type: "answer", work_order: order.id, step: item.step, value: { ...value } }, item.name);
}

/** What stands between the head and the items: when it is due, on which machine, why, and that it is completed. */
function About({ order, card }: { order: LocalOrder; card: LocalAsset | undefined }) {
  return (
    <>
      <div class="row wrap" style={{ marginBottom: "12px" }}>
        {isEnded(order.state) ? <StateTag state={order.state} /> : <DueTag order={order} />}
        <ConflictTag order={order} />
        <IncompleteTag order={order} />
        {card !== undefined && (
          <a class="s textlink" href={`/assets/${encodeURIComponent(card.asset.code)}`}>
            {codeAndName(card.asset.code, nameOf(card.asset.name))}
          </a>
        )}
        <span class="xs clamp2" title={nameOf(order.reason)}>
          {nameOf(order.reason)}
        </span>
      </div>
      {order.state === "completed" && (
        <div class="note ok" role="status" style={{ marginBottom: "12px" }}>
          <Icon name="check" />
          <span>
            {t("check.completed", {
              at: order.completed_at === null ? "" : showMoment(order.completed_at, now.value),
            })}
          </span>
        </div>
      )}
    </>
  );
}

/** Which item is being worked on, and what becomes of its answer. */
function useWalk(order: LocalOrder, from: number) {
  const items = order.template;
  const index = useSignal(from);
  const saved = useSignal<string | null>(null);
  const go = (to: number): void => {
    index.value = to;
    void savePlace(order.user, order.id, to);
    show(to);
  };
  useEffect(() => {
    if (from > 0) {
      show(from);
    }
  }, []);
  const answer = async (at: number, item: Item, value: Answer): Promise<void> => {
    await keepAnswer(order, item, value);
    saved.value = `${at + 1}. ${nameOf(item.name)}`;
    const next = nextOpen(items, { ...order.answers, [item.step]: value }, at);
    if (next >= 0 && next !== at) {
      go(next);
    } else {
      // Everything is answered: nothing stays open, so that each result can be seen before it is completed.
      index.value = items.length;
    }
  };
  return { index, saved: saved.value, go, answer };
}

function Running({
  order,
  drafts,
  from,
}: {
  order: LocalOrder;
  drafts: ReadonlyMap<string, DraftAnswer>;
  from: number;
}) {
  const items = order.template;
  const { index, saved, go, answer } = useWalk(order, from);
  const card = order.asset === null ? undefined : assetCards.value.get(order.asset);
  const ended = isEnded(order.state);
  const standing: Standing = { order, items, index: index.value, go };
  return (
    <>
      <Head {...standing} saved={saved} />
      <About order={order} card={card} />
      <div class="stack">
        {items.map((item, i) => (
          <ChecklistItem
            key={item.step}
            item={item}
            index={i}
            count={items.length}
            here={!ended && i === index.value}
            locked={ended}
            order={order}
            card={card}
            draft={drafts.get(item.step)}
            answer={order.answers[item.step]}
            onFocus={() => {
              index.value = i;
            }}
            onAnswer={(value) => answer(i, item, value)}
          />
        ))}
      </div>
      <Foot {...standing} />
    </>
  );
}

/** A checklist from the device: answers are kept here first; the network only carries them on. */
export default function ChecklistPage({ id }: { id: string }) {
  const order = orders.value?.find((o) => o.id === id);
  const ready = useSignal<{ drafts: ReadonlyMap<string, DraftAnswer>; from: number } | null>(null);
  const failed = useSignal(false);
  const known = order !== undefined;
  const loaded = orders.value !== undefined;
  const user = userId.value;

  useEffect(() => {
    if (!loaded || user === null) {
      return;
    }
    if (!known) {
      // Not in the bundle (another department's, or ended): taken along when it is opened on line.
      fetchOrder(id).then(
        (found) => keepOrder(user, found),
        () => {
          failed.value = true;
        },
      );
      return;
    }
    void Promise.all([draftsOf(user, id), placeOf(user, id)]).then(([drafts, place]) => {
      const items = order?.template ?? [];
      const asked = items.findIndex((item) => item.step === search.peek().get("step"));
      const from = asked >= 0 ? asked : (place ?? nextOpen(items, order?.answers ?? {}));
      ready.value = { drafts: new Map(drafts.map((d) => [d.step, d.value])), from: Math.max(0, from) };
    });
  }, [loaded, known, id, user]);

  return (
    <div class="page narrow has-bottom">
      {order !== undefined && ready.value !== null ? (
        order.template.length === 0 ? (
          <Empty big text={t("check.no_items")} />
        ) : (
          <Running order={order} drafts={ready.value.drafts} from={ready.value.from} />
        )
      ) : failed.value ? (
        <Failed
          failure="missing"
          detail=""
          again={() => {
            failed.value = false;
          }}
        />
      ) : (
        <Skeleton count={4} height={140} />
      )}
    </div>
  );
}
