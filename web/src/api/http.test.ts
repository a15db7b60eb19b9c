import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type ApiError, all, connectHttp, get, pathWith, post } from "./http";

const answer = (body: unknown, status = 200, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json", ...headers } });

let calls: Request[] = [];
function serve(...answers: (Response | Error)[]): void {
  calls = [];
  vi.stubGlobal("fetch", async (path: string, init: RequestInit) => {
    calls.push(new Request(new URL(path, "http://plant.test"), init));
    const next = answers.shift();
    if (next instanceof Error) {
      throw next;
    }
    return next;
  });
}

async function failure(call: Promise<unknown>): Promise<ApiError> {
  return call.then(
    () => expect.fail("should have failed"),
    (error: unknown) => error as ApiError,
  );
}

describe("the API's client", () => {
  const seen = { out: 0, reach: [] as boolean[] };
  beforeEach(() => {
    seen.out = 0;
    seen.reach = [];
    connectHttp({
      csrfToken: () => "tok",
      onSignedOut: () => (seen.out += 1),
      onReachable: (r) => seen.reach.push(r),
    });
  });
  afterEach(() => vi.unstubAllGlobals());

  it("sends the token with changes only", async () => {
    serve(answer({}), answer({}));
    await get("/api/v1/sites");
    await post("/api/v1/sync", { ops: [] });
    expect(calls.map((c) => c.headers.get("X-CSRF-Token"))).toEqual([null, "tok"]);
  });

  it("turns a problem document into what the caller can do about it", async () => {
    serve(
      answer({ title: "no", detail: "the session has ended" }, 401),
      answer({ detail: "wait" }, 429, { "Retry-After": "30" }),
    );
    const gone = await failure(get("/api/v1/assets"));
    expect([gone.kind, gone.message, gone.retryable]).toEqual(["signed_out", "the session has ended", false]);
    const slow = await failure(get("/api/v1/assets"));
    expect([slow.kind, slow.retryAfterS, slow.retryable]).toEqual(["throttled", 30, true]);
    expect(seen.out).toBe(1);
  });

  it("does not take a wrong password for a lost session", async () => {
    serve(answer({ detail: "wrong" }, 401));
    await failure(post("/api/v1/session", {}));
    expect(seen.out).toBe(0);
  });

  it("says offline when nothing answers", async () => {
    serve(new TypeError("failed to fetch"));
    expect((await failure(get("/api/v1/assets"))).kind).toBe("offline");
    expect(seen.reach).toEqual([false]);
  });

  it("reads a list page by page", async () => {
    serve(answer({ items: [1, 2], next_cursor: "c" }), answer({ items: [3], next_cursor: null }));
    expect(await all<number>("/api/v1/assets", { class: "pump" })).toEqual([1, 2, 3]);
    expect(new URL(calls[1]?.url ?? "").searchParams.get("cursor")).toBe("c");
  });

  it("leaves out what is not asked", () => {
    expect(pathWith("/x", { a: 1, b: null, c: undefined, d: "", e: false })).toBe("/x?a=1&e=false");
  });
});
