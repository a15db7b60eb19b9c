import { useSignal } from "@preact/signals";
import type { LatestValue } from "@/api/types";
import type { LocalAsset, LocalOrder } from "@/db/database";
import { saveDraft } from "@/db/store";
import {
  type Answer,
  answerOf,
  type DraftAnswer,
  type Item,
  isOutside,
  type KeptAnswer,
  type Lack,
  lacksOf,
  type Outcome,
  otherAnswers,
  withinLimits,
} from "@/domain/checklist";
import { type Entry, readEntry } from "@/domain/entry";
import { numberText, unitSpellings, unitText } from "@/domain/units";
import { type Key, nameOf, t, word } from "@/i18n";
import { BothAnswers } from "./bothanswers";
import { answerText } from "./entered";
import { Icon, type IconName } from "./icon";
import { LimitBar } from "./limitbar";
import { LongText } from "./longtext";
import { ageText, fromSensor } from "./reading";

interface Props {
  item: Item;
  index: number;
  count: number;
  here: boolean;
  locked: boolean;
  order: LocalOrder;
  card: LocalAsset | undefined;
  draft: DraftAnswer | undefined;
  answer: KeptAnswer | undefined;
  onFocus: () => void;
  onAnswer: (answer: Answer) => Promise<void>;
}

const OUTCOMES: readonly [Outcome, IconName][] = [
  ["ok", "check"],
  ["not_ok", "cross"],
  ["na", "dash"],
];
const SEVERITIES = ["general", "major", "critical"] as const;

/** The newest value beside the entered one, with its age. A good one of a sensor can be taken over with one touch;
 * what a person wrote down the last time is only shown. */
function Beside({ item, latest, take }: { item: Item; latest: LatestValue; take: (v: number) => void }) {
  const sensor = fromSensor(latest);
  return (
    <div class="sensor" data-source={sensor ? "sensor" : "person"}>
      <span>
        {t(sensor ? "check.sensor" : "value.person")}{" "}
        <b
          class={latest.stale || !sensor ? "stale" : "go-ink"}
        >{`${numberText(latest.value)} ${unitText(item.unit)}`}</b>{" "}
        <span class="xs">{ageText(latest)}</span>
      </span>
      {sensor && latest.quality !== 2 && (
        <button type="button" class="btn small" onClick={() => take(latest.value)}>
          {t("check.take_over")}
        </button>
      )}
    </div>
  );
}

function NumberField({
  item,
  card,
  entry,
  text,
  set,
}: {
  item: Item;
  card: LocalAsset | undefined;
  entry: Entry;
  text: string;
  set: (text: string) => void;
}) {
  const value = entry.kind === "number" ? entry.value : undefined;
  const latest = item.point === null ? undefined : card?.latest.find((v) => v.point === item.point);
  const sensor = latest !== undefined && fromSensor(latest) ? latest.value : undefined;
  const outside = value !== undefined && !withinLimits(item, value);
  return (
    <div class="stack">
      <div class="num">
        <input
          class="input"
          inputMode="decimal"
          autocomplete="off"
          maxLength={60}
          aria-label={nameOf(item.name)}
          aria-invalid={outside || entry.kind === "fault"}
          value={text}
          onInput={(e) => set(e.currentTarget.value)}
        />
        <span class="s">{unitText(item.unit)}</span>
      </div>
      {entry.kind === "fault" && (
        <p class="s bad-ink" data-fault={entry.fault}>
          {t(`lack.${entry.fault}`)}
        </p>
      )}
      <LimitBar limits={{ alarm_low: item.low, alarm_high: item.high }} value={value} sensor={sensor} />
      {outside && (
        <p class="s bad-ink" data-outside>
          {t("check.outside")}
        </p>
      )}
      {latest !== undefined && (
        <Beside item={item} latest={latest} take={(v) => set(String(Number(v.toPrecision(6))))} />
      )}
    </div>
  );
}

