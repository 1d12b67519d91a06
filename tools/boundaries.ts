/**
 * Checks the direction of imports (docs/adr/0005-boundaries.md) by the table of tools/rooms.ts, and
 * inside each folder by the rule of tools/boundaries/part-order.ts. It says how many modules it
 * saw, and fails on an entry of the table that matches nothing, so that a check which looked at nothing cannot pass. A
 * module named by anything but a text is a fault.
 */
import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize, sep } from "node:path";
import process from "node:process";
import { importsIn } from "./imports.ts";
import { impurity, partyAskedFor } from "./boundaries/names.ts";
import { type FileImport, tangleText, tanglesOf } from "./boundaries/part-order.ts";
import { allowed, federated, narrowed, nodeFree, pure, reserved } from "./rooms.ts";

/** What a pure room may import of Node: node:crypto is arithmetic, node:buffer is memory, node:net is asked for isIP alone. */
const pureModules = new Set(["node:crypto", "node:buffer", "node:net"]);
interface Import {
  readonly file: string;
  readonly target: string;
}

/** What tools/imports.ts cannot read: a module that is named while the program runs. */
const hiddenForm = /\b(?:import\(|getBuiltinModule\b)(?!\(?\s*"[^"\n]*"\s*,?\s*\))|\bcreateRequire\b/u;

function importsOf(file: string): Import[] {
  return importsIn(sourceOf(file)).map((target) => ({ file, target }));
}

/** The folders around a file, outermost first, without src/. */
function foldersOf(file: string): string[] {
  const names = dirname(file).split(sep).slice(1);
  return names.map((_, index) => names.slice(0, index + 1).join("/"));
}

/** The innermost room around a file; undefined where no row of the table is about it. */
function roomOf(file: string): string | undefined {
  return foldersOf(file).findLast((folder) => Object.hasOwn(allowed, folder));
}

function isInside(folder: string, room: string): boolean {
  return folder === room || folder.startsWith(`${room}/`);
}

/** Whether a file is this one, or stands in this folder. */
function isAt(file: string, place: string): boolean {
  return file === place || file.startsWith(join(place, sep));
}

function doorOf(folder: string): string {
  return join("src", folder, "index.ts");
}

/**
 * The outermost folder that has a door, or rules, between a file and what it imports; a room inside it where the row of the
 * file's own room names that (`sandbox/cli`), the innermost of several.
 */
function entered(file: string, path: string): string | undefined {
  const around = foldersOf(file);
  const named = allowed[roomOf(file) ?? ""] ?? [];
  const between = foldersOf(path).filter((folder) => !around.includes(folder));
  return (
    between.findLast((folder) => folder.includes("/") && named.includes(folder)) ??
    between.find((folder) => Object.hasOwn(allowed, folder) || known.has(doorOf(folder)))
  );
}

function faultOfFile(from: string, file: string, target: string): string | undefined {
  const path = normalize(join(dirname(file), target));
  if (!path.startsWith(`src${sep}`)) return `${file} imports ${target}, which is outside src/`;
  const folder = entered(file, path);
  const to = roomOfImport({ file, target }) ?? "?";
  if (!isInside(to, from) && allowed[from]?.includes(to) !== true)
    return `${file}: ${from}/ must not import ${to}/`;
  const rule = narrowed.find((one) => one.from === from && one.to === to);
  if (rule !== undefined && !rule.only.some((one) => isAt(file, one)))
    return `${file}: of ${from}/ only ${rule.only.join(", ")} imports ${to}/`;
  return folder === undefined || path === doorOf(folder)
    ? undefined
    : `${file} imports ${path}: the door of ${folder}/ is its index.ts`;
}

/** What a room for browsers must not import: Node's modules, packages, and rooms that may. */
function faultOfNodeFree(from: string, file: string, target: string): string | undefined {
  if (!nodeFree.includes(from)) return undefined;
  const reached = target.startsWith(".") ? roomOf(normalize(join(dirname(file), target))) : target;
  if (reached === undefined || nodeFree.includes(reached)) return undefined;
  return `${file}: ${from}/ runs in a browser too and must not import ${reached}`;
}

function faultOfPackage(from: string, file: string, target: string): string | undefined {
  if (pure.some((room) => isInside(from, room)) && !pureModules.has(target))
    return `${file}: ${from}/ is pure and must not import ${target}`;
  if (target.startsWith("node:")) return undefined;
  const rule = reserved.find((r) => r.package.test(target));
  if (rule === undefined) return `${file}: a user does not install ${target}: no row of reserved names it`;
  if (rule.rooms.some((room) => isInside(from, room))) return undefined;
  return `${file}: only ${rule.rooms.join(", ")}/ imports ${target}`;
}

/** The relying party that a file is about, by a folder around it or a word of its name; undefined for what is about none. */
function partyOf(file: string): string | undefined {
  const words = file.split(sep).flatMap((part) => part.replace(/\.ts$/u, "").split("-"));
  return words.find((word) => federated.includes(word));
}

/** What one relying party's code must not import of another's. */
function faultOfParty(file: string, target: string): string | undefined {
  if (!target.startsWith(".")) return undefined;
  const [own, other] = [partyOf(file), partyOf(normalize(join(dirname(file), target)))];
  if (own === undefined || other === undefined || own === other) return undefined;
  return `${file}: what is of ${own} must not import what is of ${other}`;
}

function fault({ file, target }: Import): string | undefined {
  const from = roomOf(file);
  // Reported once for the file, below.
  if (from === undefined) return undefined;
  const other = faultOfParty(file, target);
  if (other !== undefined) return other;
  const found = target.startsWith(".") ? faultOfFile(from, file, target) : faultOfPackage(from, file, target);
  return found ?? faultOfNodeFree(from, file, target);
}

/** What is wrong with a file whatever it imports. */
function faultsOfSource(file: string): string[] {
  const room = roomOf(file);
  if (room === undefined)
    return [`${file}: the folder ${foldersOf(file)[0] ?? "src"}/ is not in the table of tools/rooms.ts`];
  const found: string[] = [];
  const source = sourceOf(file);
  if (hiddenForm.test(source)) found.push(`${file} imports a module whose name is known only at run time`);
  const asked = partyOf(file) === undefined ? partyAskedFor(source) : undefined;
  if (asked !== undefined)
    found.push(`${file} asks for a relying party by name (${asked}): give each a row, and ask the row`);
  const impure = pure.some((one) => isInside(room, one)) ? impurity(source) : undefined;
  if (impure !== undefined) found.push(`${file}: ${room}/ is pure and must not name ${impure}`);
  return found;
}

/** Circles between the files of src/, each reported once. */
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

/** The room that an import leads into, by which row of the table it is allowed. */
function roomOfImport({ file, target }: Import): string | undefined {
  if (!target.startsWith(".")) return undefined;
  const path = normalize(join(dirname(file), target));
  const folder = entered(file, path);
  return folder !== undefined && Object.hasOwn(allowed, folder) ? folder : roomOf(path);
}

/** Entries of the table that are about nothing: a folder that was moved, an import that went, a run in the wrong place. */
function emptyEntries(): string[] {
  const seen = new Set(files.map(roomOf));
  const parties = new Set(files.map(partyOf));
  const arrows = imports.map((one) => ({ ...one, from: roomOf(one.file), to: roomOfImport(one) }));
  const isArrow = (from: string, to: string, place = "src"): boolean =>
    arrows.some((one) => one.from === from && one.to === to && isAt(one.file, place));
  const isReserved = (name: RegExp, room: string): boolean =>
    arrows.some(({ from, target }) => from !== undefined && isInside(from, room) && name.test(target));
  return [
    ...Object.keys(allowed).filter((room) => !seen.has(room)),
    ...Object.entries(allowed).flatMap(([from, targets]) =>
      targets.filter((to) => !isArrow(from, to)).map((to) => `${from} → ${to}`),
    ),
    ...narrowed.flatMap(({ from, to, only }) =>
      only.filter((place) => !isArrow(from, to, place)).map((place) => `narrowed ${place} → ${to}`),
    ),
    ...reserved.flatMap(({ package: name, rooms }) =>
      rooms.filter((room) => !isReserved(name, room)).map((room) => `reserved ${String(name)} in ${room}`),
    ),
    ...pure.filter((room) => !seen.has(room)).map((room) => `pure ${room}`),
    ...nodeFree.filter((room) => !seen.has(room)).map((room) => `nodeFree ${room}`),
    ...federated.filter((name) => !parties.has(name)).map((name) => `federated ${name}`),
  ];
}

const files = globSync("src/**/*.ts", { exclude: ["src/**/*.test.ts"] }).sort();
const known = new Set(files);
const sources = new Map(files.map((file) => [file, readFileSync(file, "utf8")]));
const sourceOf = (file: string): string => sources.get(file) ?? "";
const imports = files.flatMap(importsOf);
const inside: readonly FileImport[] = imports
  .filter(({ target }) => target.startsWith("."))
  .map(({ file, target }) => ({ file, path: normalize(join(dirname(file), target)) }));
const edges = new Map<string, string[]>(files.map((file) => [file, []]));
for (const { file, path } of inside) edges.get(file)?.push(path);
const faults = [
  ...new Set([
    ...files.flatMap(faultsOfSource),
    ...imports.map(fault).filter((f) => f !== undefined),
    ...circles(edges).map((c) => `circle: ${c}`),
    ...tanglesOf(inside).map(tangleText),
  ]),
];
const empty = emptyEntries();
if (empty.length > 0) faults.push(`tools/rooms.ts: these match nothing: ${empty.join(", ")}`);
for (const line of faults) console.error(line);
console.log(`boundaries: ${files.length} modules, ${imports.length} imports, ${faults.length} faults`);
process.exitCode = faults.length === 0 ? 0 : 1;
