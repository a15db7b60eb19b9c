import { type Limits, place, zonesOf } from "@/domain/limits";
import { gapsIn, type RawRow } from "@/domain/series";

const WIDTH = 200;
const HEIGHT = 44;
const POINTS = 120;

/** At most `POINTS` rows: a strip of 200 px shows no more. */
function thin(rows: readonly RawRow[]): RawRow[] {
  const step = Math.max(1, Math.ceil(rows.length / POINTS));
  return rows.filter((_, i) => i % step === 0 || i === rows.length - 1);
}

/** The last hour in small, with the limits behind it; a silence stays a gap. */
export function Spark({ rows, limits, label }: { rows: readonly RawRow[]; limits: Limits; label: string }) {
  const shown = thin(rows.filter((r) => r[2] !== 2));
  if (shown.length < 2) {
    return <svg class="spark" role="img" aria-label={label} />;
  }
  const values = shown.map((r) => r[1]);
  const low = Math.min(...values);
  const high = Math.max(...values);
  const room = Math.max((high - low) * 0.2, Math.abs(high) * 0.02, 1e-6);
  const [min, max] = [low - room, high + room];
  const [start, end] = [shown[0]?.[0] ?? 0, shown.at(-1)?.[0] ?? 1];
  const gaps = gapsIn(shown.map((r) => r[0]));
  const x = (ms: number): number => ((ms - start) / Math.max(1, end - start)) * WIDTH;
  const y = (v: number): number => HEIGHT - place(v, min, max) * HEIGHT;
  const path = shown
    .map(([ms, v], i) => `${i === 0 || gaps[i] ? "M" : "L"}${x(ms).toFixed(1)} ${y(v).toFixed(1)}`)
    .join("");
  return (
    <svg
      class="spark"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {zonesOf(limits, min, max).map((z) => (
        <rect
          key={z.from}
          class={`band-${z.kind}`}
          x="0"
          width={WIDTH}
          y={y(z.to)}
          height={y(z.from) - y(z.to)}
        />
      ))}
      <path d={path} />
    </svg>
  );
}
