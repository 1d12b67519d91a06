import assert from "node:assert/strict";
import { test } from "node:test";
import { DecisionRing } from "./decisions.ts";
import type { Decision } from "./wire/index.ts";

const decision = (requestId: string): Decision => ({
  time: 0,
  requestId,
  action: "iam:GetRole",
  who: "anonymous",
  decision: "deny",
  rule: "request-signed",
});

test("of decisions without end the last are kept, oldest first, and no more of them however many come", () => {
  const ring = new DecisionRing(3);
  for (let count = 1; count <= 20; count += 1) {
    ring.add(decision(String(count)));
    const last = Array.from({ length: Math.min(count, 3) }, (_, index) => String(count - index)).reverse();
    assert.deepEqual(
      ring.all().map(({ requestId }) => requestId),
      last,
    );
  }
  assert.deepEqual(ring.all({ requestId: "17" }), []);
  assert.equal(ring.all({ requestId: "18" }).length, 1);
});
