import type { Answer } from "@/domain/checklist";
import { numberText, unitText } from "@/domain/units";
import { t, word } from "@/i18n";

/** An answer in one line: result, number with unit, choice, text, remark, severity. */
export function answerText(answer: Partial<Answer>, unit: string): string {
  const parts = [
    answer.outcome === undefined ? "" : t(`outcome.${answer.outcome}`),
    answer.number === undefined ? "" : `${exact(answer.number)} ${unitText(unit)}`.trim(),
    answer.choice ?? "",
    answer.text ?? "",
    answer.remark ?? "",
    answer.severity === undefined ? "" : word("severity", answer.severity),
  ];
  return parts.filter((p) => p !== "").join(" · ");
}

/** A number as it was entered: rounding would show something else than what is kept. */
const exact = (value: unknown): string =>
  typeof value === "number" ? (Number.isFinite(value) ? String(value) : numberText(value)) : String(value);

const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** What was entered with an operation, whichever kind it is. */
export function enteredText(type: string, value: Readonly<Record<string, unknown>>, unit: string): string {
  if (type === "answer") {
    return answerText(value as Partial<Answer>, unit);
  }
  const parts = [
    word("verdict", text(value["verdict"])),
    word("cause", text(value["cause"])),
    word("hold", text(value["reason"])),
    text(value["action"]),
    text(value["text"]),
    text(value["remark"]),
  ];
  return parts.filter((p) => p !== "").join(" · ");
}
