import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ApiError, type Failure } from "@/api/http";
import { fetchReadings } from "@/api/resources";
import {
  type AggRow,
  appendRows,
  type ChartData,
  chartData,
  type RawRow,
  type Resolution,
  resolutionFor,
} from "@/domain/series";

export interface Window {
  from: number;
  to: number;
  /** Whether the right edge is the present: new data comes in and the window moves along. */
  live: boolean;
}

export interface Loaded {
  data: ChartData;
  resolution: Resolution;
  failure: Failure | null;
  loading: boolean;
  span: { from: number; to: number };
  again: () => void;
}

const NOTHING: ChartData = { x: [], mean: [], min: [], max: [], bad: [] };
const BEAT_MS = 2000;
const MOST_RAW = 120_000;

/** Rows of one point over a window, in the resolution that the window asks for; grows while it is live. */
export function useReadings(asset: string | null, point: string | null, window: Window): Loaded {
  const state = useSignal<Omit<Loaded, "again">>({
    data: NOTHING,
    resolution: "raw",
    failure: null,
    loading: true,
    span: window,
  });
  const round = useSignal(0);
  const width = window.to - window.from;
  useEffect(() => {
    if (asset === null || point === null) {
      return;
    }
    const abort = new AbortController();
    const resolution = resolutionFor(width);
    let rows: (RawRow | AggRow)[] = [];
    state.value = { ...state.peek(), resolution, loading: true, failure: null };
    const put = (to: number): void => {
      state.value = {
        data: chartData(rows, resolution !== "raw"),
        resolution,
        failure: null,
        loading: false,
        span: { from: to - width, to },
      };
    };
    const load = async (from: number, to: number): Promise<(RawRow | AggRow)[]> => {
      const series = await fetchReadings(asset, [point], { from, to }, resolution, abort.signal);
      return (series.find((s) => s.point === point)?.rows ?? []) as (RawRow | AggRow)[];
    };
    const fail = (error: unknown): void => {
      if (!abort.signal.aborted) {
        state.value = {
          ...state.peek(),
          loading: false,
          failure: error instanceof ApiError ? error.kind : "server",
        };
      }
    };
    let timer: ReturnType<typeof setTimeout> | undefined;
    const follow = async (): Promise<void> => {
      try {
        const to = Date.now();
        // The newest instant is asked for again: an aggregate window still fills, a late value replaces.
        const since = rows.at(-1)?.[0] ?? to - width;
        const fresh = await load(since, to);
        rows = appendRows(rows, fresh, to - width).slice(-MOST_RAW);
        put(to);
      } catch (error) {
        fail(error);
      }
      if (!abort.signal.aborted) {
        timer = setTimeout(() => void follow(), BEAT_MS);
      }
    };
    void load(window.from, window.live ? Date.now() : window.to).then((loaded) => {
      rows = loaded;
      put(window.live ? Date.now() : window.to);
      if (window.live) {
        timer = setTimeout(() => void follow(), BEAT_MS);
      }
    }, fail);
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [asset, point, width, window.live, window.live ? 0 : window.from, round.value]);
  return {
    ...state.value,
    again: () => {
      round.value += 1;
    },
  };
}
