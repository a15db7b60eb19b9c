import { fetchConditions, fetchStats } from "@/api/flow";
import type { IngestStats } from "@/api/types";
import { OLD_S } from "@/domain/flow";
import { showAge, t } from "@/i18n";
import { Charts } from "../flow/charts";
import { Conditions } from "../flow/conditions";
import { Figures } from "../flow/figures";
import { Gaps } from "../flow/gaps";
import { Letters } from "../flow/letters";
import { Sites } from "../flow/sites";
import { rateText } from "../flow/words";
import { PlantLine } from "../parts/plantline";
import { Answered, Empty, Skeleton } from "../parts/states";
import { Tag } from "../parts/tags";
import { useAnswer } from "../state/query";

type Collector = IngestStats["collectors"][number];

function CollectorRow({ of }: { of: Collector }) {
  const silent = of.age_s > OLD_S;
  return (
    <div class="collector">
      <Tag
        tone={of.ready && !silent ? "ok" : "warn"}
        text={t(silent ? "data.silent" : of.ready ? "data.ready" : "data.not_ready")}
      />
      <span class="strong break">{of.collector}</span>
      <span class="s grow break">{of.problems.join("; ")}</span>
      <span class="xs nowrap">{showAge(of.age_s * 1000)}</span>
    </div>
  );
}

function Collectors({ stats }: { stats: IngestStats }) {
  return (
    <section aria-labelledby="collectors">
      <div class="sect">
        <h2 id="collectors">{t("data.collectors")}</h2>
      </div>
      <div class="list">
        {stats.collectors.length === 0 && <Empty text={t("data.no_collector")} icon="alert" />}
        {stats.collectors.map((c) => (
          <CollectorRow key={c.collector} of={c} />
        ))}
      </div>
    </section>
  );
}

const flowingText = (stats: IngestStats | undefined): string =>
  stats === undefined
    ? ""
    : t("flow.flowing", {
        n: rateText(stats.flow.messages_per_s),
        stored: rateText(stats.flow.stored_per_s),
      });

/** The health of the data: what is wrong and what to do, then the figures behind it, then what could not be used. */
export default function Health() {
  const stats = useAnswer("stats", fetchStats, { topics: ["collector"], everyMs: 2000 });
  const conditions = useAnswer("conditions", fetchConditions, { topics: ["collector"], everyMs: 2000 });
  return (
    <div class="page" data-page="health">
      <div class="page-head">
        <h1>{t("nav.health")}</h1>
        <PlantLine />
      </div>
      <Answered of={conditions} skeleton={<Skeleton count={1} height={56} />}>
        {(items) => <Conditions items={items} flowing={flowingText(stats.data)} />}
      </Answered>
      <div class="sect">
        <h2>{t("flow.now")}</h2>
      </div>
      <Answered of={stats} skeleton={<Skeleton count={1} height={88} />}>
        {(s) => <Figures stats={s} at={stats.at} />}
      </Answered>
      <Charts />
      {stats.data !== undefined && <Sites stats={stats.data} />}
      <Gaps count={stats.data?.gaps ?? 0} nodes={stats.data?.nodes ?? []} />
      <Letters />
      {stats.data !== undefined && <Collectors stats={stats.data} />}
    </div>
  );
}
