import { afterEach, expect, it, vi } from "vitest";
import { fetchReadings } from "./resources";

afterEach(() => void vi.unstubAllGlobals());

it.each([
  [[], null],
  [["flow", "power"], "flow,power"],
])("readings of the points %j are asked for by points=%s", async (points, expected) => {
  const asked: string[] = [];
  vi.stubGlobal("fetch", (path: string) => {
    asked.push(path);
    return Promise.resolve(new Response(JSON.stringify({ series: [], next_cursor: null }), { status: 200 }));
  });
  await fetchReadings("a1", points, { from: 0, to: 1 }, "raw");
  expect(asked.map((path) => new URL(path, "http://x").searchParams.get("points"))).toEqual([expected]);
});
