/**
 * The second pass of a binding only asks STS, where nothing that the first one judged by has changed. That is seen by the
 * look at the account, which had its 45 seconds between the two: a whole pass has another.
 */
import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { DetachRolePolicyCommand } from "@aws-sdk/client-iam";
import { recordOf } from "../../../src/core/base/index.ts";
import { FirstPasses, type ToProve } from "../../../src/operator/bindings/engine/second-pass.ts";
import type { RoleTypes } from "../../../src/operator/bindings/role-rights.ts";
import type { KubernetesObject } from "../../../src/providers/kubernetes/index.ts";
import { readTrust } from "../../../src/rules/bindings/index.ts";
import { account, ssm } from "../../support/bindings/objects.ts";
import { type PassWorld, passWorld, readyOf } from "../../support/bindings/pass-world.ts";

const [binding, trust, serviceAccount] = [
  "AWSRoleBinding shop/web",
  "AWSTrust /default",
  "ServiceAccount shop/web",
];
const grant = { name: "shop", namespaces: ["shop"], accounts: [account], policies: [ssm] };
const roles = [{ profile: "default", managed: { policies: [ssm] } }];

/** A binding after its first pass, 48 seconds after the last look at its account, when STS is to be asked. */
async function made(t: TestContext): Promise<PassWorld> {
  const world = await passWorld(t);
  world.grants(grant);
  world.bind({ roles }, { name: "other" });
  await world.pass("shop", "other");
  world.clock.move(40_000);
  world.bind({ roles });
  assert.equal(readyOf(await world.pass()), "Unknown RolePending");
  world.clock.move(8000);
  return world;
}

const looks = ({ calls }: PassWorld): number =>
  calls.filter(({ action }) => action === "GetAccountAuthorizationDetails").length;

function alter({ objects }: PassWorld, key: string, change: (object: KubernetesObject) => object): void {
  const object = objects.get(key);
  assert.ok(object !== undefined);
  objects.set(key, { ...object, ...change(object) });
}

const annotating =
  (annotations: Readonly<Record<string, string>>) =>
  ({ metadata }: KubernetesObject): object => ({
    metadata: { ...metadata, annotations: { ...metadata.annotations, ...annotations } },
  });

describe("the second pass of a binding", () => {
  test("asks STS and writes the status, and neither looks at the account nor judges anew", async (t) => {
    const world = await made(t);
    const before = looks(world);
    const { againIn, ...outcome } = await world.pass();
    assert.equal(readyOf({ againIn, ...outcome }), "True StsAccepted");
    assert.equal(looks(world), before);
    const status = recordOf(world.objects.get(binding)?.["status"]);
    const { id } = (await world.role("prod.shop.web")) ?? {};
    const arn = `arn:aws:iam::${account}:role/podtrust/prod.shop.web`;
    assert.deepEqual(status["roles"], [{ profile: "default", arn, managed: true, id }]);
    assert.equal(status["pendingRoles"], undefined);
    assert.deepEqual(
      outcome.conditions.map(({ type, status: is }) => `${type} ${is}`),
      ["Granted True", "RolesInSync True", "ServiceAccount True", "Ready True"],
    );
    const { metadata } = world.objects.get(trust) ?? {};
    assert.equal(status["observedTrust"], `${metadata?.uid}/${metadata?.generation}`);
  });

  const changes: Readonly<Record<string, (world: PassWorld) => void>> = {
    "the binding was changed": (world) => world.bind({ roles: [...roles, { ...roles[0], profile: "more" }] }),
    "the binding was made anew": (world) =>
      alter(world, binding, ({ metadata }) => ({ metadata: { ...metadata, uid: "another" } })),
    "somebody asked for another try": (world) =>
      alter(world, binding, annotating({ "podtrust.dev/retry": "now" })),
    "somebody else wrote the status": (world) =>
      alter(world, binding, ({ status }) => ({
        status: { ...recordOf(status), roles: [], lastProof: "2026-11-28T00:00:00Z" },
      })),
    "the finalizer was taken away": (world) =>
      alter(world, binding, ({ metadata }) => ({ metadata: { ...metadata, finalizers: [] } })),
    "the trust was changed": (world) => world.grants({ ...grant, maxRoles: 9 }),
    "the trust was made anew": (world) =>
      alter(world, trust, ({ metadata }) => ({ metadata: { ...metadata, uid: "another" } })),
    "the ServiceAccount lost its annotation": (world) =>
      alter(world, serviceAccount, ({ metadata }) => ({ metadata: { ...metadata, annotations: {} } })),
    "the ServiceAccount has one more": (world) =>
      alter(world, serviceAccount, annotating({ "eks.amazonaws.com/audience": "other" })),
    "an older binding takes the room of its grant": (world) => {
      world.room = () => ({ heldBeyond: new Set(), wantedBeyond: new Set(["shop"]) });
    },
    "nothing is remembered of the account": (world) => world.clients.aws.close(),
    "another process leads": (world) => world.restart(),
    "it comes too late": (world) => world.clock.move(40_000),
  };
  for (const [what, change] of Object.entries(changes))
    test(`is a whole one where ${what}`, async (t) => {
      const world = await made(t);
      const before = looks(world);
      change(world);
      await world.pass();
      assert.ok(looks(world) > before, "the account was not looked at");
    });

  test("closes the role where the trust that it reads no longer grants it", async (t) => {
    const world = await made(t);
    world.grants();
    assert.equal(readyOf(await world.pass()), "False NamespaceNotGranted");
    assert.deepEqual((await world.role("prod.shop.web"))?.policies, []);
  });

  test("puts back what a look in between has shown to be taken from the role", async (t) => {
    const world = await made(t);
    await world.iam.send(new DetachRolePolicyCommand({ RoleName: "prod.shop.web", PolicyArn: ssm }));
    const object = world.objects.get(trust);
    const read = object && readTrust(object);
    assert.ok(read !== undefined && "object" in read);
    const [place] = read.object.accounts;
    assert.ok(place !== undefined);
    await world.clients.aws.of(read.object, place).trusting(new AbortController().signal, 0);
    await world.pass();
    assert.deepEqual((await world.role("prod.shop.web"))?.policies, [ssm]);
  });
});

