import { chmodSync, cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { programs } from "../rooms.ts";
import { type Closure, closureOf } from "./closure.ts";

/** Where the manifest of @podtrust/sandbox stands, with its README and CHANGELOG. */
export const sandboxFolder = "packages/sandbox";

/** What the package is entered by: what others import, its command, and the process that it starts. */
const entries = ["src/sandbox/index.ts", "src/sandbox/gcp.ts", programs.sandbox, programs.sandboxProcess];

/** Pages that its help, its errors and its README point to. */
const pages = [
  "docs/how-to/sandbox.md",
  "docs/how-to/sandbox",
  "docs/reference/sandbox-library.md",
  "docs/reference/sandbox-control.md",
  "docs/reference/sts-rules.md",
];

/** All that the sandbox's sources import. */
export function sandboxClosure(): Closure {
  return closureOf(entries);
}

/** Its map is not in the package. */
function withoutMap(script: string): string {
  return script.replace(/\n\/\/# sourceMappingURL=.*\n?$/u, "\n");
}

/** Copies the pages; of a link to one that stays behind, its text. */
function copyPages(): void {
  const files = pages.flatMap((path) => (path.endsWith(".md") ? [path] : globSync(`${path}/*.md`)));
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
  for (const file of closure.files) {
    const built = file.replace(/^src\//u, "dist/").replace(/\.ts$/u, "");
    mkdirSync(join(sandboxFolder, dirname(built)), { recursive: true });
    const script = withoutMap(readFileSync(`${built}.js`, "utf8"));
    writeFileSync(join(sandboxFolder, `${built}.js`), script);
    cpSync(`${built}.d.ts`, join(sandboxFolder, `${built}.d.ts`));
  }
  chmodSync(join(sandboxFolder, "dist/sandbox/cli/main.js"), 0o755);
  cpSync("LICENSE", join(sandboxFolder, "LICENSE"));
  copyPages();
  return closure;
}
