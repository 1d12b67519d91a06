/** `podtrust map` against a real API server: lists of all namespaces in pages, kinds that are not there, rights that lack. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { parse } from "yaml";
import { mapLimit, PodtrustError, systemClock } from "../../src/core/base/index.ts";
import { parseConfig } from "../../src/config/index.ts";
import { gatherMap, trustMap, type TrustMap } from "../../src/map/index.ts";
import { type AwsAccess, type AwsSession, openAws } from "../../src/providers/aws/index.ts";
import { type KubernetesApi, openKubernetes } from "../../src/providers/kubernetes/index.ts";
import { type Sandbox, startSandbox } from "../../src/sandbox/index.ts";
import { bindingPolicies, loadPartyManifests } from "../../src/rules/bindings/index.ts";
import { openStack } from "../../src/stack/index.ts";
import { testAuthority } from "../support/certificates.ts";
import { chainYaml } from "../support/chain-world.ts";
import { type IssuerServer, startIssuer } from "../support/issuer-server.ts";
import { account } from "../support/sandbox.ts";
import { maxWaitFlag, until } from "../support/until.ts";
import { type ControlPlane, leftOut, startControlPlane } from "./harness/index.ts";

describe("the trust map of a real API server", { skip: leftOut() }, () => {
  let folder: string;
  let plane: ControlPlane;
  let admin: KubernetesApi;
  let issuer: IssuerServer;
  let sandbox: Sandbox;
  let root: string;
  const { signal } = new AbortController();

  const open = (access: AwsAccess): AwsSession =>
    openAws({ ...access, endpoint: sandbox.url, credentials: sandbox.admin });

  /** The map as it is seen with a kubeconfig. */
  async function look(kubeconfig: string): Promise<TrustMap> {
    const config = await parseConfig(chainYaml(issuer.issuer, kubeconfig), join(folder, "podtrust.yaml"), {});
    const route = { ca: root, connectTo: issuer.connectTo };
    return trustMap(await gatherMap({ config, route, open, clock: systemClock, signal, env: {} }));
  }

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "podtrust-map-"));
    const authority = await testAuthority();
    ({ root } = authority);
    issuer = await startIssuer(authority);
    plane = await startControlPlane({ issuer: issuer.issuer, jwksUri: `${issuer.issuer}/openid/v1/jwks` });
    admin = await openKubernetes({ kubeconfig: plane.adminKubeconfig });
    const { jwks } = await admin.oidcDocuments();
    issuer.publish((JSON.parse(jwks.toString()) as { keys: object[] }).keys);
    for (const name of ["aws-test", "many"]) await admin.createNamespace(name);
    await admin.createServiceAccount("aws-test", "demo-service-account");
    const names = Array.from({ length: 260 }, (_, index) => `account-${index}`);
    await mapLimit(names, (name) => admin.createServiceAccount("many", name));
    sandbox = await startSandbox({ account, ca: root, connectTo: issuer.connectTo, propagationMs: 0 });
    const config = await parseConfig(
      chainYaml(issuer.issuer, plane.adminKubeconfig),
      join(folder, "podtrust.yaml"),
      {},
    );
    const route = { ca: root, connectTo: issuer.connectTo };
    const stack = await openStack({ config, env: {}, clock: systemClock, signal, route, open });
    const { failed } = await stack.apply(await stack.plan());
    stack.close();
    assert.deepEqual(failed, []);
  });

  after(async () => {
    await sandbox?.close();
    await issuer?.close();
    await plane?.stop();
    rmSync(folder, { recursive: true });
  });

  test("has every ServiceAccount of every page, its pods, and no complaint of bindings that are not installed", async () => {
    const found = await admin.list({ kind: "ServiceAccount", limit: 1000 });
    assert.ok(found.filter(({ metadata }) => metadata.namespace === "many").length >= 260);
    await admin.create({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "demo", namespace: "aws-test" },
      spec: {
        serviceAccountName: "demo-service-account",
        containers: [{ name: "app", image: "none.invalid/app" }],
      },
    });
    const map = await look(plane.adminKubeconfig);
    assert.deepEqual(map.unseen, []);
    assert.deepEqual(map.findings, []);
    assert.equal(map.access[0]?.proof?.outcome, "accepted");
    const who = map.nodes.find(({ kind }) => kind === "service-account");
    assert.deepEqual([who?.exists, who?.pods], [true, 1]);
  });

  test("has bindings of every kind that is installed, and says of each whether it is Ready", async () => {
    const rows = await loadPartyManifests(["aws", "gcp"]);
    const items = bindingPolicies(rows).filter(
      (one) => (one as { readonly kind: string }).kind === "CustomResourceDefinition",
    );
    const list = JSON.stringify({ apiVersion: "v1", kind: "List", items });
    await plane.kubectl(["apply", "--server-side", "-f", "-"], list);
    await plane.kubectl(["wait", "--for=condition=Established", "crd", "--all", maxWaitFlag]);
    const email = "web@shop-project.iam.gserviceaccount.com";
    const binding = {
      apiVersion: "podtrust.dev/v1alpha1",
      kind: "GCPServiceAccountBinding",
      metadata: { name: "demo-service-account", namespace: "aws-test" },
    };
    const reason = { reason: "EmailNotGranted", message: "no grant names it" };
    const lastTransitionTime = "2026-11-28T12:00:00Z";
    const conditions = [{ type: "Ready", status: "False", ...reason, lastTransitionTime }];
    await until("the kind is served", () =>
      admin.apply({ ...binding, spec: { email } }, { fieldManager: "test" }).catch((error: unknown) => {
        const passes = ["cluster-not-found", "cluster-not-ready"];
        if (error instanceof PodtrustError && passes.includes(error.code)) return undefined;
        throw error;
      }),
    );
    const options = { fieldManager: "test", subresource: "status" } as const;
    await admin.apply({ ...binding, status: { emails: [email], conditions } }, options);
    const map = await look(plane.adminKubeconfig);
    assert.deepEqual(map.unseen, []);
    assert.deepEqual(map.bindings, [
      {
        ...binding.metadata,
        kind: binding.kind,
        becomes: [email],
        ready: { status: "False", ...reason },
      },
    ]);
    assert.match(
      map.findings.map(({ text }) => text).join(),
      /GCPServiceAccountBinding aws-test\/demo-service-account is not Ready: EmailNotGranted: no grant/u,
    );
  });

  test("without rights it says which are lacking, and draws what IAM shows", async () => {
    const { token } = await admin.requestToken("many", "account-1", {
      audiences: "cluster",
      expirationSeconds: 600,
    });
    const kubeconfig = join(folder, "least");
    const whole = parse(readFileSync(plane.adminKubeconfig, "utf8")) as {
      users: { name: string; user: object }[];
    };
    const users = whole.users.map(({ name }) => ({ name, user: { token } }));
    writeFileSync(kubeconfig, JSON.stringify({ ...whole, users }), { mode: 0o600 });
    const map = await look(kubeconfig);
    assert.equal(map.access.length, 1);
    const said = map.unseen.map(({ what, why, next }) => `${what}: ${why} ${next ?? ""}`).join("\n");
    for (const plural of ["serviceaccounts", "pods", "awsrolebindings", "gcpserviceaccountbindings"])
      assert.match(said, new RegExp(plural, "u"));
    assert.doesNotMatch(said, /azureidentitybindings/u, "of what is not installed no right is lacking");
    assert.doesNotMatch(JSON.stringify(map), /eyJ[\w-]{20}/u);
    const who = map.nodes.find(({ kind }) => kind === "service-account");
    assert.deepEqual([who?.exists, who?.pods], [undefined, undefined]);
  });
});
