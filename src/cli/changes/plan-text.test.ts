import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Change } from "../../rules/plan/index.ts";
import type { StackPlan } from "../../stack/index.ts";
import { planLines } from "./plan-text.ts";
import { plain, spansOf } from "../../core/terminal/text.ts";

const resource = { id: "aws/1/role/demo", link: "trust" } as Change["resource"];

function linesOf(...changes: Partial<Change>[]): readonly string[] {
  const every = changes.map((change) => ({
    resource,
    kind: "update",
    fields: [],
    observed: { exists: false },
    ...change,
  }));
  const config = { stack: "prod", issuer: "https://x" };
  const shown = { config, places: [], costs: [], plan: { changes: every } };
  return planLines(shown as unknown as StackPlan)
    .slice(2)
    .map((line) => plain(spansOf(line)));
}

describe("a plan as text", () => {
  test("shows fields that came, went and changed", () => {
    const fields = [
      { field: "path", before: undefined, after: "/" },
      { field: "boundary", before: "arn:a", after: undefined },
      { field: "maxSession", before: 3600, after: 7200 },
      { field: "policies", before: ["a", "b"], after: ["b", "c"] },
      { field: "inline.x", before: { A: 1 }, after: undefined },
    ];
    assert.deepEqual(linesOf({ fields }), [
      "~ aws/1/role/demo  update",
      "      path        /",
      "      boundary    arn:a → removed",
      "      maxSession  3600 → 7200",
      "      policies",
      "        - a",
      "          b",
      "        + c",
      "      inline.x    removed",
      "        - {",
      '        -   "A": 1',
      "        - }",
      "",
      "1 to change.",
    ]);
  });

  test("leaves out resources that stay, unless there is something to say about them", () => {
    assert.deepEqual(linesOf({ kind: "none" }), ["Nothing to do, 1 unchanged."]);
    assert.deepEqual(linesOf({ kind: "none", reason: "is not there" }, { kind: "delete" }), [
      "  aws/1/role/demo   (is not there)",
      "- aws/1/role/demo  delete",
      "",
      "1 to delete, 1 unchanged.",
    ]);
    assert.equal(linesOf({ kind: "replace" }, { kind: "create" }).at(-1), "1 to create, 1 to replace.");
  });

  test("marks a resource of another stack and counts it as blocked, not as unchanged", () => {
    const reason = 'exists already and belongs to podtrust stack "dev"';
    assert.deepEqual(linesOf({ kind: "blocked", reason }, { kind: "none" }), [
      `! aws/1/role/demo  blocked (${reason})`,
      "",
      "1 blocked, 1 unchanged.",
    ]);
  });

  test("a value that is known only after another resource says after which", () => {
    const after = { knownAfter: "hetzner/server/prod" };
    const fields = [
      { field: "content", before: undefined, after },
      { field: "owner", before: "1.2.3.4", after },
      { field: "rule", before: { a: 1 }, after },
    ];
    assert.deepEqual(linesOf({ fields }).slice(1, 4), [
      "      content  (known after hetzner/server/prod)",
      "      owner    1.2.3.4 → (known after hetzner/server/prod)",
      '      rule     {   "a": 1 } → (known after hetzner/server/prod)',
    ]);
  });

  test("shows texts of others so that they cannot move the cursor", () => {
    const fields = [{ field: "tags.x", before: "\u001B[2J", after: "" }];
    assert.equal(linesOf({ fields })[1], String.raw`      tags.x  "\u001b[2J" → ""`);
  });
});
