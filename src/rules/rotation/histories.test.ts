import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { hour, minute, second } from "../../../test/support/rotation-facts.ts";
import { runs } from "../../../test/support/runs.ts";
import { type Move, RotationWorld, type WorldAction } from "../../../test/support/rotation-world.ts";

const moves: readonly Move[] = ["prepare", "promote", "finish publication", "finish verifiers", "abort"];
const pauses = [1, 5 * second, 40 * second];

const action: fc.Arbitrary<WorldAction> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("wait" as const),
      ms: fc.constantFrom(second, 30 * second, 20 * minute, hour, 3 * hour),
      stale: fc.integer({ min: 0, max: 5 * minute }),
    }),
  },
  { weight: 4, arbitrary: fc.constant({ do: "look" as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("restart" as const), server: fc.nat(2) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("move" as const),
      move: fc.constantFrom(...moves),
      cut: fc.oneof(fc.constant(9), fc.nat(5)),
      pause: fc.constantFrom(...pauses),
    }),
  },
);

describe("whatever is asked of a rotation, in any order and cut off anywhere", () => {
  test("no key signs that an API server or a relying party that keeps its set lacks, and no valid token is refused", () => {
    const reached = new Set<Move>();
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3 }),
        fc.array(action, { maxLength: 60, size: "max" }),
        (count, actions) => {
          const world = new RotationWorld(count);
          for (const one of actions) world.act(one);
          for (const move of world.allowed) reached.add(move);
          assert.deepEqual(world.refused, []);
        },
      ),
      { numRuns: runs(200), seed: 17 },
    );
    assert.deepEqual([...reached].sort(), [...moves].sort());
  });

  test("each move is allowed in its turn, twice around, with the waits and no refusal", () => {
    const world = new RotationWorld(2);
    const round: readonly Move[] = [
      "prepare",
      "promote",
      "prepare",
      "finish publication",
      "finish verifiers",
    ];
    for (const move of [...round, ...round.slice(1)]) {
      world.act({ do: "move", move, cut: 9, pause: second });
      world.act({ do: "wait", ms: 5 * minute, stale: 5 * minute });
      world.act({ do: "look" });
      world.act({ do: "wait", ms: 3 * hour, stale: 5 * minute });
    }
    assert.deepEqual(world.allowed, [...round, ...round.slice(1)]);
    assert.deepEqual(
      world.servers.map(({ signs, verifies }) => [signs, verifies]),
      [
        ["made-2", ["made-2", "made-3"]],
        ["made-2", ["made-2", "made-3"]],
      ],
    );
    assert.deepEqual(world.refused, []);
  });
});

test("the order that k3s documents, the new key first, has other API servers and relying parties refuse tokens", () => {
  const world = new RotationWorld(2);
  world.asDocumentedByK3s();
  const refused = world.refused.join("\n");
  assert.match(refused, /server-1 refuses a token of second/u);
  assert.match(refused, /the relying party refuses a token of second/u);
});
