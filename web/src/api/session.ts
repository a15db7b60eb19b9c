import { signal } from "@preact/signals";
import { ApiError, connectHttp, del, get, post } from "./http";
import type { SessionInfo, User } from "./types";

const SESSION = "/api/v1/session";
/** Who uses this device. Kept on it, so that work goes on without a network or after the session ended. */
const STORE = "plantroom.session";
/** The token of a session that a person has left and the server still knows: it has to be ended there. */
const LEFT = "plantroom.left";

function read(text: string | null): SessionInfo | null {
  try {
    return JSON.parse(text ?? "null") as SessionInfo | null;
  } catch {
    return null;
  }
}

/** Whoever left without a network has left, even when the page closed in between. */
const stored = (): SessionInfo | null =>
  localStorage.getItem(LEFT) === null ? read(localStorage.getItem(STORE)) : null;

export const session = signal<SessionInfo | null>(stored());
/** The server no longer knows the session: what is on the device stays usable, sending waits. */
export const expired = signal(false);
/** Somebody else has signed in in this browser, in another tab. Nobody is changed here without being asked. */
export const other = signal<SessionInfo | null>(null);

function keep(info: SessionInfo | null): void {
  session.value = info;
  expired.value = false;
  other.value = null;
  if (info === null) {
    localStorage.removeItem(STORE);
  } else {
    localStorage.setItem(STORE, JSON.stringify(info));
  }
}

/** What the browser's one session is now: the same person's, perhaps renewed, or somebody else's. */
function meet(info: SessionInfo): void {
  if (info.user.id === session.peek()?.user.id) {
    keep(info);
  } else {
    other.value = info;
    expired.value = false;
  }
}

connectHttp({
  csrfToken: () => session.peek()?.csrf_token ?? "",
  onSignedOut: () => {
    if (session.peek() !== null && other.peek() === null) {
      expired.value = true;
    }
  },
});

/** Goes on as the person who signed in in another tab. */
export function followOther(): void {
  const info = other.peek();
  if (info !== null) {
    keep(info);
  }
}

function lookAround(): void {
  const info = stored();
  if (info === null) {
    session.value = null;
    expired.value = false;
    other.value = null;
  } else if (info.csrf_token !== session.peek()?.csrf_token) {
    meet(info);
  }
}

/** Hears what other tabs do: who signs out there has signed out here, who signs in is noticed. A tab that slept hears
 * nothing and looks when it is seen again. */
export function watchTabs(): void {
  addEventListener("storage", lookAround);
  document.addEventListener("visibilitychange", lookAround);
}

export async function signIn(username: string, password: string): Promise<User> {
  await endLeft();
  const info = await post<SessionInfo>(SESSION, { username, password });
  keep(info);
  return info.user;
}

/** Ends the session on the device at once, whether or not there is a network; `endLeft` ends it on the server. */
export function signOut(): void {
  if (other.peek() !== null) {
    session.value = null; // What the browser keeps is somebody else's: they stay signed in.
    return;
  }
  const token = session.peek()?.csrf_token;
  if (token !== undefined && !expired.peek()) {
    localStorage.setItem(LEFT, token);
  }
  keep(null);
}

let ending: Promise<void> | null = null;

async function endOnServer(token: string): Promise<void> {
  try {
    await del(SESSION, { csrfToken: token });
  } catch (error) {
    // Refused: the session has ended by itself, or the browser's session is another one by now.
    if (error instanceof ApiError && error.retryable) {
      throw error;
    }
  }
  if (localStorage.getItem(LEFT) === token) {
    localStorage.removeItem(LEFT);
  }
}

/** Ends on the server what a person has left here, if there is such a session. Raises `ApiError` when that has to be
 * tried again; until then it stays noted on the device. */
export function endLeft(): Promise<void> {
  const token = localStorage.getItem(LEFT);
  if (token === null) {
    return Promise.resolve();
  }
  ending ??= endOnServer(token).finally(() => {
    ending = null;
  });
  return ending;
}

/** Asks the server whether the stored session still holds, and whose it is. */
export async function checkSession(): Promise<void> {
  const asked = session.peek();
  if (asked === null) {
    return;
  }
  const info = await get<SessionInfo>(SESSION).catch((error: { kind?: string }) => error);
  if (session.peek() !== asked) {
    return; // Signed out, or in again, while the question was on its way.
  }
  if ("csrf_token" in info) {
    meet(info);
  } else if (info.kind === "signed_out") {
    expired.value = true;
  }
}

const RANK: Record<string, number> = { viewer: 0, technician: 1, supervisor: 2, admin: 3 };

/** Whether the person holds a role (or a higher one) anywhere. The server decides; this only hides buttons. */
export function holds(user: User | null | undefined, role: string): boolean {
  return (user?.grants ?? []).some((g) => (RANK[g.role] ?? -1) >= (RANK[role] ?? 9));
}
