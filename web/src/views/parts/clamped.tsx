import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { t } from "@/i18n";

/** Glyphs may stand this far out of their lines without anything being cut. */
const GLYPHS_PX = 8;

/** A heading of at most three lines; a longer one can be opened. What was reported as a title may be a whole page. */
export function ClampedHeading({ text }: { text: string }) {
  const heading = useRef<HTMLHeadingElement>(null);
  const open = useSignal(false);
  const long = useSignal(false);
  useLayoutEffect(() => {
    const element = heading.current;
    if (element === null) {
      return;
    }
    const measure = (): void => {
      if (!open.peek()) {
        long.value = element.scrollHeight > element.clientHeight + GLYPHS_PX;
      }
    };
    measure();
    addEventListener("resize", measure);
    return () => removeEventListener("resize", measure);
  }, [text]);
  return (
    <div class="grow stack-s">
      <h1 ref={heading} class={open.value ? "whole" : "clamp3"} title={text}>
        {text}
      </h1>
      {long.value && (
        <button
          type="button"
          class="btn small"
          aria-expanded={open.value}
          data-expand
          onClick={() => {
            open.value = !open.value;
          }}
        >
          {t(open.value ? "action.less" : "action.more")}
        </button>
      )}
    </div>
  );
}
