/** A role that was taken over and stays when its binding goes gets back the trust policy that it had, and lets this cluster in no more. */
import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import type { JsonRecord } from "../../../src/core/base/index.ts";
import { CreateRoleCommand, TagRoleCommand, UpdateAssumeRolePolicyCommand } from "@aws-sdk/client-iam";
import { evaluate, parsePolicy, type Principal } from "../../../src/rules/trust/index.ts";
import { account } from "../../support/bindings/objects.ts";
import {
  makePolicies,
  type Mishap,
  readyOf,
  type PassWorld,
  passWorld,
} from "../../support/bindings/pass-world.ts";

const RoleName = "legacy-shop";
const legacy = `arn:aws:iam::${account}:role/${RoleName}`;
const policy = (name: string): string => `arn:aws:iam::${account}:policy/shop/${name}`;
const grant = {
  name: "shop",
  namespaces: ["shop"],
  accounts: [account],
  policies: [policy("*")],
  adoptRoles: [legacy],
  retain: true,
};
const minutes = 60_000;

const document = (...Statement: readonly JsonRecord[]): string =>
  JSON.stringify({ Version: "2012-10-17", Statement });
const allowing = (Principal: JsonRecord): JsonRecord => ({
  Effect: "Allow",
  Principal,
  Action: "sts:AssumeRole",
});
const partner = "arn:aws:iam::444455556666:role/partner";
const stranger = "arn:aws:iam::777788889999:role/stranger";
const machines = allowing({ Service: "ec2.amazonaws.com" });
const partners: JsonRecord = {
  ...allowing({ AWS: [partner] }),
  Condition: {
    StringEquals: { "sts:ExternalId": "shop" },
    NumericLessThan: { "aws:MultiFactorAuthAge": "60" },
  },
};
const noRobots: JsonRecord = {
  Effect: "Deny",
  Principal: { AWS: "*" },
  Action: "sts:AssumeRole",
  Condition: { StringLike: { "aws:PrincipalArn": "*robot*" } },
};
const former = [machines, partners, noRobots];

const askers: Readonly<Record<string, Principal>> = {
  machines: { type: "Service", ids: ["ec2.amazonaws.com"] },
  partner: { type: "AWS", ids: [partner], account: "444455556666" },
  robot: { type: "AWS", ids: [`${partner}-robot`], account: "444455556666" },
  stranger: { type: "AWS", ids: [stranger], account: "777788889999" },
};

/** Who of them a trust policy lets in, by the evaluator by which the sandbox's STS answers. */
function letIn(trust: string): readonly string[] {
  const asked = [{ name: "trust", document: parsePolicy(trust, "trust") }];
  return Object.entries(askers).flatMap(([name, principal]) => {
    const context = {
      "aws:EpochTime": "1795855468",
      "sts:ExternalId": "shop",
      "aws:MultiFactorAuthAge": "10",
      "aws:PrincipalArn": principal.ids[0] ?? "",
    };
    const { effect } = evaluate(asked, { action: "sts:AssumeRole", resource: "*", principal, context });
    return effect === "allow" ? [name] : [];
  });
}

interface AdoptingWorld extends PassWorld {
  readonly bound: (managed?: JsonRecord) => ReturnType<PassWorld["pass"]>;
  readonly deleteBinding: () => void;
  readonly letsServiceAccountIn: () => Promise<boolean>;
  readonly trustPolicy: () => Promise<string>;
  /** Passes of the trust for half an hour. */
  readonly sweep: () => Promise<void>;
}

