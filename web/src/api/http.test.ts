import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type ApiError, all, connectHttp, get, PATIENCE_MS, pathWith, post } from "./http";
import { fetchBundle } from "./resources";

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

/** A server that takes the question, perhaps sends the head of an answer, and then nothing. */
function hang(head?: { status: number }): void {
  vi.stubGlobal("fetch", async (_path: string, { signal }: RequestInit) => {
    const ended = new Promise<never>((_, fail) => {
      signal?.addEventListener("abort", () => fail(signal.reason));
    });
    return head === undefined ? ended : { ok: true, ...head, json: () => ended };
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

  it("leaves out what is not asked, and nothing else", () => {
    expect(pathWith("/x", { a: 1, b: null, c: undefined, d: "", e: false })).toBe("/x?a=1&d=&e=false");
  });

  describe("has patience, and not for ever", () => {
    beforeEach(() => void vi.useFakeTimers());
    afterEach(() => void vi.useRealTimers());

    it.each([["no answer", undefined] as const, ["half an answer", { status: 200 }] as const])(
      "with %s for 15 s: then the server is out of reach",
      async (_what, head) => {
        hang(head);
        let met: ApiError | null = null;
        void failure(get("/api/v1/assets")).then((error) => {
          met = error;
        });
        await vi.advanceTimersByTimeAsync(PATIENCE_MS - 1);
        expect(met).toBeNull();
        await vi.advanceTimersByTimeAsync(1);
        expect(met).toMatchObject({ kind: "offline", retryable: true });
        expect(seen.reach.at(-1)).toBe(false);
      },
    );

    it("with a whole shift for 30 s", async () => {
      hang();
      let over = false;
      void failure(fetchBundle()).then(() => {
        over = true;
      });
      await vi.advanceTimersByTimeAsync(29_999);
      expect(over).toBe(false);
      await vi.advanceTimersByTimeAsync(1);
      expect(over).toBe(true);
    });

    it("and leaves no timer behind", async () => {
      serve(answer({}));
      await get("/api/v1/assets");
      expect(vi.getTimerCount()).toBe(0);
    });

    it("unlike a page that has gone: what it asked ends at once and says nothing of the server", async () => {
      hang();
      const page = new AbortController();
      const asked = failure(get("/api/v1/assets", {}, { signal: page.signal }));
      page.abort();
      expect((await asked).name).toBe("AbortError");
      expect([seen.reach, vi.getTimerCount()]).toEqual([[], 0]);
    });
  });
});
