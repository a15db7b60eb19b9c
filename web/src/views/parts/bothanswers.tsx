import { type Item, type KeptAnswer, otherAnswers } from "@/domain/checklist";
import { showMoment, t } from "@/i18n";
import { now } from "../state/now";
import { answerText } from "./entered";
import { Icon } from "./icon";

/** What was answered, by whom and when; an answer that is still on its way has neither. */
function Said({ label, answer, unit }: { label: string; answer: KeptAnswer; unit: string }) {
  const when = answer.at === undefined ? "" : showMoment(answer.at, now.value);
  return (
    <span class="said">
      <span class="xs">{[label, answer.by, when].filter(Boolean).join(" · ")}</span>
      <span class="entered">{answerText(answer, unit)}</span>
    </span>
  );
}

/** All answers to an item that got different ones from different devices: a person has to say which one holds. */
export function BothAnswers({ item, answer }: { item: Item; answer: KeptAnswer | undefined }) {
  const others = otherAnswers(answer);
  if (answer === undefined || others.length === 0) {
    return null;
  }
  return (
    <span class="note warn both" data-conflict>
      <Icon name="alert" />
      <span class="grow stack-s">
        <span class="strong">{t("check.conflict")}</span>
        <Said label={t("check.kept_answer")} answer={answer} unit={item.unit} />
        {others.map((other) => (
          <Said
            key={`${other.by}${other.at}`}
            label={t("check.other_answer")}
            answer={other}
            unit={item.unit}
          />
        ))}
      </span>
    </span>
  );
}
