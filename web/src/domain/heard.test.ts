import { describe, expect, it } from "vitest";
import { silentSince } from "./heard";

const AT = "2026-11-20T08:00:00Z";
const online = { presence: "online", last_seen: AT };
const value = (part: object = {}) => ({ at: AT, stale: false, sensor: true, ...part });

describe("a machine is silent", () => {
  it("when it is offline, since its newest value", () => {
    expect(silentSince({ presence: "offline", last_seen: null }, [value()])).toBe(Date.parse(AT));
    expect(silentSince({ presence: "offline", last_seen: AT })).toBe(Date.parse(AT));
    expect(silentSince({ presence: "offline", last_seen: null })).toBeNull();
  });

  it("when all that its sensors said is old", () => {
    expect(silentSince(online, [value({ stale: true }), value({ stale: true })])).toBe(Date.parse(AT));
    expect(silentSince(online, [value({ stale: true }), value()])).toBeUndefined();
  });

  it("also when somebody wrote down a number since", () => {
    const written = value({ at: "2026-11-20T09:00:00Z", sensor: false });
    expect(silentSince(online, [value({ stale: true }), written])).toBe(Date.parse(AT));
  });

  it("but not when it never had a sensor", () => {
    expect(silentSince(online, [value({ stale: true, sensor: false })])).toBeUndefined();
    expect(silentSince(online)).toBeUndefined();
  });
});
