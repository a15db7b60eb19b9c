import { useSignal } from "@preact/signals";
import { ApiError } from "@/api/http";
import { showDuration, t } from "@/i18n";
import { LongText } from "./longtext";
import { Modal } from "./modal";
import { Failed } from "./states";

interface Asked {
  title: string;
  note: string;
  /** Of the button that does it. */
  label: string;
  /** Choices in minutes, and the one that is chosen at first. */
  spans: readonly number[];
  usual: number;
  send: (wish: { reason: string; minutes: number }) => Promise<unknown>;
  done: () => void;
}

/** Why, and for how long: both are asked for, nothing is kept quiet without an end. */
export function SpanForm({ title, note, label, spans, usual, send, done }: Asked) {
  const minutes = useSignal<number>(usual);
  const reason = useSignal("");
  const busy = useSignal(false);
  const problem = useSignal<ApiError | null>(null);
  const submit = async (): Promise<void> => {
    busy.value = true;
    problem.value = null;
    try {
      await send({ reason: reason.value.trim(), minutes: minutes.value });
      done();
    } catch (error) {
      problem.value = error instanceof ApiError ? error : new ApiError("server", 0, String(error));
    }
    busy.value = false;
  };
  return (
    <Modal onClose={done}>
      <form
        class="stack"
        onSubmit={(e) => {
          e.preventDefault();
          void submit();
        }}
      >
        <h2>{title}</h2>
        <p class="xs">{note}</p>
        <Spans spans={spans} chosen={minutes.value} choose={(n) => (minutes.value = n)} />
        <LongText
          name="reason"
          label={t("span.reason")}
          value={reason.value}
          set={(text) => {
            reason.value = text;
          }}
        />
        {problem.value !== null && (
          <Failed failure={problem.value.kind} detail={problem.value.message} again={() => void submit()} />
        )}
        <button type="submit" class="btn primary wide" disabled={busy.value || reason.value.trim() === ""}>
          {label}
        </button>
      </form>
    </Modal>
  );
}

function Spans({
  spans,
  chosen,
  choose,
}: {
  spans: readonly number[];
  chosen: number;
  choose: (minutes: number) => void;
}) {
  return (
    <div class="chips wrap" role="group" aria-label={t("span.how_long")}>
      {spans.map((n) => (
        <button key={n} type="button" class="chip" aria-pressed={chosen === n} onClick={() => choose(n)}>
          {showDuration(n * 60_000)}
        </button>
      ))}
    </div>
  );
}
