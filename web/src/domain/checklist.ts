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

export type Answers = Readonly<Record<string, Answer | undefined>>;

/** Whether a step has its answer; files alone (photos that came before) are none. */
export const isAnswered = (answers: Answers, step: string): boolean => answers[step]?.outcome !== undefined;

export type Lack = "outcome" | "number" | "choice" | "text" | "remark" | "severity";

/** Whether a number lies within the item's limits; without limits every number does. */
export function withinLimits(item: Pick<Item, "low" | "high">, value: number): boolean {
  return !(item.low !== null && value < item.low) && !(item.high !== null && value > item.high);
}

/** What is still missing before an answer may be kept. Not OK asks for a remark and a severity. */
export function lacksOf(item: Item, answer: Partial<Answer>): Lack[] {
  if (answer.outcome === undefined) {
    return ["outcome"];
  }
  if (answer.outcome === "na") {
    return [];
  }
  const lacks: Lack[] = [];
  if (item.type === "number" && answer.number === undefined) {
    lacks.push("number");
  }
  if (item.type === "choice" && !answer.choice) {
    lacks.push("choice");
  }
  if (item.type === "text" && !answer.text?.trim() && answer.outcome === "ok") {
    lacks.push("text");
  }
  if (answer.outcome === "not_ok") {
    if (!answer.remark?.trim()) {
      lacks.push("remark");
    }
    if (!answer.severity) {
      lacks.push("severity");
    }
  }
  return lacks;
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
