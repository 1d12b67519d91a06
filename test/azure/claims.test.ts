/** Whose a federated credential is: a binding claims it by its own trust, or by another one that may have the same. */
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { type JsonRecord, recordOf, recordsOf } from "../../src/core/base/index.ts";
import { type AzureBindingsWorld, azureBindingsWorld, readyOf } from "./bindings-world.ts";

const web = { existing: { name: "web" } };
const key = "AzureIdentityBinding shop/web";

describe("a binding that names another trust than the one that sweeps", () => {
  let world: AzureBindingsWorld;

  before(async () => {
    world = await azureBindingsWorld();
  });
  beforeEach(async () => {
    await world.reset({ identities: [{ name: "web" }] });
    world.grants({ name: "shop", namespaces: ["shop"], identities: ["web"] });
    world.bind(web);
    assert.equal(readyOf(await world.settled()), "True AssertionAccepted");
    const object = world.objects.get(key);
    assert.ok(object !== undefined);
    world.objects.set(key, { ...object, spec: { ...web, trust: "second" } });
  });
  after(() => world?.stop());

  /** Makes the other trust: the first one's spec with these members in place of its own. */
  function second(more: JsonRecord): void {
    const first = world.objects.get("AzureTrust /default");
    assert.ok(first !== undefined);
    const spec = { ...recordOf(first["spec"]), grants: [], ...more };
    world.objects.set("AzureTrust /second", { ...first, metadata: { name: "second" }, spec });
  }
  /** How many credentials are left after twenty minutes of the first trust's passes. */
  async function left(): Promise<number> {
    for (let times = 0; times < 4; times += 1) {
      await world.trustPass();
      world.clock.move(300_000);
    }
    return (await world.azure.credentials("web")).length;
  }

  test("has no claim by a trust that is not there", async () => {
    assert.equal(await left(), 0);
  });

  test("has no claim by a trust of another group", async () => {
    const [group] = recordsOf(recordOf(world.objects.get("AzureTrust /default")?.["spec"])["groups"]);
    second({ groups: [{ ...group, resourceGroup: "other" }] });
    assert.equal(await left(), 0);
  });

  test("claims its credential by a trust of the same stack and group, and by one that cannot be read", async () => {
    second({});
    assert.equal(await left(), 1);
    second({ issuer: "no issuer" });
    assert.equal(await left(), 1);
  });
});
