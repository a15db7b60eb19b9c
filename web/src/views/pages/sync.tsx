import type { QueuedOperation } from "@/db/database";
import { deviceId, dismiss, takeBack } from "@/db/store";
import { codeAndName } from "@/domain/names";
import { type Key, nameOf, showMoment, t, word } from "@/i18n";
import { exportOf } from "@/sync/status";
import { enteredText } from "../parts/entered";
import { Icon } from "../parts/icon";
import { Empty } from "../parts/states";
import { syncText } from "../parts/syncline";
import { Tag } from "../parts/tags";
import { flush, foreign, line, operations, orders } from "../state/device";
import { now } from "../state/now";
import { navigate } from "../state/router";

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

/** The work order and machine of an operation: as they were called then, or as the device knows the order. */
function subjectOf(op: QueuedOperation): { title: string; asset: string; unit: string; kind: string } {
  const order = orders.value?.find((o) => o.id === op.work_order);
  const asset = op.about?.asset ?? order?.asset_ref;
  return {
    title: nameOf(op.about?.title ?? order?.title),
    asset: asset == null ? "" : codeAndName(asset.code, nameOf(asset.name)),
    unit: op.about?.unit ?? order?.template.find((i) => i.step === op.step)?.unit ?? "",
    kind: op.about?.kind ?? order?.kind ?? "",
  };
}

async function open(op: QueuedOperation, kind: string): Promise<void> {
  await takeBack(op.op_id);
  const step = op.step === null ? "" : `?step=${encodeURIComponent(op.step)}`;
  navigate(kind === "corrective" ? `/tickets/${op.work_order}` : `/orders/${op.work_order}${step}`);
}

function Row({ op }: { op: QueuedOperation }) {
  const refused = op.status !== "waiting";
  const about = subjectOf(op);
  const entered = enteredText(op.type, op.value, about.unit);
  const where = [about.title, about.asset].filter(Boolean).join(" · ");
  const what = op.step === null && nameOf(op.label) === about.title ? "" : nameOf(op.label);
  return (
    <li class="op" data-op={op.status}>
      <div class="grow stack-s">
        <div class="row wrap">
          <Tag tone={op.status === "refused" ? "bad" : "warn"} text={t(`sync.${op.status}` as Key)} />
          <span class="strong">{[word("op", op.type), what].filter(Boolean).join(" · ")}</span>
        </div>
        {where !== "" && (
          <div class="s clamp2" title={where}>
            {where}
          </div>
        )}
        {entered !== "" && (
          <div class="s entered" data-entered>
            {t("sync.entered", { what: entered })}
          </div>
        )}
        {refused && <div class={op.status === "noted" ? "s" : "s bad-ink"}>{reasonOf(op)}</div>}
        <div class="xs">{showMoment(op.captured_at, now.value)}</div>
      </div>
      {refused && (
        <div class="op-ways">
          {op.work_order !== null && (
            <button type="button" class="btn small" onClick={() => void open(op, about.kind)}>
              {t(about.kind === "corrective" ? "sync.open_ticket" : "sync.open_checklist")}
            </button>
          )}
          <button type="button" class="btn small" onClick={() => void dismiss(op.op_id)}>
            {t("sync.dismiss")}
          </button>
        </div>
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
