import type { FlowCondition } from "@/api/types";
import { isSerious, toneOf } from "@/domain/flow";
import { nameOf, showDuration, showMoment, t } from "@/i18n";
import { Icon } from "../parts/icon";
import { Prose } from "../parts/prose";
import { Tag } from "../parts/tags";
import { siteName } from "../state/names";
import { now } from "../state/now";
import { siteOf } from "./words";

const LEVEL_WORDS = { info: "flow.info", warning: "flow.warning", urgent: "flow.urgent" } as const;
/** To the part of the page where the way out begins. */
function HelpButton({ help }: { help: FlowCondition["help"] }) {
  if (help === "") {
    return null;
  }
  const go = (): void => {
    const place = document.getElementById(help);
    place?.scrollIntoView({ block: "start" });
    place?.focus();
  };
  return (
    <button type="button" class="btn small" onClick={go}>
      {t(`flow.help_${help}`)}
    </button>
  );
}

function Since({ at }: { at: string | null }) {
  if (at === null) {
    return null;
  }
  const span = showDuration(now.value - Date.parse(at));
  return <span class="s nowrap">{t("flow.since", { at: showMoment(at, now.value), span })}</span>;
}

/** One thing that is wrong: what, where, since when, whether anything is lost, what to do. */
export function ConditionCard({ one }: { one: FlowCondition }) {
  const tone = toneOf(one.level);
  return (
    <article class={`condition ${tone}`} data-condition={one.code} data-level={one.level}>
      <div class="row wrap between">
        <div class="row wrap">
          <Icon name={one.level === "info" ? "clock" : "alert"} />
          <h3>{nameOf(one.title)}</h3>
          <Tag tone={tone} text={t(LEVEL_WORDS[one.level])} />
          {one.sites.map((site) => (
            <Tag key={site} text={siteOf(site)} />
          ))}
        </div>
        <Since at={one.since} />
      </div>
      <p>{nameOf(one.text)}</p>
      <p class={one.lost ? "bad-ink" : ""} data-loss={one.lost}>
        {nameOf(one.loss)}
      </p>
      <div class="row wrap between">
        <p class="advice">
          <b>{t("flow.what_to_do")}</b> <Prose text={nameOf(one.advice)} />
        </p>
        <HelpButton help={one.help} />
      </div>
      {one.detail !== "" && (
        <details class="xs">
          <summary>{t("flow.detail")}</summary>
          <code class="break">{one.detail}</code>
        </details>
      )}
    </article>
  );
}

/** Everything that is wrong, the worst first; when nothing is, that. */
export function Conditions({ items, flowing }: { items: readonly FlowCondition[]; flowing: string }) {
  const well = !items.some((one) => isSerious(one) || one.code.startsWith("backlog"));
  return (
    <div class="stack-s" data-conditions={items.length}>
      {well && (
        <div class="note ok" data-flowing>
          <Icon name="check" />
          <div>
            <b>{t("flow.all_well")}</b> {flowing}
          </div>
        </div>
      )}
      {items.map((one) => (
        <ConditionCard key={`${one.code}:${one.sites.join()}`} one={one} />
      ))}
    </div>
  );
}

/** On the morning screen: one line for what is amber or red, and the way to the page. */
export function ConditionLine({ items }: { items: readonly FlowCondition[] }) {
  const serious = items.filter(isSerious);
  const [worst] = serious;
  if (worst === undefined) {
    return null;
  }
  return (
    <a class={`note ${toneOf(worst.level)} condition-line`} href="/health" data-condition-line={worst.code}>
      <Icon name="alert" />
      <span class="grow">
        <b>{nameOf(worst.title)}</b>
        {worst.sites.length > 0 && ` · ${worst.sites.map(siteName).join(", ")}`}
        <span class="s block">{nameOf(worst.loss)}</span>
      </span>
      {serious.length > 1 && <span class="s nowrap">{t("flow.more", { n: serious.length - 1 })}</span>}
      <Icon name="next" />
    </a>
  );
}