function NotOk({
  value,
  lacks,
  set,
}: {
  value: Partial<Answer>;
  lacks: readonly Lack[];
  set: (part: Partial<Answer>) => void;
}) {
  return (
    <div class="notok stack" data-notok>
      <LongText
        label={t("check.remark")}
        name="remark"
        value={value.remark ?? ""}
        invalid={lacks.includes("remark")}
        set={(remark) => set({ remark })}
      />
      <div>
        <span class="s">{t("check.severity")}</span>
        <div class="seg" role="group" aria-label={t("check.severity")}>
          {SEVERITIES.map((code) => (
            <button
              key={code}
              type="button"
              class={`btn ${code}`}
              aria-pressed={value.severity === code}
              onClick={() => set({ severity: code })}
            >
              {word("severity", code)}
            </button>
          ))}
        </div>
      </div>
      <p class="xs">{t("check.makes_ticket")}</p>
    </div>
  );
}

/** The last sensor value keeps nothing from being entered by hand; free text and choices as they are. */
function Extra({
  item,
  value,
  set,
}: {
  item: Item;
  value: Partial<Answer>;
  set: (part: Partial<Answer>) => void;
}) {
  if (item.type === "choice") {
    return (
      <div class="chips" role="group" aria-label={nameOf(item.name)}>
        {item.choices.map((choice) => (
          <button
            key={choice.zh}
            type="button"
            class="chip"
            aria-pressed={value.choice === choice.zh}
            onClick={() => set({ choice: choice.zh })}
          >
            {nameOf(choice)}
          </button>
        ))}
      </div>
    );
  }
  if (item.type === "text") {
    return <LongText bare label={nameOf(item.name)} value={value.text ?? ""} set={(text) => set({ text })} />;
  }
  return null;
}

const MARKS: Record<Outcome, [IconName, string]> = {
  ok: ["check", "ok"],
  not_ok: ["cross", "bad"],
  na: ["dash", ""],
};

/** The result as a tag; a number outside the limits is never green, whatever was judged, nor is one of two answers. */
function ResultTag({ item, answer }: { item: Item; answer: KeptAnswer | undefined }) {
  if (answer === undefined) {
    return (
      <span class="tag">
        <Icon name="next" />
        {t("check.open")}
      </span>
    );
  }
  const outside = isOutside(item, answer);
  const disputed = otherAnswers(answer).length > 0;
  const [icon, tone] =
    disputed || (outside && answer.outcome === "ok") ? (["alert", "warn"] as const) : MARKS[answer.outcome];
  const notes = [outside && t("check.outside_short"), disputed && word("tag", "conflict")];
  return (
    <span class={`tag ${tone}`}>
      <Icon name={icon} />
      {[t(`outcome.${answer.outcome}`), ...notes].filter(Boolean).join(" · ")}
    </span>
  );
}

/** A line that is not being worked on: its name and its answer, one touch away from changing it. */
function Folded({
  item,
  index,
  answer,
  locked,
  onFocus,
}: Pick<Props, "item" | "index" | "answer" | "locked" | "onFocus">) {
  return (
    <button
      type="button"
      class="item folded"
      data-item={index}
      data-step={item.step}
      data-outcome={answer?.outcome ?? ""}
      data-outside={answer !== undefined && isOutside(item, answer) ? "" : undefined}
      disabled={locked}
      onClick={onFocus}
    >
      <span class="grow">
        <span class="name">{`${index + 1}. ${nameOf(item.name)}`}</span>
        {answer !== undefined && otherAnswers(answer).length === 0 && (
          <span class="s entered">{answerText(answer, item.unit)}</span>
        )}
        <BothAnswers item={item} answer={answer} />
      </span>
      <ResultTag item={item} answer={answer} />
    </button>
  );
}

export function ChecklistItem(props: Props) {
  return props.here ? <Open key="open" {...props} /> : <Folded {...props} />;
}

