import type { Entry, EntryFault } from "./entry";
import type { Name } from "./names";

export type ItemType = "ok" | "number" | "choice" | "text" | "photo" | "signature";
export type Outcome = "ok" | "not_ok" | "na";

/** One line of a frozen checklist. */
export interface Item {
  step: string;
  type: ItemType;
  name: Name;
  requirement: Name;
  section: Name;
  point: string | null;
  unit: string;
  low: number | null;
  high: number | null;
  choices: readonly Name[];
  evidence: readonly string[];
}

/** An answer as it is sent: `value` of an `answer` operation. */
export interface Answer {
  outcome: Outcome;
  number?: number;
  choice?: string;
  text?: string;
  remark?: string;
  severity?: string;
}

/** An answer as the server keeps it: who gave it and when, and the different ones that other devices gave without
 * knowing it. */
export interface KeptAnswer extends Answer {
  by?: string;
  at?: string;
  conflicts?: readonly KeptAnswer[];
}

/** The other answers to the same item, oldest first; none where everybody says the same. */
export const otherAnswers = (answer: KeptAnswer | undefined): readonly KeptAnswer[] =>
  answer?.conflicts ?? [];

/** What is typed and not yet an answer; `typed` is the number as it stands in its field, readable or not. */
export type DraftAnswer = Partial<Answer> & { typed?: string };

/** Texts longer than this are not taken by the fields (the server's limit is 10,000). */
export const LONGEST_TEXT = 4000;

export type Answers = Readonly<Record<string, Answer | undefined>>;

/** Whether a step has its answer; files alone (photos that came before) are none. */
export const isAnswered = (answers: Answers, step: string): boolean => answers[step]?.outcome !== undefined;

export type Lack = "outcome" | "number" | "choice" | "text" | "remark" | "severity" | EntryFault;

/** Whether a number lies within the item's limits; without limits every number does. */
export function withinLimits(item: Pick<Item, "low" | "high">, value: number): boolean {
  return !(item.low !== null && value < item.low) && !(item.high !== null && value > item.high);
}

/** Whether the answer's number is beyond the item's limits, whatever its outcome says. */
export const isOutside = (item: Pick<Item, "low" | "high">, answer: Partial<Answer>): boolean =>
  answer.number !== undefined && answer.outcome !== "na" && !withinLimits(item, answer.number);

/** What is still missing before an answer may be kept. Not OK asks for a remark and a severity; OK with a number
 * outside the limits asks for a remark. `entry` is what stands in the number's field. */
export function lacksOf(item: Item, answer: Partial<Answer>, entry?: Entry): Lack[] {
  if (answer.outcome === undefined) {
    return ["outcome"];
  }
  if (answer.outcome === "na") {
    return [];
  }
  const lacks: Lack[] = [];
  if (item.type === "number" && entry?.kind === "fault") {
    lacks.push(entry.fault);
  } else if (item.type === "number" && answer.number === undefined && answer.outcome === "ok") {
    lacks.push("number");
  }
  if (item.type === "choice" && !answer.choice && answer.outcome === "ok") {
    lacks.push("choice");
  }
  if (item.type === "text" && !answer.text?.trim() && answer.outcome === "ok") {
    lacks.push("text");
  }
  if ((answer.outcome === "not_ok" || isOutside(item, answer)) && !answer.remark?.trim()) {
    lacks.push("remark");
  }
  if (answer.outcome === "not_ok" && !answer.severity) {
    lacks.push("severity");
  }
  return lacks;
}

/** The answer as it is sent: only its own fields, only those that are filled in and belong to the outcome. */
export function answerOf(item: Item, value: Partial<Answer>, outcome: Outcome): Answer {
  const answer: Answer = { outcome };
  if (value.number !== undefined) {
    answer.number = value.number;
  }
  if (value.choice) {
    answer.choice = value.choice;
  }
  if (value.text?.trim()) {
    answer.text = value.text;
  }
  const explained = outcome === "not_ok" || isOutside(item, { ...answer, outcome });
  if (explained && value.remark?.trim()) {
    answer.remark = value.remark;
  }
  if (outcome === "not_ok" && value.severity) {
    answer.severity = value.severity;
  }
  return answer;
}

const FIELDS = ["outcome", "number", "choice", "text", "remark", "severity"] as const;

/** Whether two answers say the same; what the server adds to an answer does not count, nor does space around it. */
export function sameAnswer(one: Partial<Answer> | undefined, other: Partial<Answer>): boolean {
  const plain = (v: unknown): unknown => (typeof v === "string" ? v.trim() : (v ?? ""));
  return one !== undefined && FIELDS.every((field) => plain(one[field]) === plain(other[field]));
}

export interface Section {
  name: Name;
  items: Item[];
  answered: number;
}

/** Items grouped by consecutive section, each with its count. */
export function sectionsOf(items: readonly Item[], answers: Answers): Section[] {
  const sections: Section[] = [];
  for (const item of items) {
    const last = sections.at(-1);
    const section =
      last !== undefined && last.name.zh === item.section.zh && last.name.en === item.section.en
        ? last
        : { name: item.section, items: [], answered: 0 };
    if (section !== last) {
      sections.push(section);
    }
    section.items.push(item);
    section.answered += isAnswered(answers, item.step) ? 1 : 0;
  }
  return sections;
}

export function answeredCount(items: readonly Item[], answers: Answers): number {
  return items.filter((i) => isAnswered(answers, i.step)).length;
}

/** Where to go on: the first unanswered item after `from`, else the first at all, else -1 (complete). */
export function nextOpen(items: readonly Item[], answers: Answers, from = -1): number {
  const open = (i: Item): boolean => !isAnswered(answers, i.step);
  const after = items.findIndex((item, index) => index > from && open(item));
  return after >= 0 ? after : items.findIndex(open);
}
