// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import {
  checkSession,
  expired,
  followOther,
  other,
  session,
  signIn,
  signOut,
  watchTabs,
} from "@/api/session";
import type { SessionInfo } from "@/api/types";
import { sendLeaving } from "./leaving";

/** A server with one session at a time, and a network that can be away. */
let online = true;
let asked: string[] = [];
let cookie: string | null = null;

const infoOf = (id: string): SessionInfo =>
  ({ user: { id, username: id, grants: [] }, csrf_token: `token-${id}` }) as unknown as SessionInfo;

async function answer(_path: string, init: RequestInit): Promise<Response> {
  if (!online) {
    throw new TypeError("failed to fetch");
  }
  const token = (init.headers as Record<string, string>)["X-CSRF-Token"] ?? "";
  asked.push(init.method === "DELETE" ? `DELETE ${token}` : String(init.method));
  if (init.method === "POST") {
    cookie = (JSON.parse(String(init.body)) as { username: string }).username;
    return Response.json(infoOf(cookie));
  }
  if (cookie === null) {
    return Response.json({}, { status: 401 });
  }
  if (init.method === "DELETE") {
    const own = token === `token-${cookie}`;
    cookie = own ? null : cookie;
    return own ? new Response(null, { status: 204 }) : Response.json({}, { status: 403 });
  }
  return Response.json(infoOf(cookie));
}

beforeEach(async () => {
  vi.useFakeTimers();
  vi.stubGlobal("fetch", answer);
  localStorage.clear();
  online = true;
  cookie = null;
  session.value = null;
  other.value = null;
  await signIn("a", "secret");
  asked = [];
});
afterEach(async () => {
  online = true;
  await sendLeaving();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("ends a session that was left without a network once the network is back", async () => {
  online = false;
  signOut();
  expect(session.value).toBeNull();
  await sendLeaving();
  expect([cookie, asked]).toEqual(["a", []]);
  online = true;
  await vi.advanceTimersByTimeAsync(5000);
  expect([cookie, asked]).toEqual([null, ["DELETE token-a"]]);
  await vi.advanceTimersByTimeAsync(600_000);
  expect(asked).toHaveLength(1);
});

it("remembers over a restart that somebody left, and signs nobody in from what the device kept", async () => {
  online = false;
  const kept = localStorage.getItem("plantroom.session") ?? "";
  signOut();
  localStorage.setItem("plantroom.session", kept); // The page closed between the two writes.
  vi.resetModules();
  const again = await import("@/api/session");
  expect(again.session.value).toBeNull();
  online = true;
  await again.endLeft();
  expect(cookie).toBeNull();
});

it("ends what was left before anybody signs in again", async () => {
  online = false;
  signOut();
  await expect(signIn("b", "secret")).rejects.toMatchObject({ kind: "offline" });
  online = true;
  await signIn("b", "secret");
  expect(asked).toEqual(["DELETE token-a", "POST"]);
  expect([cookie, session.value?.user.id]).toEqual(["b", "b"]);
});

it("leaves the session of somebody who signed in meanwhile alone", async () => {
  online = false;
  signOut();
  cookie = "b";
  online = true;
  await sendLeaving();
  expect(cookie).toBe("b");
  expect(localStorage.getItem("plantroom.left")).toBeNull();
});

it("does not come back from a question that was on its way when the person left", async () => {
  const question = checkSession();
  signOut();
  await question;
  expect(session.value).toBeNull();
});

function inAnotherTab(info: SessionInfo | null): void {
  if (info === null) {
    localStorage.removeItem("plantroom.session");
  } else {
    localStorage.setItem("plantroom.session", JSON.stringify(info));
  }
  dispatchEvent(new Event("storage"));
}

it("says that somebody else signed in in another tab, and goes on as them only when asked", () => {
  watchTabs();
  inAnotherTab(infoOf("b"));
  expect([session.value?.user.id, other.value?.user.id, expired.value]).toEqual(["a", "b", false]);
  followOther();
  expect([session.value?.user.id, other.value]).toEqual(["b", null]);
});

it("signs out with the other tabs, and takes a renewed session of the same person over", () => {
  watchTabs();
  inAnotherTab({ ...infoOf("a"), csrf_token: "renewed" });
  expect([session.value?.csrf_token, other.value]).toEqual(["renewed", null]);
  inAnotherTab(null);
  expect(session.value).toBeNull();
});

it("leaves the other person's session alone when the first one signs out beside it", () => {
  watchTabs();
  inAnotherTab(infoOf("b"));
  signOut();
  expect([session.value, other.value?.user.id]).toEqual([null, "b"]);
  expect(localStorage.getItem("plantroom.session")).toContain("token-b");
  expect(localStorage.getItem("plantroom.left")).toBeNull();
});
