import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { fetchReadings } from "@/api/resources";
import { appendRows, type RawRow } from "@/domain/series";

const SPAN_MS = 30 * 60_000;
const BEAT_MS = 5000;

/** The last half hour of every point of an asset, growing. Without a network it stays as it is. */
export function useSparks(asset: string | null): ReadonlyMap<string, readonly RawRow[]> {
  const rows = useSignal<ReadonlyMap<string, readonly RawRow[]>>(new Map());
  useEffect(() => {
    rows.value = new Map();
    if (asset === null) {
      return;
    }
    const abort = new AbortController();
    let newest = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const beat = async (): Promise<void> => {
      const to = Date.now();
      const from = Math.max(to - SPAN_MS, newest);
      const series = await fetchReadings(asset, [], { from, to }, "raw", abort.signal).catch(() => []);
      if (abort.signal.aborted) {
        return;
      }
      const next = new Map(rows.value);
      for (const s of series) {
        const fresh = s.rows as RawRow[];
        next.set(s.point, appendRows(next.get(s.point) ?? [], fresh, to - SPAN_MS));
        newest = Math.max(newest, fresh.at(-1)?.[0] ?? 0);
      }
      rows.value = next;
      timer = setTimeout(() => void beat(), BEAT_MS);
    };
    void beat();
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [asset]);
  return rows.value;
}
