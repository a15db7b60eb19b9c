import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

// Each test starts a process of its own, which takes its time where others have the machine.
vi.setConfig({ testTimeout: 60_000 });

const CHECK = join(import.meta.dirname, "../tools/sizes.mjs");

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sizes-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** What `npm run check` finds too long in a folder of these files. */
function found(files: Record<string, string>): string[] {
  for (const [file, text] of Object.entries(files)) {
    writeFileSync(join(folder, file), text);
  }
  const { status, stderr } = spawnSync(process.execPath, [CHECK, folder], { encoding: "utf8" });
  const said = stderr.split("\n").filter(Boolean);
  expect(status).toBe(said.length > 0 ? 1 : 0);
  return said;
}

const lines = (count: number): string => "void 0;\n".repeat(count);
const arrow = (count: number): string => `export const work = () => {\n${lines(count - 2)}};\n`;
const component = (count: number): string =>
  `export function Page() {\n  return (\n    <>\n${"<i />\n".repeat(count - 6)}    </>\n  );\n}\n`;

it("a function has at most 60 lines, whatever it is written as", () => {
  const files = {
    "arrow.ts": arrow(60),
    "callback.ts": `setTimeout(() => {\n${lines(59)}});\n`,
    "component.tsx": component(60),
    "long-arrow.ts": arrow(61),
    "long-component.tsx": component(61),
    "method.ts": `export class Run {\n  go(): void {\n${lines(59)}  }\n}\n`,
  };
  expect(found(files)).toEqual([
    "callback.ts:1 (no name) has 61 lines, at most 60",
    "long-arrow.ts:1 work has 61 lines, at most 60",
    "long-component.tsx:1 Page has 61 lines, at most 60",
    "method.ts:2 go has 61 lines, at most 60",
  ]);
});

it("a module and a stylesheet have at most 400 lines", () => {
  const rule = "a {}\n";
  const files = {
    "a.ts": lines(400),
    "b.ts": lines(401),
    "c.css": rule.repeat(400),
    "d.css": rule.repeat(401),
  };
  expect(found(files)).toEqual(["b.ts has 401 lines, at most 400", "d.css has 401 lines, at most 400"]);
});

it("a chapter of tests may be long, a test may not", () => {
  const test = (count: number): string => `it("works", () => {\n${lines(count - 2)}});\n`;
  const chapter = (...tests: string[]): string => `describe("it", () => {\n${tests.join("")}});\n`;
  const files = {
    "a.test.ts": chapter(test(50), test(50)),
    "b.test.ts": chapter(test(50), test(61)),
    "c.ts": chapter(test(50), test(50)),
  };
  expect(found(files)).toEqual([
    "b.test.ts:52 (no name) has 61 lines, at most 60",
    "c.ts:1 (no name) has 102 lines, at most 60",
  ]);
});

it("a check that finds no file at all is no check", () => {
  expect(found({ "a.txt": "" })).toEqual(["nothing to check"]);
});
