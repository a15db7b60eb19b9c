/** The one place that talks HTTP: problems become typed errors, changes carry the CSRF token. */

export type Failure =
  | "offline"
  | "signed_out"
  | "forbidden"
  | "missing"
  | "throttled"
  | "refused"
  | "away"
  | "ledger_away"
  | "ledger_full"
  | "server";

export interface ProblemField {
  field: string;
  code: string;
  message: string;
}

export class ApiError extends Error {
  readonly kind: Failure;
  readonly status: number;
  readonly retryAfterS: number | null;
  readonly fields: readonly ProblemField[];

  constructor(
    kind: Failure,
    status: number,
    detail: string,
    retryAfterS: number | null = null,
    fields: readonly ProblemField[] = [],
  ) {
    super(detail);
    this.kind = kind;
    this.status = status;
    this.retryAfterS = retryAfterS;
    this.fields = fields;
  }

  /** Whether the same call may succeed later without anybody changing anything. */
  get retryable(): boolean {
    return ["offline", "away", "ledger_away", "ledger_full", "server", "throttled"].includes(this.kind);
  }
}

export type Query = Readonly<Record<string, string | number | boolean | null | undefined>>;

interface Hooks {
  csrfToken: () => string;
  onSignedOut: () => void;
  onReachable: (reachable: boolean) => void;
}

const hooks: Hooks = { csrfToken: () => "", onSignedOut: () => undefined, onReachable: () => undefined };

/** Lets the session and the sync line hear of every call without this file knowing them. */
export function connectHttp(given: Partial<Hooks>): void {
  Object.assign(hooks, given);
}

const KINDS: Record<number, Failure> = {
  401: "signed_out",
  403: "forbidden",
  404: "missing",
  429: "throttled",
  503: "away",
};

/** What the problem's own code says beyond the status: the last part of its `type`. */
const KINDS_BY_CODE: Record<string, Failure> = {
  ledger_away: "ledger_away",
  ledger_full: "ledger_full",
  contended: "ledger_away",
};

interface Problem {
  type: string;
  title: string;
  detail: string;
  errors: ProblemField[];
}

async function problemOf(response: Response): Promise<ApiError> {
  let detail = response.statusText;
  let fields: ProblemField[] = [];
  let code = "";
  try {
    const body = (await response.json()) as Partial<Problem>;
    detail = body.detail ?? body.title ?? detail;
    fields = body.errors ?? [];
    code = body.type?.split(":").pop() ?? "";
  } catch {
    // A proxy's page in between is no problem document; the status says enough.
  }
  const wait = Number(response.headers.get("Retry-After"));
  const kind =
    KINDS_BY_CODE[code] ?? KINDS[response.status] ?? (response.status >= 500 ? "server" : "refused");
  return new ApiError(kind, response.status, detail, Number.isFinite(wait) && wait > 0 ? wait : null, fields);
}

/** The path with what is asked. An empty text is asked as such, as the site of messages that have none; only `null`
 * and `undefined` leave a filter out. */
export function pathWith(path: string, query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== null) {
      search.set(key, String(value));
    }
  }
  const text = search.toString();
  return text === "" ? path : `${path}?${text}`;
}

/** How long a call waits for its whole answer before the server counts as out of reach. */
export const PATIENCE_MS = 15_000;

/** What a caller may want of a call beyond its question. */
export interface Manner {
  /** Ends the call for good: it fails with the signal's own error. */
  signal?: AbortSignal | undefined;
  /** How long to wait instead of `PATIENCE_MS`. */
  patienceMs?: number;
  /** The token of the session that is meant, where that is not the present one. */
  csrfToken?: string;
}

/** A signal that aborts with the caller's or when patience ends: `AbortSignal.any`, which older tablets lack. */
function limited({ signal, patienceMs = PATIENCE_MS }: Manner): { signal: AbortSignal; done: () => void } {
  const ends = new AbortController();
  const end = (): void => ends.abort(signal?.reason);
  const timer = setTimeout(
    () => ends.abort(new DOMException(`no answer within ${patienceMs} ms`, "TimeoutError")),
    patienceMs,
  );
  signal?.addEventListener("abort", end);
  if (signal?.aborted) {
    end();
  }
  return {
    signal: ends.signal,
    done: () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
    },
  };
}

function requestOf(method: string, body: unknown, csrfToken: string, signal: AbortSignal): RequestInit {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (body !== undefined) {
    headers["Content-Type"] = "application/json";
  }
  if (method !== "GET" && csrfToken !== "") {
    headers["X-CSRF-Token"] = csrfToken;
  }
  return {
    method,
    headers,
    credentials: "same-origin",
    signal,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
}

function unreachable(cause: unknown): ApiError {
  hooks.onReachable(false);
  return new ApiError("offline", 0, cause instanceof Error ? cause.message : "no connection");
}

async function contentOf<T>(path: string, response: Response): Promise<T> {
  if (!response.ok) {
    const problem = await problemOf(response);
    if (problem.kind === "signed_out" && !path.startsWith("/api/v1/session")) {
      hooks.onSignedOut();
    }
    throw problem;
  }
  return (response.status === 204 ? undefined : await response.json()) as T;
}

async function call<T>(method: string, path: string, body?: unknown, manner: Manner = {}): Promise<T> {
  const { signal, done } = limited(manner);
  try {
    const request = requestOf(method, body, manner.csrfToken ?? hooks.csrfToken(), signal);
    const response = await fetch(path, request).catch((cause: unknown) => {
      throw manner.signal?.aborted ? cause : unreachable(cause);
    });
    hooks.onReachable(true);
    return await contentOf<T>(path, response);
  } catch (cause) {
    // The head of an answer may come and the rest never: that is no more reachable than no answer at all.
    const late = signal.aborted && !manner.signal?.aborted && !(cause instanceof ApiError);
    throw late ? unreachable(cause) : cause;
  } finally {
    done();
  }
}

export const get = <T>(path: string, query?: Query, manner?: Manner): Promise<T> =>
  call<T>("GET", pathWith(path, query), undefined, manner);
export const post = <T>(path: string, body: unknown, manner?: Manner): Promise<T> =>
  call<T>("POST", path, body, manner);
export const del = (path: string, manner?: Manner): Promise<void> =>
  call<void>("DELETE", path, undefined, manner);

export interface List<T> {
  items: T[];
  next_cursor: string | null;
}

/** All items of a list, page by page, at most `most` of them. */
export async function all<T>(path: string, query: Query = {}, most = 2000): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const page: List<T> = await get<List<T>>(path, { limit: 500, ...query, cursor });
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor !== null && items.length < most);
  return items;
}