/** What is being entered for one item: kept as a draft with every key, an answer only once it is whole. */
function useEntering({ item, order, draft, answer, onAnswer }: Props) {
  const value = useSignal<DraftAnswer>({ ...answer, ...draft });
  const text = useSignal(draft?.typed ?? (answer?.number === undefined ? "" : String(answer.number)));
  const tried = useSignal(false);
  const busy = useSignal(false);
  const keep = (part: DraftAnswer): void => {
    value.value = { ...value.value, ...part };
    void saveDraft({ user: order.user, order: order.id, step: item.step, value: value.value });
  };
  const entry = readEntry(text.value, unitSpellings(item.unit));
  const filled = (): Partial<Answer> => {
    const { typed: _typed, number: _number, ...rest } = value.value;
    return item.type === "number" && entry.kind === "number" ? { ...rest, number: entry.value } : rest;
  };
  const commit = async (outcome: Outcome, insist = false): Promise<void> => {
    const whole = answerOf(item, filled(), outcome);
    // Outside the limits the way leads through "not OK"; only who insists keeps "OK", and says why.
    if (outcome === "ok" && !insist && isOutside(item, whole)) {
      keep({ outcome: "not_ok" });
      tried.value = false;
      return;
    }
    keep({ outcome });
    tried.value = true;
    if (!busy.peek() && lacksOf(item, whole, entry).length === 0) {
      busy.value = true;
      tried.value = false;
      await onAnswer(whole).finally(() => {
        busy.value = false;
      });
    }
  };
  const type = (next: string): void => {
    text.value = next;
    keep({ typed: next });
  };
  const { outcome } = value.value;
  const shown = { ...filled(), outcome: outcome as Outcome };
  return { value: value.value, text: text.value, entry, shown, tried: tried.value, keep, type, commit };
}

function Outcomes({
  item,
  chosen,
  commit,
}: {
  item: Item;
  chosen: Outcome | undefined;
  commit: (outcome: Outcome) => Promise<void>;
}) {
  return (
    <div class="seg" role="group" aria-label={nameOf(item.name)}>
      {OUTCOMES.map(([outcome, icon]) => (
        <button
          key={outcome}
          type="button"
          class={`btn ${outcome}`}
          aria-pressed={chosen === outcome}
          data-outcome-button={outcome}
          onClick={() => void commit(outcome)}
        >
          <Icon name={icon} />
          {t(`outcome.${outcome}`)}
        </button>
      ))}
    </div>
  );
}

function Heading({ item, index, count }: Pick<Props, "item" | "index" | "count">) {
  const requirement = nameOf(item.requirement);
  return (
    <>
      <div class="row between xs">
        <span class="clip">{[nameOf(item.section), item.step].filter(Boolean).join(" · ")}</span>
        <span class="nowrap">{t("check.number", { n: index + 1, all: count })}</span>
      </div>
      <h2 class="name">{nameOf(item.name)}</h2>
      {requirement !== "" && <p class="s">{requirement}</p>}
      {item.evidence.length > 0 && (
        <p class="xs">
          {t("check.evidence", { kinds: item.evidence.map((kind) => word("evidence", kind)).join(", ") })}
        </p>
      )}
    </>
  );
}

function Open(props: Props) {
  const { item, index, count, card, answer } = props;
  const { value, text, entry, shown, tried, keep, type, commit } = useEntering(props);
  const chosen = value.outcome;
  const outside = isOutside(item, shown);
  const lacks = tried ? lacksOf(item, shown, entry) : [];
  return (
    <section class="item here" data-item={index} data-step={item.step} data-outcome={answer?.outcome ?? ""}>
      <Heading item={item} index={index} count={count} />
      {answer !== undefined && (
        <div class="row wrap s" data-saved>
          <span>{t("check.saved")}</span>
          <ResultTag item={item} answer={answer} />
        </div>
      )}
      <BothAnswers item={item} answer={answer} />
      {item.type === "number" && <NumberField item={item} card={card} entry={entry} text={text} set={type} />}
      <Extra item={item} value={value} set={keep} />
      <Outcomes item={item} chosen={chosen} commit={commit} />
      {(chosen === "not_ok" || (chosen === "ok" && outside)) && (
        <>
          <NotOk value={value} lacks={lacks} set={keep} />
          <button type="button" class="btn wide" data-action="save" onClick={() => void commit("not_ok")}>
            {t("check.save_not_ok")}
          </button>
          {outside && (
            <button
              type="button"
              class="btn wide"
              data-action="insist"
              onClick={() => void commit("ok", true)}
            >
              {t("check.insist_ok")}
            </button>
          )}
        </>
      )}
      {lacks.length > 0 && (
        <div class="note warn" role="alert">
          <Icon name="alert" />
          <span>{lacks.map((lack) => t(`lack.${lack}` as Key)).join(" ")}</span>
        </div>
      )}
    </section>
  );
}
