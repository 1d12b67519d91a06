/** What `podtrust status` advises follows from what it saw: never to wait where waiting does not help. */
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import {
  CreateOpenIDConnectProviderCommand,
  CreateRoleCommand,
  DeleteOpenIDConnectProviderCommand,
  DeleteRoleCommand,
  DetachRolePolicyCommand,
  GetRoleCommand,
  type IAMClient,
  TagRoleCommand,
  UpdateAssumeRolePolicyCommand,
  UpdateOpenIDConnectProviderThumbprintCommand,
} from "@aws-sdk/client-iam";
import type { Link } from "../../src/core/base/index.ts";
import {
  type Finding,
  type PublisherFacts,
  type StatusOptions,
  type StatusReport,
} from "../../src/stack/index.ts";
import {
  chainYaml,
  type ChainWorld,
  demoAccount,
  startChainWorld,
  trustWith,
} from "../support/chain-world.ts";
import { TestClock } from "../support/clock.ts";
import { account } from "../support/sandbox.ts";

const role = "k3s-demo-app";
const readOnly = "arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess";

describe("what status advises", () => {
  let clock: TestClock;
  let world: ChainWorld;
  let iam: IAMClient;
  before(async () => {
    clock = new TestClock(Date.now());
    world = await startChainWorld(clock);
    iam = await world.open({ region: "eu-central-1" }).iam();
  });
  after(async () => {
    iam.destroy();
    await world.close();
  });
  beforeEach(async () => {
    await world.publish();
    await world.up();
  });

  function finding(report: StatusReport, name: Link, reason?: string): Finding {
    const all = report.links.find((one) => one.name === name)?.findings ?? [];
    const found = reason === undefined ? all[0] : all.find((one) => one.reason === reason);
    return found ?? assert.fail(`${reason}: ${JSON.stringify(all, undefined, 1)}`);
  }

  const seeing = (facts: PublisherFacts): Partial<StatusOptions> => ({
    publisher: () => Promise.resolve(facts),
  });

  describe("about keys", () => {
    let [signing, fresh] = ["", ""];
    beforeEach(async () => {
      signing = world.cluster.keys.list().find(({ state }) => state === "signing")?.kid ?? "";
      fresh = (await world.cluster.keys.create()).kid;
    });
    const end = (): void => {
      world.cluster.keys.promote(signing);
      world.cluster.keys.drop(fresh);
    };

    test("a distrusted key that the cluster verifies with and does not sign with breaks nothing", async () => {
      const report = await world.look(seeing({ distrusted: [fresh] }));
      const { outcome, seen, next } = finding(report, "jwks", "JwksVerifyingKeyMissing");
      assert.equal(outcome, "warning");
      assert.match(seen, new RegExp(`lacks the cluster's key ${fresh}`, "u"));
      assert.match(next ?? "", /It was distrusted.*--service-account-key-file/u);
      assert.equal(report.broken, undefined);
      end();
    });

    test("the same without anybody to ask about the publisher says what it may be", async () => {
      const report = await world.look();
      assert.match(finding(report, "jwks").next ?? "", /After a distrust, .*; before a rotation, wait/u);
      assert.equal(report.broken, undefined);
      end();
    });

    test("a distrusted key that the cluster signs with: waiting does not help, and is not advised", async () => {
      world.cluster.keys.promote(fresh);
      const { broken } = await world.look(seeing({ distrusted: [fresh] }));
      assert.deepEqual([broken?.name, broken?.reason], ["jwks", "JwksKeyMissing"]);
      assert.match(
        broken?.next ?? "",
        /distrusted, so that it is never published: let the cluster sign with another/u,
      );
      assert.doesNotMatch(broken?.next ?? "", /wait/iu);
      end();
    });

    test("a key that the config itself distrusts is not taken back by a command, which would refuse", async () => {
      world.cluster.keys.promote(fresh);
      const text = `${chainYaml(world.issuer.issuer, `${world.folder}/kubeconfig`)}publisher: {distrusted: [${fresh}], https: {listen: ["127.0.0.1:8443"], certificateFile: a.pem, keyFile: b.pem}}\n`;
      const config = await world.configOf(text);
      const { broken } = await world.look({ ...seeing({ distrusted: [fresh] }), config });
      assert.match(broken?.next ?? "", /lists it in publisher\.distrusted, .* take it out of there/u);
      assert.doesNotMatch(broken?.next ?? "", /podtrust rotate/u);
      end();
    });

    test("a key of an issuer that somebody else serves is not looked for by a command about a publisher", async () => {
      world.cluster.keys.promote(fresh);
      const { broken } = await world.look();
      assert.equal(broken?.reason, "JwksKeyMissing");
      assert.match(broken.next ?? "", /^Have it published where the issuer is served: kubectl get --raw/u);
      end();
    });

    test("a publisher that is blind: what it needs is the next step, and it is told at its own", async () => {
      world.cluster.keys.promote(fresh);
      const blind = {
        since: clock.now() - 7_200_000,
        message: "the cluster answers 401",
        next: "Renew its token.",
      };
      const report = await world.look(seeing({ distrusted: [], blind }));
      assert.equal(report.broken?.next, "Renew its token.");
      const own = finding(report, "jwks", "PublisherBlind");
      assert.match(`${own.seen}; ${own.fresh}`, /the cluster answers 401; since .*, for 2 hours$/u);
      end();
    });

    test("a publisher that answers with an error does not keep the report from being made", async () => {
      const report = await world.look({
        publisher: () => Promise.reject(new TypeError("of another version")),
      });
      assert.equal(finding(report, "jwks").reason, "JwksVerifyingKeyMissing");
      assert.equal(report.links.length, 13);
      end();
    });

    test("a publisher that sees the cluster publishes the key by itself", async () => {
      world.cluster.keys.promote(fresh);
      const { broken } = await world.look(seeing({ distrusted: [] }));
      assert.match(broken?.next ?? "", /it publishes the key at its next look/u);
      end();
    });
  });

  test("a namespace that is not there is made before its ServiceAccount", async () => {
    const text = chainYaml(world.issuer.issuer, `${world.folder}/kubeconfig`);
    const config = await world.configOf(text.replace(demoAccount, "nowhere/demo"));
    const report = await world.look({ config });
    assert.deepEqual([report.broken?.reason, report.broken?.name], ["TrustPolicyDenies", "trust"]);
    const { reason, next } = finding(report, "serviceaccount");
    assert.equal(reason, "NamespaceMissing");
    assert.match(
      next ?? "",
      /kubectl create namespace nowhere && kubectl create serviceaccount -n nowhere demo/u,
    );
  });

  test("a role of that name that is another stack's is not mended by up, and that is not advised", async () => {
    await iam.send(new TagRoleCommand({ RoleName: role, Tags: [{ Key: "podtrust:stack", Value: "other" }] }));
    const policy = trustWith(world.issuer.issuer, { StringEquals: { "sts:RoleSessionName": "x" } });
    await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: role, PolicyDocument: policy }));
    await iam.send(new DetachRolePolicyCommand({ RoleName: role, PolicyArn: readOnly }));
    const report = await world.look();
    for (const [name, reason] of [
      ["trust", "TrustPolicyDenies"],
      ["trust", "TrustPolicyDrift"],
      ["trust", "NotOwned"],
      ["permission", "PermissionsDrift"],
    ] as const) {
      const { next = "" } = finding(report, name, reason);
      assert.ok(next.includes(`podtrust import ${role}, or choose another name for the role`), next);
      assert.doesNotMatch(next, /podtrust up/u, reason);
    }
    const trust = report.links.find(({ name }) => name === "trust")?.findings ?? [];
    assert.ok(!trust.some(({ reason }) => reason === "RoleDrift"), "whose it is, is told once");
    await iam.send(new TagRoleCommand({ RoleName: role, Tags: [{ Key: "podtrust:stack", Value: "prod" }] }));
  });

  test("a trust policy that drifted is told by statement and condition", async () => {
    const policy = trustWith(world.issuer.issuer, { StringEquals: { "sts:RoleSessionName": "k3s-cluster" } });
    await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: role, PolicyDocument: policy }));
    const { outcome, seen } = finding(await world.look({ only: ["trust"] }), "trust", "TrustPolicyDrift");
    assert.equal(outcome, "warning");
    assert.match(
      seen,
      /up would change statement 1 Condition StringEquals sts:RoleSessionName: - k3s-cluster\)/u,
    );
  });

  test("a role under another path says which", async () => {
    const { Role } = await iam.send(new GetRoleCommand({ RoleName: role }));
    await iam.send(new DetachRolePolicyCommand({ RoleName: role, PolicyArn: readOnly }));
    await iam.send(new DeleteRoleCommand({ RoleName: role }));
    const [AssumeRolePolicyDocument, Tags] = [
      decodeURIComponent(Role?.AssumeRolePolicyDocument ?? ""),
      Role?.Tags,
    ];
    await iam.send(new CreateRoleCommand({ RoleName: role, Path: "/apps/", AssumeRolePolicyDocument, Tags }));
    const { broken } = await world.look();
    assert.equal(broken?.reason, "RolePathDiffers");
    assert.match(
      broken.seen,
      new RegExp(`is arn:aws:iam::${account}:role/apps/${role}, and the config means`, "u"),
    );
    await iam.send(new DeleteRoleCommand({ RoleName: role }));
  });

  test("an account whose provider is of a former issuer hears which one is registered", async () => {
    await iam.send(
      new CreateOpenIDConnectProviderCommand({
        Url: "https://old.example.test",
        ThumbprintList: ["a".repeat(40)],
      }),
    );
    const arn = (url: string): string => `arn:aws:iam::${account}:oidc-provider/${url}`;
    const ours = { OpenIDConnectProviderArn: arn(new URL(world.issuer.issuer).host) };
    await iam.send(new DeleteOpenIDConnectProviderCommand(ours));
    const { seen } = finding(await world.look(), "sts");
    assert.match(
      seen,
      /issuer-registered: .*the nearest that is registered is https:\/\/old\.example\.test/u,
    );
    assert.doesNotMatch(seen, /nor any other/u);
    await iam.send(
      new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: arn("old.example.test") }),
    );
  });

  test("a certificate that is refused says what its own publisher says of it", async () => {
    const certificate = {
      message: "http-01 for oidc.example.test: connect ECONNREFUSED",
      next: "Open port 80.",
    };
    const report = await world.look({
      ...seeing({ distrusted: [], certificate }),
      route: { connectTo: world.issuer.connectTo },
      only: ["tls"],
    });
    const { seen, next } = finding(report, "tls");
    assert.match(seen, /its publisher says: http-01 for oidc\.example\.test: connect ECONNREFUSED/u);
    assert.equal(next, "Open port 80.");
  });

  test("STS that refuses is explained by the rule that refuses", async () => {
    const policy = trustWith(world.issuer.issuer, { StringEquals: { "sts:RoleSessionName": "x" } });
    await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: role, PolicyDocument: policy }));
    const { seen, next } = finding(await world.look(), "sts");
    assert.match(seen, /AccessDenied: .*\(trust-policy: .*asks sts:RoleSessionName for "x"/u);
    assert.match(next ?? "", /Ask with the session name "x"/u);
    // Without IAM the rule is not known, and explain is.
    assert.match(finding(await world.look({ only: ["sts"] }), "sts").next ?? "", /podtrust explain/u);
  });

  for (const [hours, words] of [
    [1, "the cluster's clock is 60 minutes behind this machine's"],
    [-1, "the cluster's clock is 60 minutes ahead of this machine's"],
  ] as const) {
    test(`a clock that is ${hours} h off is told with its direction: ${words}`, async () => {
      const wrong = new TestClock(clock.now() + hours * 3_600_000);
      const { reason, seen, next } = finding(await world.look({ clock: wrong, only: ["token"] }), "token");
      assert.equal(reason, "ClockSkew");
      assert.match(seen, new RegExp(words.replace("60", "\\d+"), "u"));
      assert.match(next ?? "", hours > 0 ? /if that is ahead/u : /if that is behind/u);
    });
  }

  test("where only the keys are looked at, one token tells which of them signs", async () => {
    const fresh = (await world.cluster.keys.create()).kid;
    const report = await world.look({ only: ["jwks"] });
    assert.equal(finding(report, "jwks").reason, "JwksVerifyingKeyMissing");
    world.cluster.keys.drop(fresh);
  });
});

test("a thumbprint of another chain than a private CA's is told as the reason, and not to look again", async () => {
  const world = await startChainWorld(new TestClock(Date.now()), { privateCa: true });
  const iam = await world.open({ region: "eu-central-1" }).iam();
  try {
    await world.up();
    const stsOf = async (): Promise<Finding | undefined> =>
      (await world.look()).links.find(({ name }) => name === "sts")?.findings[0];
    assert.equal((await stsOf())?.reason, "StsAccepted");
    const OpenIDConnectProviderArn = `arn:aws:iam::${account}:oidc-provider/${new URL(world.issuer.issuer).host}`;
    const ThumbprintList = ["b".repeat(40)];
    await iam.send(
      new UpdateOpenIDConnectProviderThumbprintCommand({ OpenIDConnectProviderArn, ThumbprintList }),
    );
    const { seen = "", next = "" } = (await stsOf()) ?? {};
    assert.match(seen, /issuer-certificate: no public root vouches .* thumbprints of .* are b{40}/u);
    assert.match(next, /Add the last of these SHA-1 to the provider's thumbprints/u);
  } finally {
    iam.destroy();
    await world.close();
  }
});
