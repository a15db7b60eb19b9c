import { LONGEST_TEXT } from "@/domain/checklist";
import { t } from "@/i18n";

const NEAR_END = LONGEST_TEXT - 400;

/** A field for several lines; near its end it says how much still fits. `bare` shows no label of its own. */
export function LongText({
  value,
  label,
  name,
  bare = false,
  invalid = false,
  set,
}: {
  value: string;
  label: string;
  name?: string;
  bare?: boolean;
  invalid?: boolean;
  set: (text: string) => void;
}) {
  return (
    <label class="field">
      <span class={bare ? "hidden-label" : undefined}>{label}</span>
      <textarea
        class="input"
        name={name}
        aria-invalid={invalid}
        maxLength={LONGEST_TEXT}
        value={value}
        onInput={(e) => set(e.currentTarget.value)}
      />
      {value.length >= NEAR_END && (
        <span class="xs counter" role="status">
          {t("text.left", { n: Math.max(0, LONGEST_TEXT - value.length), all: LONGEST_TEXT })}
        </span>
      )}
    </label>
  );
}
