/** Names for what the server's own description of itself (`schema.d.ts`, generated) calls its shapes. */
import type { components } from "./schema";

type Shapes = components["schemas"];

export type Asset = Shapes["Asset"];
export type AssetEvent = Shapes["AssetEvent"];
export type AssetLatest = Shapes["AssetLatest"];
export type AssetRef = Shapes["AssetRef"];
export type Baseline = Shapes["PointBaseline"];
export type Bundle = Shapes["Bundle"];
export type BundleAsset = Shapes["BundleAsset"];
export type BundleOrder = Shapes["WorkOrderDetail"];
export type DeadLetter = Shapes["DeadLetter"];
export type Episode = Shapes["Episode"];
export type EpisodeEvidence = Shapes["EpisodeEvidence"];
export type EquipmentClass = Shapes["EquipmentClass"];
export type EvidencePoint = Shapes["EvidencePoint"];
export type FlowCondition = Shapes["Condition"];
export type FlowHistory = Shapes["History"];
export type IngestStats = Shapes["IngestStats"];
export type LatestValue = Shapes["LatestValue"];
export type LetterGroup = Shapes["LetterGroup"];
export type LetterSummary = Shapes["LetterSummary"];
export type LiveMessage = Shapes["LiveMessage"];
export type Location = Shapes["Location"];
export type Point = Shapes["Point"];
export type PreviewItem = Shapes["PreviewItem"];
export type Readings = Shapes["Readings"];
export type SessionInfo = Shapes["SessionInfo"];
export type Site = Shapes["Site"];
export type SyncAnswer = Shapes["SyncAnswer"];
export type SyncRequest = Shapes["SyncRequest"];
export type System = Shapes["System"];
export type Transition = Shapes["Transition"];
export type User = Shapes["User"];
export type WorkOrder = Shapes["WorkOrder"];
export type WorkOrderDetail = Shapes["WorkOrderDetail"];
