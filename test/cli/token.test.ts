import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Readable } from "node:stream";
import { run } from "../../src/cli/index.ts";
import { parseJws } from "../../src/rules/oidc/index.ts";
import { type StandInCluster, startStandInCluster } from "../../src/sandbox/cluster/index.ts";
import { TestClock } from "../support/clock.ts";

const clock = new TestClock();
let folder = "";
let cluster: StandInCluster;
let terminal = false;

async function podtrust(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: "", err: "" };
  const code = await run(args, {
    program: [process.execPath, "src/cli/main.ts"],
    env: { HOME: folder, KUBECONFIG: join(folder, "kubeconfig") },
    cwd: folder,
    stdin: Readable.from([]),
    stdout: { write: (text) => (said.out += text), isTTY: terminal },
    stderr: { write: (text) => (said.err += text) },
    signal: new AbortController().signal,
    onHangup: () => () => {},
    pid: 1,
    uid: 1000,
    clock,
  });
  return { code, ...said };
}

describe("podtrust token", () => {
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "podtrust-token-"));
    cluster = await startStandInCluster({ issuer: "https://oidc.example.com", clock, maxTokenSeconds: 7200 });
    cluster.addServiceAccount("aws-test", "demo");
    await writeFile(join(folder, "kubeconfig"), cluster.kubeconfig());
    await writeFile(join(folder, "publisher"), cluster.kubeconfig("publisher"));
  });

  after(async () => {
    await cluster.close();
    await rm(folder, { recursive: true });
  });

  describe("for a relying party of the config", () => {
    const tenant = "tenant: 11111111-2222-3333-4444-555555555555";
    const config = `stack: prod
issuer: https://oidc.example.com
cluster: {kubeconfig: kubeconfig}
aws:
  - account: "111122223333"
    region: eu-central-1
    audiences: [aws.example.com]
    roles: [{name: demo, serviceAccounts: [aws-test/demo]}, {name: any, subjectPatterns: ["aws-test/*"]}]
gcp:
  - {project: my-project, projectNumber: "123456789012", direct: [{serviceAccounts: [aws-test/demo]}]}
azure:
  - {${tenant}, subscription: 33333333-4444-5555-6666-777777777777, resourceGroup: g, cloud: china, identities: [{name: web, serviceAccounts: [aws-test/demo]}]}
openbao:
  - {address: "https://bao.example.com", mount: jwt, roles: [{name: web, serviceAccounts: [aws-test/demo], policies: [a]}]}
`;
    before(() => writeFile(join(folder, "podtrust.yaml"), config));

    const audiencesOf = async (...args: string[]): Promise<unknown> => {
      const { code, out, err } = await podtrust("token", "aws-test/demo", "--raw", ...args);
      assert.deepEqual([code, err], [0, ""], args.join(" "));
      return parseJws(out).claims["aud"];
    };

    test("the audience is the one that its section wants", async () => {
      const name = "projects/123456789012/locations/global/workloadIdentityPools/prod/providers/prod";
      assert.deepEqual(await audiencesOf("--for", "aws"), ["aws.example.com"]);
      assert.deepEqual(await audiencesOf("--for", "gcp"), [`https://iam.googleapis.com/${name}`]);
      assert.deepEqual(await audiencesOf("--for", "azure"), ["api://AzureADTokenExchangeChina"]);
      assert.deepEqual(await audiencesOf("--for", "openbao"), ["https://bao.example.com"]);
    });

    test("the provider of Google that names audiences wants its first", async () => {
      const named = config.replace("project: my-project", "audiences: [first, second], project: my-project");
      await writeFile(join(folder, "named.yaml"), named);
      assert.deepEqual(await audiencesOf("--for", "gcp", "-f", "named.yaml"), ["first"]);
    });

    test("a kubeconfig on the command line names the cluster in place of the config's", async () => {
      await writeFile(
        join(folder, "podtrust.yaml"),
        config.replace("{kubeconfig: kubeconfig}", "{kubeconfig: none}"),
      );
      assert.deepEqual(await audiencesOf("--for", "openbao", "--kubeconfig", "kubeconfig"), [
        "https://bao.example.com",
      ]);
      await writeFile(join(folder, "podtrust.yaml"), config);
    });

    test("a ServiceAccount that is named nowhere, one with two audiences, and an unknown relying party have errors of their own", async () => {
      const unnamed = await podtrust("token", "aws-test/other", "--for", "azure");
      assert.equal(unnamed.code, 2);
      assert.match(unnamed.err, /podtrust\.yaml gives aws-test\/other nothing at Azure/u);
      const two = config.replace(
        "openbao:\n",
        'openbao:\n  - {address: "https://other.example.com", mount: jwt, roles: [{name: o, serviceAccounts: [aws-test/demo], policies: [a]}]}\n',
      );
      await writeFile(join(folder, "two.yaml"), two);
      const both = await podtrust("token", "aws-test/demo", "--for", "openbao", "-f", "two.yaml");
      assert.equal(both.code, 2);
      assert.match(
        both.err,
        /https:\/\/other\.example\.com \(https:.*role o\); https:\/\/bao\.example\.com/u,
      );
      for (const more of [
        ["--for", "alibaba"],
        ["--for", "gcp", "--audience", "a"],
      ])
        assert.equal((await podtrust("token", "aws-test/demo", ...more)).code, 2, more.join(" "));
    });
  });

  test("a token is shown decoded, its times in words, and nothing of its signature", async () => {
    const { code, out, err } = await podtrust("token", "aws-test/demo");
    assert.deepEqual([code, err], [0, ""]);
    assert.match(out, /^header\n {2}alg +RS256\n {2}kid +\S{43}\n/u);
    assert.match(out, /sub +system:serviceaccount:aws-test:demo\n/u);
    assert.match(out, /aud +\["sts\.amazonaws\.com"\]\n/u);
    assert.match(out, /iat +1795564800 {2}2026-11-25T00:00:00Z, now\n/u);
    assert.match(out, /exp +1795568400 {2}2026-11-25T01:00:00Z, in 1 hour\n/u);
    // Any run long enough to be a signature or a part of a token; a kid has 43.
    assert.doesNotMatch(out, /[\w-]{60}/u);
  });

  test("--json gives the same as one object, still without the signature", async () => {
    const { out } = await podtrust("token", "aws-test/demo", "--json", "--expiration", "30m");
    const value = JSON.parse(out) as Record<string, Record<string, unknown>>;
    assert.deepEqual(Object.keys(value), ["header", "claims", "times", "expirationTimestamp"]);
    assert.deepEqual(value["times"], { iat: "now", nbf: "now", exp: "in 30 minutes" });
    assert.equal(value["claims"]?.["iss"], "https://oidc.example.com");
    assert.doesNotMatch(out, /[\w-]{60}/u);
  });

  test("--raw gives the token and nothing else: a file holds it as the kubelet writes it, without a line break", async () => {
    const { out } = await podtrust("token", "aws-test/demo", "--raw", "--audience", "a", "--audience", "b");
    const { claims } = parseJws(out);
    assert.deepEqual(claims["aud"], ["a", "b"]);
    assert.match(out, /^[\w.-]+$/u);
    const json = await podtrust("token", "aws-test/demo", "--raw", "--json");
    const { token } = JSON.parse(json.out) as { token: string };
    assert.equal(parseJws(token).claims["sub"], "system:serviceaccount:aws-test:demo");
  });

  test("--raw ends the line on a terminal, where a prompt follows", async () => {
    terminal = true;
    const { out } = await podtrust("token", "aws-test/demo", "--raw");
    terminal = false;
    assert.match(out, /^[\w.-]+\n$/u);
  });

  test("says when the token lives shorter than asked for", async () => {
    const { out } = await podtrust("token", "aws-test/demo", "--expiration", "24h");
    assert.match(out, /The cluster gave 7200 s where 86400 s were asked for/u);
  });

  test("what a cluster writes into a token or an error cannot move the cursor of a terminal", async () => {
    const issuer = "https://oidc.example.com/\u001B[2J";
    const hostile = await startStandInCluster({ issuer, clock });
    try {
      hostile.addServiceAccount("aws-test", "demo");
      await writeFile(join(folder, "hostile"), hostile.kubeconfig());
      const { code, out } = await podtrust("token", "aws-test/demo", "--kubeconfig", "hostile");
      assert.equal(code, 0);
      assert.match(out, /iss +"https:\/\/oidc\.example\.com\/\\u001b\[2J"\n/u);
      assert.ok(!out.includes("\u001B"));
    } finally {
      await hostile.close();
    }
  });

  test("takes the cluster from a config file", async () => {
    const config = `stack: prod
issuer: https://oidc.example.com
cluster: {kubeconfig: kubeconfig}
publisher:
  source: {kubeconfig: publisher}
  https: {listen: ["127.0.0.1:8443"], http: ["127.0.0.1:8080"], acme: {email: ops@example.com}}
`;
    await writeFile(join(folder, "podtrust.yaml"), config);
    const { code, out, err } = await podtrust("token", "aws-test/demo", "-f", "podtrust.yaml");
    assert.deepEqual([code, err], [0, ""]);
    assert.match(out, /system:serviceaccount:aws-test:demo/u);
    const both = await podtrust("token", "aws-test/demo", "-f", "podtrust.yaml", "--context", "x");
    assert.equal(both.code, 2);
  });

  test("answers each mistake by one clear error and the right exit code", async () => {
    const cases: readonly (readonly [code: number, message: RegExp, args: readonly string[]])[] = [
      [2, /not of the form NAMESPACE\/NAME/u, ["demo"]],
      [2, /namespace "?Aws/u, ["Aws/demo"]],
      [2, /--expiration soon is not a time/u, ["aws-test/demo", "--expiration", "soon"]],
      [1, /600 at least/u, ["aws-test/demo", "--expiration", "599"]],
      [1, /serviceaccounts "nobody" not found[^]*kubectl create serviceaccount/u, ["aws-test/nobody"]],
      [1, /has no context other[^]*stand-in-admin/u, ["aws-test/demo", "--context", "other"]],
      [1, /absent: there is no such file/u, ["aws-test/demo", "--kubeconfig", "absent"]],
      [1, /forbidden[^]*create serviceaccounts\/token/u, ["aws-test/demo", "--kubeconfig", "publisher"]],
    ];
    for (const [code, message, args] of cases) {
      const result = await podtrust("token", ...args);
      assert.equal(result.code, code, result.err);
      assert.match(result.err, message);
      assert.equal(result.out, "");
    }
  });

  test("manifests publisher-rbac: YAML for kubectl, one List with --json, its own tokens only when asked, illegal names refused", async () => {
    const { out } = await podtrust("manifests", "publisher-rbac", "--namespace", "ops", "--name", "reader");
    assert.match(out, /kind: ServiceAccount\nmetadata:\n {2}name: reader\n {2}namespace: ops\n/u);
    const { items } = JSON.parse((await podtrust("manifests", "publisher-rbac", "--json")).out) as {
      items: readonly { kind: string; rules?: unknown }[];
    };
    const kinds = items.map((item) => item.kind);
    assert.deepEqual(kinds, ["Namespace", "ServiceAccount", "ClusterRole", "ClusterRoleBinding"]);
    assert.deepEqual(items[2]?.rules, [
      { nonResourceURLs: ["/.well-known/openid-configuration", "/openid/v1/jwks"], verbs: ["get"] },
    ]);
    const renewing = await podtrust("manifests", "publisher-rbac", "--renew-token", "--json");
    const role = (JSON.parse(renewing.out) as { items: { kind: string; rules?: unknown }[] }).items.find(
      ({ kind }) => kind === "Role",
    );
    assert.deepEqual(role?.rules, [
      {
        apiGroups: [""],
        resources: ["serviceaccounts/token"],
        resourceNames: ["podtrust-publisher"],
        verbs: ["create"],
      },
    ]);
    const illegal = await podtrust("manifests", "publisher-rbac", "--name", "a\nrules: []");
    assert.deepEqual([illegal.code, illegal.out], [2, ""]);
  });
});
