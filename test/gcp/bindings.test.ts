import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { recordOf } from "../../src/core/base/index.ts";
import {
  googleBindingsWorld,
  principal,
  projectNumber,
  report,
  shop,
  trustSpec,
  web,
} from "./bindings-world.ts";

const member = "roles/iam.workloadIdentityUser";
const minute = 60_000;

describe("a GCPServiceAccountBinding", () => {
  test("lets its ServiceAccount in by one member, names it in the annotations, and is Ready once Google exchanged its token", async (t) => {
    const world = await googleBindingsWorld(t);
    world.trust();
    world.bind({ email: web });
    await world.pass();
    assert.deepEqual(await world.members(), [principal]);
    assert.equal(world.condition("Granted"), "True BindingGranted");
    assert.equal(world.condition("MemberInSync"), "True MembersMatch");
    assert.deepEqual(world.annotations(), {
      "cloud.google.com/workload-identity-provider": `projects/${projectNumber}/locations/global/workloadIdentityPools/bindings/providers/cluster`,
      "cloud.google.com/service-account-email": web,
    });
    assert.equal(world.condition(), "Unknown MemberSettling");
    world.clock.move(20_000);
    await world.pass();
    assert.equal(world.condition(), "Unknown MemberSettling", "Google has not let it in yet");
    world.clock.move(minute);
    await world.pass();
    assert.equal(world.condition(), "True GoogleAccepted");
    assert.match(world.events.join("\n"), /^GoogleAccepted shop\/web becomes shop-web@/u);
  });

  test("is all made by an operator that has no secret: its own token, by the pool that it binds in, and the least roles", async (t) => {
    const world = await googleBindingsWorld(t, "own");
    world.trust();
    world.bind({ email: web });
    await world.trustPass();
    assert.equal(world.condition("Ready", "GCPTrust default"), "True PoolProviderFound");
    await world.pass();
    assert.deepEqual(await world.members(), [principal]);
    world.clock.move(2 * minute);
    await world.pass();
    assert.equal(world.condition(), "True GoogleAccepted");
  });

  test("lets nobody in anew while its pool is closed after a theft, and says so until a person opens it", async (t) => {
    const world = await googleBindingsWorld(t);
    const pool = `${world.google.url}/v1/projects/${projectNumber}/locations/global/workloadIdentityPools/bindings`;
    const patch = async (disabled: boolean, description: string): Promise<void> => {
      await fetch(`${pool}?updateMask=disabled,description`, {
        method: "PATCH",
        headers: { authorization: `Bearer ${world.google.adminToken}` },
        body: JSON.stringify({ disabled, description }),
      });
      world.clock.move(minute);
    };
    await patch(true, "closed-after-theft=2026-12-01T08:00:00Z");
    world.trust();
    world.bind({ email: web });
    await world.trustPass();
    await world.pass();
    assert.equal(world.condition("Ready", "GCPTrust default"), "False ClosedAfterTheft");
    assert.equal(world.condition(), "False ClosedAfterTheft");
    assert.deepEqual(await world.members(), []);
    await patch(true, "");
    await world.pass();
    assert.equal(world.condition(), "False PoolProviderDisabled");
    await patch(false, "");
    await world.pass();
    assert.deepEqual(await world.members(), [principal]);
  });

  test("is not let into podtrust's own service account, whatever the grant names, and is told so", async (t) => {
    const world = await googleBindingsWorld(t, "own-account");
    world.trust();
    world.bind({ email: report });
    await world.pass();
    assert.equal(world.condition("Granted"), "False EmailNotGranted");
    assert.deepEqual(await world.members(report), []);
  });

  test("that is no binding of its kind any more, or is refused, keeps what a grant allows, and no longer", async (t) => {
    for (const [spec, reason] of [
      [{ email: web, direct: true }, "BindingInvalid"],
      [{ email: "root@other-project.iam.gserviceaccount.com" }, "EmailNotGranted"],
    ] as const) {
      const world = await googleBindingsWorld(t);
      world.trust();
      world.bind({ email: web });
      await world.pass();
      world.bind(spec);
      await world.pass();
      assert.equal(world.condition("Granted"), `False ${reason}`);
      assert.deepEqual(await world.members(), [principal]);
      world.trust({ ...trustSpec, grants: [{ ...shop, emails: [report] }] });
      await world.pass();
      assert.deepEqual(await world.members(), []);
    }
  });

  test("touches no other member, and no other principal of the pool", async (t) => {
    const world = await googleBindingsWorld(t);
    const other = principal.replace("shop:web", "shop:api");
    const condition = { title: "a person's", expression: "true" };
    const theirs = [
      { role: member, members: [other] },
      { role: member, members: [principal], condition },
    ];
    await world.policy(web, theirs);
    world.trust();
    world.bind({ email: web });
    await world.pass();
    assert.deepEqual(await world.members(), [other, principal, principal]);
    world.bind({ email: report });
    await world.pass();
    assert.deepEqual(await world.members(), [other, principal]);
    assert.deepEqual(await world.members(report), [principal]);
  });

  test("loses its member as soon as no grant allows it, and when its trust goes", async (t) => {
    const world = await googleBindingsWorld(t);
    world.trust();
    world.bind({ email: web });
    await world.pass();
    world.trust({ grants: [{ ...shop, emails: [report] }] });
    await world.pass();
    assert.deepEqual(await world.members(), []);
    assert.equal(world.condition(), "False EmailNotGranted");
    world.trust();
    await world.pass();
    assert.deepEqual(await world.members(), [principal]);
    world.trust({}, { deletionTimestamp: "2026-11-29T10:00:00Z" });
    await world.pass();
    assert.deepEqual(await world.members(), []);
    assert.equal(world.condition(), "False NamespaceNotGranted");
  });

  test("has its member back where somebody took it out, and says so", async (t) => {
    const world = await googleBindingsWorld(t);
    world.trust();
    world.bind({ email: web });
    await world.pass();
    await world.policy(web, []);
    world.clock.move(5 * minute);
    await world.pass();
    assert.deepEqual(await world.members(), [principal]);
    assert.match(world.events.join("\n"), /^MembersDrift repaired: principals$/mu);
  });

  test("goes with its member and its annotations, and not before", async (t) => {
    const world = await googleBindingsWorld(t);
    world.trust();
    world.bind({ email: web });
    await world.pass();
    const key = "GCPServiceAccountBinding shop/web";
    assert.deepEqual(world.objects.get(key)?.metadata.finalizers, ["podtrust.dev/gcp"]);
    world.bind({ email: web }, { deletionTimestamp: "2026-11-29T10:00:00Z" });
    world.held = false;
    await assert.rejects(world.pass(), /the lease is another's/u);
    assert.deepEqual(await world.members(), [principal], "who does not lead writes nothing");
    world.held = true;
    await world.pass();
    assert.deepEqual(await world.members(), []);
    assert.deepEqual(world.annotations(), {});
    assert.ok(!world.objects.has(key));
  });

  test("goes with its member, too, where no trust says of which pool it is: its status does", async (t) => {
    const world = await googleBindingsWorld(t);
    world.trust();
    world.bind({ email: web });
    await world.pass();
    world.objects.delete("GCPTrust default");
    world.clock.move(2000);
    world.bind({ email: web }, { deletionTimestamp: "2026-11-29T10:00:00Z" });
    await world.pass();
    assert.ok(!world.objects.has("GCPServiceAccountBinding shop/web"));
    assert.deepEqual(await world.members(), []);
    assert.doesNotMatch(world.events.join("\n"), /MemberKept/u);
  });

  test("goes all the same where neither trust nor status say of which pool it is, with an Event", async (t) => {
    const world = await googleBindingsWorld(t);
    world.bind(
      { email: web },
      { deletionTimestamp: "2026-11-29T10:00:00Z", finalizers: ["podtrust.dev/gcp"] },
    );
    const key = "GCPServiceAccountBinding shop/web";
    const object = world.objects.get(key);
    assert.ok(object !== undefined);
    world.objects.set(key, { ...object, status: { emails: [web] } });
    await world.pass();
    assert.ok(!world.objects.has(key));
    assert.match(
      world.events.join("\n"),
      /^MemberKept shop-web@.* may let in system:serviceaccount:shop:web: no GCPTrust/mu,
    );
  });

  test("of direct access writes no policy, prints the principal, and is Ready once the exchange alone was made", async (t) => {
    const world = await googleBindingsWorld(t);
    world.trust({ grants: [{ ...shop, direct: true }] });
    world.bind({ direct: true });
    await world.pass();
    assert.equal(world.condition(), "True GoogleAccepted");
    assert.equal(world.condition("MemberInSync"), "True PrincipalNamed");
    const status = recordOf(world.objects.get("GCPServiceAccountBinding shop/web")?.["status"]);
    assert.equal(status["principal"], principal);
    assert.deepEqual([await world.members(), await world.members(report)], [[], []]);
    assert.equal(world.annotations()["cloud.google.com/service-account-email"], undefined);
  });

  test("of a service account that is not there makes nothing, and says which", async (t) => {
    const world = await googleBindingsWorld(t);
    world.trust();
    world.bind({ email: web.replace("shop-web", "nobody") });
    await world.pass();
    assert.equal(world.condition(), "False GoogleAccountMissing");
  });

  test("that is refused a token says with which words, long after its member was made", async (t) => {
    const world = await googleBindingsWorld(t);
    world.trust();
    world.bind({ email: web });
    await world.pass();
    await world.pass();
    await world.policy(web, [{ role: member, members: [principal.replace("shop:web", "shop:api")] }]);
    world.clock.move(3 * minute);
    await world.pass();
    // Within four minutes a policy is taken to be as it was seen.
    assert.equal(world.condition(), "False GoogleRefused");
  });
});

describe("a member whose binding went without its finalizer", () => {
  const key = "GCPServiceAccountBinding shop/web";
  const trustKey = "GCPTrust default";

  test("is taken out ten minutes after it was missed, by the trust that is kept until then", async (t) => {
    const world = await googleBindingsWorld(t);
    world.trust();
    world.bind({ email: web });
    await world.pass();
    const other = principal.replace("shop:web", "shop:api");
    await world.policy(web, [{ role: member, members: [other, principal] }]);
    world.objects.delete(key);
    await world.trustPass();
    world.clock.move(6 * minute);
    await world.trustPass();
    assert.deepEqual(await world.members(), [other, principal], "it may come again");
    assert.deepEqual(world.objects.get(trustKey)?.metadata.finalizers, ["podtrust.dev/gcp"]);
    world.clock.move(6 * minute);
    await world.trustPass();
    assert.deepEqual(await world.members(), [other]);
    assert.match(
      world.events.join("\n"),
      /^MemberKept shop-web@.*shop:web: taken out, its binding is gone$/mu,
    );
  });

  test("stays where the binding came again", async (t) => {
    const world = await googleBindingsWorld(t);
    world.trust({ grants: [{ ...shop, emails: [web] }] });
    world.bind({ email: web });
    await world.pass();
    world.objects.delete(key);
    await world.trustPass();
    world.bind({ email: web });
    await world.pass();
    for (let times = 0; times < 3; times += 1) {
      world.clock.move(6 * minute);
      await world.trustPass();
    }
    assert.deepEqual(await world.members(), [principal]);
    assert.doesNotMatch(world.events.join("\n"), /Member(?:Kept|Unclaimed)/u);
  });

  test("is not kept by the ServiceAccount's binding to another trust, whose principal is of another pool", async (t) => {
    const world = await googleBindingsWorld(t);
    world.trust({ grants: [{ ...shop, emails: [web] }] });
    world.bind({ email: web });
    await world.pass();
    await world.trustPass();
    world.objects.delete(key);
    world.bind({ email: web, trust: "second" });
    const again = world.objects.get(key);
    assert.ok(again !== undefined);
    const status = { emails: [web], principal: principal.replace("/bindings/", "/second/"), conditions: [] };
    world.objects.set(key, { ...again, status });
    for (let times = 0; times < 3; times += 1) {
      world.clock.move(6 * minute);
      await world.trustPass();
    }
    assert.deepEqual(await world.members(), []);
  });

  test("goes at once with its trust", async (t) => {
    const world = await googleBindingsWorld(t);
    world.trust();
    world.bind({ email: web });
    await world.pass();
    await world.trustPass();
    world.objects.delete(key);
    world.trust({}, { deletionTimestamp: "2026-11-29T10:00:00Z" });
    await world.trustPass();
    assert.deepEqual(await world.members(), []);
    assert.ok(!world.objects.has(trustKey));
  });

  test("is told of once and stays where this operator knew no binding that had it: nothing says who made it", async (t) => {
    const world = await googleBindingsWorld(t);
    world.trust({ grants: [{ ...shop, emails: [web, "shop-*@podtrust-sandbox.iam.gserviceaccount.com"] }] });
    for (const email of [web, report]) await world.policy(email, [{ role: member, members: [principal] }]);
    for (let times = 0; times < 4; times += 1) {
      await world.trustPass();
      world.clock.move(6 * minute);
    }
    assert.deepEqual(await world.members(), [principal]);
    const unclaimed = world.events.filter((one) => one.startsWith("MemberUnclaimed "));
    assert.equal(unclaimed.length, 1, "of service accounts that a pattern alone names nobody asks");
    assert.match(
      unclaimed[0] ?? "",
      /^MemberUnclaimed shop-web@.* lets in principal:.*shop:web, .* it stays$/u,
    );
  });
});

describe("a GCPTrust", () => {
  test("is Ready where pool and provider are there, and stays while a binding names it", async (t) => {
    const world = await googleBindingsWorld(t);
    world.trust();
    world.bind({ email: web });
    await world.trustPass();
    assert.equal(world.condition("Ready", "GCPTrust default"), "True PoolProviderFound");
    assert.deepEqual(world.objects.get("GCPTrust default")?.metadata.finalizers, ["podtrust.dev/gcp"]);
    world.objects.delete("GCPServiceAccountBinding shop/web");
    world.trust({}, { deletionTimestamp: "2026-11-29T10:00:00Z" });
    await world.trustPass();
    assert.ok(!world.objects.has("GCPTrust default"));
  });

  for (const [what, spec] of Object.entries({
    "another issuer than the trust's": { issuer: "https://other.example.com" },
    "another audience than the trust's": { audience: "https://podtrust.example.com" },
  }))
    test(`whose provider has ${what} says so, and no member is made by it`, async (t) => {
      const world = await googleBindingsWorld(t);
      world.trust(spec);
      world.bind({ email: web });
      await world.trustPass();
      assert.equal(world.condition("Ready", "GCPTrust default"), "False PoolProviderDrift");
      await world.pass();
      assert.equal(world.condition(), "False PoolProviderDrift");
      assert.deepEqual(await world.members(), []);
    });

  test("whose provider makes another subject of tokens makes no member: it would let in somebody else", async (t) => {
    const world = await googleBindingsWorld(t);
    world.google.seed({
      pools: [
        {
          id: "mapped",
          providers: [
            {
              id: "cluster",
              oidc: { issuerUri: trustSpec.issuer },
              attributeMapping: { "google.subject": "'system:serviceaccount:shop:web'" },
            },
          ],
        },
      ],
    });
    world.trust({ pool: "mapped" });
    world.bind({ email: web });
    await world.pass();
    assert.equal(world.condition(), "False PoolProviderDrift");
    assert.deepEqual(await world.members(), []);
  });

  test("of no pool, or of a pool that nobody has, is not Ready", async (t) => {
    const world = await googleBindingsWorld(t);
    world.trust({ pool: "nobody" });
    await world.trustPass();
    assert.equal(world.condition("Ready", "GCPTrust default"), "False PoolProviderMissing");
  });
});
