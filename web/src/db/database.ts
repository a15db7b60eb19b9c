import { Dexie, type Table } from "dexie";
import type { BundleAsset, BundleOrder } from "@/api/types";
import type { DraftAnswer, Item, KeptAnswer } from "@/domain/checklist";
import type { Name } from "@/domain/names";
import type { Operation } from "@/domain/operations";

/** An order as this device sees it: the server's word with unsent operations on top. */
export type LocalOrder = Omit<BundleOrder, "answers" | "template"> & {
  user: string;
  answers: Record<string, KeptAnswer>;
  template: Item[];
  /** The server's time when it took operations that no bundle has shown yet. */
  sent_at?: string;
};

/** The server's order as this device keeps it: what it leaves loosely typed gets its names here. */
export function localOrder(user: string, order: BundleOrder): LocalOrder {
  return {
    ...order,
    user,
    answers: order.answers as unknown as Record<string, KeptAnswer>,
    template: order.template as unknown as Item[],
  };
}

export type LocalAsset = BundleAsset & { user: string; key: string };

export type OpStatus = "waiting" | "refused" | "conflict" | "noted";

/** An operation on its way. Applied ones are removed; refused ones, and those that took no step (`noted`), stay until
 * a person has seen them. */
export interface QueuedOperation extends Operation {
  status: OpStatus;
  code: string | null;
  attempts: number;
  label: { zh: string; en: string };
  /** What it is about, for people; missing on operations of older versions and on those without an order. */
  about?: OperationSubject;
}

/** The work order and the machine of an operation as they were called, and the unit of the item's number. */
export interface OperationSubject {
  title: Name;
  kind: string;
  asset: { code: string; name: Name } | null;
  unit: string;
}

/** What is typed but not yet an answer, and where the person stopped. */
export interface Draft {
  user: string;
  order: string;
  step: string;
  value: DraftAnswer;
}

export interface Place {
  user: string;
  order: string;
  index: number;
}

export interface MetaRow {
  key: string;
  value: unknown;
}

/** Everything the tablet keeps. Versions only ever get added: old devices upgrade step by step. */
export class Database extends Dexie {
  orders!: Table<LocalOrder, [string, string]>;
  assets!: Table<LocalAsset, [string, string]>;
  operations!: Table<QueuedOperation, string>;
  drafts!: Table<Draft, [string, string, string]>;
  places!: Table<Place, [string, string]>;
  meta!: Table<MetaRow, string>;

  constructor(name = "plantroom") {
    super(name);
    this.version(1).stores({
      orders: "[user+id], user",
      assets: "[user+key], user",
      operations: "op_id, user, [user+status], [user+work_order]",
      drafts: "[user+order+step], [user+order]",
      places: "[user+order]",
      meta: "key",
    });
  }
}

export const database = new Database();
