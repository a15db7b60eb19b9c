import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { t } from "@/i18n";
import { Icon } from "./icon";

/** A question in front of the page: focus stays inside, Escape and the backdrop close it. */
export function Modal({ onClose, children }: { onClose: () => void; children: ComponentChildren }) {
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    box.current?.showModal();
  }, []);
  return (
    <dialog
      ref={box}
      onClose={onClose}
      onClick={(e) => {
        if (e.target === box.current) {
          onClose();
        }
      }}
      onKeyDown={(e) => e.stopPropagation()}
    >
      <button type="button" class="btn icon-only close" aria-label={t("action.close")} onClick={onClose}>
        <Icon name="cross" />
      </button>
      {children}
    </dialog>
  );
}
