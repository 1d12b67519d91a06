/**
 * One name, one meaning: an exported type's name stands in one file, so that a search for it finds that and nothing else;
 * and a name that five files give to five things, exported or not, says what none of them is.
 */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { allowed } from "../../tools/rooms.ts";

const rooms = Object.keys(allowed).toSorted((a, b) => b.length - a.length);

/** The innermost room around a file. */
function roomOf(file: string): string {
  return rooms.find((one) => file.startsWith(`src/${one}/`)) ?? "";
}

/** The rooms of the client on the other side of a stand-in's wire. */
function clientsOf(standIn: string): readonly string[] {
  const [, name = ""] = /^sandbox\/(.+)$/u.exec(standIn) ?? [];
  const called = name === "ca" ? "acme" : name;
  return [`providers/${called}`, `rules/${called}`].filter((room) => Object.hasOwn(allowed, room));
}

/**
 * A stand-in calls what goes over its wire by the nouns of that API's own pages: Hetzner's servers, Google's pools, orders and
 * challenges of RFC 8555. It shares no code with its client, which uses the same nouns, and its types stay in the sandbox.
 */
function areBothSides(files: readonly string[]): boolean {
  const [one = "", other = "", ...more] = files.map(roomOf);
  return more.length === 0 && (clientsOf(one).includes(other) || clientsOf(other).includes(one));
}

/** The files that declare a type, by its name. */
function declaredIn(
  sources: ReadonlyMap<string, string>,
  declaration: RegExp,
): ReadonlyMap<string, readonly string[]> {
  const declared = new Map<string, readonly string[]>();
  for (const [file, text] of sources)
    for (const name of new Set([...text.matchAll(declaration)].map(([, found = ""]) => found)))
      declared.set(name, [...(declared.get(name) ?? []), file]);
  return declared;
}

/** Types that two files declare under one name: `NAME: FILE, FILE`. */
function sharedNames(sources: ReadonlyMap<string, string>): readonly string[] {
  const exported = /^export (?:declare )?(?:abstract )?(?:interface|type|class|enum) ([\w$]+)/gmu;
  const declared = declaredIn(sources, exported);
  return [...declared]
    .filter(([, files]) => files.length > 1 && !areBothSides(files))
    .map(([name, files]) => `${name}: ${files.join(", ")}`);
}

/** In so many files one name is too much, by the measure of the house's rules. */
const tooMany = 5;

