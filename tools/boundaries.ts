/**
 * Checks the direction of imports (docs/adr/0005-boundaries.md) and says how many modules it saw, so that a
 * check which looked at nothing cannot pass.
 *
 * Told by lines of `import`/`export … from`, `import("…")` and `getBuiltinModule("…")`: TypeScript 7 ships no compiler
 * API to ask, and erasable TypeScript keeps imports in these forms. A module named by anything but a text is a fault.
 */
import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize, sep } from "node:path";
import process from "node:process";

/** Which folders a folder of src/ may import, apart from itself. */
const allowed: Record<string, readonly string[]> = {
  base: [],
  oidc: ["base"],
  trust: ["base", "oidc"],
  plan: ["base"],
  http: ["base"],
  config: ["base", "oidc", "trust"],
  acme: ["base", "oidc", "http"],
  tls: ["base", "oidc", "http", "acme"],
  kubernetes: ["base", "oidc", "http", "config"],
  aws: ["base", "oidc", "trust", "plan", "http", "config"],
  publisher: ["base", "oidc", "http", "config", "kubernetes", "acme", "tls"],
  stack: ["base", "oidc", "trust", "plan", "http", "config", "aws", "kubernetes"],
  sandbox: ["base", "oidc", "trust", "http"],
  demo: [
    "base",
    "oidc",
    "trust",
    "plan",
    "http",
    "config",
    "kubernetes",
    "acme",
    "tls",
    "aws",
    "publisher",
    "sandbox",
  ],
  cli: [
    "base",
    "oidc",
    "trust",
    "plan",
    "http",
    "config",
    "kubernetes",
    "acme",
    "tls",
    "aws",
    "publisher",
    "sandbox",
    "demo",
    "stack",
  ],
};

/** Packages that one folder alone may import. */
const reserved: readonly { package: RegExp; folders: readonly string[] }[] = [
  { package: /^@aws-sdk\//u, folders: ["aws"] },
  { package: /^@kubernetes\/client-node/u, folders: ["kubernetes"] },
  { package: /^commander$/u, folders: ["cli"] },
  { package: /^pino$/u, folders: ["cli"] },
  { package: /^prom-client$/u, folders: ["publisher"] },
  { package: /^zod$/u, folders: ["config"] },
];

/** Folders that do no I/O: node:crypto is arithmetic, node:buffer is memory, node:net is asked for isIP alone. */
const pure = new Set(["oidc", "trust", "plan"]);
const pureModules = new Set(["node:crypto", "node:buffer", "node:net"]);

const minimumModules = 120;

interface Import {
  readonly file: string;
  readonly target: string;
}

const importForm =
  /(?:^|\n)\s*(?:import|export)\s[^;"']*?from\s+"([^"]+)"|(?:^|\n)\s*import\s+"([^"]+)"|(?:import|getBuiltinModule)\(\s*"([^"]+)"\s*\)/gu;
/** What the forms above cannot read: a module that is named while the program runs. */
const hiddenForm = /\b(?:import|getBuiltinModule)\(\s*[^"\s)]/u;

function importsOf(file: string): Import[] {
  const source = readFileSync(file, "utf8");
  return [...source.matchAll(importForm)].map((match) => ({
    file,
    target: match[1] ?? match[2] ?? match[3] ?? "",
  }));
}

function folderOf(path: string): string {
  return path.split(sep)[1] ?? "";
}

function faultOfFile(from: string, file: string, target: string): string | undefined {
  const path = normalize(join(dirname(file), target));
  if (!path.startsWith(`src${sep}`)) return `${file} imports ${target}, which is outside src/`;
  const to = folderOf(path);
  if (to === from) return undefined;
  if (allowed[from]?.includes(to) !== true) return `${file}: ${from}/ must not import ${to}/`;
  return path === join("src", to, "index.ts")
    ? undefined
    : `${file} imports ${path}: the door of ${to}/ is its index.ts`;
}

function faultOfPackage(from: string, file: string, target: string): string | undefined {
  if (pure.has(from) && !pureModules.has(target))
    return `${file}: ${from}/ is pure and must not import ${target}`;
  const rule = reserved.find((r) => r.package.test(target));
  if (rule === undefined || rule.folders.includes(from)) return undefined;
  return `${file}: only ${rule.folders.join(", ")}/ imports ${target}`;
}

function fault({ file, target }: Import): string | undefined {
  const from = folderOf(file);
  if (allowed[from] === undefined)
    return `${file}: the folder ${from}/ is not in the table of tools/boundaries.ts`;
  return target.startsWith(".") ? faultOfFile(from, file, target) : faultOfPackage(from, file, target);
}

/** Circles between the files of src/, each told once. */
function circles(edges: Map<string, string[]>): string[] {
  const found: string[] = [];
  const state = new Map<string, "open" | "done">();
  const visit = (file: string, path: string[]): void => {
    if (state.get(file) === "done") return;
    if (state.get(file) === "open") {
      found.push([...path.slice(path.indexOf(file)), file].join(" → "));
      return;
    }
    state.set(file, "open");
    for (const next of edges.get(file) ?? []) visit(next, [...path, file]);
    state.set(file, "done");
  };
  for (const file of edges.keys()) visit(file, []);
  return found;
}

const files = globSync("src/**/*.ts", { exclude: ["src/**/*.test.ts"] }).sort();
const imports = files.flatMap(importsOf);
const edges = new Map<string, string[]>(files.map((file) => [file, []]));
for (const { file, target } of imports) {
  if (target.startsWith(".")) edges.get(file)?.push(normalize(join(dirname(file), target)));
}
const hidden = files.filter((file) => hiddenForm.test(readFileSync(file, "utf8")));
const faults = [
  ...new Set([
    ...hidden.map((file) => `${file} imports a module whose name only running it tells`),
    ...imports.map(fault).filter((f) => f !== undefined),
    ...circles(edges).map((c) => `circle: ${c}`),
  ]),
];
if (files.length < minimumModules)
  faults.push(`saw ${files.length} modules, expected at least ${minimumModules}`);
for (const line of faults) console.error(line);
console.log(`boundaries: ${files.length} modules, ${imports.length} imports, ${faults.length} faults`);
process.exitCode = faults.length === 0 ? 0 : 1;
