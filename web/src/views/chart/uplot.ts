/** Everything of the charts that needs uPlot; loaded only by pages that show one. */
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { type Limits, zonesOf } from "@/domain/limits";
import { aloneIn, type ChartData } from "@/domain/series";
import { numberText, tickTexts } from "@/domain/units";

export interface Marks {
  openedAt?: number | undefined;
  openedLabel?: string | undefined;
  closedAt?: number | undefined;
  expected?: number | null | undefined;
  band?: { low: number; high: number } | undefined;
}

export interface ChartInput {
  data: ChartData;
  limits: Limits;
  unit: string;
  marks: Marks;
  height: number;
  aggregated: boolean;
  /** Nothing is below zero: the scale begins there. */
  fromZero?: boolean | undefined;
  language: string;
  zone: string | undefined;
  syncKey?: string | undefined;
  onZoom?: (from: number, to: number) => void;
  onReset?: () => void;
  labels: { value: string; time: string; bad: string };
}

const colour = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** The limits as coloured bands behind the data, and what the model expects, drawn before the lines. */
function drawBackground(u: uPlot, input: ChartInput): void {
  const { ctx, bbox } = u;
  const [min, max] = [u.scales["y"]?.min ?? 0, u.scales["y"]?.max ?? 1];
  const y = (v: number): number => u.valToPos(v, "y", true);
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const zone of zonesOf(input.limits, min, max)) {
    if (zone.kind === "alarm" || zone.kind === "watch") {
      ctx.fillStyle = colour(zone.kind === "alarm" ? "--bad-soft" : "--warn-soft");
      ctx.fillRect(bbox.left, y(zone.to), bbox.width, y(zone.from) - y(zone.to));
    }
  }
  const { band, expected } = input.marks;
  if (band !== undefined) {
    ctx.fillStyle = colour("--accent-soft");
    ctx.fillRect(bbox.left, y(band.high), bbox.width, y(band.low) - y(band.high));
  }
  if (expected != null) {
    ctx.strokeStyle = colour("--accent");
    ctx.lineWidth = 1.5 * devicePixelRatio;
    ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y(expected));
    ctx.lineTo(bbox.left + bbox.width, y(expected));
    ctx.stroke();
  }
  ctx.restore();
}

/** Each limit as a thin line with its figure at the right, those that matter most first: where two lie too close for
 * their figures, the lesser is left to the legend. What is normal is dashed, for it calls nobody. */
