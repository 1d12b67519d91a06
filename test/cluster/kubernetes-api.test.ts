import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { parse } from "yaml";
import { type KubernetesApi, openKubernetes, publisherRbac } from "../../src/providers/kubernetes/index.ts";
import { parseJws } from "../../src/rules/oidc/index.ts";
import { type StandInCluster, startStandInCluster } from "../../src/sandbox/cluster/index.ts";
import {
  type ApiAnswer,
  type ControlPlane,
  type KubernetesVersion,
  leftOut,
  startControlPlane,
  testedVersions,
} from "./harness/index.ts";
import { ask } from "./harness/https.ts";
import { until } from "../support/until.ts";

/** Of a failure its code, reason and sentence; of an answer all of it. */
function judged({ status, text }: ApiAnswer): object {
  if (status < 300 || !text.startsWith("{")) return { status, text };
  const { message, reason, code } = JSON.parse(text) as Record<string, unknown>;
  return { status, message, reason, code };
}

const skip = leftOut(testedVersions);
const issuer = "https://oidc.example.com";
const jwksUri = `${issuer}/openid/v1/jwks`;

function suite(version: KubernetesVersion): void {
  let cluster: ControlPlane;
  let standIn: StandInCluster;
  let admin: KubernetesApi;
  let folder = "";
  let files = 0;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "podtrust-kubernetes-api-"));
    cluster = await startControlPlane({ version, issuer, jwksUri });
    standIn = await startStandInCluster({ issuer, jwksUri });
    admin = await openKubernetes({ kubeconfig: cluster.adminKubeconfig });
    await admin.createNamespace("aws-test");
    await admin.createServiceAccount("aws-test", "demo");
    standIn.addServiceAccount("aws-test", "demo");
  });

  after(async () => {
    await standIn.close();
    await cluster.stop();
    await rm(folder, { recursive: true });
  });

  async function byToken(token: string): Promise<KubernetesApi> {
    const [tokenFile, caFile] = [join(folder, `token-${(files += 1)}`), join(folder, `ca-${files}`)];
    await writeFile(tokenFile, token);
    await writeFile(caFile, cluster.ca);
    return openKubernetes({ server: cluster.server, tokenFile, caFile });
  }

  test("namespaces, ServiceAccounts, tokens, and who one is", async () => {
    assert.equal(await admin.createNamespace("aws-test"), "exists");
    assert.equal(await admin.createNamespace("made"), "created");
    assert.equal(await admin.createServiceAccount("made", "job"), "created");
    assert.equal(await admin.createServiceAccount("made", "job"), "exists");
    const options = { audiences: ["sts.amazonaws.com"], expirationSeconds: 600 };
    const { token, expirationTimestamp } = await admin.requestToken("made", "job", options);
    const { claims } = parseJws(token);
    assert.equal(claims["sub"], "system:serviceaccount:made:job");
    assert.equal(Number(claims["exp"]) * 1000, Date.parse(expirationTimestamp));
    await assert.rejects(admin.requestToken("made", "nobody", options), { code: "cluster-not-found" });
    assert.equal(await admin.canDoAnything(), true);
    assert.ok((await admin.selfSubject()).groups.includes("system:masters"));
  });

  test("an API server that starts anew is never said to refuse rights that it gives", async (t) => {
    const seen = new Set<string>();
    const reader = await byToken(await cluster.requestToken("aws-test", "demo", issuer, 3600));
    await reader.oidcDocuments();
    const restarting = new AbortController();
    t.after(() => restarting.abort());
    const looking = (async () => {
      while (!restarting.signal.aborted) {
        seen.add(
          await reader.oidcDocuments().then(
            () => "answered",
            (error: { code: string }) => error.code,
          ),
        );
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    })();
    for (let times = 0; times < 3; times += 1) await cluster.useKeys(cluster.keys());
    restarting.abort();
    await looking;
    seen.delete("cluster-not-ready");
    // Cut in the middle of an answer.
    seen.delete("cluster-answer-invalid");
    assert.deepEqual([...seen].sort(), ["answered", "cluster-unreachable"]);
  });

  test("the printed RBAC is what a publisher needs, and all that it gives", async () => {
    // Kubernetes lets every ServiceAccount read the two paths unless an operator takes that away, as here.
    await cluster.kubectl(["delete", "clusterrolebinding", "system:service-account-issuer-discovery"]);
    await admin.createNamespace("ops");
    await admin.createServiceAccount("ops", "reader");
    const { token } = await admin.requestToken("ops", "reader", {
      audiences: [issuer],
      expirationSeconds: 600,
    });
    const publisher = await byToken(token);
    await assert.rejects(publisher.oidcDocuments(), (error: { code: string; next: string }) => {
      assert.equal(error.code, "cluster-forbidden");
      assert.match(error.next, /\/\.well-known\/openid-configuration \(podtrust manifests publisher-rbac/u);
      return true;
    });
    await cluster.kubectl(["apply", "-f", "-"], publisherRbac({ namespace: "ops", name: "reader" }));
    // The authorizer follows the API by a watch, here and below.
    await until(
      "the publisher may read the JWK Set",
      async () => (await publisher.get("/openid/v1/jwks")).status === 200,
    );
    const { discovery, jwks } = await publisher.oidcDocuments();
    assert.equal((JSON.parse(discovery.toString()) as { issuer: string }).issuer, issuer);
    assert.ok(jwks.length > 100);
    assert.equal((await publisher.selfSubject()).username, "system:serviceaccount:ops:reader");
    assert.equal(await publisher.canDoAnything(), false);
    for (const path of [
      "/api/v1/namespaces",
      "/api/v1/namespaces/ops/secrets",
      "/metrics",
      "/openid/v1/other",
    ]) {
      assert.equal((await publisher.get(path)).status, 403, path);
    }
    await assert.rejects(
      publisher.requestToken("ops", "reader", { audiences: ["a"], expirationSeconds: 600 }),
      { code: "cluster-forbidden" },
    );
    const renewing = publisherRbac({ namespace: "ops", name: "reader", renewToken: true });
    await cluster.kubectl(["apply", "-f", "-"], renewing);
    const spec = { audiences: [issuer], expirationSeconds: 600 };
    const made = async (name: string): Promise<string> =>
      publisher.requestToken("ops", name, spec).then(
        () => "made",
        (error: { code: string }) => error.code,
      );
    await until("the publisher may ask for its own token", async () => (await made("reader")) === "made");
    assert.equal(await made("default"), "cluster-forbidden");
  });

  test("strangers are refused under their own code", async () => {
    await assert.rejects((await byToken("not.a.token")).oidcDocuments(), { code: "cluster-unauthenticated" });
  });

  test("the stand-in cluster answers as the real one does", async () => {
    const tokens = "/api/v1/namespaces/aws-test/serviceaccounts/demo/token";
    const request = (spec: object): object => ({
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      spec,
    });
    const pod = { kind: "Pod", apiVersion: "v1", name: "none" };
    const cases: readonly (readonly [path: string, body?: object])[] = [
      ["/.well-known/openid-configuration"],
      ["/api/v1/namespaces/none"],
      ["/api/v1/namespaces/aws-test/serviceaccounts/none"],
      ["/no/such/path"],
      ["/api/v1/nonesuch"],
      ["/apis/none.example.com/v1/nonesuch"],
      ["/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name: "aws-test" } }],
      [tokens, request({ audiences: ["a"], expirationSeconds: 599 })],
      [tokens, request({ audiences: ["a"], expirationSeconds: 2 ** 32 + 1 })],
      [tokens, request({ audiences: ["a"], expirationSeconds: 600, boundObjectRef: pod })],
      [tokens.replace("demo", "none"), request({ audiences: ["a"] })],
      ["/api/v1/namespaces/none/serviceaccounts", { kind: "ServiceAccount", metadata: { name: "x" } }],
    ];
    const { users } = parse(standIn.kubeconfig()) as {
      users: readonly [{ user: Record<"client-certificate-data" | "client-key-data", string> }];
    };
    const decoded = (text: string): string => Buffer.from(text, "base64").toString();
    const [{ user }] = users;
    const client = {
      certificate: decoded(user["client-certificate-data"]),
      key: decoded(user["client-key-data"]),
    };
    for (const [path, body] of cases) {
      const method = body === undefined ? "GET" : "POST";
      const real = await cluster.ask(path, { method, body });
      const ours = await ask(`${standIn.url}${path}`, standIn.ca, { method, body, client });
      assert.deepEqual(judged(ours), judged(real), `${path} ${JSON.stringify(body)}`);
    }
  });

  test("the stand-in refuses a ServiceAccount as the real one does", async () => {
    const own = { audiences: [issuer], expirationSeconds: 600 };
    const { token: realToken } = await admin.requestToken("aws-test", "demo", own);
    const ourToken = standIn.forgeToken({ namespace: "aws-test", name: "demo" });
    const cases: readonly (readonly [path: string, body?: object])[] = [
      ["/metrics"],
      ["/api/v1/namespaces"],
      ["/api/v1/namespaces/aws-test"],
      ["/api/v1/namespaces/aws-test/serviceaccounts"],
      ["/api/v1/namespaces/aws-test/serviceaccounts/demo"],
      ["/api/v1/namespaces/aws-test/serviceaccounts/demo/token", { kind: "TokenRequest", spec: {} }],
      ["/version/x"],
    ];
    for (const [path, body] of cases) {
      const method = body === undefined ? "GET" : "POST";
      const real = await cluster.ask(path, { method, body, token: realToken });
      const ours = await ask(`${standIn.url}${path}`, standIn.ca, { method, body, token: ourToken });
      assert.deepEqual(judged(ours), judged(real), path);
    }
    const stranger = await ask(`${standIn.url}/version`, standIn.ca, { token: "not.a.token" });
    assert.deepEqual(judged(stranger), judged(await cluster.ask("/version", { token: "not.a.token" })));
  });

  test("the kubectl of the real cluster mints from the stand-in", async () => {
    const kubeconfig = join(folder, "for-kubectl");
    await writeFile(kubeconfig, standIn.kubeconfig());
    const args = [`--kubeconfig=${kubeconfig}`, "create", "token", "demo", "-n", "aws-test", "--audience=a"];
    const { stdout } = await promisify(execFile)(cluster.kubectlPath, args, { env: { HOME: folder } });
    assert.deepEqual(parseJws(stdout.trim()).claims["aud"], ["a"]);
  });
}

for (const version of testedVersions)
  describe(`our client against a real Kubernetes ${version}`, { skip }, () => {
    suite(version);
  });