async function adoptingWorld(t: TestContext, trust = document(...former)): Promise<AdoptingWorld> {
  const world = await passWorld(t);
  const statement = { Effect: "Allow", Action: "s3:*", Resource: "*" };
  await makePolicies(world.iam, { "/shop/a": statement });
  await world.iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust }));
  world.grants(grant);
  return Object.assign(world, {
    bound(managed: JsonRecord = {}) {
      const all = { policies: [policy("a")], adopt: legacy, onDelete: "Retain", ...managed };
      world.bind({ roles: [{ profile: "default", managed: all }] });
      return world.pass();
    },
    deleteBinding() {
      const [key, object] = [...world.objects].find(([, { kind }]) => kind === "AWSRoleBinding") ?? [];
      assert.ok(key !== undefined && object !== undefined);
      const metadata = { ...object.metadata, deletionTimestamp: "2026-11-28T00:00:00Z" };
      world.objects.set(key, { ...object, metadata });
    },
    async letsServiceAccountIn() {
      const token = await world.sandbox.token({ sub: "system:serviceaccount:shop:web" });
      return world.sandbox.assume({ role: legacy, token }).then(
        () => true,
        () => false,
      );
    },
    trustPolicy: async () => (await world.role(RoleName))?.trust ?? "",
    async sweep() {
      for (let times = 0; times < 8; times += 1) {
        world.clock.move(4 * minutes);
        await world.trustPass();
      }
    },
  });
}

/** The statements of a trust policy, in one form, but the one that closes it to this cluster. */
const statementsOf = (trust: string): readonly unknown[] =>
  parsePolicy(trust, "trust").statements.filter(({ sid }) => sid !== "PodtrustGivenBack");

/** As it was before it was taken over, and closed to the ServiceAccount. */
async function assertGivenBack(world: AdoptingWorld): Promise<void> {
  const trust = await world.trustPolicy();
  assert.deepEqual(statementsOf(trust), statementsOf(document(...former)));
  assert.deepEqual(letIn(trust), ["machines", "partner"]);
  assert.equal(await world.letsServiceAccountIn(), false);
}

