import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { nodeProblem } from "./entry.ts";

const need = { program: "podtrust", major: 24, scripts: "npm run demo" };

describe("the version of Node", () => {
  for (const version of ["v20.20.2", "v23.11.1", "v4.0.0", "nonsense"]) {
    test(`${version} is refused by name, with the version that is needed`, () => {
      const [problem = ""] = nodeProblem(version, need) ?? [];
      assert.match(problem, /^error: podtrust needs Node 24 or newer; this is /u);
      assert.ok(problem.includes(version));
    });
  }
  test("of a newcomer is answered with the commands that run on it in a checkout, which are there", () => {
    const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as {
      scripts: Record<string, string>;
    };
    for (const [entry, own] of [
      ["src/core/terminal/entry.ts", "npm run demo, npm run podtrust -- COMMAND"],
      ["src/sandbox/cli/main.ts", "npm run podtrust -- sandbox"],
    ] as const) {
      const [, named = ""] = /\bscripts: "([^"]+)"/u.exec(readFileSync(entry, "utf8")) ?? [];
      assert.equal(named, own);
      for (const [, name = ""] of named.matchAll(/npm run (\w+)/gu)) assert.ok(name in scripts, name);
      const [, next = ""] = nodeProblem("v20.20.2", { ...need, scripts: named }) ?? [];
      assert.ok(next.endsWith(`In a checkout any Node from 20 on is enough for: ${own}`), next);
    }
  });
  for (const version of ["v24.0.0", "v26.10.0", "v100.1.0", process.version]) {
    test(`${version} is accepted`, () => assert.equal(nodeProblem(version, need), undefined));
  }
  for (const [manifest, entry] of [
    ["package.json", "src/core/terminal/entry.ts"],
    ["packages/sandbox/package.json", "src/sandbox/cli/main.ts"],
  ] as const) {
    test(`is in ${entry} the one that ${manifest} asks of npm`, () => {
      const { engines } = JSON.parse(readFileSync(manifest, "utf8")) as { engines: { node: string } };
      const [, major = ""] = /\bmajor: (\d+)/u.exec(readFileSync(entry, "utf8")) ?? [];
      assert.match(engines.node, new RegExp(`^>=${major}(?:\\.|$)`, "u"));
    });
  }
});
