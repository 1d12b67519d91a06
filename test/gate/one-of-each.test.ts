/** What every room needs and has once: a second one of the same name is a copy that goes its own way. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";

/** Of src/core/base but for two. */
const once: readonly string[] = [
  "TimeLimit",
  "defined",
  "durationText",
  "isLoopback",
  "isRecord",
  "isoDay",
  "isoSeconds",
  "isoTime",
  "lengthText",
  "mapLimit",
  "mapped",
  "parseDuration",
  "pemOf",
  "readArn",
  "retry",
  "shellWord",
  "until",
];

/** Functions and classes of these names by the files that declare them: `NAME: FILE, FILE`. */
function declared(sources: ReadonlyMap<string, string>): readonly string[] {
  const form =
    /^(?:export )?(?:async )?(?:function\*? |class |(?:const|let) (?=\w+(?:: [^=\n]+)? = (?:async )?(?:function\b|\(|<|\w+ =>)))(\w+)/gmu;
  const files = new Map<string, string[]>();
  for (const [file, text] of sources)
    for (const [, name = ""] of text.matchAll(form))
      if (once.includes(name)) files.set(name, [...(files.get(name) ?? []), file]);
  return [...files].map(([name, found]) => `${name}: ${found.join(", ")}`).toSorted();
}

test("each function that stands once stands in one file of src/", () => {
  const files = globSync("src/**/*.ts", { exclude: ["src/**/*.test.ts"] }).toSorted();
  assert.ok(files.length > 1000, `${files.length} files: a walk that finds so few has not seen the house`);
  const found = declared(new Map(files.map((file) => [file, readFileSync(file, "utf8")])));
  assert.deepEqual(
    found.map((line) => line.replace(/: src\/[\w/-]+\.ts$/u, "")),
    once,
  );
});

test("a second one is found, exported or not, however it is written; a local value and an import are none", () => {
  const sources = {
    "src/a.ts": "export function isLoopback(host: string): boolean {\n}\n",
    "src/b.ts": "const isLoopback = (host: string): boolean => host === ip;\n",
    "src/c.ts": "const until: Wait = async <T>(work: T) => work;\nclass TimeLimit {\n}\n",
    "src/d.ts": 'import { retry } from "./e.ts";\nexport { isLoopback } from "./a.ts";\n',
    "src/e.ts": "function f() {\n  const until = now + 1;\n}\nconst until = now + 1;\n",
  };
  assert.deepEqual(declared(new Map(Object.entries(sources))), [
    "TimeLimit: src/c.ts",
    "isLoopback: src/a.ts, src/b.ts",
    "until: src/c.ts",
  ]);
});
