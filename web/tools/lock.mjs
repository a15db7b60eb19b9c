// Makes package-lock.json independent of the registry and the machine that wrote it: removes `resolved`
// addresses and adds the optional binaries of other platforms that a partial registry left out, so that
// `npm ci` accepts the file everywhere. Run after every `npm install`.
import { readFileSync, writeFileSync } from "node:fs";

const file = new URL("../package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(file, "utf8"));
const systems = [
  "android",
  "darwin",
  "freebsd",
  "linux",
  "netbsd",
  "openbsd",
  "openharmony",
  "sunos",
  "win32",
  "aix",
];
const processors = ["arm64", "arm", "ia32", "x64", "ppc64", "riscv64", "s390x", "loong64", "mips64el"];

const platformOf = (name) => {
  const words = name.split("/").pop().split("-");
  const os = systems.find((s) => words.includes(s));
  const cpu = processors.find((p) => words.includes(p));
  if (os === undefined || cpu === undefined) {
    return null;
  }
  const libc = words.includes("musl") ? { libc: ["musl"] } : words.includes("gnu") ? { libc: ["glibc"] } : {};
  return { cpu: [cpu], os: [os], ...libc };
};

for (const entry of Object.values(lock.packages)) {
  entry.resolved = undefined;
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const platform = platformOf(name);
    const place = `node_modules/${name}`;
    if (platform !== null && lock.packages[place] === undefined && /^\d/.test(version)) {
      lock.packages[place] = { version, ...platform, ...(entry.dev ? { dev: true } : {}), optional: true };
    }
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
