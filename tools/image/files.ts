import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { librariesOf } from "./libraries.ts";
import type { HealthCheck } from "./archive.ts";
import type { TarEntry } from "./tar.ts";

/** deploy/image-files.json: what stands in the images and how they run, for `docker build` and for the build without Docker. */
export interface ImageFiles {
  readonly program: { readonly to: string; readonly files: readonly string[] };
  /** Patterns of paths that nothing needs at run time. */
  readonly leaveOut: readonly string[];
  /** Where Node goes: the one that runs this. */
  readonly node: string;
  readonly user: { readonly name: string; readonly id: number };
  readonly environment: Readonly<Record<string, string>>;
  readonly entrypoint: readonly string[];
  /** What the sandbox's image runs in place of that, and how it is asked after. */
  readonly sandbox: {
    readonly entrypoint: readonly string[];
    readonly ports: readonly number[];
    readonly healthCheck: HealthCheck;
  };
}

/** Reads the list of a checkout. */
export function readImageFiles(checkout: string): ImageFiles {
  return JSON.parse(readFileSync(join(checkout, "deploy", "image-files.json"), "utf8")) as ImageFiles;
}

interface LockedPackage {
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly optional?: boolean;
}

/** Folders of the packages that run in production, as the lock file says. */
function productionPackages(checkout: string): readonly string[] {
  const lock = JSON.parse(readFileSync(join(checkout, "package-lock.json"), "utf8")) as {
    packages: Readonly<Record<string, LockedPackage>>;
  };
  return Object.entries(lock.packages)
    .filter(([path, { dev = false, devOptional = false }]) => path !== "" && !dev && !devOptional)
    .filter(([path, { optional = false }]) => {
      if (existsSync(join(checkout, path))) return true;
      if (optional) return false;
      throw new Error(`${path} is not there: run npm ci first`);
    })
    .map(([path]) => path);
}

/** Files below a path, relative to `checkout`; a package's own packages have their own place in the lock file. */
function filesBelow(checkout: string, path: string): readonly string[] {
  if (!statSync(join(checkout, path)).isDirectory()) return [path];
  return readdirSync(join(checkout, path), { withFileTypes: true })
    .filter((entry) => entry.name !== "node_modules" && !entry.isSymbolicLink())
    .flatMap((entry) => filesBelow(checkout, join(path, entry.name)));
}

function programEntries(checkout: string, dist: string, list: ImageFiles): readonly TarEntry[] {
  const leftOut = list.leaveOut.map((pattern) => new RegExp(pattern, "u"));
  const entry = (from: string, path: string): TarEntry => ({
    path: join(list.program.to, path).slice(1),
    mode: 0o644,
    content: { from },
  });
  const built = filesBelow(dist, ".").map((path) => entry(join(dist, path), join("dist", path)));
  const others = list.program.files.filter((path) => path !== "dist");
  const copied = [...others, ...productionPackages(checkout)].flatMap((path) =>
    filesBelow(checkout, path).map((file) => entry(join(checkout, file), file)),
  );
  return [...built, ...copied].filter(({ path }) => !leftOut.some((pattern) => pattern.test(path)));
}

function systemEntries({ node, user }: ImageFiles): readonly TarEntry[] {
  const text = (path: string, content: string): TarEntry => ({
    path,
    mode: 0o644,
    content: { bytes: Buffer.from(content) },
  });
  const program = (from: string, to: string): TarEntry => ({
    path: to.slice(1),
    mode: 0o755,
    content: { from },
  });
  return [
    program(process.execPath, node),
    ...librariesOf(process.execPath).map((path) => program(path, path)),
    text("etc/passwd", `root:x:0:0::/:\n${user.name}:x:${user.id}:${user.id}::/tmp:\n`),
    text("etc/group", `root:x:0:\n${user.name}:x:${user.id}:\n`),
    // Without it the C library asks DNS for localhost before it looks into /etc/hosts.
    text("etc/nsswitch.conf", "hosts: files dns\n"),
    { path: "tmp", mode: 0o1777, content: "folder" },
  ];
}

function foldersOf(entries: readonly TarEntry[]): readonly TarEntry[] {
  const folders = new Set<string>();
  for (const { path } of entries)
    for (let folder = dirname(path); folder !== "."; folder = dirname(folder)) folders.add(folder);
  return [...folders].map((path) => ({ path, mode: 0o755, content: "folder" }));
}

/** Files with the folders around them, sorted, so that a folder comes before what is in it. */
export function inOrder(files: readonly TarEntry[]): readonly TarEntry[] {
  const byPath = new Map([...foldersOf(files), ...files].map((entry) => [entry.path, entry]));
  return [...byPath.values()].sort((one, other) => (one.path < other.path ? -1 : 1));
}

/**
 * All that stands in podtrust's image, sorted, so that a folder comes before what is in it. `dist` is the built
 * program.
 */
export function imageEntries(checkout: string, dist: string, list: ImageFiles): readonly TarEntry[] {
  return inOrder([...systemEntries(list), ...programEntries(checkout, dist, list)]);
}