describe("a role that was taken over and stays when its binding goes", () => {
  test("lets only its ServiceAccount in while it is bound, and afterwards whom it let in before", async (t) => {
    const world = await adoptingWorld(t);
    assert.deepEqual(letIn(await world.trustPolicy()), ["machines", "partner"]);
    assert.match(readyOf(await world.bound()), /RoleSettling|StsAccepted/u);
    const before = await world.role(RoleName);
    assert.equal(await world.letsServiceAccountIn(), true);
    assert.deepEqual(letIn(before?.trust ?? ""), []);
    world.restart();
    world.deleteBinding();
    await world.pass();
    await assertGivenBack(world);
    const after = await world.role(RoleName);
    assert.deepEqual([after?.id, after?.policies], [before?.id, [policy("a")]]);
    await world.sweep();
    assert.deepEqual(await world.role(RoleName), after);
  });

  test("is unchanged by passes while it is bound, and taken over again by a binding that returns", async (t) => {
    const world = await adoptingWorld(t);
    await world.bound();
    world.changes();
    world.clock.move(minutes);
    await world.pass();
    assert.deepEqual(world.changes(), []);
    const trust = await world.trustPolicy();
    world.deleteBinding();
    await world.pass();
    await world.bound();
    assert.equal(await world.trustPolicy(), trust);
    assert.equal(await world.letsServiceAccountIn(), true);
    world.deleteBinding();
    await world.pass();
    await assertGivenBack(world);
  });

  test("is not given back to whom somebody let in while it was bound, whatever its tags say", async (t) => {
    const world = await adoptingWorld(t);
    await world.bound();
    const { Statement } = JSON.parse(await world.trustPolicy()) as {
      readonly Statement: readonly JsonRecord[];
    };
    const PolicyDocument = document(...Statement, allowing({ AWS: stranger }));
    await world.iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument }));
    const Tags = [{ Key: "podtrust:adopting", Value: "x" }];
    await world.iam.send(new TagRoleCommand({ RoleName, Tags }));
    world.deleteBinding();
    await world.pass();
    await assertGivenBack(world);
  });

  test("lets this cluster in no more where it did before it was taken over", async (t) => {
    const world = await adoptingWorld(t);
    const host = world.sandbox.issuer.issuer.replace("https://", "");
    const Federated = `arn:aws:iam::${account}:oidc-provider/${host}`;
    const Principal = { Federated };
    const own = { Effect: "Allow", Principal, Action: "sts:AssumeRoleWithWebIdentity" };
    const Condition = { StringLike: { [`${host}:sub`]: "system:serviceaccount:*" } };
    const PolicyDocument = document(machines, { ...own, Condition });
    await world.iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument }));
    assert.equal(await world.letsServiceAccountIn(), true);
    await world.bound();
    world.deleteBinding();
    await world.pass();
    assert.deepEqual(letIn(await world.trustPolicy()), ["machines"]);
    assert.equal(await world.letsServiceAccountIn(), false);
  });

  test("lets nobody in once no grant is left for it, and is given back with the grant", async (t) => {
    const world = await adoptingWorld(t);
    await world.bound();
    world.grants();
    await world.pass();
    assert.deepEqual(letIn(await world.trustPolicy()), []);
    assert.equal(await world.letsServiceAccountIn(), false);
    world.grants(grant);
    await world.pass();
    assert.equal(await world.letsServiceAccountIn(), true);
    world.deleteBinding();
    await world.pass();
    await assertGivenBack(world);
    world.grants();
    await world.sweep();
    assert.deepEqual(letIn(await world.trustPolicy()), []);
    world.grants(grant);
    await world.sweep();
    await assertGivenBack(world);
  });

  test("is given back by the sweep where AWS did not answer while its binding went", async (t) => {
    const world = await adoptingWorld(t);
    await world.bound();
    world.mishap = ({ isChange }) => (isChange ? "refused" : undefined);
    world.deleteBinding();
    await world.pass();
    world.clock.move(2 * minutes);
    await world.pass();
    world.mishap = () => undefined;
    world.restart();
    await world.sweep();
    await assertGivenBack(world);
  });

  for (const mishap of ["refused", "lost"] as const satisfies readonly Mishap[]) {
    test(`is given back whichever call at IAM is ${mishap} while it is taken over, and the operator ends`, async (t) => {
      const smooth = await adoptingWorld(t);
      await smooth.bound();
      const calls = smooth.changes();
      assert.ok(calls.includes("UpdateAssumeRolePolicy"));
      for (const [failing, action] of calls.entries()) {
        const world = await adoptingWorld(t);
        let call = 0;
        world.mishap = ({ isChange }) => (isChange && call++ === failing ? mishap : undefined);
        await world.bound();
        assert.ok(call > failing, action);
        world.mishap = () => undefined;
        world.restart();
        world.deleteBinding();
        await world.pass();
        await assertGivenBack(world);
      }
    });
  }
});

describe("a role whose trust policy cannot be kept", () => {
  const never = { NumericLessThan: { "aws:EpochTime": "1" } };
  const many = Array.from(
    { length: 30 },
    (_, at) => `arn:aws:iam::${account}:role/service-with-a-name-${at}`,
  );
  const cases: Readonly<Record<string, readonly [string, RegExp]>> = {
    "is too long beside the binding's": [
      document(allowing({ AWS: many })),
      /characters in the trust policy of role legacy-shop: \d+ where the account's quota is 2048/u,
    ],
    "has the condition by which it would be kept": [
      document({ ...machines, Condition: never }),
      /the trust policy of role legacy-shop cannot be kept until it is given back/u,
    ],
    "means something else in the present version": [
      JSON.stringify({
        Version: "2008-10-17",
        Statement: [{ ...machines, Condition: { StringEquals: { "sts:ExternalId": "${aws:username}" } } }],
      }),
      /the trust policy of role legacy-shop cannot be kept until it is given back/u,
    ],
  };
  for (const [name, [trust, message]] of Object.entries(cases)) {
    test(`is not taken over, and nothing of it is changed: one that ${name}`, async (t) => {
      const world = await adoptingWorld(t, trust);
      const before = await world.role(RoleName);
      const { conditions } = await world.bound();
      assert.match(conditions.find(({ type }) => type === "Ready")?.message ?? "", message);
      assert.deepEqual(world.changes(), []);
      assert.deepEqual(await world.role(RoleName), before);
    });
  }
});
