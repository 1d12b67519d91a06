/** Each fault that users reported has a cause, and each such cause a test that injects it into a real part. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isCause } from "../../src/core/reasons/index.ts";
import { recordedFaults } from "./chain/recorded.ts";
import { faults } from "./faults.ts";
import { reportedFaults } from "./reported.ts";

test("the faults that users reported are each named by a cause that a test injects", () => {
  const tested = new Set<string>([...Object.keys(faults), ...recordedFaults().map(({ cause }) => cause)]);
  const causes = reportedFaults.flatMap(({ named }) => (named === "excluded" ? [] : [named].flat()));
  assert.deepEqual(
    causes.filter((cause) => !isCause(cause) || !tested.has(cause)),
    [],
  );
  assert.ok(reportedFaults.length >= 100, `${reportedFaults.length} faults`);
  assert.equal(new Set(reportedFaults.map(({ id }) => id)).size, reportedFaults.length);
});
