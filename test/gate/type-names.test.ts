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

test("no exported type has its name from two rooms", () => {
  const files = globSync("src/**/*.ts", { exclude: ["**/*.test.ts"] });
  assert.ok(files.length > 1000, `${files.length} files: a walk that finds so few has not seen the house`);
  const sources = new Map(files.toSorted().map((file) => [file, readFileSync(file, "utf8")]));
  assert.deepEqual(sharedNames(sources), []);
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
