/** One function per question to the server. */
import { all, del, get, type List, post, type Query } from "./http";
import type {
  Alarm,
  Asset,
  AssetLatest,
  Baseline,
  Bundle,
  Episode,
  EpisodeEvidence,
  EquipmentClass,
  Flood,
  LatestValue,
  Location,
  MaintenanceSpell,
  Point,
  PreviewItem,
  Readings,
  Shelf,
  ShelveRequest,
  Site,
  SyncAnswer,
  SyncRequest,
  System,
  WorkOrder,
  WorkOrderDetail,
} from "./types";

const V1 = "/api/v1";

export const fetchSites = (): Promise<Site[]> => all<Site>(`${V1}/sites`);
export const fetchLocations = (site: string): Promise<Location[]> =>
  all<Location>(`${V1}/locations`, { site });
export const fetchClasses = (): Promise<EquipmentClass[]> => all<EquipmentClass>(`${V1}/classes`);
export const fetchSystems = (): Promise<System[]> => all<System>(`${V1}/systems`);
export const fetchAssets = (query: Query = {}): Promise<Asset[]> => all<Asset>(`${V1}/assets`, query);
export const fetchPoints = (key: string): Promise<Point[]> => all<Point>(`${V1}/assets/${key}/points`);
export const fetchLatest = (key: string): Promise<LatestValue[]> =>
  all<LatestValue>(`${V1}/assets/${key}/latest`);
export const fetchBaselines = (key: string): Promise<Baseline[]> =>
  all<Baseline>(`${V1}/assets/${key}/baseline`);
export const fetchMaintenance = async (key: string): Promise<MaintenanceSpell[]> =>
  (await get<List<MaintenanceSpell>>(`${V1}/assets/${key}/maintenance`, { limit: 1 })).items;
export const beginMaintenance = (
  key: string,
  wish: { reason: string; minutes: number },
): Promise<MaintenanceSpell> => post<MaintenanceSpell>(`${V1}/assets/${key}/maintenance`, wish);
export const endMaintenance = (key: string): Promise<void> => del(`${V1}/assets/${key}/maintenance`);
export const fetchPlantLatest = (): Promise<AssetLatest[]> => all<AssetLatest>(`${V1}/readings/latest`);
export const fetchOrders = (query: Query = {}): Promise<WorkOrder[]> =>
  all<WorkOrder>(`${V1}/work-orders`, query);
export const fetchOrder = (id: string): Promise<WorkOrderDetail> =>
  get<WorkOrderDetail>(`${V1}/work-orders/${id}`);
export const fetchEpisodes = (query: Query): Promise<Episode[]> => all<Episode>(`${V1}/episodes`, query);
export const fetchAlarms = (query: Query = {}): Promise<Alarm[]> => all<Alarm>(`${V1}/alarms`, query);
export const fetchShelves = (): Promise<Shelf[]> => all<Shelf>(`${V1}/alarms/shelves`, { standing: true });
export const fetchFloods = async (): Promise<Flood[]> =>
  (await get<List<Flood>>(`${V1}/alarms/floods`, { limit: 10 })).items;
export const acknowledgeAlarm = (id: string): Promise<Alarm> =>
  post<Alarm>(`${V1}/alarms/${id}/acknowledge`, undefined);
export const shelveAlarm = (id: string, wish: Partial<ShelveRequest> & { reason: string }): Promise<Shelf> =>
  post<Shelf>(`${V1}/alarms/${id}/shelve`, wish);
export const unshelveAlarm = (id: string): Promise<Shelf> =>
  post<Shelf>(`${V1}/alarms/shelves/${id}/end`, undefined);
export const fetchEvidence = (id: string): Promise<EpisodeEvidence> =>
  get<EpisodeEvidence>(`${V1}/episodes/${id}/evidence`);
export const fetchPreview = (query: Query): Promise<PreviewItem[]> =>
  all<PreviewItem>(`${V1}/plan/preview`, { limit: null, ...query });
/** A whole shift and a full queue are large, and the signal below ground is thin. */
const LARGE = { patienceMs: 30_000 };
export const fetchBundle = (): Promise<Bundle> => get<Bundle>(`${V1}/sync/bundle`, {}, LARGE);
export const sendOperations = (request: SyncRequest): Promise<SyncAnswer> =>
  post<SyncAnswer>(`${V1}/sync`, request, LARGE);

export interface Span {
  from: number;
  to: number;
}

/** All readings of a span, page by page, joined per point; of no points in particular: of all. */
export async function fetchReadings(
  asset: string,
  points: readonly string[],
  span: Span,
  agg: string,
  signal?: AbortSignal,
): Promise<Readings["series"]> {
  const joined = new Map<string, Readings["series"][number]>();
  let cursor: string | null = null;
  do {
    const page: Readings = await get<Readings>(
      `${V1}/readings`,
      {
        asset,
        points: points.length === 0 ? null : points.join(","),
        from: new Date(span.from).toISOString(),
        to: new Date(span.to).toISOString(),
        agg,
        limit: 20_000,
        cursor,
      },
      { signal },
    );
    for (const series of page.series) {
      const known = joined.get(series.point);
      if (known === undefined) {
        joined.set(series.point, { ...series, rows: [...series.rows] as typeof series.rows });
      } else {
        (known.rows as unknown[]).push(...series.rows);
      }
    }
    cursor = page.next_cursor;
  } while (cursor !== null);
  return [...joined.values()];
}
