import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** One promise of a package, by its sentence; throws where it is not kept. */
export type Check = readonly [promise: string, run: () => void];

/** Runs npm in a folder; gives its standard output. */
export function npm(cwd: string, ...args: readonly string[]): string {
  return execFileSync("npm", args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
}

/** The version in the manifest of a folder. */
export function versionIn(folder: string): string {
  return (JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { version: string }).version;
}

/** Packs a built package into `to`, installs that in an empty project there as a user would, and gives what it has installed. */
export function installPacked(from: string, to: string): readonly string[] {
  npm(".", "pack", from, "--ignore-scripts", "--loglevel=error", "--pack-destination", to);
  const tarball = readdirSync(to).find((name) => name.endsWith(".tgz")) ?? "";
  writeFileSync(
    join(to, "package.json"),
    JSON.stringify({ name: "elsewhere", private: true, type: "module" }),
  );
  npm(to, "install", "--ignore-scripts", "--no-audit", "--no-fund", resolve(to, tarball));
  return installedIn(to);
}

/** The packages of a project, by their names. */
function installedIn(folder: string): readonly string[] {
  const lock = join(folder, "node_modules", ".package-lock.json");
  const { packages } = JSON.parse(readFileSync(lock, "utf8")) as { packages: object };
  return Object.keys(packages).map((path) => path.slice(path.lastIndexOf("node_modules/") + 13));
}

/** What a project's packages take on disk, in MB of a million bytes. */
export function megabytesIn(folder: string): number {
  const [kilobytes = ""] = execFileSync("du", ["-sk", join(folder, "node_modules")], {
    encoding: "utf8",
  }).split("\t");
  return (Number(kilobytes) * 1024) / 1e6;
}
