import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { mapLimit } from "../../../src/core/base/index.ts";
import { judgeChain } from "../../../src/doctor/chain/index.ts";
import type { AwsAccess } from "../../../src/providers/aws/index.ts";
import { runs } from "../../support/runs.ts";
import { newStack } from "./world.ts";

describe("a whole stack that is healthy", () => {
  test(`has no finding in any of ${runs(5)} looks, five at once in one process`, async () => {
    await using world = await newStack();
    const looks = await mapLimit(Array.from({ length: runs(5) }), () => world.gather(), 5);
    for (const facts of looks) {
      const { findings, excluded } = judgeChain(facts);
      // A machine too busy to measure is no finding about the stack.
      assert.deepEqual(
        findings.filter(({ verdict }) => verdict !== "unseen"),
        [],
      );
      assert.ok(excluded.some(({ link }) => link === "sts"));
    }
  });

  test("waits for AWS so long that one that says nothing costs half a minute", async () => {
    await using world = await newStack();
    const asked: AwsAccess[] = [];
    await world.gather({
      open(access) {
        asked.push(access);
        return world.chain.open(access);
      },
    });
    assert.ok(asked.length > 0);
    for (const { attempts = 0, answerWithinMs = 0 } of asked)
      assert.ok(attempts > 1 && attempts * answerWithinMs <= 30_000, `${attempts} × ${answerWithinMs} ms`);
  });
});