function drawLimits(u: uPlot, { limits }: ChartInput): void {
  const { ctx, bbox } = u;
  const lines = [
    [limits.alarm_high, "--bad", 0],
    [limits.alarm_low, "--bad", 0],
    [limits.warning_high, "--warn", 0],
    [limits.warning_low, "--warn", 0],
    [limits.normal_high, "--ink-3", 3],
    [limits.normal_low, "--ink-3", 3],
  ] as const;
  const size = 12 * devicePixelRatio;
  const taken: number[] = [];
  const figures: (() => void)[] = [];
  ctx.save();
  ctx.font = `${size}px ${getComputedStyle(document.body).fontFamily}`;
  ctx.textAlign = "right";
  ctx.textBaseline = "alphabetic";
  ctx.lineWidth = devicePixelRatio;
  for (const [value, name, dash] of lines) {
    const y = value == null ? Number.NaN : u.valToPos(value, "y", true);
    if (value == null || !(y > bbox.top && y < bbox.top + bbox.height)) {
      continue;
    }
    ctx.strokeStyle = colour(name);
    ctx.setLineDash(dash === 0 ? [] : [dash * devicePixelRatio, dash * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    if (taken.every((other) => Math.abs(other - y) > size * 1.2)) {
      taken.push(y);
      const below = y - bbox.top < size * 1.5;
      figures.push(() => {
        const at = [
          numberText(value),
          bbox.left + bbox.width - size / 2,
          below ? y + size : y - size / 3,
        ] as const;
        ctx.fillStyle = colour(name);
        ctx.strokeText(...at);
        ctx.fillText(...at);
      });
    }
  }
  // Over the lines, and with a rim, so that none of them runs through a figure.
  ctx.setLineDash([]);
  ctx.strokeStyle = colour("--surface");
  ctx.lineWidth = 3 * devicePixelRatio;
  for (const write of figures) {
    write();
  }
  ctx.restore();
}

/** The moment of opening as a line with its time, over the data. */
function drawMarks(u: uPlot, input: ChartInput): void {
  const { openedAt, openedLabel, closedAt } = input.marks;
  const { ctx, bbox } = u;
  ctx.save();
  for (const [at, label, name] of [
    [openedAt, openedLabel, "--go"],
    [closedAt, undefined, "--ok"],
  ] as const) {
    if (at === undefined) {
      continue;
    }
    const x = u.valToPos(at / 1000, "x", true);
    if (x < bbox.left || x > bbox.left + bbox.width) {
      continue;
    }
    ctx.strokeStyle = colour(name);
    ctx.lineWidth = 1.5 * devicePixelRatio;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    if (label !== undefined) {
      ctx.font = `${12 * devicePixelRatio}px ${getComputedStyle(document.body).fontFamily}`;
      ctx.fillStyle = colour(name);
      const right = x + ctx.measureText(label).width + 8 * devicePixelRatio > bbox.left + bbox.width;
      ctx.textAlign = right ? "right" : "left";
      ctx.fillText(label, x + (right ? -6 : 6) * devicePixelRatio, bbox.top + 14 * devicePixelRatio);
    }
  }
  ctx.restore();
}

/** Zoom with the wheel around the cursor; dragging zooms by itself, a double click goes back. */
function wheelZoom(input: ChartInput): uPlot.Plugin {
  return {
    hooks: {
      ready: (u) => {
        u.over.addEventListener(
          "wheel",
          (event) => {
            if (!event.ctrlKey && !event.shiftKey) {
              return;
            }
            event.preventDefault();
            const [min, max] = [u.scales["x"]?.min ?? 0, u.scales["x"]?.max ?? 1];
            const at = u.posToVal(event.clientX - u.over.getBoundingClientRect().left, "x");
            const factor = event.deltaY < 0 ? 0.75 : 1.33;
            input.onZoom?.((at - (at - min) * factor) * 1000, (at + (max - at) * factor) * 1000);
          },
          { passive: false },
        );
        u.over.addEventListener("dblclick", () => input.onReset?.());
      },
    },
  };
}

function seriesOf(input: ChartInput): uPlot.Series[] {
  const show = (_u: uPlot, v: number | null): string =>
    v === null ? "–" : `${numberText(v)} ${input.unit}`.trim();
  const line: uPlot.Series = {
    label: input.labels.value,
    stroke: colour("--ink"),
    width: 1.5,
    // A line needs two: what stands alone between gaps would not be seen.
    points: {
      show: false,
      filter: (u, series) => aloneIn(u.data[series] ?? []),
      size: 6,
      stroke: colour("--ink"),
      fill: colour("--ink"),
    },
    value: show,
  };
  const edge = (label: string): uPlot.Series => ({
    label,
    stroke: colour("--line-strong"),
    width: 0.5,
    points: { show: false },
    value: show,
  });
  const bad: uPlot.Series = {
    label: input.labels.bad,
    stroke: "transparent",
    width: 0,
    value: show,
    points: { show: true, size: 7, stroke: colour("--warn"), fill: colour("--surface"), width: 1.5 },
  };
  const time: uPlot.Series = {
    label: input.labels.time,
    value: (_u, v) =>
      v === null
        ? "–"
        : new Date(v * 1000).toLocaleString(input.language, { hour12: false, timeZone: input.zone }),
  };
  return input.aggregated ? [time, line, edge("min"), edge("max")] : [time, line, bad];
}

/** A scale that shows the data, and the limits when they are near enough not to flatten it. */
function yRange(input: ChartInput): uPlot.Range.Function {
  return (_u, low, high) => {
    const near: number[] = [];
    if (low !== null && high !== null) {
      const reach = Math.max(high - low, Math.abs(high) * 0.05, 1e-6) * 1.5;
      const { warning_low, warning_high, alarm_low, alarm_high } = input.limits;
      const band = input.marks.band;
      for (const v of [
        warning_low,
        warning_high,
        alarm_low,
        alarm_high,
        input.marks.expected,
        band?.low,
        band?.high,
      ]) {
        if (v != null && v > low - reach && v < high + reach) {
          near.push(v);
        }
      }
    }
    const min = Math.min(low ?? 0, ...near);
    const max = Math.max(high ?? 1, ...near);
    if (input.fromZero) {
      return [0, Math.max(max * 1.1, 1)];
    }
    const room = Math.max((max - min) * 0.1, Math.abs(max) * 0.005, 1e-3);
    return [min - room, max + room];
  };
}

function axes(input: ChartInput): uPlot.Axis[] {
  const font = `12px ${getComputedStyle(document.body).fontFamily}`;
  const common = {
    stroke: colour("--ink-3"),
    font,
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
  };
  const show = (at: Date, options: Intl.DateTimeFormatOptions): string =>
    at.toLocaleString(input.language, { ...options, timeZone: input.zone, hour12: false });
  const times = (_u: uPlot, splits: number[], _axis: number, _space: number, step: number): string[] =>
    splits.map((s) => {
      const at = new Date(s * 1000);
      const time = show(at, { hour: "2-digit", minute: "2-digit" });
      if (step >= 86_400 || (step >= 3600 && /^(00|24):00$/.test(time))) {
        return show(at, { month: "numeric", day: "numeric" });
      }
      return step < 60 ? show(at, { hour: "2-digit", minute: "2-digit", second: "2-digit" }) : time;
    });
  const ticks = (_u: uPlot, splits: number[], _axis: number, _space: number, step: number): string[] =>
    tickTexts(splits, step);
  return [
    { ...common, values: times, space: 70, size: 32 },
    { ...common, size: 56, values: ticks },
  ];
}

export function columns(input: ChartInput): uPlot.AlignedData {
  const { x, mean, min, max, bad } = input.data;
  return input.aggregated ? [x, mean, min, max] : [x, mean, bad];
}

export function makeChart(host: HTMLElement, input: ChartInput): uPlot {
  const options: uPlot.Options = {
    width: Math.max(240, host.clientWidth),
    height: input.height,
    series: seriesOf(input),
    axes: axes(input),
    tzDate: (ts) =>
      input.zone === undefined ? new Date(ts * 1000) : uPlot.tzDate(new Date(ts * 1000), input.zone),
    scales: { x: { time: true }, y: { range: yRange(input) } },
    legend: { live: true },
    cursor: {
      drag: { x: true, y: false, setScale: false },
      ...(input.syncKey === undefined ? {} : { sync: { key: input.syncKey } }),
    },
    hooks: {
      drawClear: [(u) => drawBackground(u, input)],
      draw: [(u) => drawLimits(u, input), (u) => drawMarks(u, input)],
      setSelect: [
        (u) => {
          if (u.select.width > 8) {
            const from = u.posToVal(u.select.left, "x") * 1000;
            const to = u.posToVal(u.select.left + u.select.width, "x") * 1000;
            u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            input.onZoom?.(from, to);
          }
        },
      ],
    },
    plugins: [wheelZoom(input)],
    ...(input.aggregated ? { bands: [{ series: [3, 2], fill: colour("--off-soft") }] } : {}),
  };
  return new uPlot(options, columns(input), host);
}
