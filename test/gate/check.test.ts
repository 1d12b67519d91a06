/** `npm run check`: which suites a change reaches. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { reachedBy, suitesFor } from "../../tools/check/suites.ts";

const sources = new Map(
  Object.entries({
    "src/a/leaf.ts": "export const leaf = 1;",
    "src/a/index.ts": 'export { leaf } from "./leaf.ts";',
    "src/a/leaf.test.ts": 'import { leaf } from "./leaf.ts";',
    "src/b/lazy.ts": 'const { leaf } = await import("../a/index.ts");',
    "src/b/typed.ts": 'import type { Leaf } from "../a/leaf.ts";',
    "src/c/other.ts": 'import "node:fs";',
    "src/c/other.test.ts": 'import "./other.ts";\nreadFileSync("test/c/recorded.json");',
    "test/b/lazy.test.ts": 'import { b } from "../../src/b/lazy.ts";',
  }),
);

const reached = (...changed: readonly string[]): readonly string[] =>
  [...reachedBy(changed, sources)].toSorted();

describe("the suites of what changed", () => {
  test("are found over imports that run at once, lazily or for their types, and over no other", () => {
    assert.deepEqual(reached("src/a/leaf.ts"), [
      "src/a/index.ts",
      "src/a/leaf.test.ts",
      "src/a/leaf.ts",
      "src/b/lazy.ts",
      "src/b/typed.ts",
      "test/b/lazy.test.ts",
    ]);
    assert.deepEqual(reached("src/c/other.ts"), ["src/c/other.test.ts", "src/c/other.ts"]);
  });

  test("are found for a module that is gone, and by its name for a file that is no module", () => {
    assert.deepEqual(reached("src/a/gone.ts"), ["src/a/gone.ts"]);
    assert.ok(reachedBy(["src/a/index.ts"], sources).has("test/b/lazy.test.ts"));
    assert.deepEqual(reached("test/c/recorded.json"), ["src/c/other.test.ts"]);
    assert.deepEqual(reached("site/nobody-reads-this.css"), []);
  });

  test("of this tree are those of a room and its users, and guards for whatever changes", () => {
    const { run, left } = suitesFor(["src/signer/index.ts"]);
    assert.ok(
      run.some((file) => file.startsWith("src/signer/")),
      run.join("\n"),
    );
    assert.ok(!run.includes("src/rules/oidc/issuer.test.ts"));
    assert.ok(run.includes("test/gate/check.test.ts") && run.includes("test/docs/links.test.ts"));
    assert.ok(left.get("cluster")?.includes("test/cluster/signer/signer.test.ts"));
    assert.ok(!left.has("nightly"));
    const guards = suitesFor(["site/nobody-reads-this.css"]);
    assert.ok(guards.run.every((file) => /^test\/(?:docs|gate)\//u.test(file)) && guards.run.length > 10);
  });

  test("of a file at the bottom are nearly all of npm test", () => {
    const { run } = suitesFor(["src/core/base/errors.ts"]);
    assert.ok(run.length > 500, `${run.length} suites`);
  });
});
