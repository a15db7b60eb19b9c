import { alarms } from "./en/alarms";
import { assets } from "./en/assets";
import { checklist } from "./en/checklist";
import { data } from "./en/data";
import { flow } from "./en/flow";
import { frame } from "./en/frame";
import { sync } from "./en/sync";
import { work } from "./en/work";
import type { zh } from "./zh";

export const en: Record<keyof typeof zh, string> = {
  ...frame,
  ...work,
  ...assets,
  ...checklist,
  ...sync,
  ...data,
  ...alarms,
  ...flow,
};
