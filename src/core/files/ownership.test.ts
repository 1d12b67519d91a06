import assert from "node:assert/strict";
import { test } from "node:test";
import { isExposed } from "./ownership.ts";

test("a token's file is exposed to all, and to the group of one's own file, and not to the group of another's", () => {
  const exposed = (mode: number, uid: number): boolean => isExposed({ mode, uid }, 1000);
  assert.equal(exposed(0o100600, 1000), false);
  assert.equal(exposed(0o100640, 1000), true);
  assert.equal(exposed(0o100604, 1000), true);
  assert.equal(exposed(0o100640, 0), false);
  assert.equal(exposed(0o100644, 0), true);
});
