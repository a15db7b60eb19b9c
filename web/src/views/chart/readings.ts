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

type Row = RawRow | AggRow;
type State = Omit<Loaded, "again">;

interface Source {
  asset: string;
  point: string;
  window: Window;
}

/** Loads a window's rows and, while it is live, what comes after them; reports every change to `put`. */
class Follower {
  private readonly source: Source;
  private readonly resolution: Resolution;
  private readonly put: (change: Partial<State>) => void;
  private readonly abort = new AbortController();
  private readonly width: number;
  private rows: Row[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(source: Source, resolution: Resolution, put: (change: Partial<State>) => void) {
    this.source = source;
    this.resolution = resolution;
    this.put = put;
    this.width = source.window.to - source.window.from;
  }

  async start(): Promise<void> {
    const { from, to, live } = this.source.window;
    try {
      this.rows = await this.load(from, live ? Date.now() : to);
      this.show(live ? Date.now() : to);
      if (live) {
        this.waitABeat();
      }
    } catch (error) {
      this.fail(error);
    }
  }

  stop(): void {
    this.abort.abort();
    clearTimeout(this.timer);
  }

  private async follow(): Promise<void> {
    try {
      const to = Date.now();
      // The newest instant is asked for again: an aggregate window still fills, a late value replaces.
      const since = this.rows.at(-1)?.[0] ?? to - this.width;
      const fresh = await this.load(since, to);
      this.rows = appendRows(this.rows, fresh, to - this.width).slice(-MOST_RAW);
      this.show(to);
    } catch (error) {
      this.fail(error);
    }
    this.waitABeat();
  }

  private waitABeat(): void {
    if (!this.abort.signal.aborted) {
      this.timer = setTimeout(() => void this.follow(), BEAT_MS);
    }
  }

  private async load(from: number, to: number): Promise<Row[]> {
    const { asset, point } = this.source;
    const series = await fetchReadings(asset, [point], { from, to }, this.resolution, this.abort.signal);
    return (series.find((s) => s.point === point)?.rows ?? []) as Row[];
  }

  private show(to: number): void {
    const data = chartData(this.rows, this.resolution !== "raw");
    const span = { from: to - this.width, to };
    this.put({ data, resolution: this.resolution, failure: null, loading: false, span });
  }

  private fail(error: unknown): void {
    if (!this.abort.signal.aborted) {
      this.put({ loading: false, failure: error instanceof ApiError ? error.kind : "server" });
    }
  }
}

/** Rows of one point over a window, in the resolution that the window asks for; grows while it is live. */
export function useReadings(asset: string | null, point: string | null, window: Window): Loaded {
  const state = useSignal<State>({
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
    const resolution = resolutionFor(width);
    const put = (change: Partial<State>): void => {
      state.value = { ...state.peek(), ...change };
    };
    put({ resolution, loading: true, failure: null });
    const follower = new Follower({ asset, point, window }, resolution, put);
    void follower.start();
    return () => follower.stop();
  }, [asset, point, width, window.live, window.live ? 0 : window.from, round.value]);
  return {
    ...state.value,
    again: () => {
      round.value += 1;
    },
  };
}
