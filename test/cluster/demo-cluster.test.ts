/** `podtrust demo --cluster` on a real cluster with a real kubelet, while its signing key is rotated. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { bindingPolicies } from "../../src/rules/bindings/index.ts";
import { type Cluster, pauseImage, podsLeftOut, startCluster } from "./harness/index.ts";
import { type Ended, podtrust, start } from "./story/podtrust.ts";
import { until } from "../support/until.ts";

const skip = podsLeftOut();
const links =
  "cluster discovery jwks dns tls reachability provider trust serviceaccount injection token sts permission".split(
    " ",
  );
const issuer = "https://oidc.example.com";
const label = "app.kubernetes.io/managed-by=podtrust-demo";
const kinds =
  "namespaces,crd,mutatingadmissionpolicies,mutatingadmissionpolicybindings,validatingadmissionpolicies,validatingadmissionpolicybindings,serviceaccounts,pods";

describe("podtrust demo --cluster", { skip }, () => {
  let cluster: Cluster;
  const demo = (...more: readonly string[]): readonly string[] => [
    "demo",
    "--cluster",
    "--kubeconfig",
    cluster.adminKubeconfig,
    "--pod-image",
    pauseImage,
    ...more,
  ];
  const left = (): Promise<string> =>
    cluster.kubectl(["get", kinds, "--all-namespaces", "-l", label, "-o=name"]);

  before(async () => {
    cluster = await startCluster({
      issuer,
      jwksUri: `${issuer}/openid/v1/jwks`,
      podAddresses: "their own",
      serverNames: ["10.96.0.1"],
    });
  });
  after(() => cluster?.stop());

  test("tells of a binding that STS proved, of a pod that got its role, of refused tenants and of a rotation meanwhile, and leaves nothing", async () => {
    const { child, said } = start(demo("--yes", "--watch-rotation", "60s"));
    const closed = once(child, "close") as Promise<[number | null]>;
    await until("the wait for a rotation", () => {
      assert.equal(child.exitCode, null, said.err);
      return said.out.includes("a rotation of the cluster's signing key");
    });
    const old = cluster.keys().signer;
    const fresh = cluster.createKey("ES256");
    await cluster.useKeys({ signer: old, verifiers: [old, fresh] });
    // Until nobody holds a JWK Set without the new key.
    await sleep(3000);
    await cluster.useKeys({ signer: fresh, verifiers: [old, fresh] });
    const [code] = await closed;
    const { out, err } = said;
    assert.equal(code, 0, err + out);
    assert.deepEqual(
      [...out.matchAll(/^ {2}✔ (\w+) {2,}/gmu)].map(([, name]) => name),
      links,
    );
    for (const wanted of [
      /:role\/\S*demo\.podtrust-demo-\w+\.web; the binding is Ready: /u,
      /the API server gave pod podtrust-demo-\w+\/web .*AWS_ROLE_ARN/u,
      /It runs on \S+\./u,
      /GetCallerIdentity answers arn:aws:sts::111122223333:assumed-role\/demo\.podtrust-demo-\w+\.web\//u,
      /denied: a tenant that binds .*AdministratorAccess\n +Forbidden: .*allows all of/u,
      /denied: another namespace, default.*\n +Forbidden: .*no grant of AWSTrust \S+ is for ServiceAccount web of namespace default/u,
      /Meanwhile the cluster's signing key was rotated, and no valid token was refused\./u,
      /signed by the keys \S+, then \S+\.\n {2}STS was asked \d{2,} times with them and refused 0\./u,
      /One workload got credentials, 6 attempts were denied/u,
    ])
      assert.match(out, wanted);
    assert.deepEqual(
      [...out.matchAll(/not shown: (.*), since/gu)].map(([, what]) => what),
      ["an expired token"],
    );
    await until("the end of the namespace", async () => (await left()) === "");
  });

  test("asks before it touches a cluster, and without a terminal makes nothing", async () => {
    await cluster.kubectl(["create", "namespace", "shop"]);
    const { code, err, out } = await podtrust(...demo());
    assert.equal(code, 2, err);
    assert.match(out, /with the namespaces shop/u);
    assert.match(err, /no terminal to ask on/u);
    assert.equal(await left(), "");
  });

  test("ended by Ctrl-C in the middle it takes away what it made", async () => {
    const { child, said } = start(demo("--yes"));
    const closed = once(child, "close") as Promise<[number | null]>;
    await until("the pod", async () => {
      assert.equal(child.exitCode, null, said.err);
      return (await cluster.kubectl(["get", "pods", "-A", "-l", label, "-o=name"])) !== "";
    });
    child.kill("SIGINT");
    const [code] = await closed;
    assert.equal(code, 130, said.err);
    assert.match(said.err, /the demo was interrupted/u);
    await until("the end of the namespace", async () => (await left()) === "");
  });

  test("refuses a cluster that has podtrust's definitions, whose operator would take the demo's objects for somebody's", async () => {
    const list = JSON.stringify({ apiVersion: "v1", kind: "List", items: bindingPolicies() });
    await cluster.kubectl(["create", "-f", "-"], list);
    const { code, err }: Ended = await podtrust(...demo("--yes"));
    assert.equal(code, 1);
    assert.match(err, /demo-cluster-in-use/u);
    assert.equal(await left(), "");
  });
});
