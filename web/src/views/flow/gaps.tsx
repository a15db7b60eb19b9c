import { fetchGaps, type Gap } from "@/api/flow";
import { byDevice, type Device } from "@/domain/flow";
import { showCount, showMoment, t, word } from "@/i18n";
import { Answered, Empty, Skeleton } from "../parts/states";
import { now } from "../state/now";
import { useAnswer } from "../state/query";
import { siteOf } from "./words";

function askedText({ asks, ask_at }: Gap): string {
  const next = ask_at === null ? "" : t("flow.ask_at", { at: showMoment(ask_at, now.value) });
  return `${t("flow.asks", { n: asks })}${next}`;
}

function DeviceRow({ of }: { of: Device<Gap> }) {
  return (
    <details class="letter" data-row data-gaps={of.code}>
      <summary>
        <span class="strong">{of.code}</span>
        <span class="tag">{siteOf(of.site)}</span>
        <span class="s">{t("flow.missing", { n: showCount(of.missing), holes: of.holes.length })}</span>
        <span class="grow" />
        <span class="xs nowrap">{t("flow.since_at", { at: showMoment(of.since, now.value) })}</span>
      </summary>
      {of.holes.map((gap) => (
        <p key={gap.id} class="s">
          {`${word("flow_channel", gap.channel)} · ${t("flow.gap", { n: showCount(gap.missing), first: gap.first, last: gap.last })} · ${askedText(gap)}`}
        </p>
      ))}
    </details>
  );
}

/** Devices whose numbers have holes now. Nothing is asked, and nothing shown, while there are none. */
export function Gaps({ count }: { count: number }) {
  const gaps = useAnswer(count > 0 ? "gaps" : null, fetchGaps, { topics: ["collector"], everyMs: 10_000 });
  if (count === 0) {
    return null;
  }
  return (
    <section aria-labelledby="gaps">
      <div class="sect">
        <h2 id="gaps" tabIndex={-1}>
          {t("flow.devices")}
        </h2>
        <span class="xs">{showCount(count)}</span>
      </div>
      <Answered of={gaps} skeleton={<Skeleton count={2} height={44} />}>
        {(found) => (
          <div class="list">
            {found.length === 0 && <Empty text={t("flow.no_gaps")} />}
            {byDevice(found).map((one) => (
              <DeviceRow key={`${one.site}/${one.code}`} of={one} />
            ))}
          </div>
        )}
      </Answered>
    </section>
  );
}
