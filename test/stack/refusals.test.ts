import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CreateOpenIDConnectProviderCommand, CreateRoleCommand } from "@aws-sdk/client-iam";
import { account } from "../support/sandbox.ts";
import {
  configText,
  readOnly,
  sandboxEnvironment,
  stackWorld,
  type StackWorld,
  useEnvironment,
} from "../support/stack-world.ts";

const ec2Trust = JSON.stringify({
  Version: "2012-10-17",
  Statement: { Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" },
});

/** Runs `up --yes`, and makes sure that it was refused with one error of this code and changed nothing. */
async function refused(world: StackWorld, code: string, message: RegExp, exit = 1): Promise<void> {
  const { code: ended, out, err } = await world.podtrust(["up", "--yes"]);
  assert.equal(ended, exit, out + err);
  assert.deepEqual(err.match(/^code: {2}.*$/gmu), [`code:  ${code}`], err);
  assert.match(err, message);
  assert.deepEqual(world.changes(), []);
}

describe("refusals of podtrust up", () => {
  test("credentials for another account: said before anything is planned", async (t) => {
    const world = await stackWorld(t);
    await world.config(configText(world.issuer.issuer).replace(account, "444455556666"));
    await refused(
      world,
      "aws-wrong-account",
      /belong to account 111122223333 .* the config says 444455556666/u,
    );
    assert.deepEqual(
      world.sandbox.decisions().map(({ action }) => action),
      ["sts:GetCallerIdentity"],
    );
  });

  test("no credentials, unknown ones, and a profile that is not there are each told", async (t) => {
    const world = await stackWorld(t);
    await world.config(configText(world.issuer.issuer));
    const { url } = world.sandbox;
    const unknown = sandboxEnvironment(url, { accessKeyId: "AKIANOBODY", secretAccessKey: "nothing" });
    useEnvironment(unknown);
    await refused(world, "aws-no-credentials", /AKIANOBODY|InvalidClientTokenId/u);
    const { AWS_ACCESS_KEY_ID: _id, AWS_SECRET_ACCESS_KEY: _secret, ...none } = unknown;
    useEnvironment(none);
    await refused(world, "aws-no-credentials", /Could not load credentials/u);
    await world.config(configText(world.issuer.issuer).replace("region:", "profile: nobody\n    region:"));
    await refused(world, "aws-no-credentials", /profile nobody of the config gives no credentials/u);
  });

  test("AWS that does not answer is told with its address", async (t) => {
    const world = await stackWorld(t);
    await world.config(configText(world.issuer.issuer));
    useEnvironment(sandboxEnvironment("http://127.0.0.1:1", { accessKeyId: "AKIA", secretAccessKey: "s" }));
    await refused(world, "aws-unreachable", /asking AWS who we are: AWS did not answer/u);
  });

  test("a role and a provider that somebody else has: both are named, with whose they look like", async (t) => {
    const world = await stackWorld(t);
    await world.config(configText(world.issuer.issuer));
    await world.iam.send(
      new CreateRoleCommand({
        RoleName: "demo",
        AssumeRolePolicyDocument: ec2Trust,
        Tags: [{ Key: "ManagedBy", Value: "Terraform" }],
      }),
    );
    world.changes();
    await refused(
      world,
      "plan-name-taken",
      /role\/demo exists already and belongs to Terraform \(tag ManagedBy\)/u,
    );
    await world.iam.send(
      new CreateOpenIDConnectProviderCommand({
        Url: world.issuer.issuer,
        Tags: [{ Key: "podtrust:stack", Value: "dev" }],
      }),
    );
    world.changes();
    const { code, result } = await world.json(["plan"]);
    assert.equal(code, 1);
    assert.deepEqual(
      result.refusals.map((refusal) => refusal.code),
      ["plan-name-taken", "plan-name-taken"],
    );
    assert.match(result.refusals[0]?.message ?? "", /belongs to podtrust stack "dev"/u);
  });

  test("policies that do not exist, as a policy and as a boundary, are found before the role is made", async (t) => {
    const world = await stackWorld(t);
    const missing = "arn:aws:iam::111122223333:policy/nowhere";
    await world.config(configText(world.issuer.issuer).replace(readOnly, missing));
    await refused(
      world,
      "aws-policy-missing",
      /role demo is to have policy arn:\S+nowhere, which does not exist or cannot be attached/u,
    );
    await world.config(configText(world.issuer.issuer, `boundary: ${missing}`));
    await refused(world, "aws-policy-missing", /the permissions boundary arn:\S+nowhere, which/u);
  });

  test("quotas of the account are checked in the plan", async (t) => {
    const world = await stackWorld(t);
    const arns = Array.from({ length: 11 }, (_, i) => `arn:aws:iam::111122223333:policy/p${i}`).join(", ");
    const many = Array.from({ length: 40 }, (_, i) => `aws-test/a-workload-with-a-long-name-${i}`).join(", ");
    const text = configText(world.issuer.issuer)
      .replace(`[${readOnly}]`, `[${arns}]`)
      .replace("[aws-test/demo]", `[${many}]`);
    await world.config(text);
    const { code, result } = await world.json(["plan"]);
    assert.equal(code, 1);
    const quotas = result.refusals.filter((refusal) => refusal.code === "aws-quota");
    assert.match(
      quotas[0]?.message ?? "",
      /^characters in the trust policy of role demo: \d{4} where the account's quota is 2048$/u,
    );
    assert.match(
      quotas[1]?.message ?? "",
      /^managed policies on role demo: 11 where the account's quota is 10$/u,
    );
    const tags = Array.from({ length: 44 }, (_, i) => `k${i}: "v"`).join(", ");
    await world.config(
      configText(world.issuer.issuer, `tags: {${tags}}`).replace(
        "{team: platform}",
        `{${tags.replaceAll("k", "a")}}`,
      ),
    );
    await refused(world, "aws-quota", /tags on role demo: 91 where the account's quota is 50/u);
  });

  test("another path than the role has is refused, since IAM changes none", async (t) => {
    const world = await stackWorld(t);
    await world.config(configText(world.issuer.issuer));
    await world.podtrust(["up", "--yes"]);
    world.changes();
    await world.config(configText(world.issuer.issuer, "path: /workloads/"));
    await refused(world, "aws-role-path", /role demo exists under path \/, the config says \/workloads\//u);
  });

  test("an issuer that cannot be read from outside: no provider, and no role that would trust it", async (t) => {
    const world = await stackWorld(t);
    await world.config(configText(world.issuer.issuer));
    const [rule] = world.issuer.connectTo;
    const route = ["--connect-to", `${rule?.host}:443:${rule?.address}:${rule?.toPort}`];
    const { podtrustHere } = await import("../support/cli.ts");
    const { systemClock } = await import("../../src/core/base/index.ts");
    const host = { cwd: world.folder, clock: systemClock };
    // No public root vouches for it, and no --ca was given.
    const plan = await podtrustHere(["plan", ...route], host);
    assert.equal(plan.code, 0);
    assert.match(
      plan.err,
      /warning: .* cannot be read from outside.*up makes no OIDC provider before it can/u,
    );
    const up = await podtrustHere(["up", "--yes", ...route], host);
    assert.equal(up.code, 1);
    assert.match(up.out, /0 done, 1 failed, 1 skipped\./u);
    assert.match(up.err, /skipped: aws\/\S+\/role\/demo, aws\/\S+ was not done/u);
    assert.match(up.err, /next: .*--ca FILE/u);
    assert.deepEqual(up.err.match(/^code: .*$/gmu), ["code:  issuer-unreached"]);
    assert.deepEqual(world.changes(), []);
  });

  for (const [what, break_, message] of [
    ["no discovery document", (world) => world.issuer.pages.clear(), /answers with status 404/u],
    [
      "another issuer's document",
      (world) => {
        const path = "/.well-known/openid-configuration";
        const page = world.issuer.pages.get(path) as { body: string };
        world.issuer.pages.set(path, { body: page.body.replace('test"', 'test/"') });
      },
      /issuer of the document is "https:\/\/oidc\.example\.test\/": the second ends in a slash/u,
    ],
    ["no key", (world) => world.issuer.publish([]), /the JWK Set is empty/u],
  ] satisfies [string, (world: StackWorld) => void, RegExp][]) {
    test(`an issuer with ${what} is not trusted`, async (t) => {
      const world = await stackWorld(t);
      await world.config(configText(world.issuer.issuer));
      break_(world);
      await refused(world, "issuer-unreached", message);
    });
  }

  test("a config without an account, and one that is not there, are used wrongly", async (t) => {
    const world = await stackWorld(t);
    await world.config(`stack: prod\nissuer: ${world.issuer.issuer}\n`);
    await refused(world, "config-without-aws", /podtrust\.yaml names no AWS account/u, 2);
    await refused(
      { ...world, podtrust: (args) => world.podtrust([...args, "-f", "absent.yaml"]) },
      "config-unreadable",
      /there is no absent\.yaml in \S+/u,
      2,
    );
  });
});
