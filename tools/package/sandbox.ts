import { chmodSync, cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { programs } from "../rooms.ts";
import { type Closure, closureOf } from "./closure.ts";

/** Where the manifest of @podtrust/sandbox stands, with its README and CHANGELOG. */
export const sandboxFolder = "packages/sandbox";

/** What others import. */
const doors = ["src/sandbox/index.ts", "src/sandbox/azure.ts", "src/sandbox/gcp.ts"];
/** What the package is entered by: what others import, its command, and the process that it starts. */
const entries = [...doors, programs.sandbox, programs.sandboxProcess];

/** Pages that its help, its errors and its README point to. */
const pages = [
  "docs/how-to/sandbox.md",
  "docs/how-to/sandbox",
  "docs/reference/sandbox-library.md",
  "docs/reference/sandbox-control.md",
  "docs/reference/sandbox-gcp.md",
  "docs/reference/gcp-rules.md",
  "docs/reference/sts-rules.md",
  "docs/reference/azure-rules.md",
];

const foreign = "core/base/catalogue/podtrust/index";

/**
 * The text of a file as the package has it. The errors of podtrust alone are left out, half of what the catalogue takes on a
 * disk: no module of the sandbox throws one.
 */
function shipped(file: string): string {
  if (file === `src/${foreign}.ts` || file === `dist/${foreign}.js`)
    return "export const podtrustErrors = {};\n";
  if (file === `dist/${foreign}.d.ts`) return "export declare const podtrustErrors: {};\n";
  return readFileSync(file, "utf8");
}

/** All that the sandbox's sources import. */
export function sandboxClosure(): Closure {
  return closureOf(entries, undefined, shipped);
}

/** Its map is not in the package. */
function withoutMap(script: string): string {
  return script.replace(/\n\/\/# sourceMappingURL=.*\n?$/u, "\n");
}

const built = (source: string, ending: ".js" | ".d.ts"): string =>
  source.replace(/^src\//u, "dist/").replace(/\.ts$/u, ending);

/**
 * The built files that the package needs: the scripts that run, and of the declarations those that what others import
 * leads to. A disk gives each file four kilobytes, and most declarations are of what users cannot name.
 */
function builtFiles(): readonly string[] {
  const scripts = closureOf(
    entries.map((entry) => built(entry, ".js")),
    undefined,
    shipped,
  );
  const declarations = closureOf(
    doors.map((entry) => built(entry, ".d.ts")),
    (path) => path.replace(/(?<!\.d)\.[jt]s$/u, ".d.ts"),
    shipped,
  );
  return [...scripts.files, ...declarations.files];
}

/** The pages that are in the package, at the places that they have in the checkout. */
export function packedPages(): readonly string[] {
  return pages.flatMap((path) => (path.endsWith(".md") ? [path] : globSync(`${path}/*.md`)));
}

/** Copies the pages; of a link to one that stays behind, its text. */
function copyPages(): void {
  const files = packedPages();
  for (const file of files) {
    const text = readFileSync(file, "utf8").replaceAll(
      /\[([^\]\n]*)\]\((?!https?:|#)([^)#\s]+)[^)\n]*\)/gu,
      (link, label: string, target: string) => (files.includes(join(dirname(file), target)) ? link : label),
    );
    mkdirSync(join(sandboxFolder, dirname(file)), { recursive: true });
    writeFileSync(join(sandboxFolder, file), text);
  }
}

/**
 * Puts what @podtrust/sandbox is made of beside its manifest, out of the built dist/: the modules that its entries import, at
 * the places that they have in podtrust's own package.
 */
export function assembleSandbox(): Closure {
  const closure = sandboxClosure();
  for (const made of ["dist", "docs", "LICENSE"])
    rmSync(join(sandboxFolder, made), { recursive: true, force: true });
  for (const file of builtFiles()) {
    mkdirSync(join(sandboxFolder, dirname(file)), { recursive: true });
    writeFileSync(join(sandboxFolder, file), withoutMap(shipped(file)));
  }
  chmodSync(join(sandboxFolder, "dist/sandbox/cli/main.js"), 0o755);
  cpSync("LICENSE", join(sandboxFolder, "LICENSE"));
  copyPages();
  return closure;
}
