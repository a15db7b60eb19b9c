import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { build, type Plugin, type ResolvedConfig } from "vite";

interface Entry {
  url: string;
  revision: string | null;
}

/** Every file of the build with what tells one version from the next: hashed names speak for themselves. */
function entriesOf(folder: string): Entry[] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((f) => f.isFile() && f.name !== "sw.js")
    .map((f) => join(f.parentPath, f.name));
  return files.map((file) => {
    const url = `/${relative(folder, file).replaceAll("\\", "/")}`;
    const hashed = url.startsWith("/assets/");
    const revision = hashed
      ? null
      : createHash("sha256").update(readFileSync(file)).digest("hex").slice(0, 16);
    return { url, revision };
  });
}

/** Builds `src/sw.ts` after the app, with the list of the app's files to keep for use without a network. */
export function serviceWorker(): Plugin {
  let config: ResolvedConfig;
  return {
    name: "plantroom-service-worker",
    apply: "build",
    configResolved(resolved) {
      config = resolved;
    },
    async closeBundle() {
      const folder = join(config.root, config.build.outDir);
      await build({
        configFile: false,
        root: config.root,
        publicDir: false,
        logLevel: "warn",
        define: { __PRECACHE__: JSON.stringify(entriesOf(folder)), "process.env.NODE_ENV": '"production"' },
        build: {
          outDir: folder,
          emptyOutDir: false,
          target: "es2022",
          rollupOptions: {
            input: join(config.root, "src/sw.ts"),
            output: { format: "iife", entryFileNames: "sw.js" },
          },
        },
      });
    },
  };
}
