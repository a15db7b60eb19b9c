// Keeps the house's figure: functions of at most 60 lines, modules and stylesheets of at most 400. Prints what is
// longer and ends with 1. Generated types are exempt, and so is the callback of a test's `describe`: a chapter of
// tests, not a function.
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { argv, exit, stderr } from "node:process";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const MODULE_LINES = 400;
const FUNCTION_LINES = 60;
const GENERATED = new Set(["src/api/schema.d.ts"]);
const FOREIGN = new Set(["node_modules", "dist"]);

function* filesOf(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!FOREIGN.has(entry.name)) {
        yield* filesOf(path);
      }
    } else if (/\.(tsx?|mjs|js|css)$/.test(entry.name)) {
      yield path;
    }
  }
}

const isFunction = (node) => ts.isFunctionLike(node) && node.body !== undefined;

function isChapter(node) {
  const call = node.parent;
  return call !== undefined && ts.isCallExpression(call) && call.expression.getText().startsWith("describe");
}

/** A function's own name, or that of what it is kept in. */
function nameOf(node) {
  if (node.name !== undefined) {
    return node.name.getText();
  }
  if (ts.isConstructorDeclaration(node)) {
    return "constructor";
  }
  const kept = node.parent.name;
  return kept === undefined ? "(no name)" : kept.getText();
}

function longFunctions(file, text) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const lineAt = (position) => source.getLineAndCharacterOfPosition(position).line + 1;
  const found = [];
  const visit = (node) => {
    if (isFunction(node) && !(file.includes(".test.") && isChapter(node))) {
      const first = lineAt(node.getStart(source));
      const lines = lineAt(node.getEnd()) - first + 1;
      if (lines > FUNCTION_LINES) {
        found.push(`:${first} ${nameOf(node)} has ${lines} lines, at most ${FUNCTION_LINES}`);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function longIn(file) {
  const text = readFileSync(file, "utf8");
  const lines = text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
  const module = lines > MODULE_LINES ? [` has ${lines} lines, at most ${MODULE_LINES}`] : [];
  return file.endsWith(".css") ? module : [...module, ...longFunctions(file, text)];
}

const root = resolve(argv[2] ?? fileURLToPath(new URL("..", import.meta.url)));
const files = [...filesOf(root)].filter((file) => !GENERATED.has(relative(root, file).replaceAll("\\", "/")));
const long = files.flatMap((file) => longIn(file).map((what) => `${relative(root, file)}${what}`));
if (files.length === 0) {
  long.push("nothing to check");
}
for (const line of long.sort()) {
  stderr.write(`${line}\n`);
}
exit(long.length === 0 ? 0 : 1);
