import assert from "node:assert/strict";
import { test } from "node:test";
import { poolOf, principalOf } from "./index.ts";

test("the pool of a principal is read from it, and from nothing else that policies name", () => {
  const pool = { projectNumber: "123456789012", pool: "bindings" };
  const principal = principalOf(pool, "system:serviceaccount:shop:web");
  assert.deepEqual(poolOf(principal), pool);
  for (const other of [
    principalOf(pool, ""),
    principal.replace("principal:", "principalSet:"),
    ` ${principal}`,
    "serviceAccount:web@shop.iam.gserviceaccount.com",
    "",
  ])
    assert.equal(poolOf(other), undefined, other);
});
