import { fetchGaps, fetchLost, type Gap } from "@/api/flow";
import type { NodeGap } from "@/api/types";
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

const endedText = ({ ended_at, found_at, reason }: Gap): string =>
  t("flow.given_up_at", {
    at: showMoment(ended_at ?? found_at, now.value),
    reason: word("flow_given_up", reason),
  });

interface Kind {
  told: "flow.missing" | "flow.lost";
  state: (gap: Gap) => string;
}
const OPEN: Kind = { told: "flow.missing", state: askedText };
const LOST: Kind = { told: "flow.lost", state: endedText };

/** Which count a gap is of: of several boots of a device the same numbers may be missing. */
const bootText = ({ boot }: Gap, several: boolean): string =>
  several && boot !== "" ? ` · ${t("flow.boot", { boot })}` : "";

function DeviceRow({ of, kind }: { of: Device<Gap>; kind: Kind }) {
  const several = new Set(of.holes.map((gap) => gap.boot)).size > 1;
  return (
    <details class="letter" data-row data-gaps={of.code}>
      <summary>
        <span class="strong">{of.code}</span>
        <span class="tag">{siteOf(of.site)}</span>
        <span class="s">{t(kind.told, { n: showCount(of.missing), holes: of.holes.length })}</span>
        <span class="grow" />
        <span class="xs nowrap">{t("flow.since_at", { at: showMoment(of.since, now.value) })}</span>
      </summary>
      {of.holes.map((gap) => (
        <p key={gap.id} class="s break">
          {`${word("flow_channel", gap.channel)} · ${t("flow.gap", { n: showCount(gap.missing), first: gap.first, last: gap.last })}${bootText(gap, several)} · ${kind.state(gap)}`}
        </p>
      ))}
    </details>
  );
}

const Rows = ({ of, kind }: { of: readonly Gap[]; kind: Kind }) => (
  <>
    {byDevice(of).map((one) => (
      <DeviceRow key={`${one.site}/${one.code}`} of={one} kind={kind} />
    ))}
  </>
);

/** A Sparkplug node: nobody can ask it for a message by its number, it is asked to tell all anew. */
function NodeRow({ of }: { of: NodeGap }) {
  const asked = of.asked_at === null ? "" : t("flow.node_asked", { at: showMoment(of.asked_at, now.value) });
  return (
    <div class="letter" data-row data-node={of.node}>
      <div class="row wrap">
        <span class="strong break">{of.node}</span>
        <span class="tag">{siteOf(of.site)}</span>
        <span class="s">{t("flow.node_missing", { n: showCount(of.missing) })}</span>
        <span class="grow" />
        {of.found_at !== null && (
          <span class="xs nowrap">{t("flow.since_at", { at: showMoment(of.found_at, now.value) })}</span>
        )}
      </div>
      <p class="s">{`${asked}${t("flow.node_ends")}`}</p>
    </div>
  );
}

interface Missing {
  count: number;
  nodes: readonly NodeGap[];
}

/** Devices whose numbers have holes now. Nothing is asked, and nothing shown, while there are none. */
function Open({ count, nodes }: Missing) {
  const gaps = useAnswer(count > 0 ? "gaps" : null, fetchGaps, { topics: ["collector"], everyMs: 10_000 });
  if (count === 0) {
    return null;
  }
  return (
    <section aria-labelledby="gaps-open">
      <div class="sect">
        <h2 id="gaps-open">{t("flow.devices")}</h2>
        <span class="xs">{t("flow.devices_missing", { n: showCount(count) })}</span>
      </div>
      <Answered of={gaps} skeleton={<Skeleton count={2} height={44} />}>
        {(found) => (
          <div class="list">
            {found.length + nodes.length === 0 && <Empty text={t("flow.gaps_follow")} icon="clock" />}
            <Rows of={found} kind={OPEN} />
          </div>
        )}
      </Answered>
      {nodes.length > 0 && (
        <div class="list" data-nodes>
          {nodes.map((one) => (
            <NodeRow key={`${one.site}/${one.node}`} of={one} />
          ))}
        </div>
      )}
    </section>
  );
}

/** What was given up, the newest; nothing is shown while there is none. */
function Lost() {
  const { data } = useAnswer("gaps-lost", fetchLost, { topics: ["collector"], everyMs: 60_000 });
  if (data === undefined || data.length === 0) {
    return null;
  }
  return (
    <section aria-labelledby="gaps-lost">
      <div class="sect">
        <h2 id="gaps-lost">{t("flow.lost_devices")}</h2>
      </div>
      <div class="list" data-lost>
        <Rows of={data} kind={LOST} />
      </div>
    </section>
  );
}

/** What devices numbered and did not arrive: what may still come, then what was given up. */
export function Gaps({ count, nodes }: Missing) {
  return (
    <div id="gaps" tabIndex={-1}>
      <Open count={count} nodes={nodes} />
      <Lost />
    </div>
  );
}
