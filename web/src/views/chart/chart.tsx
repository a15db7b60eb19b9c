import { useSignal } from "@preact/signals";
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

/** The drawing code, loaded with the first chart. */
function useLibrary(): typeof import("./uplot") | null {
  const code = useSignal<typeof import("./uplot") | null>(null);
  useEffect(() => {
    void import("./uplot").then((loaded) => {
      code.value = loaded;
    });
  }, []);
  return code.value;
}

/** A chart that follows its data: new rows are drawn into it, only another shape makes it anew. */
export function Chart(props: Props) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const lib = useLibrary();
  const language = locale.value === "zh" ? "zh-CN" : "en-GB";
  const { marks, limits } = props;
  const shape = JSON.stringify([
    props.aggregated,
    zone.value,
    props.unit,
    props.height,
    language,
    painted.value,
    limits,
    marks,
    props.label,
  ]);

  useEffect(() => {
    const into = host.current;
    if (into === null || lib === null) {
      return;
    }
    const input: ChartInput = {
      ...latest.current,
      language,
      zone: zone.value,
      labels: { value: latest.current.label, time: t("chart.time"), bad: t("chart.bad") },
      onZoom: (from, to) => latest.current.onZoom?.(from, to),
      onReset: () => latest.current.onReset?.(),
    };
    const made = lib.makeChart(into, input);
    plot.current = made;
    const fit = new ResizeObserver(() =>
      made.setSize({ width: Math.max(240, into.clientWidth), height: input.height }),
    );
    fit.observe(into);
    return () => {
      fit.disconnect();
      made.destroy();
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
