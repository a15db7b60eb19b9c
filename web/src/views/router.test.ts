// @vitest-environment happy-dom
import { beforeEach, describe, expect, it } from "vitest";
import { match, navigate, path, search, setParam } from "./state/router";

beforeEach(() => navigate("/", true));

describe("the router", () => {
  it("matches whole addresses and takes their parameters", () => {
    expect(match("/orders/:id", "/orders/7")).toEqual({ id: "7" });
    expect(match("/assets/:code", "/assets/P%2F1")).toEqual({ code: "P/1" });
    expect(match("/orders/:id", "/orders")).toBeNull();
    expect(match("/", "/")).toEqual({});
    expect(match("/", "/today")).toBeNull();
    expect(match("/today", "/today/")).toEqual({});
  });

  it("keeps filters in the address", () => {
    navigate("/tickets?list=held");
    setParam("text", "泵");
    expect(path.value).toBe("/tickets");
    expect([search.value.get("list"), search.value.get("text")]).toEqual(["held", "泵"]);
    setParam("list", null);
    expect(search.value.get("list")).toBeNull();
  });
});
