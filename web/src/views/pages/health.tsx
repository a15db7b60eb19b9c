import { fetchDeadLetters, fetchStats } from "@/api/resources";
import type { DeadLetter, IngestStats } from "@/api/types";
import { showCount, showDate, showDuration, showTime, t, word } from "@/i18n";
import { Icon } from "../parts/icon";
import { Answered, Empty, Skeleton } from "../parts/states";
import { Tag } from "../parts/tags";
import { siteName } from "../state/names";
import { useAnswer } from "../state/query";

/** The first bytes as text; what is no text is shown as hexadecimal. */
function payloadText(base64: string): string {
  const bytes = Uint8Array.from(atob(base64.slice(0, 400)), (c) => c.charCodeAt(0));
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return [...bytes.slice(0, 60)].map((b) => b.toString(16).padStart(2, "0")).join(" ");
  }
}

function Stats({ stats }: { stats: IngestStats }) {
  const cells: [string, string, string][] = [
    [t("data.received"), showCount(stats.received), t("data.messages")],
    [t("data.stored"), showCount(stats.stored), t("data.readings")],
    [t("data.lag"), `${stats.lag_s.toFixed(1)} s`, t("data.lag_note")],
    [t("data.waiting"), showCount(stats.spool_depth), t("data.waiting_note")],
    [
      t("data.dead"),
      showCount(stats.dead_lettered),
      t("data.gaps", { n: showCount(stats.gaps), d: showCount(stats.duplicates) }),
    ],
  ];
  return (
    <>
      <div class="kpis">
        {cells.map(([label, value, note]) => (
          <div key={label}>
            <span class="xs">{label}</span>
            <b>{value}</b>
            <span class="xs">{note}</span>
          </div>
        ))}
      </div>
      <div class="sect">
        <h2>{t("data.collectors")}</h2>
      </div>
      <div class="list">
        {stats.collectors.length === 0 && <Empty text={t("data.no_collector")} icon="alert" />}
        {stats.collectors.map((c) => (
          <div key={c.collector} class="collector">
            <Tag
              tone={c.ready && c.age_s < 60 ? "ok" : "warn"}
              text={t(c.age_s >= 60 ? "data.silent" : c.ready ? "data.ready" : "data.not_ready")}
            />
            <span class="strong grow">{c.collector}</span>
            <span class="s">{c.problems.join("; ")}</span>
            <span class="xs">{t("time.ago", { span: showDuration(c.age_s * 1000) })}</span>
          </div>
        ))}
      </div>
    </>
  );
}

function Letter({ letter }: { letter: DeadLetter }) {
  return (
    <details class="letter" data-row>
      <summary>
        <span class="xs nowrap">{`${showDate(letter.received_at)} ${showTime(letter.received_at)}`}</span>
        <span class="strong">{word("dead", letter.reason.split(":", 1)[0])}</span>
        <span class="s clip">{letter.topic}</span>
      </summary>
      <p class="xs">{`${siteName(letter.site)} · ${letter.reason}${letter.part === "" ? "" : ` · ${letter.part}`}`}</p>
      <pre>{payloadText(letter.payload_base64)}</pre>
    </details>
  );
}

/** How the data comes in: rates, what waits, and what could not be used, with the reason. */
export default function Health() {
  const stats = useAnswer("stats", fetchStats, { topics: ["collector"], everyMs: 3000 });
  const letters = useAnswer("letters", fetchDeadLetters, { topics: ["collector"], everyMs: 10_000 });
  return (
    <div class="page">
      <div class="page-head">
        <h1>{t("nav.health")}</h1>
      </div>
      <Answered of={stats} skeleton={<Skeleton count={2} height={88} />}>
        {(s) => <Stats stats={s} />}
      </Answered>
      <div class="sect">
        <h2>{t("data.letters")}</h2>
      </div>
      <p class="s row" style={{ marginBottom: "8px" }}>
        <Icon name="box" />
        {t("data.letters_note")}
      </p>
      <Answered of={letters} skeleton={<Skeleton count={4} height={44} />}>
        {(list) =>
          list.items.length === 0 ? (
            <div class="list">
              <Empty text={t("data.no_letters")} />
            </div>
          ) : (
            <div class="list">
              {list.items.map((l) => (
                <Letter key={l.id} letter={l} />
              ))}
            </div>
          )
        }
      </Answered>
    </div>
  );
}
