/** The roles of a cluster that was lost, in the next one with the same trust: bindings that come back take theirs. */
import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import type { TrustOutcome } from "../../../src/operator/bindings/index.ts";
import { earlierRolesAnnotation } from "../../../src/rules/bindings/index.ts";
import { account, roles, ssm, webRole } from "../../support/bindings/objects.ts";
import { passWorld, type PassWorld, readyOf } from "../../support/bindings/pass-world.ts";

const grant = { name: "shop", namespaces: ["shop"], accounts: [account], policies: [ssm] };

/** A cluster with roles of two bindings is gone, and another has nothing but the trust, which was written later. */
async function lostCluster(t: TestContext): Promise<PassWorld> {
  const world = await passWorld(t);
  world.grants(grant);
  for (const name of ["web", "jobs"]) {
    world.bind(roles(webRole), { name });
    await world.pass("shop", name);
  }
  world.objects.clear();
  world.grants(grant);
  annotated(world, {});
  world.restart();
  world.changes();
  return world;
}

/** The trust as the API server has it, with these annotations. */
function annotated({ objects }: PassWorld, annotations: Readonly<Record<string, string>>): void {
  const [key, trust] = [...objects].find(([, { kind }]) => kind === "AWSTrust") ?? [];
  assert.ok(key !== undefined && trust !== undefined);
  const creationTimestamp = trust.metadata.creationTimestamp ?? new Date(Date.now() + 1000).toISOString();
  objects.set(key, { ...trust, metadata: { ...trust.metadata, creationTimestamp, annotations } });
}

/** Passes of the trust over a quarter of an hour. */
async function quarter(world: PassWorld): Promise<TrustOutcome["events"]> {
  const events: TrustOutcome["events"][number][] = [];
  for (const minutes of [1, 4, 4, 4, 4]) {
    events.push(...(await world.trustPass()).events);
    world.clock.move(minutes * 60_000);
  }
  return events;
}

describe("roles of a cluster that was lost", () => {
  test("are named once each and stay as they are; a binding that comes back takes its own", async (t) => {
    const world = await lostCluster(t);
    const before = await world.roles();
    const events = await quarter(world);
    assert.deepEqual(
      events.map(({ type, reason }) => [type, reason]),
      [
        ["Warning", "RoleUnclaimed"],
        ["Warning", "RoleUnclaimed"],
      ],
    );
    assert.match(events.map(({ message }) => message).join("\n"), /mark of shop\/jobs.*is not here/u);
    assert.deepEqual([world.changes(), await world.roles()], [[], before]);

    world.bind(roles(webRole));
    const ready = readyOf(await world.pass());
    assert.doesNotMatch(ready, /NameTaken|Refused/u);
    const [mine, again] = [before, await world.roles()].map((all) =>
      all.find(({ name }) => name === "prod.shop.web"),
    );
    assert.ok(mine !== undefined);
    assert.deepEqual([again?.id, again?.policies], [mine.id, [ssm]]);
  });

  test("go by consent alone, those of bindings that are back excepted", async (t) => {
    const world = await lostCluster(t);
    world.bind(roles(webRole));
    await world.pass();
    annotated(world, { [earlierRolesAnnotation]: "true" });
    await quarter(world);
    assert.deepEqual(
      (await world.roles()).map(({ name }) => name),
      ["prod.shop.web"],
    );
  });

  test("lose at once what no grant allows any more", async (t) => {
    const world = await lostCluster(t);
    world.grants({ ...grant, policies: ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"] });
    await quarter(world);
    const left = (await world.roles()).filter(({ name }) => name.startsWith("prod.shop."));
    assert.deepEqual(
      left.map(({ policies }) => policies),
      [[], []],
    );
  });
});
