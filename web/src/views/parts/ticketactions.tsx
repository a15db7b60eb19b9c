import { useSignal } from "@preact/signals";
import type { WorkOrderDetail } from "@/api/types";
import type { OperationType } from "@/domain/operations";
import { actionsOf, HOLD_REASONS, isEnded, type TicketAction, VERDICTS, type Verdict } from "@/domain/work";
import { type Key, t } from "@/i18n";
import { record } from "../state/device";
import { LongText } from "./longtext";
import { Modal } from "./modal";

const CAUSES = [
  "wear",
  "leak",
  "blockage",
  "electrical",
  "control",
  "setting",
  "installation",
  "external",
  "unknown",
] as const;

interface FormProps {
  done: () => void;
  act: (type: OperationType, value: Record<string, unknown>) => Promise<void>;
}

function HoldForm({ done, act }: FormProps) {
  const reason = useSignal<string>("");
  return (
    <form
      class="stack"
      onSubmit={(e) => {
        e.preventDefault();
        if (reason.value !== "") {
          void act("hold", { reason: reason.value }).then(done);
        }
      }}
    >
      <h2>{t("hold.title")}</h2>
      <div class="options" role="group" aria-label={t("hold.title")}>
        {HOLD_REASONS.map((code) => (
          <button
            key={code}
            type="button"
            class="btn wide option"
            aria-pressed={reason.value === code}
            onClick={() => {
              reason.value = code;
            }}
          >
            {t(`hold.${code}`)}
          </button>
        ))}
      </div>
      <p class="xs">{t("hold.note")}</p>
      <button type="submit" class="btn primary wide" disabled={reason.value === ""}>
        {t("action.hold")}
      </button>
    </form>
  );
}

function Verdicts({ chosen, choose }: { chosen: Verdict | null; choose: (code: Verdict) => void }) {
  return (
    <div class="options" role="group" aria-label={t("finish.verdict")}>
      {VERDICTS.map((code) => (
        <button
          key={code}
          type="button"
          class="btn wide option"
          data-verdict={code}
          aria-pressed={chosen === code}
          onClick={() => choose(code)}
        >
          {t(`verdict.${code}`)}
        </button>
      ))}
    </div>
  );
}

function CauseField({ chosen, choose }: { chosen: string; choose: (code: string) => void }) {
  return (
    <label class="field">
      <span>{t("finish.cause")}</span>
      <select class="input" name="cause" value={chosen} onChange={(e) => choose(e.currentTarget.value)}>
        <option value="">{t("finish.choose")}</option>
        {CAUSES.map((code) => (
          <option key={code} value={code}>
            {t(`cause.${code}` as Key)}
          </option>
        ))}
      </select>
    </label>
  );
}

function FinishForm({ done, act }: FormProps) {
  const verdict = useSignal<Verdict | null>(null);
  const cause = useSignal("");
  const action = useSignal("");
  const needsCause = verdict.value === "confirmed";
  const ready = verdict.value !== null && (!needsCause || cause.value !== "");
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (!ready) {
      return;
    }
    await act("verdict", { verdict: verdict.value, cause: cause.value, action: action.value.trim() });
    await act("complete", { note: action.value.trim() });
    done();
  };
  return (
    <form class="stack" onSubmit={(e) => void submit(e)}>
      <h2>{t("finish.title")}</h2>
      <Verdicts
        chosen={verdict.value}
        choose={(code) => {
          verdict.value = code;
        }}
      />
      {needsCause && (
        <CauseField
          chosen={cause.value}
          choose={(code) => {
            cause.value = code;
          }}
        />
      )}
      <LongText
        label={t("finish.action")}
        name="action"
        value={action.value}
        set={(text) => {
          action.value = text;
        }}
      />
      <button type="submit" class="btn primary wide" disabled={!ready}>
        {t("action.finish")}
      </button>
    </form>
  );
}

/** The next steps of a ticket, within thumb's reach. Each is kept on the device first and then sent. */
export function TicketActions({ order }: { order: WorkOrderDetail }) {
  const open = useSignal<"hold" | "finish" | null>(null);
  const actions = actionsOf(order);
  if (isEnded(order.state) || actions.length === 0) {
    return null;
  }
  const act = (type: OperationType, value: Record<string, unknown> = {}): Promise<void> =>
    record({ type, work_order: order.id, base_version: order.version, value }, order.title);
  const press = (action: TicketAction): void => {
    if (action === "hold" || action === "finish") {
      open.value = action;
    } else if (action === "arrive") {
      // Arriving stops its clock; the work begins with it.
      void act("arrive").then(() => act("start"));
    } else {
      void act(action);
    }
  };
  const close = (): void => {
    open.value = null;
  };
  return (
    <>
      <div class="bottom">
        {[...actions].reverse().map((action) => (
          <button
            key={action}
            type="button"
            class={action === actions[0] ? "btn primary" : "btn"}
            data-action={action}
            onClick={() => press(action)}
          >
            {t(`action.${action}`)}
          </button>
        ))}
      </div>
      {open.value !== null && (
        <Modal onClose={close}>
          {open.value === "hold" ? (
            <HoldForm done={close} act={act} />
          ) : (
            <FinishForm done={close} act={act} />
          )}
        </Modal>
      )}
    </>
  );
}
