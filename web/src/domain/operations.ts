import { type Answer, type KeptAnswer, otherAnswers } from "./checklist";
import { uuid7 } from "./ids";
import type { State } from "./work";

export type OperationType =
  | "start"
  | "acknowledge"
  | "arrive"
  | "resume"
  | "hold"
  | "answer"
  | "complete"
  | "verdict"
  | "report_fault";

/** One append-only operation, in the shape that `POST /sync` takes. */
export interface Operation {
  op_id: string;
  user: string;
  type: OperationType;
  work_order: string | null;
  step: string | null;
  base_version: number | null;
  captured_at: string;
  value: Record<string, unknown>;
}

export interface Act {
  type: OperationType;
  work_order?: string | null;
  step?: string | null;
  base_version?: number | null;
  value?: Record<string, unknown>;
}

export function makeOperation(act: Act, user: string, now: number = Date.now()): Operation {
  return {
    op_id: uuid7(now),
    user,
    type: act.type,
    work_order: act.work_order ?? null,
    step: act.step ?? null,
    base_version: act.base_version ?? null,
    captured_at: new Date(now).toISOString(),
    value: act.value ?? {},
  };
}

/** The part of a work order that operations change. */
export interface OrderProgress {
  state: State;
  acknowledged_at: string | null;
  arrived_at: string | null;
  completed_at: string | null;
  hold_reason: string | null;
  answers: Record<string, KeptAnswer>;
}

/** An answer in the place of the one before: what other devices said differently stays beside it. */
function replaced(before: KeptAnswer | undefined, answer: Answer): KeptAnswer {
  const conflicts = otherAnswers(before);
  return conflicts.length === 0 ? answer : { ...answer, conflicts };
}

/**
 * What an order looks like after an operation, before the server has said so. Pure; an operation that does
 * not fit is ignored here and refused by the server, which has the last word.
 */
export function applyOperation<T extends OrderProgress>(order: T, op: Operation): T {
  switch (op.type) {
    case "start":
      return {
        ...order,
        state: "in_progress",
        acknowledged_at: order.acknowledged_at ?? op.captured_at,
        arrived_at: order.arrived_at ?? op.captured_at,
      };
    case "acknowledge":
      return { ...order, state: "acknowledged", acknowledged_at: order.acknowledged_at ?? op.captured_at };
    case "arrive":
      return { ...order, arrived_at: order.arrived_at ?? op.captured_at };
    case "resume":
      return { ...order, state: "in_progress", hold_reason: null };
    case "hold":
      return { ...order, state: "on_hold", hold_reason: String(op.value["reason"] ?? "") };
    case "answer":
      return op.step === null
        ? order
        : {
            ...order,
            answers: {
              ...order.answers,
              [op.step]: replaced(order.answers[op.step], op.value as unknown as Answer),
            },
          };
    case "complete":
      return { ...order, state: "completed", completed_at: op.captured_at };
    default:
      return order;
  }
}

/** The server's word on an order with everything on top that this device has not sent yet. */
export function withPending<T extends OrderProgress & { id: string }>(
  order: T,
  pending: readonly Operation[],
): T {
  return pending.filter((op) => op.work_order === order.id).reduce(applyOperation, order);
}
