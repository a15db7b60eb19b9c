import type { QueuedOperation } from "@/db/database";
import { deviceId, dismiss } from "@/db/store";
import { type Key, nameOf, showMoment, t, word } from "@/i18n";
import { exportOf } from "@/sync/status";
import { Icon } from "../parts/icon";
import { Empty } from "../parts/states";
import { syncText } from "../parts/syncline";
import { Tag } from "../parts/tags";
import { flush, foreign, line, operations } from "../state/device";
import { now } from "../state/now";

async function save(): Promise<void> {
  const text = exportOf(await deviceId(), operations.peek(), new Date());
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  link.download = `plantroom-unsent-${new Date().toISOString().slice(0, 16).replaceAll(":", "")}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function reasonOf(op: QueuedOperation): string {
  if (op.status === "conflict") {
    return t("sync.conflict");
  }
  return op.code === null ? t("sync.refused_plain") : word("code", op.code);
}

function Row({ op }: { op: QueuedOperation }) {
  const refused = op.status !== "waiting";
  return (
    <li class="op" data-op={op.status}>
      <Tag tone={op.status === "refused" ? "bad" : "warn"} text={t(`sync.${op.status}` as Key)} />
      <div class="grow stack-s">
        <div class="strong">{`${word("op", op.type)} · ${nameOf(op.label)}`}</div>
        <div class="xs">{showMoment(op.captured_at, now.value)}</div>
        {refused && <div class="s">{reasonOf(op)}</div>}
      </div>
      {refused && (
        <button type="button" class="btn small" onClick={() => void dismiss(op.op_id)}>
          {t("sync.dismiss")}
        </button>
      )}
    </li>
  );
}

/** Everything that this device still holds, why, and the ways on: send, sign in, save as a file. */
export default function SyncPage() {
  const known = operations.value;
  return (
    <div class="page narrow">
      <div class="page-head">
        <h1>{t("sync.title")}</h1>
        <div class="row wrap">
          <button type="button" class="btn small" onClick={() => void flush()}>
            <Icon name="upload" />
            {t("action.send_now")}
          </button>
          <button type="button" class="btn small" disabled={known.length === 0} onClick={() => void save()}>
            <Icon name="download" />
            {t("action.export")}
          </button>
        </div>
      </div>
      <p class="s" style={{ marginBottom: "12px" }}>
        {syncText(line.value)}
      </p>
      {line.value.kind === "waiting" && line.value.why === "signed_out" && (
        <div class="note warn" style={{ marginBottom: "12px" }}>
          <Icon name="user" />
          <span class="grow">{t("sync.sign_in")}</span>
          <a class="btn small" href="/sign-in?to=/sync">
            {t("signin.submit")}
          </a>
        </div>
      )}
      <ul class="list">
        {known.length === 0 ? (
          <Empty big text={t("sync.nothing")} />
        ) : (
          known.map((op) => <Row key={op.op_id} op={op} />)
        )}
      </ul>
      {foreign.value > 0 && (
        <p class="s" style={{ marginTop: "12px" }}>
          {t("sync.foreign", { n: foreign.value })}
        </p>
      )}
    </div>
  );
}
