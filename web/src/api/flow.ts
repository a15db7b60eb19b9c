/** The way in: its figures, what is wrong with it, and messages that could not be used. */
import { del, get, type List, post } from "./http";
import type { DeadLetter, FlowCondition, FlowHistory, IngestStats, LetterSummary } from "./types";

const V1 = "/api/v1";

export const fetchStats = (): Promise<IngestStats> => get<IngestStats>(`${V1}/ingest/stats`);
export const fetchConditions = (): Promise<FlowCondition[]> =>
  get<{ items: FlowCondition[] }>(`${V1}/ingest/conditions`).then((found) => found.items);
export const fetchHistory = (spanMs: number): Promise<FlowHistory> =>
  get<FlowHistory>(`${V1}/ingest/history`, { from: new Date(Date.now() - spanMs).toISOString() });
export const fetchLetterSummary = (): Promise<LetterSummary> =>
  get<LetterSummary>(`${V1}/dead-letters/summary`, { limit: 100 });

/** Numbers of a publisher that have not come. */
export interface Gap {
  id: string;
  site: string;
  code: string;
  channel: string;
  boot: string;
  first: number;
  last: number;
  missing: number;
  found_at: string;
  asks: number;
  ask_at: string | null;
  reason: string;
  ended_at: string | null;
}
const gapsThatAre = (state: "open" | "given_up"): Promise<Gap[]> =>
  get<List<Gap>>(`${V1}/gaps`, { state, limit: 200 }).then((found) => found.items);
export const fetchGaps = (): Promise<Gap[]> => gapsThatAre("open");
/** Those that nobody hopes for any more, the newest. */
export const fetchLost = (): Promise<Gap[]> => gapsThatAre("given_up");

/** Which messages: of one site (empty: of topics that name none), for one reason. */
export interface Which {
  site: string;
  reason: string;
}

/** Have them processed again; gives how many. */
export const replayLetters = (which: Which): Promise<number> =>
  post<{ asked: number }>(`${V1}/dead-letters/replay`, which).then((answer) => answer.asked);

export const DISCARDED_AT_ONCE = 100;

/** Throw the newest of them away for good, at most `DISCARDED_AT_ONCE`; gives how many. */
export async function discardLetters({ site, reason }: Which): Promise<number> {
  const query = { site, reason, limit: DISCARDED_AT_ONCE };
  const { items } = await get<List<DeadLetter>>(`${V1}/dead-letters`, query);
  for (const letter of items) {
    await del(`${V1}/dead-letters/${encodeURIComponent(letter.id)}`);
  }
  return items.length;
}
