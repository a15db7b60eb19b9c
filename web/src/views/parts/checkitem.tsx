import { useSignal } from "@preact/signals";
import type { LocalAsset, LocalOrder } from "@/db/database";
import { saveDraft } from "@/db/store";
import { type Answer, type Item, type Lack, lacksOf, type Outcome, withinLimits } from "@/domain/checklist";
import { numberText, unitText } from "@/domain/units";
import { type Key, nameOf, t, word } from "@/i18n";
import { Icon, type IconName } from "./icon";
import { LimitBar } from "./limitbar";
import { ageText } from "./reading";

interface Props {
  item: Item;
  index: number;
  count: number;
  here: boolean;
  locked: boolean;
  order: LocalOrder;
  card: LocalAsset | undefined;
  draft: Partial<Answer> | undefined;
  answer: Answer | undefined;
  onFocus: () => void;
  onAnswer: (answer: Answer) => Promise<void>;
}

const OUTCOMES: readonly [Outcome, IconName][] = [
  ["ok", "check"],
  ["not_ok", "cross"],
  ["na", "dash"],
];
const SEVERITIES = ["general", "major", "critical"] as const;

function parsed(text: string): number | undefined {
  const value = Number(text.replace(",", ".").trim());
  return text.trim() === "" || !Number.isFinite(value) ? undefined : value;
}

/** The sensor's word beside the entered one, with its age; one touch takes it over. */
function SensorValue({
  item,
  card,
  take,
}: {
  item: Item;
  card: LocalAsset | undefined;
  take: (v: number) => void;
}) {
  const latest = card?.latest.find((v) => v.point === item.point);
  if (item.point === null || latest === undefined) {
    return null;
  }
  return (
    <div class="sensor">
      <span>
        {t("check.sensor")}{" "}
        <b
          class={latest.stale ? "stale" : "go-ink"}
        >{`${numberText(latest.value)} ${unitText(item.unit)}`}</b>{" "}
        <span class="xs">{ageText(latest)}</span>
      </span>
      <button type="button" class="btn small" onClick={() => take(latest.value)}>
        {t("check.take_over")}
      </button>
    </div>
  );
}

function NumberField({
  item,
  card,
  text,
  set,
}: {
  item: Item;
  card: LocalAsset | undefined;
  text: string;
  set: (text: string) => void;
}) {
  const value = parsed(text);
  const sensor = card?.latest.find((v) => v.point === item.point)?.value;
  const outside = value !== undefined && !withinLimits(item, value);
  const name = nameOf(item.name);
  return (
    <div class="stack">
      <div class="num">
        <input
          class="input"
          inputMode="decimal"
          autocomplete="off"
          aria-label={name}
          aria-invalid={outside}
          value={text}
          onInput={(e) => set(e.currentTarget.value)}
        />
        <span class="s">{unitText(item.unit)}</span>
      </div>
      <LimitBar limits={{ alarm_low: item.low, alarm_high: item.high }} value={value} sensor={sensor} />
      {outside && <p class="s bad-ink">{t("check.outside")}</p>}
      <SensorValue item={item} card={card} take={(v) => set(numberText(v))} />
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
      <label class="field">
        <span>{t("check.remark")}</span>
        <textarea
          class="input"
          name="remark"
          value={value.remark ?? ""}
          aria-invalid={lacks.includes("remark")}
          onInput={(e) => set({ remark: e.currentTarget.value })}
        />
      </label>
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
    return (
      <textarea
        class="input"
        aria-label={nameOf(item.name)}
        value={value.text ?? ""}
        onInput={(e) => set({ text: e.currentTarget.value })}
      />
    );
  }
  return null;
}

function Summary({ item, answer }: { item: Item; answer: Answer }) {
  const parts = [
    t(`outcome.${answer.outcome}`),
    answer.number === undefined ? "" : `${numberText(answer.number)} ${unitText(item.unit)}`.trim(),
    answer.choice ?? "",
    answer.text ?? "",
    answer.remark ?? "",
    answer.severity === undefined ? "" : word("severity", answer.severity),
  ];
  return <span class="s">{parts.filter((p) => p !== "").join(" · ")}</span>;
}

const MARKS: Record<Outcome, [IconName, string]> = {
  ok: ["check", "ok"],
  not_ok: ["cross", "bad"],
  na: ["dash", ""],
};

/** A line that is not being worked on: its name and its answer, one touch away from changing it. */
function Folded({
  item,
  index,
  answer,
  locked,
  onFocus,
}: Pick<Props, "item" | "index" | "answer" | "locked" | "onFocus">) {
  const [icon, tone] = answer === undefined ? (["next", ""] as const) : MARKS[answer.outcome];
  return (
    <button
      type="button"
      class="item folded"
      data-item={index}
      data-step={item.step}
      data-outcome={answer?.outcome ?? ""}
      disabled={locked}
      onClick={onFocus}
    >
      <span class="grow">
        <span class="name">{`${index + 1}. ${nameOf(item.name)}`}</span>
        {answer !== undefined && (
          <span style={{ display: "block" }}>
            <Summary item={item} answer={answer} />
          </span>
        )}
      </span>
      <span class={`tag ${tone}`}>
        <Icon name={icon} />
        {answer === undefined ? t("check.open") : t(`outcome.${answer.outcome}`)}
      </span>
    </button>
  );
}

export function ChecklistItem(props: Props) {
  return props.here ? <Open key="open" {...props} /> : <Folded {...props} />;
}

function Open({ item, index, count, order, card, draft, answer, onAnswer }: Props) {
  const value = useSignal<Partial<Answer>>({ ...answer, ...draft });
  const text = useSignal(value.peek().number === undefined ? "" : String(value.peek().number));
  const tried = useSignal(false);
  const keep = (part: Partial<Answer>): void => {
    value.value = { ...value.value, ...part };
    void saveDraft({ user: order.user, order: order.id, step: item.step, value: value.value });
  };
  const setText = (next: string): void => {
    text.value = next;
    const number = parsed(next);
    const { number: _old, ...rest } = value.value;
    value.value = rest;
    keep(number === undefined ? {} : { number });
  };
  const commit = async (outcome: Outcome): Promise<void> => {
    keep({ outcome });
    tried.value = true;
    const { severity, remark, ...rest } = value.value;
    const full = outcome === "not_ok" ? { ...rest, remark, severity } : rest;
    const clean = Object.fromEntries(
      Object.entries({ ...full, outcome }).filter(([, v]) => v !== undefined && v !== ""),
    ) as unknown as Answer;
    if (lacksOf(item, clean).length === 0) {
      tried.value = false;
      await onAnswer(clean);
    }
  };
  const chosen = value.value.outcome;
  const lacks = lacksOf(item, value.value);
  const requirement = nameOf(item.requirement);
  return (
    <section class="item here" data-item={index} data-step={item.step} data-outcome={answer?.outcome ?? ""}>
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
      {item.type === "number" && <NumberField item={item} card={card} text={text.value} set={setText} />}
      <Extra item={item} value={value.value} set={keep} />
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
      {chosen === "not_ok" && (
        <>
          <NotOk value={value.value} lacks={tried.value ? lacks : []} set={keep} />
          <button type="button" class="btn wide" data-action="save" onClick={() => void commit("not_ok")}>
            {t("check.save_not_ok")}
          </button>
        </>
      )}
      {tried.value && lacks.length > 0 && (
        <div class="note warn" role="alert">
          <Icon name="alert" />
          <span>{lacks.map((lack) => t(`lack.${lack}` as Key)).join(" ")}</span>
        </div>
      )}
    </section>
  );
}
