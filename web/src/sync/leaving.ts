import { endLeft } from "@/api/session";
import { backoffMs } from "./backoff";

let failures = 0;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Ends on the server the session that a person has left on this device: now, and ever again, ever less often, until
 * it is done. */
export async function sendLeaving(): Promise<void> {
  clearTimeout(timer);
  try {
    await endLeft();
    failures = 0;
  } catch {
    failures += 1;
    timer = setTimeout(() => void sendLeaving(), backoffMs(failures));
  }
}
