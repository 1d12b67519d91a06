import assert from "node:assert/strict";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import {
  DeleteRoleCommand,
  DetachRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from "@aws-sdk/client-iam";
import { type Link, links } from "../../src/core/base/index.ts";
import type { LinkReport, StatusReport } from "../../src/stack/index.ts";
import { account } from "../support/sandbox.ts";
import {
  demoAccount,
  chainYaml,
  type ChainWorld,
  startChainWorld,
  trustWith,
} from "../support/chain-world.ts";
import { TestClock } from "../support/clock.ts";

const role = "k3s-demo-app";
const readOnly = "arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess";

describe("status", () => {
  // The SDK signs by the machine's clock, so the world starts there.
  let clock: TestClock;
  let world: ChainWorld;

  before(async () => {
    clock = new TestClock(Date.now());
    world = await startChainWorld(clock);
  });

  after(() => world.close());

  beforeEach(async () => {
    world.cluster.misbehave(undefined);
    world.cluster.addServiceAccount("aws-test", "demo-service-account");
    await world.publish();
    await world.up();
  });

  function link(report: StatusReport, name: Link): LinkReport {
    const found = report.links.find((one) => one.name === name);
    assert.ok(found, name);
    return found;
  }

  const outcomes = (report: StatusReport): Record<string, string> =>
    Object.fromEntries(report.links.map(({ name, outcome }) => [name, outcome]));

  test("every link in the order of the chain, each with what was seen and by whom", async () => {
    const report = await world.look();
    assert.deepEqual(
      report.links.map(({ name }) => name),
      [...links],
    );
    const others = { ...outcomes(report), injection: "ok" };
    assert.deepEqual(new Set(Object.values(others)), new Set(["ok"]), JSON.stringify(report, undefined, 1));
    assert.equal(link(report, "injection").outcome, "unseen");
    assert.equal(report.broken, undefined);
    for (const one of report.links) for (const finding of one.findings) assert.notEqual(finding.from, "");
    assert.match(link(report, "sts").findings[0]?.seen ?? "", /assumed-role\/k3s-demo-app\/k3s-cluster$/u);
    assert.match(link(report, "dns").findings[0]?.from ?? "", /--connect-to/u);
    assert.match(link(report, "jwks").findings[0]?.fresh ?? "", /max-age=1/u);
  });

  test("no report holds a token", async () => {
    assert.doesNotMatch(JSON.stringify(await world.look()), /eyJ[\w-]{20}/u);
  });

  test("a key that the cluster signs with and nobody publishes", async () => {
    const key = await world.cluster.keys.create();
    const signing = world.cluster.keys.list().find(({ state }) => state === "signing");
    world.cluster.keys.promote(key.kid);
    const report = await world.look();
    assert.equal(report.broken?.name, "jwks");
    assert.match(report.broken.seen, new RegExp(`lacks the cluster's key ${key.kid}`, "u"));
    assert.match(link(report, "token").findings[0]?.seen ?? "", /which is not published/u);
    assert.equal(link(report, "sts").outcome, "broken");
    // What has nothing to do with it was looked at all the same.
    assert.equal(link(report, "permission").outcome, "ok");
    world.cluster.keys.promote(signing?.kid ?? "");
    world.cluster.keys.drop(key.kid);
  });

  test("a cluster with another issuer is broken at its first link", async () => {
    world.cluster.misbehave("wrong-issuer");
    const report = await world.look();
    assert.equal(report.broken?.name, "cluster");
    assert.match(report.broken.seen, /they are different issuers/u);
  });

  test("a cluster whose tokens name a former issuer that the config lists is broken there, with the way on", async () => {
    world.cluster.misbehave("wrong-issuer");
    const publisher = `publisher:\n  formerIssuers: [https://somebody-else.example.com]\n  https: {acme: {}}\n`;
    const kubeconfig = join(world.folder, "kubeconfig");
    const config = await world.configOf(`${chainYaml(world.issuer.issuer, kubeconfig)}${publisher}`);
    const { broken } = await world.look({ config });
    assert.deepEqual([broken?.name, broken?.reason], ["cluster", "ClusterFormerIssuer"]);
    assert.match(
      broken?.seen ?? "",
      /tokens name https:\/\/somebody-else\.example\.com.* not https:\/\/.* yet$/u,
    );
    assert.match(broken?.next ?? "", /two passes/u);
  });

  test("a token file that others on this machine may read is warned of, and one of our own is not", async () => {
    const { token } = await world.api.requestToken("aws-test", "default", {
      audiences: [world.issuer.issuer],
      expirationSeconds: 600,
    });
    const [tokenFile, caFile] = ["token", "cluster-ca.pem"].map((name) => join(world.folder, name));
    await writeFile(tokenFile ?? "", token, { mode: 0o644 });
    await writeFile(caFile ?? "", world.cluster.ca);
    const source = `{server: "${world.cluster.url}", tokenFile: ${tokenFile}, caFile: ${caFile}}`;
    const yaml = chainYaml(world.issuer.issuer, "").replace("{kubeconfig: }", source);
    const config = await world.configOf(yaml);
    const warned = link(await world.look({ config, only: ["cluster"] }), "cluster");
    const finding = warned.findings.find(({ outcome }) => outcome === "warning");
    assert.match(finding?.seen ?? "", /^Others on this machine may read the token file \/.*\/token$/u);
    assert.match(finding?.next ?? "", /^chmod 600 \/.*\/token$/u);
    await chmod(tokenFile ?? "", 0o600);
    assert.equal(link(await world.look({ config, only: ["cluster"] }), "cluster").outcome, "ok");
  });

  test("a cluster that is gone hides its own links and no others", async () => {
    world.cluster.misbehave("gone");
    const report = await world.look();
    assert.equal(report.broken?.name, "cluster");
    const seen = outcomes(report);
    assert.deepEqual(
      [seen["discovery"], seen["provider"], seen["serviceaccount"], seen["token"], seen["sts"]],
      ["ok", "ok", "unseen", "unseen", "unseen"],
    );
  });

  test("names documents that are not served", async () => {
    world.issuer.pages.clear();
    const report = await world.look();
    assert.equal(report.broken?.name, "discovery");
    assert.match(report.broken.seen, /answers with status 404/u);
  });

  test("a name that does not resolve, one that is private, and a root that nobody knows", async () => {
    const nowhere = await world.look({
      route: {},
      resolve: () => Promise.reject(new Error("getaddrinfo ENOTFOUND")),
    });
    assert.equal(nowhere.broken?.name, "dns");
    assert.equal(link(nowhere, "discovery").outcome, "unseen");
    const inside = await world.look({
      route: {},
      resolve: () => Promise.resolve(["10.1.2.3"]),
      only: ["dns"],
    });
    assert.equal(link(inside, "dns").outcome, "warning");
    const unknown = await world.look({ route: { connectTo: world.route.connectTo ?? [] } });
    assert.equal(unknown.broken?.name, "tls");
    assert.equal(link(unknown, "jwks").findings[0]?.seen, "skipped: needs tls");
  });

  test("a certificate with less than a sixth of its life left", async () => {
    const late = new TestClock(Date.now());
    const { tls } = await import("../../src/core/http/index.ts").then(({ request }) =>
      request(`${world.issuer.issuer}/.well-known/openid-configuration`, world.route),
    );
    const leaf = tls?.chain[0];
    assert.ok(leaf);
    late.jump(leaf.notAfter - 1000 - late.now());
    const report = await world.look({ clock: late, only: ["tls"] });
    assert.equal(link(report, "tls").outcome, "warning");
    assert.match(link(report, "tls").findings[0]?.fresh ?? "", /in 1 second$/u);
  });

  test("a role that is gone, and one that lets in somebody else", async () => {
    const iam = await world.open({ region: "eu-central-1" }).iam();
    const other = JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Deny", Principal: "*", Action: "sts:AssumeRoleWithWebIdentity" }],
    });
    await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: role, PolicyDocument: other }));
    const shut = await world.look();
    assert.equal(shut.broken?.name, "trust");
    assert.match(shut.broken.seen, new RegExp(`does not authorize ${demoAccount}`, "u"));
    assert.match(link(shut, "sts").findings[0]?.seen ?? "", /AccessDenied/u);
    await iam.send(new DetachRolePolicyCommand({ RoleName: role, PolicyArn: readOnly }));
    const bare = await world.look({ only: ["permission"] });
    assert.match(bare.broken?.seen ?? "", /no policy at all; that differs from the config in policies/u);
    await iam.send(new DeleteRoleCommand({ RoleName: role }));
    const gone = await world.look();
    assert.equal(gone.broken?.seen, `there is no role arn:aws:iam::${account}:role/${role}`);
    assert.equal(link(gone, "permission").outcome, "unseen");
    iam.destroy();
  });

  test("a trust policy that also asks for the session name holds for the name that workloads use", async () => {
    const iam = await world.open({ region: "eu-central-1" }).iam();
    const asking = async (name: string): Promise<LinkReport> => {
      const policy = trustWith(world.issuer.issuer, { StringEquals: { "sts:RoleSessionName": name } });
      await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: role, PolicyDocument: policy }));
      return link(await world.look({ only: ["trust"] }), "trust");
    };
    const [good] = (await asking("k3s-cluster")).findings;
    assert.equal(good?.outcome, "ok", JSON.stringify(good));
    assert.match(good.seen, /authorizes aws-test\/demo-service-account, with the session name k3s-cluster$/u);
    const [bad] = (await asking("somebody")).findings;
    assert.equal(bad?.outcome, "broken");
    assert.match(bad.seen, /asks sts:RoleSessionName for "somebody", and it is "k3s-cluster"/u);
    iam.destroy();
  });

  test("a trust policy that asks for the caller's address is neither good nor broken before the call", async () => {
    const iam = await world.open({ region: "eu-central-1" }).iam();
    const policy = trustWith(world.issuer.issuer, { IpAddress: { "aws:SourceIp": "192.0.2.0/24" } });
    await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: role, PolicyDocument: policy }));
    const { outcome, findings } = link(await world.look({ only: ["trust"] }), "trust");
    assert.equal(outcome, "warning");
    assert.match(findings[0]?.seen ?? "", /depends on aws:SourceIp, which only the call itself has/u);
    iam.destroy();
  });

  test("names a ServiceAccount that is not there", async () => {
    await world.api.deleteServiceAccount("aws-test", "demo-service-account");
    const report = await world.look();
    assert.equal(report.broken?.name, "serviceaccount");
    assert.equal(
      report.broken.next,
      "Make it: kubectl create serviceaccount -n aws-test demo-service-account",
    );
    assert.equal(link(report, "sts").findings[0]?.seen, "skipped: needs token");
  });

  test("credentials of another account see nothing of the provider, and say so without calling it broken", async () => {
    const text = chainYaml(world.issuer.issuer, `${world.folder}/kubeconfig`).replace(
      account,
      "999988887777",
    );
    const report = await world.look({ config: await world.configOf(text) });
    const [provider] = link(report, "provider").findings;
    assert.deepEqual([provider?.outcome, provider?.reason], ["unseen", "AccountMismatch"]);
    assert.match(provider?.seen ?? "", /belong to account 111122223333/u);
    assert.equal(link(report, "trust").findings[0]?.seen, "skipped: needs provider");
    assert.equal(report.broken?.name, "sts", "no role of that account can be had");
  });

  test("without a cluster and without accounts what is there is looked at", async () => {
    const config = await world.configOf(`stack: prod\nissuer: ${world.issuer.issuer}\n`);
    const report = await world.look({ config });
    assert.equal(report.broken, undefined);
    const seen = outcomes(report);
    assert.deepEqual(
      [seen["discovery"], seen["tls"], seen["cluster"], seen["provider"]],
      ["ok", "ok", "unseen", "unseen"],
    );
  });

  test("--only and --skip take links, and a wrong name says the nearest", async () => {
    const some = await world.look({ only: ["tls", "discovery"], skip: ["tls"] });
    assert.deepEqual(
      some.links.map(({ name }) => name),
      ["discovery"],
    );
    await assert.rejects(world.look({ only: ["provder"] }), {
      code: "usage",
      next: "Did you mean provider?",
    });
  });
});
