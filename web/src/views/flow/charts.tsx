import { useSignal } from "@preact/signals";
import { fetchHistory } from "@/api/flow";
import type { FlowHistory } from "@/api/types";
import { FIGURES, type Figure, seriesOf } from "@/domain/flow";
import { HOUR_MS } from "@/domain/time";
import { t } from "@/i18n";
import { Chart } from "../chart/chart";
import { Answered, Skeleton } from "../parts/states";
import { useAnswer } from "../state/query";

const SPANS = { "1h": HOUR_MS, "3h": 3 * HOUR_MS, "12h": 12 * HOUR_MS } as const;
type SpanName = keyof typeof SPANS;
const UNITS: Record<Figure, () => string> = {
  messages: () => t("flow.per_s"),
  stored: () => t("flow.per_s"),
  rejects: () => t("flow.per_min"),
  waiting: () => "",
  lag: () => t("flow.s"),
};

function Small({ history, figure, spanMs }: { history: FlowHistory; figure: Figure; spanMs: number }) {
  const data = seriesOf(history.rows, figure);
  const unit = UNITS[figure]();
  const to = Date.now();
  return (
    <figure class="card flow-chart" data-figure={figure}>
      <figcaption class="s">
        {t(`flow.${figure}`)} <span class="xs">{unit}</span>
      </figcaption>
      <Chart
        data={data}
        aggregated={false}
        limits={{}}
        unit={unit}
        height={150}
        marks={{}}
        span={{ from: to - spanMs, to }}
        label={t(`flow.${figure}`)}
        fromZero
        cover={data.x.length === 0 ? t("flow.no_history") : undefined}
        syncKey="flow"
      />
    </figure>
  );
}

function SpanChoice({ chosen, choose }: { chosen: SpanName; choose: (name: SpanName) => void }) {
  return (
    <div class="choice ranges" role="group" aria-label={t("chart.range")}>
      {(Object.keys(SPANS) as SpanName[]).map((name) => (
        <button key={name} type="button" aria-pressed={name === chosen} onClick={() => choose(name)}>
          {t("span.hour", { n: SPANS[name] / HOUR_MS })}
        </button>
      ))}
    </div>
  );
}

/** The last hours: what came in, what was stored, what was refused, what waited and for how long. */
export function Charts() {
  const chosen = useSignal<SpanName>("1h");
  const spanMs = SPANS[chosen.value];
  const history = useAnswer(`flow-history:${chosen.value}`, () => fetchHistory(spanMs), { everyMs: 10_000 });
  return (
    <section aria-labelledby="flow-charts">
      <div class="sect between">
        <h2 id="flow-charts">{t("flow.charts")}</h2>
        <SpanChoice
          chosen={chosen.value}
          choose={(name) => {
            chosen.value = name;
          }}
        />
      </div>
      <Answered of={history} skeleton={<Skeleton count={2} height={180} />}>
        {(found) => (
          <div class="flow-charts">
            {FIGURES.map((figure) => (
              <Small key={figure} history={found} figure={figure} spanMs={spanMs} />
            ))}
          </div>
        )}
      </Answered>
    </section>
  );
}
