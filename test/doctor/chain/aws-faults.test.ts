/** Causes that stand in AWS: each fault in the sandbox's IAM, which answers and refuses as IAM and STS do. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { reasons } from "../../../src/core/base/index.ts";
import { judgeChain } from "../../../src/doctor/chain/index.ts";
import { madeNow, pin, providerFaults, type StackFault, trustFaults } from "./aws-faults.ts";
import { assertSound } from "./sound.ts";
import { newStack } from "./world.ts";

const faults: Readonly<Record<string, StackFault>> = { ...providerFaults, ...trustFaults };

describe("a fault in AWS", () => {
  for (const cause of Object.keys(faults) as (keyof typeof providerFaults | keyof typeof trustFaults)[]) {
    test(`named ${cause} is found by doctor as what it is, with proof and fix`, async () => {
      await using world = await newStack();
      const options = (await faults[cause]?.(world)) ?? {};
      const report = judgeChain(await world.gather(options));
      assertSound(report, cause);
      assert.equal(report.broken?.reason, reasons[cause].outcome === "broken" ? cause : undefined);
    });
  }

  test("is not found where up made the stack: every link that was seen holds with its proof", async () => {
    await using world = await newStack();
    const report = judgeChain(await world.gather());
    assert.deepEqual(
      report.findings.filter(({ verdict }) => verdict !== "unseen"),
      [],
    );
    assert.ok(report.excluded.some(({ link, seen }) => link === "sts" && seen !== ""));
  });

  test("a role that was made seconds ago is propagating, and an older one that STS refuses all the same is not to be seen from here", async () => {
    await using world = await newStack({ propagationMs: 3_600_000, isUp: false });
    await madeNow(world);
    const young = await world.gather();
    const report = judgeChain(young);
    assertSound(report, "RolePropagating");
    assert.equal(report.verdict, "propagating");
    const old = judgeChain({ ...young, now: young.now + 3_600_000 });
    assert.equal(old.broken, undefined);
    assertSound(old, "OrganisationDenies");
  });

  test("thumbprints that are not of the chain are the cause where no public root vouches for it, and excluded with their proof elsewhere", async () => {
    await using world = await newStack({ privateCa: true });
    await pin(world, ["a".repeat(40)]);
    const facts = await world.gather();
    const report = judgeChain(facts);
    assertSound(report, "ThumbprintMismatch");
    const [chain = []] = facts.published?.chains ?? [];
    await pin(world, chain.map(({ sha1 }) => sha1).slice(0, 1));
    const good = await world.gather();
    assert.equal(judgeChain(good).broken, undefined, JSON.stringify(judgeChain(good).findings));
    const [end = 0] = (good.published?.chains[0] ?? []).map(({ notAfter }) => notAfter);
    assertSound(judgeChain({ ...good, now: end - 86_400_000 }), "ThumbprintExpiring");
    const isPublic = judgeChain({
      ...facts,
      published: { kids: [], isPrivate: false, chains: facts.published?.chains ?? [] },
    });
    assert.ok(isPublic.excluded.some(({ cause }) => cause === "ThumbprintMismatch"));
    assert.ok(!isPublic.findings.some(({ reason }) => reason.startsWith("Thumbprint")));
  });
});
