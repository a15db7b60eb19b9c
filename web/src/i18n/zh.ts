import { alarms } from "./zh/alarms";
import { assets } from "./zh/assets";
import { checklist } from "./zh/checklist";
import { data } from "./zh/data";
import { flow } from "./zh/flow";
import { frame } from "./zh/frame";
import { sync } from "./zh/sync";
import { work } from "./zh/work";

/** Simplified Chinese, the first language, one file for each area: its keys are the keys of every catalogue. */
export const zh = { ...frame, ...work, ...assets, ...checklist, ...sync, ...data, ...alarms, ...flow };