type Left = ToProve<RoleTypes>;
type Passes = FirstPasses<RoleTypes>;

/** A binding by its key. */
function of(key: string): { readonly object: KubernetesObject } {
  const [namespace = "", name = ""] = key.split("/");
  const metadata = { namespace, name };
  return { object: { apiVersion: "podtrust.dev/v1alpha1", kind: "AWSRoleBinding", metadata } };
}

/** What a first pass has left, at this time. */
const leftAt = (at: number): Left => ({ at }) as unknown as Left;
const ended = { conditions: [], events: [], changes: [], againIn: 8000 };

describe("what first passes have left", () => {
  const leave = (passes: Passes, key: string, at: number): Promise<unknown> =>
    passes.had(of(key), () => Promise.resolve({ ...ended, toProve: leftAt(at) }));
  const given = async (passes: Passes, key: string): Promise<number | undefined> => {
    let at: number | undefined;
    await passes.had(of(key), (left) => {
      at = left?.at;
      return Promise.resolve(ended);
    });
    return at;
  };

  test("is given to the next pass of the binding, once", async () => {
    const passes = new FirstPasses<RoleTypes>();
    await leave(passes, "shop/web", 5);
    assert.deepEqual([await given(passes, "shop/web"), await given(passes, "shop/web")], [5, undefined]);
  });

  test("is forgotten with a change by someone else, also one that was seen while the pass ran, and with the term", async () => {
    const passes = new FirstPasses<RoleTypes>();
    await leave(passes, "shop/web", 5);
    passes.forget("shop/web");
    assert.equal(await given(passes, "shop/web"), undefined);
    await passes.had(of("shop/web"), () => {
      passes.forget("shop/web");
      return Promise.resolve({ ...ended, toProve: leftAt(5) });
    });
    assert.equal(await given(passes, "shop/web"), undefined);
    await leave(passes, "shop/web", 5);
    passes.clear();
    assert.equal(await given(passes, "shop/web"), undefined);
  });

  test("is never that of more than a thousand bindings, nor older than 45 seconds when another comes", async () => {
    const passes = new FirstPasses<RoleTypes>();
    for (let at = 0; at < 2000; at += 1) await leave(passes, `shop/web-${at}`, at);
    assert.equal(passes.size, 1000);
    assert.equal(await given(passes, "shop/web-1999"), 1999);
    await leave(passes, "shop/late", 60_000);
    assert.equal(passes.size, 1);
  });
});
