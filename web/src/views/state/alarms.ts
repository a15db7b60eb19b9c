import { fetchAlarms } from "@/api/resources";
import { useAnswer } from "./query";

/** What makes a list of alarms old, and how often it is asked for in any case. */
export const ALARMS_FRESH = { topics: ["episode", "work_order", "asset", "flood"], everyMs: 30_000 } as const;

/** Everything that stands: one answer for the page and for the count in the navigation. */
export const useStandingAlarms = () => useAnswer("alarms:standing", () => fetchAlarms(), ALARMS_FRESH);