/** Types, exported or not, whose name that many files give, a stand-in and its client counted as one: `NAME: FILE, FILE`. */
function crowdedNames(sources: ReadonlyMap<string, string>): readonly string[] {
  const declaration =
    /^[ \t]*(?:export )?(?:declare )?(?:abstract )?(?:interface|type|class|enum) ([A-Z][\w$]*)(?=[\s<{=])/gmu;
  return [...declaredIn(sources, declaration)]
    .map(([name, files]) => {
      const isStandIn = (file: string): boolean =>
        files.some((one) => clientsOf(roomOf(file)).includes(roomOf(one)));
      return [name, files.filter((file) => !isStandIn(file))] as const;
    })
    .filter(([, files]) => files.length >= tooMany)
    .map(([name, files]) => `${name}: ${files.join(", ")}`);
}

/** Words that once stood for five things each: as the first or last of a type's name they do not say what it is. */
const vague =
  /^(?:Asked|Found|Held|Placed?|Places|Seen|Wanted)(?![a-z])|(?:Asked|(?<!Not)Found|Held|Places?|Seen|Wanted)$/u;

/** Files of such a name, or of one that ends in such a word. */
function vagueFiles(files: readonly string[]): readonly string[] {
  return files.filter((file) =>
    /(?:^|[/-])(?:asked|found|held|places?|seen|wanted)(?:\.test)?\.ts$/u.test(file),
  );
}

/** Names that say nothing of a type which other files of the tests import. */
const bare = /^(?:Answer|Json|Running|World)$/u;

/** Types whose name matches, of those that a pattern of declarations finds: `FILE: NAME`. */
function namesLike(
  sources: ReadonlyMap<string, string>,
  declaration: RegExp,
  ...patterns: readonly RegExp[]
): readonly string[] {
  return [...sources].flatMap(([file, text]) =>
    [...text.matchAll(declaration)]
      .map(([, name = ""]) => name)
      .filter((name) => patterns.some((pattern) => pattern.test(name)))
      .map((name) => `${file}: ${name}`),
  );
}

/** Types with a vague name, exported or not, and those that are imported under one. */
const vagueNames = (sources: ReadonlyMap<string, string>): readonly string[] =>
  namesLike(sources, /\b(?:interface|type|class|enum|as) ([A-Z]\w*)\b/gu, vague);

/** The same of the tests and tools, where only what other files see has to be named. */
const vagueExports = (sources: ReadonlyMap<string, string>): readonly string[] =>
  namesLike(
    sources,
    /^export (?:declare )?(?:abstract )?(?:interface|type|class|enum) (\w+)/gmu,
    vague,
    bare,
  );

function sourcesOf(files: readonly string[]): ReadonlyMap<string, string> {
  assert.ok(files.length > 1000, `${files.length} files: a walk that finds so few has not seen the house`);
  return new Map(files.toSorted().map((file) => [file, readFileSync(file, "utf8")]));
}

test("no exported type has its name from two files", () => {
  assert.deepEqual(sharedNames(sourcesOf(globSync("src/**/*.ts", { exclude: ["**/*.test.ts"] }))), []);
});

test("no type has a name that could be anything's", () => {
  assert.deepEqual(vagueNames(sourcesOf(globSync("src/**/*.ts"))), []);
});

test("no type that the tests and tools export has such a name", () => {
  assert.deepEqual(vagueExports(sourcesOf(globSync(["test/**/*.ts", "tools/**/*.ts"]))), []);
});

test("no file has a name that could be anything's", () => {
  const files = globSync("src/**/*.ts");
  assert.ok(files.length > 1000, `${files.length} files: a walk that finds so few has not seen the house`);
  assert.deepEqual(vagueFiles(files), []);
  assert.deepEqual(
    vagueFiles([
      "src/a/asked.ts",
      "src/a/s3-place.test.ts",
      "src/held.ts",
      "src/held-bytes.ts",
      "src/unseen.ts",
    ]),
    ["src/a/asked.ts", "src/a/s3-place.test.ts", "src/held.ts"],
  );
});

test("no name is given by five files to five types", () => {
  assert.deepEqual(crowdedNames(sourcesOf(globSync("src/**/*.ts", { exclude: ["**/*.test.ts"] }))), []);
});

test("a name of five files is found, whoever sees the types, and a stand-in is not told from its client", () => {
  const four = {
    "src/rules/plan/a.ts": "interface Reader {\n}\ninterface Look<T> {\n}\n",
    "src/rules/trust/a.ts": "export class Reader\n  extends Map {\n}\ntype Look = string;\n",
    "src/map/a.ts": "function f(): void {\n  type Reader = string;\n}\nclass Look extends Map {\n}\n",
    "src/providers/hetzner/a.ts": "abstract class Reader {\n}\nexport type Look<T> = T;\n",
    "src/stack/a.ts": 'import type { Reader } from "../map/a.ts";\n// type Reader = string;\n',
    "src/sandbox/hetzner/a.ts": "interface Look {\n}\n",
  };
  assert.deepEqual(crowdedNames(new Map(Object.entries(four))), []);
  const five = { ...four, "src/sandbox/gcp/a.ts": "enum Reader {\n}\ninterface Look {\n}\n" };
  const others = ["rules/plan", "rules/trust", "map", "providers/hetzner", "sandbox/gcp"];
  const where = others.map((room) => `src/${room}/a.ts`).join(", ");
  assert.deepEqual(crowdedNames(new Map(Object.entries(five))), [`Reader: ${where}`, `Look: ${where}`]);
});

test("a name that could be anything's is found wherever a type has it", () => {
  const sources = {
    "src/a.ts": "export interface Asked<T> {\n}\n",
    "src/b.ts": "type Found = string;\nconst isFound = true; // Found\n",
    "src/c.ts": 'import { type ListenSpec as Wanted } from "./d.ts";\n',
    "src/d.ts": "function f(): void {\n  class Place {}\n}\n",
    "src/e.ts":
      'export interface Foundation {\n}\nexport class NotFound {\n}\nconst text = "404 Not Found";\n',
    "src/f.ts": "export interface FoundCredential {\n}\ninterface MountPlace {\n}\nclass HeldLease {\n}\n",
    "src/g.ts":
      "type RoleSeen = string;\ntype Placement = string;\ntype Unseen = string;\ninterface SetsAsked {\n}\n",
  };
  assert.deepEqual(vagueNames(new Map(Object.entries(sources))), [
    "src/a.ts: Asked",
    "src/b.ts: Found",
    "src/c.ts: Wanted",
    "src/d.ts: Place",
    "src/f.ts: FoundCredential",
    "src/f.ts: MountPlace",
    "src/f.ts: HeldLease",
    "src/g.ts: RoleSeen",
    "src/g.ts: SetsAsked",
  ]);
});

test("such a name is found where the tests export it, and a type of one file's own may have it", () => {
  const sources = {
    "test/a.ts": "export interface World {\n}\ninterface Answer {\n}\nexport type WantedRole = string;\n",
    "test/b.ts": "export class StackWorld {\n}\nexport type Json = string;\ninterface Place {\n}\n",
    "tools/c.ts": "export abstract class Running {\n}\nexport interface HttpAnswer {\n}\n",
  };
  assert.deepEqual(vagueExports(new Map(Object.entries(sources))), [
    "test/a.ts: World",
    "test/a.ts: WantedRole",
    "test/b.ts: Json",
    "tools/c.ts: Running",
  ]);
});

test("a type of two files is told from one that a door hands on, and from one of both sides of a wire", () => {
  assert.deepEqual(
    rooms.filter((room) => clientsOf(room).length > 0).toSorted(),
    ["aws", "azure", "ca", "cloudflare", "gcp", "hetzner"].map((name) => `sandbox/${name}`),
  );
  const sources = {
    "src/rules/plan/a.ts": "export interface Twice {\n}\nexport type Near = string;\n",
    "src/rules/trust/a.ts": "export class Twice {\n}\n",
    "src/rules/plan/b.ts": "export type Near = number;\ninterface Kept {\n}\n",
    "src/rules/trust/index.ts":
      'export { type Near } from "../plan/index.ts";\nexport type { Near as Other };\ninterface Kept {\n}\n',
    "src/map/a.ts": "export type Inner = string;\n",
    "src/map/judge/a.ts": "export abstract class Inner {\n}\n",
    "src/sandbox/hetzner/a.ts": "export interface Server {\n}\nexport interface Project {\n}\n",
    "src/providers/hetzner/a.ts": "export interface Server {\n}\n",
    "src/sandbox/gcp/a.ts": "export interface Project {\n}\nexport interface Rule {\n}\n",
    "src/rules/gcp/a.ts": "export interface Rule {\n}\nexport type Order = string;\n",
    "src/sandbox/ca/a.ts": "export type Order = string;\nexport type Challenge = string;\n",
    "src/providers/acme/a.ts": "export type Order = string;\nexport type Challenge = string;\n",
    "src/sandbox/azure/a.ts": "export interface Pool {\n}\n",
    "src/publisher/a.ts": "export class Pool {\n}\n",
  };
  assert.deepEqual(sharedNames(new Map(Object.entries(sources))), [
    "Twice: src/rules/plan/a.ts, src/rules/trust/a.ts",
    "Near: src/rules/plan/a.ts, src/rules/plan/b.ts",
    "Inner: src/map/a.ts, src/map/judge/a.ts",
    "Project: src/sandbox/hetzner/a.ts, src/sandbox/gcp/a.ts",
    "Order: src/rules/gcp/a.ts, src/sandbox/ca/a.ts, src/providers/acme/a.ts",
    "Pool: src/sandbox/azure/a.ts, src/publisher/a.ts",
  ]);
});
