/**
 * The chain's essence on each minor of Kubernetes that upstream supports, from the oldest to the newest: what the API
 * server renders is what we publish, what it signs is what STS takes, and the rights we print are enough for it.
 */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { AssumeRoleWithWebIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { type AwsAccess, type AwsSession, openAws } from "../../src/providers/aws/index.ts";
import { silentLogger, systemClock } from "../../src/core/base/index.ts";
import { parseConfig } from "../../src/config/index.ts";
import { type HttpResponse, parseConnectTo, request } from "../../src/core/http/index.ts";
import type { IssuerRoute } from "../../src/issuer/index.ts";
import { type KubernetesApi, openKubernetes } from "../../src/providers/kubernetes/index.ts";
import { type Publisher, startPublisher } from "../../src/publisher/index.ts";
import { type Sandbox, startSandbox } from "../../src/sandbox/index.ts";
import { openStack } from "../../src/stack/index.ts";
import { type TestAuthority, testAuthority } from "../support/certificates.ts";
import { chainYaml } from "../support/chain-world.ts";
import { podtrustChild, podtrustHere } from "../support/cli.ts";
import { FakeCertificates } from "../support/publisher.ts";
import { account } from "../support/sandbox.ts";
import {
  type ControlPlane,
  type KubernetesVersion,
  kubernetesVersion,
  leftOut,
  startControlPlane,
  testedVersions,
} from "./harness/index.ts";
import { maxWait, until } from "../support/until.ts";

const skip = leftOut(testedVersions);
const host = "oidc.example.test";
const issuer = `https://${host}`;
const paths = { discovery: "/.well-known/openid-configuration", jwks: "/openid/v1/jwks" } as const;
const day = 86_400_000;

type Keys = { readonly keys: readonly { readonly kid: string; readonly alg: string }[] };

function unordered(body: Buffer): unknown {
  const document = JSON.parse(body.toString()) as Partial<Keys>;
  if (document.keys === undefined) return document;
  return { ...document, keys: document.keys.toSorted((a, b) => a.kid.localeCompare(b.kid)) };
}

function suite(version: KubernetesVersion): void {
  let folder: string;
  let authority: TestAuthority;
  let plane: ControlPlane;
  let admin: KubernetesApi;
  let reader: KubernetesApi;
  let publisher: Publisher;
  let sandbox: Sandbox;
  let route: IssuerRoute;
  let flags: readonly string[];

  /** The client of a ServiceAccount with the rights that `podtrust manifests publisher-rbac` prints. */
  async function leastReader(): Promise<KubernetesApi> {
    const { out, code } = await podtrustHere(["manifests", "publisher-rbac"]);
    assert.equal(code, 0);
    // Kubernetes lets every ServiceAccount read the two paths unless an operator takes that away, as here.
    await plane.kubectl(["delete", "clusterrolebinding", "system:service-account-issuer-discovery"]);
    await admin.createNamespace("podtrust");
    await admin.createServiceAccount("podtrust", "podtrust-publisher");
    const own = { audiences: [issuer], expirationSeconds: 3600 };
    const { token } = await admin.requestToken("podtrust", "podtrust-publisher", own);
    const [tokenFile, caFile] = [join(folder, "publisher.token"), join(folder, "cluster.pem")];
    await writeFile(tokenFile, token, { mode: 0o600 });
    await writeFile(caFile, plane.ca);
    const api = await openKubernetes({ server: plane.server, tokenFile, caFile });
    // The authorizer follows the API by a watch.
    const answers = (status: number): Promise<true> =>
      until(
        `the JWK Set is answered with ${status}`,
        async () => (await api.get(paths.jwks)).status === status,
      );
    await answers(403);
    await assert.rejects(api.oidcDocuments(), { code: "cluster-forbidden" });
    await plane.kubectl(["apply", "--server-side", "-f", "-"], out);
    await answers(200);
    return api;
  }

  async function publish(): Promise<Publisher> {
    const leaf = await authority.issue([host]);
    const certificates = new FakeCertificates(leaf, Date.now() + day);
    const cacheControl = "public, max-age=1";
    const started = await startPublisher({
      issuers: [{ stack: "prod", issuer, cluster: reader, certificates, cacheControl }],
      listen: { https: [{ host: "127.0.0.1", port: 0 }], admin: false },
      stateDir: join(folder, "publisher"),
      clock: systemClock,
      logger: silentLogger,
    });
    await started.ready(AbortSignal.timeout(maxWait));
    return started;
  }

  /** Makes AWS trust the issuer, as `up` does. */
  async function trust(): Promise<void> {
    const file = join(folder, "podtrust.yaml");
    const yaml = chainYaml(issuer, plane.adminKubeconfig);
    await writeFile(file, yaml);
    const open = (access: AwsAccess): AwsSession =>
      openAws({ ...access, endpoint: sandbox.url, credentials: sandbox.admin });
    const { signal } = new AbortController();
    const config = await parseConfig(yaml, file, {});
    const stack = await openStack({ config, env: {}, clock: systemClock, signal, route, open });
    const { failed } = await stack.apply(await stack.plan());
    stack.close();
    assert.deepEqual(failed, []);
  }

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "podtrust-api-version-"));
    authority = await testAuthority();
    plane = await startControlPlane({ version, issuer, jwksUri: `${issuer}${paths.jwks}` });
    admin = await openKubernetes({ kubeconfig: plane.adminKubeconfig });
    await admin.createNamespace("aws-test");
    reader = await leastReader();
    publisher = await publish();
    const rule = `${host}:443:127.0.0.1:${publisher.addresses.https[0]?.port}`;
    route = { ca: authority.root, connectTo: [parseConnectTo(rule)] };
    await writeFile(join(folder, "root.pem"), authority.root);
    flags = ["--connect-to", rule, "--ca", join(folder, "root.pem")];
    sandbox = await startSandbox({ account, ...route, propagationMs: 0 });
    await trust();
  });

  after(async () => {
    await sandbox.close();
    await publisher.close(0);
    await plane.stop();
    await rm(folder, { recursive: true });
  });

  const published = (path: string): Promise<HttpResponse> => request(`${issuer}${path}`, route);

  /** The published document, which says what the API server's does; the keys of a set have no order. */
  async function same(path: string): Promise<unknown> {
    const [theirs, ours] = [await admin.get(path), await published(path)];
    assert.deepEqual([theirs.status, ours.status], [200, 200], path);
    assert.equal(ours.headers["content-type"], theirs.headers["content-type"], path);
    const [document, rendered] = [theirs.body, ours.body].map(unordered);
    assert.deepEqual(rendered, document, path);
    return rendered;
  }

  const mint = (audience = "sts.amazonaws.com"): Promise<string> =>
    plane.requestToken("aws-test", "demo-service-account", audience, 600);

  async function assume(token: string): Promise<string | undefined> {
    const sts = new STSClient({ endpoint: sandbox.url, region: "eu-central-1", maxAttempts: 1 });
    try {
      const input = { RoleArn: `arn:aws:iam::${account}:role/k3s-demo-app`, RoleSessionName: version };
      const command = new AssumeRoleWithWebIdentityCommand({ ...input, WebIdentityToken: token });
      return (await sts.send(command)).AssumedRoleUser?.Arn;
    } finally {
      sts.destroy();
    }
  }

  const identity = `arn:aws:sts::${account}:assumed-role/k3s-demo-app/${version}`;

  test("is ready, and says which version it is", async () => {
    assert.equal((await plane.ask("/readyz")).text, "ok");
    const said = JSON.parse((await plane.ask("/version")).text) as Record<string, string>;
    assert.equal(said["gitVersion"], `v${kubernetesVersion(version)}`);
    assert.equal(`${said["major"]}.${said["minor"]}`, version);
  });

  test("what we publish is what it renders", async () => {
    const discovery = (await same(paths.discovery)) as { issuer: string; jwks_uri: string };
    assert.deepEqual([discovery.issuer, discovery.jwks_uri], [issuer, `${issuer}${paths.jwks}`]);
    const { keys } = (await same(paths.jwks)) as Keys;
    assert.deepEqual(
      keys.map(({ kid, alg }) => [kid, alg]),
      [[plane.keys().signer.kid, "RS256"]],
    );
  });

  test("the printed rights are all that the publisher has", async () => {
    assert.equal((await reader.selfSubject()).username, "system:serviceaccount:podtrust:podtrust-publisher");
    assert.equal(await reader.canDoAnything(), false);
    for (const path of [
      "/api/v1/namespaces",
      "/api/v1/namespaces/podtrust/secrets",
      "/api/v1/namespaces/podtrust/serviceaccounts",
      "/metrics",
      "/openid/v1/other",
    ]) {
      assert.equal((await reader.get(path)).status, 403, path);
    }
    await assert.rejects(
      reader.requestToken("podtrust", "podtrust-publisher", { audiences: ["a"], expirationSeconds: 600 }),
      { code: "cluster-forbidden" },
    );
  });

  test("the demo's objects are applied, and every field of them is ours", async () => {
    const env = {
      AWS_ENDPOINT_URL: sandbox.url,
      AWS_ACCESS_KEY_ID: sandbox.admin.accessKeyId,
      AWS_SECRET_ACCESS_KEY: sandbox.admin.secretAccessKey,
    };
    const file = join(folder, "podtrust.yaml");
    const { err } = await podtrustChild(["apply", "demo", "-f", file, "--timeout", "1", ...flags], { env });
    // There is no Job controller here.
    assert.match(err, /did not end in time: the Job controller has made no pod yet/u);
    for (const [kind, name] of [
      ["ServiceAccount", "demo-service-account"],
      ["Job", "demo-app"],
    ] as const) {
      const made = await admin.read({ kind, namespace: "aws-test", name });
      const { managedFields = [] } = (made?.metadata ?? {}) as {
        managedFields?: { manager: string; operation: string }[];
      };
      assert.deepEqual(
        managedFields.map(({ manager, operation }) => [manager, operation]),
        [["podtrust", "Apply"]],
        kind,
      );
    }
  });

  test("STS takes its token, and none for another audience or ServiceAccount", async () => {
    assert.equal(await assume(await mint()), identity);
    await assert.rejects(assume(await mint("other")), { Code: "InvalidIdentityToken" });
    await admin.createServiceAccount("aws-test", "another");
    const other = await plane.requestToken("aws-test", "another", "sts.amazonaws.com", 600);
    await assert.rejects(assume(other), { Code: "AccessDenied" });
  });

  test("the signing key is rotated with both published, and the tokens of both are taken", async () => {
    const [old, earlier] = [plane.keys().signer, await mint()];
    const fresh = plane.createKey("ES256");
    await plane.useKeys({ signer: fresh, verifiers: [old, fresh] });
    await publisher.refresh();
    const { keys } = (await same(paths.jwks)) as Keys;
    assert.deepEqual(keys.map(({ kid }) => kid).sort(), [old.kid, fresh.kid].sort());
    await same(paths.discovery);
    // STS may hold the earlier JWK Set for as long as our Cache-Control says.
    await sleep(1100);
    assert.deepEqual([await assume(await mint()), await assume(earlier)], [identity, identity]);
  });
}

for (const version of testedVersions) describe(`Kubernetes ${version}`, { skip }, () => suite(version));
