import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { en } from "./en";
import { isKnown, locale, preferred, t, word } from "./index";
import { zh } from "./zh";

const params = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1] ?? "").sort();

describe("the language of the first visit", () => {
  it("is the first of the browser's that we speak, else Chinese", () => {
    expect(preferred(["en-US", "zh-CN"])).toBe("en");
    expect(preferred(["de-DE", "ZH-Hant-TW", "en"])).toBe("zh");
    expect(preferred(["de", "en-GB"])).toBe("en");
    expect(preferred(["fr"])).toBe("zh");
    expect(preferred([])).toBe("zh");
  });
});

describe("the catalogues", () => {
  it("have the same keys", () => {
    expect(Object.keys(en).sort()).toEqual(Object.keys(zh).sort());
  });

  it("have each key in one area only: the last one would win without a word", () => {
    const files = readdirSync(join(import.meta.dirname, "zh")).map((name) =>
      readFileSync(join(import.meta.dirname, "zh", name), "utf8"),
    );
    const keys = files.flatMap((text) => [...text.matchAll(/^ {2}"([\w.]+)":/gm)].map((m) => m[1] ?? ""));
    expect(keys.sort()).toEqual(Object.keys(zh).sort());
  });

  it("fill in the same things", () => {
    for (const [key, text] of Object.entries(zh)) {
      expect([key, params(en[key as keyof typeof zh])]).toEqual([key, params(text)]);
    }
  });

  it("speak Chinese in the one and no Chinese in the other", () => {
    for (const [key, text] of Object.entries(en)) {
      expect(key === "language.zh" || !/[\u4e00-\u9fff]/.test(text), key).toBe(true);
    }
  });

  it("punctuate Chinese the Chinese way", () => {
    for (const [key, text] of Object.entries(zh)) {
      expect(/[\u4e00-\u9fff][,;:!?][\u4e00-\u9fff]/.test(text), key).toBe(false);
    }
  });

  it("use the words of the trade, none of ours", () => {
    for (const text of [...Object.values(zh), ...Object.values(en)]) {
      expect(text).not.toMatch(/episode|finding|outbox|spool|bundle/i);
    }
  });

  it("are used: no key is left over", () => {
    const source = sources()
      .map((f) => readFileSync(f, "utf8"))
      .join("\n");
    const dynamic = [
      ...source.matchAll(/`([a-z_]+)\.(?:\w+_)?\$\{/g),
      ...source.matchAll(/word\("([a-z_]+)"/g),
    ].map((m) => `${m[1]}.`);
    const unused = Object.keys(zh).filter(
      (k) => !source.includes(`"${k}"`) && !dynamic.some((d) => k.startsWith(d)),
    );
    expect(unused).toEqual([]);
  });
});

function sources(): string[] {
  const root = join(import.meta.dirname, "..");
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter(
      (f) =>
        /\.tsx?$/.test(f) &&
        !f.includes(".test.") &&
        !/i18n\/(zh|en)(\.ts|\/\w+\.ts)$/.test(f) &&
        !f.endsWith("schema.d.ts"),
    )
    .map((f) => join(root, f));
}

describe("the pages", () => {
  it("show no text of their own", () => {
    const found = sources()
      .filter((f) => f.endsWith(".tsx"))
      .flatMap((file) => {
        const text = readFileSync(file, "utf8").replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
        const chinese = [...text.matchAll(/[\u4e00-\u9fff]+/g)].map((m) => m[0]);
        const between = [...text.matchAll(/<[a-z][^<>{}=]*>\s*([A-Za-z][^<>{}]*)</g)].map((m) =>
          (m[1] ?? "").trim(),
        );
        const attributes = [...text.matchAll(/(?:aria-label|placeholder|title|alt)="([^"]+)"/g)].map(
          (m) => m[1] ?? "",
        );
        return [...chinese, ...between, ...attributes]
          .filter((s) => s !== "" && s !== "Plantroom")
          .map((s) => `${file}: ${s}`);
      });
    expect(found).toEqual([]);
  });
});

it("has a word for every tag that a work order can carry", () => {
  const events = [
    "unknown_event",
    "unknown_severity",
    "repeated",
    "clock_wrong",
    "late",
    "data_dropped",
    "retained",
  ];
  const orders = ["under_maintenance", "late_evidence", "conflict", "incomplete", "missed", "isolates"];
  const more = ["from_standby", "evidence_missing", "recurred", "loop_test", "damaged"];
  const strangers = ["unknown_asset", "unknown_site", "scrapped_asset", "finding_not_applied"];
  const all = [...events, ...orders, ...more, ...strangers];
  expect(all.filter((tag) => !isKnown("tag", tag))).toEqual([]);
  expect(isKnown("tag", "quite_new")).toBe(false);
  expect(isKnown("tag", "found_stopped")).toBe(false); // Our own note, of no use to a reader.
});

it("fills in, and shows a word that it does not know as it came", () => {
  locale.value = "en";
  expect(t("check.go_on", { n: 13 })).toBe("Go on with item 13");
  expect(word("severity", "critical")).toBe("Critical");
  expect(word("tag", "quite_new")).toBe("quite new");
  locale.value = "zh";
  expect(word("severity", "critical")).toBe("紧急");
});
