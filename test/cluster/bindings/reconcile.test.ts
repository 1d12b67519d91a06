/**
 * Bindings on a real API server, with the operator's own rights there, and an account in the sandbox whose STS is asked
 * with real tokens of real ServiceAccounts.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  CreateRoleCommand,
  DetachRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from "@aws-sdk/client-iam";
import { systemClock } from "../../../src/core/base/index.ts";
import { account, bindingOf, boundary, webRole } from "../../support/bindings/objects.ts";
import { leftOut } from "../harness/index.ts";
import { create } from "./plane.ts";
import { type BindingsWorld, isReady, readyOf, startBindingsWorld } from "./world.ts";

const skip = leftOut();
const ssm = "arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess";
const policy = { Version: "2012-10-17", Statement: { Effect: "Allow", Action: "s3:*", Resource: "*" } };

describe("a binding on a real cluster", { skip }, () => {
  let world: BindingsWorld;

  before(async () => {
    world = await startBindingsWorld();
  });

  after(() => world.stop());

  async function bind(
    name: string,
    spec: Parameters<typeof bindingOf>[0] = { roles: [webRole] },
    namespace = "shop",
  ) {
    const { status, text } = await create(world.plane, bindingOf(spec, { namespace, name }));
    assert.equal(status, 201, text);
  }

  const serviceAccount = (name: string, namespace = "shop"): Promise<string> =>
    world.plane.kubectl(["create", "serviceaccount", "-n", namespace, name]);

  const accountOf = (name: string, namespace = "shop") =>
    world.admin.read({ kind: "ServiceAccount", namespace, name });

  test("becomes a role for exactly its ServiceAccount, an annotation there, and Ready by an exchange with STS", async () => {
    await serviceAccount("web");
    await bind("web");
    const outcome = await world.passes("shop", "web", isReady);
    assert.deepEqual(
      outcome.conditions.map(({ type, status, reason }) => `${type} ${status} ${reason}`),
      [
        "Granted True BindingGranted",
        "RolesInSync True TrustPolicyAllows",
        "ServiceAccount True ServiceAccountFound",
        "Ready True StsAccepted",
      ],
    );
    const role = await world.role("prod.shop.web");
    assert.deepEqual(role?.policies, [ssm]);
    assert.deepEqual(role?.tags, {
      "kubernetes-namespace": "shop",
      "kubernetes-service-account": "web",
      "podtrust:format": "1",
      "podtrust:stack": "prod/shop/web",
      team: "shop",
    });
    const trust = JSON.parse(role?.trust ?? "") as { Statement: { Condition: { StringEquals: object } }[] };
    const host = world.issuer.issuer.replace("https://", "");
    assert.deepEqual(trust.Statement[0]?.Condition.StringEquals, {
      [`${host}:aud`]: "sts.amazonaws.com",
      [`${host}:sub`]: "system:serviceaccount:shop:web",
    });
    const object = await world.binding("shop", "web");
    const status = object?.["status"] as { lastProof: string; roles: object[] };
    assert.deepEqual(status.roles, [
      {
        profile: "default",
        arn: `arn:aws:iam::${account}:role/podtrust/prod.shop.web`,
        id: role?.id,
        managed: true,
      },
    ]);
    assert.match(status.lastProof, /^\d{4}-.*Z$/u);
    assert.deepEqual(object?.metadata.finalizers, ["podtrust.dev/aws"]);
    const annotated = (await accountOf("web"))?.metadata.annotations;
    assert.deepEqual(annotated, {
      "eks.amazonaws.com/role-arn": `arn:aws:iam::${account}:role/podtrust/prod.shop.web`,
    });
    const asked = world.sandbox
      .decisions()
      .filter(({ action }) => action === "sts:AssumeRoleWithWebIdentity");
    assert.ok(asked.length >= 1, "STS was not asked");
  });

  test("that nothing happens to is left alone, without a call to AWS or a write to the cluster", async () => {
    await world.passes("shop", "web", isReady);
    const version = (await world.binding("shop", "web"))?.metadata.resourceVersion;
    world.aws.passed.length = 0;
    const outcome = await world.pass("shop", "web");
    assert.deepEqual([outcome.changes, outcome.events], [[], []]);
    // Its next proof is due then.
    assert.ok((outcome.againIn ?? 0) > 3_500_000, `it comes again after ${outcome.againIn} ms`);
    assert.deepEqual(world.aws.passed, []);
    assert.equal((await world.binding("shop", "web"))?.metadata.resourceVersion, version);
  });

  test("is proved again after an hour", async () => {
    const stood = (await world.binding("shop", "web"))?.["status"] as { lastProof: string };
    world.clock.move(3_600_000);
    world.aws.passed.length = 0;
    await world.pass("shop", "web");
    assert.equal(world.aws.passed.filter((one) => one === "AssumeRoleWithWebIdentity").length, 1);
    const now = (await world.binding("shop", "web"))?.["status"] as { lastProof: string };
    assert.ok(Date.parse(now.lastProof) >= Date.parse(stood.lastProof) + 3_600_000);
  });

  test("has its drift repaired within a minute, with its unique id, an Event, and a new proof", async () => {
    const stood = await world.role("prod.shop.web");
    await world.iam.send(new DetachRolePolicyCommand({ RoleName: "prod.shop.web", PolicyArn: ssm }));
    const open = {
      ...policy,
      Statement: { Effect: "Allow", Principal: { AWS: "*" }, Action: "sts:AssumeRole" },
    };
    await world.iam.send(
      new UpdateAssumeRolePolicyCommand({ RoleName: "prod.shop.web", PolicyDocument: JSON.stringify(open) }),
    );
    world.clock.move(60_000);
    world.aws.passed.length = 0;
    const outcome = await world.pass("shop", "web");
    assert.deepEqual(
      outcome.events.map(({ reason, message }) => `${reason}: ${message}`),
      ["RoleDrift: repaired: trustPolicy, policies"],
    );
    assert.equal(readyOf(outcome), "True StsAccepted");
    assert.ok(world.aws.passed.includes("AssumeRoleWithWebIdentity"), "the change was not proved");
    assert.deepEqual(await world.role("prod.shop.web"), stood);
  });

  test("whose role is changed between two of its passes has one as soon as another's pass looks, within a minute", async () => {
    await serviceAccount("other");
    await bind("other");
    await world.passes("shop", "other", isReady);
    const reported: string[] = [];
    const end = world.clients.aws.subscribe((binding) => reported.push(binding));
    world.clock.move(60_000);
    await world.pass("shop", "other");
    assert.deepEqual(reported, [], "what was changed from here is nobody else's");
    await world.iam.send(new DetachRolePolicyCommand({ RoleName: "prod.shop.web", PolicyArn: ssm }));
    // The look is not a minute old, and shows what was.
    world.clock.move(44_000);
    assert.deepEqual((await world.pass("shop", "web")).changes, []);
    world.clock.move(16_000);
    await world.pass("shop", "other");
    end();
    assert.deepEqual(reported, ["shop/web"]);
    const { events } = await world.pass("shop", "web");
    assert.deepEqual(
      events.map(({ message }) => message),
      ["repaired: policies"],
    );
    await world.passes("shop", "web", isReady);
  });

  test("without its ServiceAccount gets its role and is not ready, and no ServiceAccount is made for it", async () => {
    await bind("early");
    const outcome = await world.pass("shop", "early");
    assert.equal(readyOf(outcome), "False ServiceAccountMissing");
    assert.notEqual(await world.role("prod.shop.early"), undefined);
    assert.equal(await accountOf("early"), undefined);
    await serviceAccount("early");
    await world.passes("shop", "early", isReady);
  });

  test("leaves an annotation that somebody else has set to another role, and says so", async () => {
    await serviceAccount("claimed");
    const arn = "eks.amazonaws.com/role-arn=arn:aws:iam::999988887777:role/theirs";
    await world.plane.kubectl(["annotate", "serviceaccount", "-n", "shop", "claimed", arn]);
    await bind("claimed");
    const outcome = await world.pass("shop", "claimed");
    assert.equal(readyOf(outcome), "False AnnotationConflict");
    const annotations = (await accountOf("claimed"))?.metadata.annotations;
    assert.deepEqual(annotations, { "eks.amazonaws.com/role-arn": "arn:aws:iam::999988887777:role/theirs" });
  });

  test("of a trust that does not exist passes admission, gets nothing, and says why", async () => {
    await serviceAccount("trustless");
    await bind("trustless", { trust: "none", roles: [webRole] });
    const outcome = await world.pass("shop", "trustless");
    assert.equal(readyOf(outcome), "Unknown TrustMissing");
    assert.equal(await world.role("prod.shop.trustless"), undefined);
    await world.plane.kubectl(["delete", "arb", "-n", "shop", "trustless", "--wait=false"]);
    assert.equal((await world.pass("shop", "trustless")).againIn, undefined);
    assert.equal(await world.binding("shop", "trustless"), undefined);
  });

  test("that somebody made from the text of another, finalizer and all, goes when it is deleted", async () => {
    await serviceAccount("copied");
    const copied = bindingOf({ roles: [webRole] }, { name: "copied" });
    const metadata = { ...(copied["metadata"] as object), finalizers: ["example.com/x", "podtrust.dev/aws"] };
    assert.equal((await create(world.plane, { ...copied, metadata })).status, 201);
    await world.passes("shop", "copied", isReady);
    await world.plane.kubectl(["delete", "arb", "-n", "shop", "copied", "--wait=false"]);
    const asDeleted = await world.binding("shop", "copied");
    assert.equal((await world.pass("shop", "copied")).againIn, undefined);
    const left = await world.binding("shop", "copied");
    assert.deepEqual(left?.metadata.finalizers, ["example.com/x"]);
    assert.ok(asDeleted !== undefined);
    // By a list that was read before it changed nothing is taken, of another's least of all.
    const late = world.clients.cluster.removeFinalizer(asDeleted, "podtrust.dev/aws");
    await assert.rejects(late, { code: "cluster-conflict" });
    const another = { ...left, metadata: { ...left.metadata, uid: "00000000-0000-4000-8000-000000000000" } };
    const others = world.clients.cluster.removeFinalizer(another, "example.com/x");
    await assert.rejects(others, { code: "cluster-conflict" });
    assert.deepEqual((await world.binding("shop", "copied"))?.metadata.finalizers, ["example.com/x"]);
    const patch = JSON.stringify({ metadata: { finalizers: null } });
    await world.plane.kubectl(["patch", "arb", "-n", "shop", "copied", "--type=merge", "-p", patch]);
    await world.clients.cluster.removeFinalizer(asDeleted, "podtrust.dev/aws");
  });

  test("takes over a role that carries nobody's tags, with its unique id", async () => {
    const trust = {
      ...policy,
      Statement: { Effect: "Allow", Principal: { AWS: account }, Action: "sts:AssumeRole" },
    };
    const AssumeRolePolicyDocument = JSON.stringify(trust);
    const { Role } = await world.iam.send(
      new CreateRoleCommand({ RoleName: "legacy-shop", AssumeRolePolicyDocument }),
    );
    await serviceAccount("legacy");
    const adopt = `arn:aws:iam::${account}:role/legacy-shop`;
    await bind("legacy", { roles: [{ ...webRole, managed: { policies: [ssm], adopt } }] });
    world.clock.move(60_000);
    await world.passes("shop", "legacy", isReady);
    const role = await world.role("legacy-shop");
    assert.equal(role?.id, Role?.RoleId);
    assert.equal(role?.tags["podtrust:stack"], "prod/shop/legacy");
  });

  test("does not take over a role that another binding has already", async () => {
    await serviceAccount("thief");
    const adopt = `arn:aws:iam::${account}:role/legacy-shop`;
    await bind("thief", { roles: [{ ...webRole, managed: { policies: [ssm], adopt } }] });
    const stood = await world.role("legacy-shop");
    const outcome = await world.pass("shop", "thief");
    assert.equal(readyOf(outcome), "False NotOwned");
    assert.deepEqual(await world.role("legacy-shop"), stood);
  });

  test("of an existing role changes nothing about it, and is ready once that role lets it in", async () => {
    const host = world.issuer.issuer.replace("https://", "");
    const trusting = (sub: string): string =>
      JSON.stringify({
        Version: "2012-10-17",
        Statement: {
          Effect: "Allow",
          Principal: { Federated: `arn:aws:iam::${account}:oidc-provider/${host}` },
          Action: "sts:AssumeRoleWithWebIdentity",
          Condition: { StringEquals: { [`${host}:aud`]: "sts.amazonaws.com", [`${host}:sub`]: sub } },
        },
      });
    const RoleName = "ready-made";
    await world.iam.send(
      new CreateRoleCommand({
        RoleName,
        Path: "/shop/",
        AssumeRolePolicyDocument: trusting("system:serviceaccount:x:y"),
      }),
    );
    await serviceAccount("guest");
    await bind("guest", {
      roles: [{ profile: "default", existing: { arn: `arn:aws:iam::${account}:role/shop/ready-made` } }],
    });
    world.clock.move(60_000);
    const stood = await world.role(RoleName);
    assert.equal(readyOf(await world.pass("shop", "guest")), "False TrustPolicyDenies");
    assert.deepEqual(await world.role(RoleName), stood);
    await world.iam.send(
      new UpdateAssumeRolePolicyCommand({
        RoleName,
        PolicyDocument: trusting("system:serviceaccount:shop:guest"),
      }),
    );
    world.clock.move(60_000);
    await world.passes("shop", "guest", isReady);
    assert.deepEqual((await world.role(RoleName))?.tags, {});
  });

  test("of an existing role that is deleted takes its annotation off the ServiceAccount, and leaves the role as it is", async () => {
    const stood = await world.role("ready-made");
    await world.plane.kubectl(["annotate", "serviceaccount", "-n", "shop", "guest", "theirs=stays"]);
    assert.match(
      (await accountOf("guest"))?.metadata.annotations?.["eks.amazonaws.com/role-arn"] ?? "",
      /:role\/shop\/ready-made$/u,
    );
    await world.plane.kubectl(["delete", "arb", "-n", "shop", "guest", "--wait=false"]);
    assert.equal((await world.pass("shop", "guest")).againIn, undefined);
    assert.equal(await world.binding("shop", "guest"), undefined);
    assert.deepEqual((await accountOf("guest"))?.metadata.annotations, { theirs: "stays" });
    assert.deepEqual(await world.role("ready-made"), stood);
  });

  test("of several profiles gets a role for each, named in the annotations, all of them proved", async () => {
    await serviceAccount("api", "team-a");
    await bind(
      "api",
      {
        roles: [
          { ...webRole, managed: { policies: [ssm], inline: [{ name: "own", document: policy }] } },
          { ...webRole, profile: "reports" },
        ],
      },
      "team-a",
    );
    await world.passes("team-a", "api", isReady);
    assert.equal((await world.role("prod.team-a.api"))?.boundary, boundary);
    assert.equal((await world.role("prod.team-a.api@reports"))?.boundary, boundary);
    assert.deepEqual((await accountOf("api", "team-a"))?.metadata.annotations, {
      "eks.amazonaws.com/role-arn": `arn:aws:iam::${account}:role/podtrust/prod.team-a.api`,
      "profile.podtrust.dev/reports": `arn:aws:iam::${account}:role/podtrust/prod.team-a.api@reports`,
    });
  });

  test("that drops a profile loses that role and keeps the other", async () => {
    const one = { metadata: { resourceVersion: undefined }, spec: { roles: [webRole] } };
    await world.plane.kubectl([
      "patch",
      "arb",
      "-n",
      "team-a",
      "api",
      "--type=merge",
      "-p",
      JSON.stringify({ spec: one.spec }),
    ]);
    const kept = await world.role("prod.team-a.api");
    await world.passes("team-a", "api", isReady);
    assert.equal(await world.role("prod.team-a.api@reports"), undefined);
    assert.equal((await world.role("prod.team-a.api"))?.id, kept?.id);
    const annotations = (await accountOf("api", "team-a"))?.metadata.annotations ?? {};
    assert.deepEqual(Object.keys(annotations), ["eks.amazonaws.com/role-arn"]);
  });

  test("whose grant is taken away loses what its role may do, and has it back with the grant", async () => {
    const stood = await world.role("prod.team-a.api");
    const trust = JSON.parse(await world.plane.kubectl(["get", "awstrust", "default", "-o", "json"])) as {
      spec: { grants: { name: string }[] };
    };
    const grants = async (list: readonly object[]): Promise<void> => {
      const patch = JSON.stringify({ spec: { grants: list } });
      await world.plane.kubectl(["patch", "awstrust", "default", "--type=merge", "-p", patch]);
    };
    await grants(trust.spec.grants.filter(({ name }) => name !== "teams"));
    const outcome = await world.pass("team-a", "api");
    assert.equal(readyOf(outcome), "False NamespaceNotGranted");
    const stripped = await world.role("prod.team-a.api");
    const denyAll = "arn:aws:iam::aws:policy/AWSDenyAll";
    assert.deepEqual([stripped?.id, stripped?.policies, stripped?.boundary], [stood?.id, [], denyAll]);
    await grants(trust.spec.grants);
    await world.passes("team-a", "api", isReady);
    assert.deepEqual(await world.role("prod.team-a.api"), stood);
  });

  test("that is deleted takes its roles and annotations with it, and nobody else's", async () => {
    const other = await world.role("prod.shop.early");
    await world.plane.kubectl(["delete", "arb", "-n", "shop", "web", "--wait=false"]);
    const outcome = await world.pass("shop", "web");
    assert.equal(outcome.againIn, undefined);
    assert.equal(await world.binding("shop", "web"), undefined);
    assert.equal(await world.role("prod.shop.web"), undefined);
    assert.deepEqual((await accountOf("web"))?.metadata.annotations ?? {}, {});
    assert.deepEqual(await world.role("prod.shop.early"), other);
  });

  test("that is deleted while AWS does not answer waits a minute and no longer, and says what it leaves", async () => {
    world.aws.mishap = () => "unavailable";
    await world.plane.kubectl(["delete", "arb", "-n", "shop", "early", "--wait=false"]);
    const first = await world.pass("shop", "early", systemClock);
    assert.equal(first.againIn, 2000);
    assert.notEqual(await world.binding("shop", "early"), undefined);
    // The clock of the world is an hour ahead by now.
    const last = await world.pass("shop", "early");
    world.aws.mishap = () => undefined;
    assert.equal(await world.binding("shop", "early"), undefined);
    assert.match(
      last.events.map(({ reason, message }) => `${reason} ${message}`).join(),
      /^RoleKept .*prod\.shop\.early: /u,
    );
    assert.notEqual(await world.role("prod.shop.early"), undefined);
  });
});
