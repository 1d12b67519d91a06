import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { nodeProblem } from "./node-version.ts";

describe("the version of Node", () => {
  for (const version of ["v20.20.2", "v23.11.1", "v4.0.0", "nonsense"]) {
    test(`${version} is refused by name, with the version that is needed`, () => {
      const [problem = ""] = nodeProblem(version) ?? [];
      assert.match(problem, /^error: podtrust needs Node 24 or newer; this is /u);
      assert.ok(problem.includes(version));
    });
  }
  for (const version of ["v24.0.0", "v26.10.0", "v100.1.0", process.version]) {
    test(`${version} is accepted`, () => assert.equal(nodeProblem(version), undefined));
  }
  test("is the one that package.json asks of npm", () => {
    const { engines } = JSON.parse(readFileSync("package.json", "utf8")) as { engines: { node: string } };
    assert.match(
      nodeProblem("v1.0.0")?.[0] ?? "",
      new RegExp(`Node ${engines.node.replace(">=", "")} or newer`, "u"),
    );
  });
});
