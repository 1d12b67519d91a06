/**
 * What the operator remembers of an account saves calls and changes nothing: the same history, had by an operator that
 * remembers nothing of it, makes the same changes at IAM and leaves the same roles and the same status.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { type Event, histories, TenantHistory } from "../../support/bindings/tenant-history.ts";
import { startPassWorld, type PassWorld } from "../../support/bindings/pass-world.ts";

const numRuns = Number(process.env["PODTRUST_TENANT_RUNS"] ?? 4);

interface Lived {
  /** Each change at IAM, in order. */
  readonly changes: readonly string[];
  /** How often the account or a role was looked at, each by as many calls as IAM has pages and lists for it. */
  readonly readings: number;
  /** Roles and status, without what chance or the time of day says. */
  readonly left: unknown;
}

/**
 * The call by which a look at an account, or at a role, begins. Policies are not among them: which of them a plan has to ask for
 * depends on how old the look at the account is.
 */
const looks: ReadonlySet<string> = new Set(["GetAccountAuthorizationDetails", "GetRole"]);

const chance =
  /"(?:id|uid|created|lastTransitionTime|lastProof|changedAt)":"[^"]*",?|AROA[A-Z0-9]+|\d{4}-\d\d-\d\dT[\d:.]+Z/gu;
const withoutChance = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value).replaceAll(chance, "").replaceAll(",}", "}")) as unknown;

async function ended({ calls, objects, roles }: PassWorld): Promise<Lived> {
  const changes = calls.filter(({ isChange }) => isChange);
  return {
    changes: changes.map(({ action, input }) => `${action} ${String(input["RoleName"])}`),
    readings: calls.filter(({ action }) => looks.has(action)).length,
    left: withoutChance([await roles(), objects.get("AWSRoleBinding shop/web")?.["status"] ?? null]),
  };
}

async function lived(events: readonly Event[], forgets: boolean): Promise<Lived> {
  const world = await startPassWorld();
  using _time = world.clock.stop();
  try {
    const history = new TenantHistory(world);
    await history.begin();
    for (const event of events) {
      if (forgets) world.forget();
      await history.run(event);
    }
    // What was made or changed a moment ago is known to STS by then.
    world.clock.move(60_000);
    await history.run({ kind: "pass", stale: false, mishaps: [], always: "" });
    return await ended(world);
  } finally {
    await world.stop();
  }
}

/** A history in which something is there to be remembered, whatever the random ones are. */
const seenTwice: Event[] = [
  { kind: "bind", spec: 0 },
  { kind: "pass", stale: false, mishaps: [], always: "" },
  { kind: "pass", stale: true, mishaps: [], always: "" },
];

describe("what the operator remembers of an account", () => {
  test("property: changes no change at IAM, no role and no status, and spares readings", async () => {
    let spared = 0;
    await fc.assert(
      fc.asyncProperty(histories, async (events) => {
        const [remembering, forgetful] = [await lived(events, false), await lived(events, true)];
        assert.deepEqual(remembering.changes, forgetful.changes);
        assert.deepEqual(remembering.left, forgetful.left);
        assert.ok(remembering.readings <= forgetful.readings);
        spared += forgetful.readings - remembering.readings;
      }),
      { numRuns, examples: [[seenTwice]] },
    );
    assert.ok(spared > 0, "nothing was remembered");
  });
});
