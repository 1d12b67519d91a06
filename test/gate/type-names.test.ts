/** One name, one meaning: an exported type's name stands in one room, so that a search for it finds that and nothing else. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { allowed } from "../../tools/rooms.ts";

const rooms = Object.keys(allowed).toSorted((a, b) => b.length - a.length);

/**
 * A stand-in calls what goes over its wire by the nouns of that API's own pages: Hetzner's servers, Google's projects, orders
 * and challenges of RFC 8555. It shares no code with the client on the other side, which uses the same nouns, and its types
 * stay in the sandbox.
 */
function isStandIn(room: string): boolean {
  const [, name] = /^sandbox\/(.+)$/u.exec(room) ?? [];
  if (name === undefined) return false;
  return (
    name === "ca" || Object.hasOwn(allowed, `providers/${name}`) || Object.hasOwn(allowed, `rules/${name}`)
  );
}

/** The innermost room around a file. */
function roomOf(file: string): string {
  return rooms.find((one) => file.startsWith(`src/${one}/`)) ?? "";
}

/** Types that two rooms declare under one name: `NAME: FILE, FILE`. */
function sharedNames(sources: ReadonlyMap<string, string>): readonly string[] {
  const declared = new Map<string, string[]>();
  for (const [file, text] of [...sources].filter(([one]) => !isStandIn(roomOf(one))))
    for (const [, name = ""] of text.matchAll(
      /^export (?:declare )?(?:abstract )?(?:interface|type|class|enum) ([\w$]+)/gmu,
    ))
      declared.set(name, [...(declared.get(name) ?? []), file]);
  return [...declared]
    .filter(([, files]) => new Set(files.map(roomOf)).size > 1)
    .map(([name, files]) => `${name}: ${files.join(", ")}`);
}

/** Names that once stood for five things each, and say what none of them is. */
const vague = new Set(["Asked", "Found", "Place", "Wanted"]);

/** Types of such a name, exported or not, and those that are imported under one: `FILE: NAME`. */
function vagueNames(sources: ReadonlyMap<string, string>): readonly string[] {
  const declared = /\b(?:interface|type|class|enum|as) ([A-Z]\w*)\b/gu;
  return [...sources].flatMap(([file, text]) =>
    [...text.matchAll(declared)]
      .map(([, name = ""]) => name)
      .filter((name) => vague.has(name))
      .map((name) => `${file}: ${name}`),
  );
}

function sourcesOf(files: readonly string[]): ReadonlyMap<string, string> {
  assert.ok(files.length > 1000, `${files.length} files: a walk that finds so few has not seen the house`);
  return new Map(files.toSorted().map((file) => [file, readFileSync(file, "utf8")]));
}

test("no exported type has its name from two rooms", () => {
  assert.deepEqual(sharedNames(sourcesOf(globSync("src/**/*.ts", { exclude: ["**/*.test.ts"] }))), []);
});

test("no type has a name that could be anything's", () => {
  assert.deepEqual(vagueNames(sourcesOf(globSync("src/**/*.ts"))), []);
});

test("a name that could be anything's is found wherever a type has it", () => {
  const sources = {
    "src/a.ts": "export interface Asked<T> {\n}\n",
    "src/b.ts": "type Found = string;\nconst isFound = true; // Found\n",
    "src/c.ts": 'import { type ListenSpec as Wanted } from "./d.ts";\n',
    "src/d.ts": "function f(): void {\n  class Place {}\n}\n",
    "src/e.ts": 'export interface FoundCredential {\n}\nconst text = "404 Not Found";\n',
  };
  assert.deepEqual(vagueNames(new Map(Object.entries(sources))), [
    "src/a.ts: Asked",
    "src/b.ts: Found",
    "src/c.ts: Wanted",
    "src/d.ts: Place",
  ]);
});

test("a type of two rooms is told from one of a room, of a room inside it, of a door, and of a stand-in", () => {
  assert.ok(rooms.filter(isStandIn).length >= 3);
  assert.deepEqual(["sandbox/ca", "sandbox/cluster", "providers/hetzner"].map(isStandIn), [
    true,
    false,
    false,
  ]);
  const sources = {
    "src/rules/plan/a.ts": "export interface Twice {\n}\nexport type Once = string;\n",
    "src/rules/trust/a.ts": "export class Twice {\n}\n",
    "src/rules/plan/b.ts": "export type Once = number;\n",
    "src/rules/trust/index.ts":
      'export { type Once } from "../plan/index.ts";\nexport type { Once as Other };\n',
    "src/map/a.ts": "export type Inner = string;\n",
    "src/map/judge/a.ts": "export abstract class Inner {\n}\n",
    "src/sandbox/hetzner/a.ts": "export interface Server {\n}\n",
    "src/providers/hetzner/a.ts": "export interface Server {\n}\n",
    "src/sandbox/ca/a.ts": "export type Order = string;\n",
    "src/providers/acme/b.ts": "export type Order = string;\ninterface Kept {\n}\n",
    "src/providers/tls/b.ts": "interface Kept {\n}\n",
  };
  assert.deepEqual(sharedNames(new Map(Object.entries(sources))), [
    "Twice: src/rules/plan/a.ts, src/rules/trust/a.ts",
    "Inner: src/map/a.ts, src/map/judge/a.ts",
  ]);
});
