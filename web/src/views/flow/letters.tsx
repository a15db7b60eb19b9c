import { useSignal } from "@preact/signals";
import { DISCARDED_AT_ONCE, discardLetters, fetchLetterSummary, replayLetters } from "@/api/flow";
import { ApiError } from "@/api/http";
import { holds, session } from "@/api/session";
import type { LetterGroup, LetterSummary } from "@/api/types";
import { byReason, payloadText, type Reason } from "@/domain/flow";
import { nameOf, showCount, showMoment, t, word } from "@/i18n";
import { Icon } from "../parts/icon";
import { Modal } from "../parts/modal";
import { Prose } from "../parts/prose";
import { Answered, Empty, Skeleton } from "../parts/states";
import { now } from "../state/now";
import { useAnswer } from "../state/query";
import { siteOf } from "./words";

type Deed = "replay" | "discard";
const MAX_TOPIC = 160;
const DEEDS = { replay: replayLetters, discard: discardLetters } as const;

/** Asks before anything happens, then says what came of it. */
function Confirm({ of, deed, close }: { of: Reason<LetterGroup>; deed: Deed; close: () => void }) {
  const busy = useSignal(false);
  const failed = useSignal("");
  const act = async (): Promise<void> => {
    busy.value = true;
    try {
      const done = await DEEDS[deed]({ site: of.site, reason: of.reason });
      if (done > 0) {
        close();
      } else {
        failed.value = t("flow.none_done");
      }
    } catch (error) {
      failed.value = error instanceof ApiError ? error.message : t("failure.server");
      busy.value = false;
    }
  };
  const count = showCount(deed === "discard" ? Math.min(of.count, DISCARDED_AT_ONCE) : of.count);
  return (
    <Modal onClose={close}>
      <div class="stack">
        <h2>{t(`flow.${deed}`)}</h2>
        <p>{t(`flow.${deed}_ask`, { n: count, reason: word("dead", of.reason), site: siteOf(of.site) })}</p>
        {failed.value !== "" && (
          <p class="bad-ink" role="alert">
            {failed.value}
          </p>
        )}
        <button type="button" class="btn primary wide" disabled={busy.value} onClick={() => void act()}>
          {t(`flow.${deed}_do`, { n: count })}
        </button>
      </div>
    </Modal>
  );
}

function Deeds({ of, again }: { of: Reason<LetterGroup>; again: () => void }) {
  const asked = useSignal<Deed | null>(null);
  if (!holds(session.value?.user, "supervisor") || of.reason === "replay_asked") {
    return null;
  }
  const close = (): void => {
    asked.value = null;
    again();
  };
  // A replay goes to a site's collector: what names no site has none.
  const deeds: readonly Deed[] = of.site === "" ? ["discard"] : ["replay", "discard"];
  return (
    <div class="row wrap">
      {deeds.map((deed) => (
        <button
          key={deed}
          type="button"
          class="btn small"
          data-deed={deed}
          onClick={() => {
            asked.value = deed;
          }}
        >
          {t(`flow.${deed}`)}
        </button>
      ))}
      {asked.value !== null && <Confirm of={of} deed={asked.value} close={close} />}
    </div>
  );
}

/** A topic; one that is longer than a line bears is cut, and whole on demand. */
function LongTopic({ topic }: { topic: string }) {
  const open = useSignal(false);
  if (topic.length <= MAX_TOPIC) {
    return <code class="break">{topic}</code>;
  }
  return (
    <span class="grow">
      <code class="break">{open.value ? topic : `${topic.slice(0, MAX_TOPIC)}…`}</code>{" "}
      <button
        type="button"
        class="btn small"
        aria-expanded={open.value}
        onClick={() => {
          open.value = !open.value;
        }}
      >
        {t(open.value ? "action.less" : "action.more")}
      </button>
    </span>
  );
}

/** The points or values that the messages of a group name: a few of them, and how many more. */
function partsOf({ parts, part_count }: LetterGroup): string {
  const more = part_count - parts.length;
  const named = parts.join(t("flow.letters_between"));
  return more > 0 ? t("flow.letters_parts", { named, n: showCount(more) }) : named;
}

function Topic({ group }: { group: LetterGroup }) {
  const { example } = group;
  return (
    <div class="letter-topic">
      <div class="row wrap between">
        <LongTopic topic={group.topic} />
        <span class="xs">
          {t("flow.letters_span", {
            n: showCount(group.count),
            first: showMoment(group.first_at, now.value),
            last: showMoment(group.last_at, now.value),
          })}
        </span>
      </div>
      <p class="xs break">{[example.reason, partsOf(group)].filter((one) => one !== "").join(" · ")}</p>
      <div class="xs">{t("flow.example")}</div>
      <pre>{payloadText(example.payload_base64)}</pre>
    </div>
  );
}

function ReasonBody({ of, again }: { of: Reason<LetterGroup>; again: () => void }) {
  const [first] = of.topics;
  return (
    <>
      {first !== undefined && of.reason !== "replay_asked" && (
        <p class="s advice">
          <b>{t("flow.what_to_do")}</b> <Prose text={nameOf(first.advice)} />
        </p>
      )}
      <Deeds of={of} again={again} />
      {of.topics.map((group) => (
        <Topic key={group.topic} group={group} />
      ))}
    </>
  );
}

function ReasonRow({ of, again }: { of: Reason<LetterGroup>; again: () => void }) {
  const open = useSignal(false);
  return (
    <details
      class="letter"
      data-row
      data-reason={of.reason}
      onToggle={(e) => {
        open.value = e.currentTarget.open;
      }}
    >
      <summary>
        <span class="strong">{word("dead", of.reason)}</span>
        <span class="tag">{siteOf(of.site)}</span>
        <span class="s">{t("flow.letters_count", { n: showCount(of.count), topics: of.topics.length })}</span>
        <span class="grow" />
        <span class="xs nowrap">{t("flow.last_at", { at: showMoment(of.last_at, now.value) })}</span>
      </summary>
      {open.value && <ReasonBody of={of} again={again} />}
    </details>
  );
}

function List({ summary, again }: { summary: LetterSummary; again: () => void }) {
  if (summary.total === 0) {
    return (
      <div class="list">
        <Empty text={t("data.no_letters")} />
      </div>
    );
  }
  const [shown, whole] = [summary.looked_at, summary.total].map(showCount);
  return (
    <>
      <div class="list">
        {byReason(summary.items).map((one) => (
          <ReasonRow key={`${one.site}/${one.reason}`} of={one} again={again} />
        ))}
      </div>
      {(summary.looked_at < summary.total || summary.groups_left_out > 0) && (
        <p class="xs age">
          {t("flow.letters_cut", { shown: shown ?? "", whole: whole ?? "", left: summary.groups_left_out })}
        </p>
      )}
    </>
  );
}

/** Messages that could not be used: why, which topic, an example, and what can be done with them. */
export function Letters() {
  const summary = useAnswer("letters", fetchLetterSummary, { topics: ["collector"], everyMs: 10_000 });
  return (
    <section aria-labelledby="letters">
      <div class="sect">
        <h2 id="letters" tabIndex={-1}>
          {t("data.letters")}
        </h2>
        {summary.data !== undefined && <span class="xs">{showCount(summary.data.total)}</span>}
      </div>
      <p class="s row letters-note">
        <Icon name="box" />
        {t("data.letters_note")}
      </p>
      <Answered of={summary} skeleton={<Skeleton count={4} height={44} />}>
        {(found) => <List summary={found} again={summary.again} />}
      </Answered>
    </section>
  );
}
