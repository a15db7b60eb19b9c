import { signal } from "@preact/signals";
import { connectHttp, del, get, post } from "./http";
import type { SessionInfo, User } from "./types";

/** Who uses this device. Kept on it, so that work goes on without a network or after the session ended. */
const STORE = "plantroom.session";

function stored(): SessionInfo | null {
  try {
    return JSON.parse(localStorage.getItem(STORE) ?? "null") as SessionInfo | null;
  } catch {
    return null;
  }
}

export const session = signal<SessionInfo | null>(stored());
/** The server no longer knows the session: what is on the device stays usable, sending waits. */
export const expired = signal(false);

function keep(info: SessionInfo | null): void {
  session.value = info;
  if (info === null) {
    localStorage.removeItem(STORE);
  } else {
    localStorage.setItem(STORE, JSON.stringify(info));
  }
}

connectHttp({
  csrfToken: () => session.peek()?.csrf_token ?? "",
  onSignedOut: () => {
    if (session.peek() !== null) {
      expired.value = true;
    }
  },
});

export async function signIn(username: string, password: string): Promise<User> {
  const info = await post<SessionInfo>("/api/v1/session", { username, password });
  keep(info);
  expired.value = false;
  return info.user;
}

/** Ends the session on the server when it can be reached; on the device in any case. */
export async function signOut(): Promise<void> {
  try {
    await del("/api/v1/session");
  } catch {
    // Out of reach or ended already: the device forgets the person all the same.
  }
  keep(null);
  expired.value = false;
}

/** Asks the server whether the stored session still holds. */
export async function checkSession(): Promise<void> {
  if (session.peek() === null) {
    return;
  }
  const info = await get<SessionInfo>("/api/v1/session").catch((error: { kind?: string }) => error);
  if ("csrf_token" in info) {
    keep(info);
    expired.value = false;
  } else if (info.kind === "signed_out") {
    expired.value = true;
  }
}

const RANK: Record<string, number> = { viewer: 0, technician: 1, supervisor: 2, admin: 3 };

/** Whether the person holds a role (or a higher one) anywhere. The server decides; this only hides buttons. */
export function holds(user: User | null | undefined, role: string): boolean {
  return (user?.grants ?? []).some((g) => (RANK[g.role] ?? -1) >= (RANK[role] ?? 9));
}
