import { useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type uPlot from "uplot";
import { locale, t, zone } from "@/i18n";
import { painted } from "../state/prefs";
import type { ChartInput } from "./uplot";

type Props = Omit<ChartInput, "language" | "labels" | "zone"> & {
  /** What the x axis shows, in ms; without it: all of the data. */
  span?: { from: number; to: number } | undefined;
  cover?: string | undefined;
  label: string;
};

type Library = typeof import("./uplot");

/** The drawing code, loaded with the first chart. */
function useLibrary(): Library | null {
  const code = useSignal<Library | null>(null);
  useEffect(() => {
    void import("./uplot").then((loaded) => {
      code.value = loaded;
    });
  }, []);
  return code.value;
}

/** What a chart cannot change once it is made, as one text: another text asks for another chart. */
function shapeOf(props: Props, language: string): string {
  const { aggregated, unit, height, limits, marks, label } = props;
  return JSON.stringify([
    aggregated,
    zone.value,
    unit,
    height,
    language,
    painted.value,
    limits,
    marks,
    label,
  ]);
}

/** Draws into `host` and follows its width; `latest` is what a gesture on the chart calls. */
function makeIn(
  host: HTMLElement,
  lib: Library,
  latest: { readonly current: Props },
  language: string,
): { made: uPlot; end: () => void } {
  const input: ChartInput = {
    ...latest.current,
    language,
    zone: zone.value,
    labels: { value: latest.current.label, time: t("chart.time"), bad: t("chart.bad") },
    onZoom: (from, to) => latest.current.onZoom?.(from, to),
    onReset: () => latest.current.onReset?.(),
  };
  const made = lib.makeChart(host, input);
  const fit = new ResizeObserver(() =>
    made.setSize({ width: Math.max(240, host.clientWidth), height: input.height }),
  );
  fit.observe(host);
  return {
    made,
    end: () => {
      fit.disconnect();
      made.destroy();
    },
  };
}

function usePlot(props: Props): RefObject<HTMLDivElement | null> {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const lib = useLibrary();
  const language = locale.value === "zh" ? "zh-CN" : "en-GB";
  const shape = shapeOf(props, language);

  useEffect(() => {
    if (host.current === null || lib === null) {
      return;
    }
    const { made, end } = makeIn(host.current, lib, latest, language);
    plot.current = made;
    return () => {
      end();
      plot.current = null;
    };
  }, [lib, shape]);

  useEffect(() => {
    const made = plot.current;
    if (made === null || lib === null) {
      return;
    }
    made.setData(
      lib.columns({ ...latest.current, language, zone: undefined, labels: { value: "", time: "", bad: "" } }),
      props.span === undefined,
    );
    if (props.span !== undefined) {
      made.setScale("x", { min: props.span.from / 1000, max: props.span.to / 1000 });
    }
  }, [lib, shape, props.data, props.span?.from, props.span?.to]);

  return host;
}

/** A chart that follows its data: new rows are drawn into it, only another shape makes it anew. */
export function Chart(props: Props) {
  const host = usePlot(props);
  return (
    <div
      class={`chart${props.height < 240 ? " small" : ""}${props.aggregated ? "" : " raw"}`}
      data-points={props.data.x.length}
      data-last={props.data.x.at(-1) ?? 0}
    >
      <div ref={host} role="img" aria-label={props.label} />
      {props.cover !== undefined && <div class="cover">{props.cover}</div>}
    </div>
  );
}
