/** Somebody who may write the Secret in which an operator remembers the keys that it uploads, and nothing else. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { proofOf } from "../../../src/providers/kubernetes/index.ts";
import { newKey } from "../../support/publisher.ts";
import { runs } from "../../support/runs.ts";
import { until } from "../../support/until.ts";
import { issuer, keeperWorld, type KeeperWorld, shownBy } from "../../gcp/keeper-world.ts";
import { anyWrite } from "./writes.ts";

const entry = "documents.prod";
const proof = "proof.documents.prod";

/** Lets the operator poll and upload for so many minutes. */
async function pass({ clock }: KeeperWorld, minutes: number): Promise<void> {
  for (let step = 0; step < minutes * 6; step += 1) await clock.advance(10_000);
}

const uploadedIn = (at: KeeperWorld): readonly string[] => at.uploaded().split(" ");

describe("who may write the Secret in which an operator remembers the keys that it uploads", () => {
  test("has no key of his uploaded, also by a proof of another entry or by another key, and the operator's status says it", async (t) => {
    const at = await keeperWorld(t);
    const { keeper } = at.start();
    const shown = shownBy(at);
    await at.has("first", ...shown);
    const now = at.clock.now();
    const his = newKey();
    const keys = [{ jwk: his, firstSeen: now, lastSeen: now }];
    const text = JSON.stringify({ format: 1, issuer, confirmedAt: now, changedAt: now, keys });
    const proofs = [
      undefined,
      at.cluster.text(proof),
      proofOf("o".repeat(43), entry, text),
      proofOf("k".repeat(43), "documents.other", text),
    ];
    for (const one of proofs) {
      at.cluster.write({ [entry]: text, [proof]: one });
      await pass(at, 2);
      assert.deepEqual(uploadedIn(at), ["first", ...shown].toSorted());
      await until("the operator has written its own again", async () => {
        await at.clock.advance(10_000);
        return at.cluster.text(entry)?.includes(his.kid) === false;
      });
    }
    assert.match(keeper.degraded.join("\n"), /^keys: .*documents\.prod: it was not written by a replica/mu);
  });

  test("whatever he writes or deletes for an hour, Google has no foreign key, none that was distrusted, and one that the cluster shows", async (t) => {
    const own = [newKey(), newKey()];
    const keys = [newKey(), newKey(), newKey()];
    const [stolen] = keys;
    const any = fc.record({
      write: anyWrite({ issuer, keys: [...keys, ...own] }),
      strips: fc.boolean(),
      deletes: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(any, { minLength: 12, maxLength: 12 }), async (writes) => {
        const at = await keeperWorld(t);
        at.cluster.keys = [...keys];
        const running = at.start();
        await at.has("first", ...shownBy(at));
        await at.distrust(stolen?.kid ?? "", true);
        await at.has("first", ...keys.slice(1).map(({ kid }) => kid));
        for (const { write, strips, deletes } of writes) {
          const text = deletes ? undefined : write(at.clock.now(), at.cluster.text(entry));
          at.cluster.write({ [entry]: text, ...(strips ? { [proof]: undefined } : {}) });
          await pass(at, 5);
          const uploaded = uploadedIn(at);
          for (const key of [...own, stolen]) assert.ok(!uploaded.includes(key?.kid ?? ""));
          assert.ok(keys.some(({ kid }) => uploaded.includes(kid)));
        }
        await running.end();
      }),
      { numRuns: runs(2) },
    );
  });
});
