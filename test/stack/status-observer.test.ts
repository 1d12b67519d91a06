/**
 * `podtrust status` tells three things apart: what holds, what is broken, and what it could not see from here. Only
 * the second is the chain's fault.
 */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { AssumeRoleWithWebIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { type AwsAccess, type AwsSession, openAws } from "../../src/providers/aws/index.ts";
import type { Link } from "../../src/core/base/index.ts";
import { reasons } from "../../src/core/reasons/index.ts";
import type { Finding, StatusReport } from "../../src/stack/index.ts";
import { chainYaml, type ChainWorld, demoAccount, startChainWorld } from "../support/chain-world.ts";
import { TestClock } from "../support/clock.ts";
import { account } from "../support/sandbox.ts";

describe("what status cannot see", () => {
  let clock: TestClock;
  let world: ChainWorld;
  before(async () => {
    clock = new TestClock(Date.now());
    world = await startChainWorld(clock);
    await world.up();
  });
  after(() => world.close());

  function findings(report: StatusReport, name: Link): readonly Finding[] {
    return report.links.find((one) => one.name === name)?.findings ?? [];
  }

  const outcomesOf = (report: StatusReport, name: Link): readonly string[] =>
    findings(report, name).map(({ outcome, reason }) => `${outcome} ${reason}`);

  const iamLinks = ["provider", "trust", "permission"] as const;

  test("without AWS credentials IAM is not seen, STS is, and nothing is broken", async () => {
    const unknown = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "x".repeat(40) };
    const open = (access: AwsAccess): AwsSession =>
      openAws({ ...access, endpoint: world.sandbox.url, credentials: unknown, attempts: 1 });
    const report = await world.look({ open });
    assert.deepEqual(outcomesOf(report, "provider"), ["unseen CredentialsMissing"]);
    assert.match(findings(report, "provider")[0]?.next ?? "", /aws sso login/u);
    for (const name of ["trust", "permission"] as const) {
      assert.deepEqual(outcomesOf(report, name), ["unseen Skipped"]);
      assert.equal(findings(report, name)[0]?.seen, "skipped: needs provider");
    }
    assert.deepEqual(outcomesOf(report, "sts"), ["ok StsAccepted"]);
    assert.equal(report.broken, undefined);
  });

  test("a right that is missing is named, and nothing is broken", async () => {
    const [namespace = "", name = ""] = demoAccount.split("/");
    const spec = { audiences: ["sts.amazonaws.com"], expirationSeconds: 600 };
    const { token } = await world.api.requestToken(namespace, name, spec);
    const sts = new STSClient({ region: "eu-central-1", endpoint: world.sandbox.url });
    const { Credentials: given } = await sts.send(
      new AssumeRoleWithWebIdentityCommand({
        RoleArn: `arn:aws:iam::${account}:role/k3s-demo-app`,
        RoleSessionName: "k3s-cluster",
        WebIdentityToken: token,
      }),
    );
    sts.destroy();
    const { AccessKeyId = "", SecretAccessKey = "", SessionToken = "" } = given ?? {};
    const credentials = {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      sessionToken: SessionToken,
    };
    const open = (access: AwsAccess): AwsSession =>
      openAws({ ...access, endpoint: world.sandbox.url, credentials, attempts: 1 });
    const report = await world.look({ open });
    for (const link of iamLinks) assert.deepEqual(outcomesOf(report, link), ["unseen AwsAccessDenied"], link);
    // Of several roles the list is tried first; each of them names its own right all the same.
    const another = "      - {name: web, serviceAccounts: [apps/web]}\n";
    const text = `${chainYaml(world.issuer.issuer, `${world.folder}/kubeconfig`)}${another}`;
    const two = await world.look({ open, config: await world.configOf(text), only: ["trust"] });
    assert.deepEqual(outcomesOf(two, "trust"), ["unseen AwsAccessDenied", "unseen AwsAccessDenied"]);
    assert.match(findings(two, "trust")[1]?.seen ?? "", /iam:GetRole on resource: role web/u);
    assert.match(findings(report, "provider")[0]?.seen ?? "", /iam:GetOpenIDConnectProvider/u);
    assert.match(findings(report, "trust")[0]?.seen ?? "", /iam:GetRole/u);
    assert.equal(report.broken, undefined);
  });

  test("AWS that does not answer is not seen, and nothing is broken", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    server.close();
    const endpoint = `http://127.0.0.1:${port}`;
    const open = (access: AwsAccess): AwsSession =>
      openAws({ ...access, endpoint, credentials: world.sandbox.admin, attempts: 1 });
    const report = await world.look({ open });
    for (const link of ["provider", "sts"] as const)
      assert.deepEqual(outcomesOf(report, link), ["unseen AwsUnavailable"], link);
    assert.equal(report.broken, undefined);
  });

  test("a cluster that does not let us see is not broken, and the missing right is named", async () => {
    world.cluster.misbehave("forbidden");
    const report = await world.look();
    world.cluster.misbehave(undefined);
    assert.deepEqual(outcomesOf(report, "cluster"), ["ok ClusterReachable", "unseen ClusterAccessDenied"]);
    assert.match(findings(report, "cluster")[1]?.seen ?? "", /\/\.well-known\/openid-configuration/u);
    assert.equal(report.broken, undefined, JSON.stringify(report.broken));
  });

  test("a kubeconfig whose credential the cluster does not know sees nothing, and nothing is broken", async () => {
    const stranger = world.cluster
      .kubeconfig()
      .replaceAll(/^\s+client-(?:certificate|key)-data: .*$/gmu, "")
      .replace(/^(\s*)user:\s*$/mu, "$1user:\n$1  token: nobody");
    const file = `${world.folder}/stranger`;
    await writeFile(file, stranger);
    const report = await world.look({ config: await world.configOf(chainYaml(world.issuer.issuer, file)) });
    assert.deepEqual(outcomesOf(report, "cluster"), ["unseen ClusterAccessDenied"], stranger);
    for (const link of ["serviceaccount", "injection", "token", "sts"] as const)
      assert.deepEqual(outcomesOf(report, link), ["unseen Skipped"], link);
    assert.equal(report.broken, undefined);
  });

  test("a kubeconfig that is not there, or asks for what nobody agreed to, is not the cluster's fault", async () => {
    const config = await world.configOf(chainYaml(world.issuer.issuer, "/nonexistent/kubeconfig"));
    const report = await world.look({ config });
    assert.deepEqual(outcomesOf(report, "cluster"), ["unseen ClusterCredentialsMissing"]);
    assert.deepEqual(outcomesOf(report, "token"), ["unseen Skipped"]);
    assert.equal(report.broken, undefined);
  });

  test("every finding has the outcome and the place that its reason's page names", async () => {
    const text = chainYaml(world.issuer.issuer, "/nonexistent");
    const worlds = [{}, { route: {} }, { config: await world.configOf(text) }];
    for (const options of worlds) {
      for (const { name, findings: found } of (await world.look(options)).links) {
        for (const { reason, outcome } of found) {
          assert.equal(outcome, reasons[reason].outcome);
          assert.ok(reasons[reason].links.includes(name), `${reason} at ${name}`);
        }
      }
    }
  });

  test("a finding without a reason is none", () => {
    // @ts-expect-error: the reason is what `doctor`, metrics and conditions say.
    const nameless: Finding = { outcome: "ok", seen: "x", from: "y" };
    assert.ok(nameless);
  });
});
