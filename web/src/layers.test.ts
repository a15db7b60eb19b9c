import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

/** What each layer may import, itself left out. Views come last: nothing imports them. */
const MAY: Record<string, readonly string[]> = {
  domain: [],
  i18n: ["domain"],
  api: ["domain"],
  db: ["domain", "api"],
  sync: ["domain", "api", "db"],
  views: ["domain", "api", "db", "sync", "i18n"],
};

it("imports go downwards only", () => {
  const root = import.meta.dirname;
  const wrong: string[] = [];
  for (const [layer, allowed] of Object.entries(MAY)) {
    for (const file of readdirSync(join(root, layer), { recursive: true, encoding: "utf8" })) {
      if (!/\.tsx?$/.test(file) || file.endsWith(".test.ts")) {
        continue;
      }
      const text = readFileSync(join(root, layer, file), "utf8");
      for (const [, target] of text.matchAll(/from "@\/(\w+)/g)) {
        if (target !== layer && !allowed.includes(target ?? "")) {
          wrong.push(`${layer}/${file} imports ${target}`);
        }
      }
      if (/from "(?:\.\.\/)+(?:domain|api|db|sync|views|i18n)\//.test(text)) {
        wrong.push(`${layer}/${file} leaves its layer by a relative path`);
      }
    }
  }
  expect(wrong).toEqual([]);
});
