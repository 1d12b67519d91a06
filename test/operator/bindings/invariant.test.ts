/**
 * After each call of ours at IAM no session of a role may do more than one grant that the pass read allows, or than it could
 * before: over random grants, bindings, deeds of others, deletions, failures at every call, old readings and restarts.
 */
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { type Event, histories, TenantHistory } from "../../support/bindings/tenant-history.ts";
import { startPassWorld } from "../../support/bindings/pass-world.ts";
import { runs } from "../../support/runs.ts";

const numRuns = runs(8);

async function holds(events: readonly Event[]): Promise<void> {
  const world = await startPassWorld();
  try {
    const history = new TenantHistory(world);
    await history.begin();
    for (const event of events) await history.run(event);
  } finally {
    await world.stop();
  }
}

const pass: Event = { kind: "pass", stale: false, mishaps: [], always: "" };

/** What was found once: a role that goes with two policies of somebody else, each of which denies what the other allows. */
const deletedWithMixedPolicies: readonly Event[] = [
  { kind: "grants", of: [1] },
  pass,
  { kind: "unbind" },
  { ...pass, mishaps: ["refused"] },
  { kind: "drift", deed: "mixed" },
  pass,
];

/** Another: a policy that allows and denies goes while the boundary is to be another, which its Deny had hidden. */
const mixedPoliciesUnderAnotherGrant: readonly Event[] = [
  pass,
  { kind: "drift", deed: "mixed" },
  { ...pass, always: "DetachRolePolicy" },
  { kind: "remake" },
  { kind: "bind", spec: 4 },
  { ...pass, mishaps: [undefined, "lost"] },
  { kind: "grants", of: [3] },
  pass,
];

describe("what a grant says is what AWS has", () => {
  test("property: after each call at IAM no session may do more than one grant allows", async () => {
    await fc.assert(fc.asyncProperty(histories, holds), {
      numRuns,
      examples: [[deletedWithMixedPolicies], [mixedPoliciesUnderAnotherGrant]],
    });
  });
});
