import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { departmentOf } from "./departments";

const SEED = join(import.meta.dirname, "../../../maintenance/seed/departments.toml");

it("knows every department of the plan's tables in each of its spellings", () => {
  const blocks = readFileSync(SEED, "utf8").split("[[departments]]").slice(1);
  expect(blocks.length).toBeGreaterThan(5);
  for (const block of blocks) {
    const named = block.replace(/^classes = .*$/m, "");
    const [key, ...spellings] = [...named.matchAll(/"([^"]+)"/g)].map((m) => m[1] ?? "");
    expect(spellings.map((text) => [text, departmentOf(text)])).toEqual(spellings.map((text) => [text, key]));
  }
});

it("leaves a department of somebody's own alone", () => {
  expect(departmentOf(" fire ")).toBe("fire");
  expect(departmentOf("物业二组")).toBeNull();
  expect(departmentOf("")).toBeNull();
});
