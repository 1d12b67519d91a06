/** The commands of the page on uninstalling, in their order, in a cluster that has every relying party, with the operator's process. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { recordOf, recordsOf } from "../../../src/core/base/index.ts";
import { partyNames } from "../../../src/rules/bindings/index.ts";
import { blocksOf } from "../../docs/pages.ts";
import { googleBinding, googleTrust } from "../../support/bindings/google.ts";
import { type StandInGoogle, startStandInGoogle } from "../../../src/sandbox/gcp.ts";
import { startSandbox, type Sandbox } from "../../../src/sandbox/index.ts";
import { account, bindingOf, roles, trustOf, trustSpec, webRole } from "../../support/bindings/objects.ts";
import { mainFile } from "../../support/cli.ts";
import { type ControlPlane, freePorts, leftOut } from "../harness/index.ts";
import { create, until } from "./plane.ts";
import { freshShell } from "./shell.ts";

const issuer = "https://oidc.example.test";
const parties = Object.values(partyNames);
// Of one account: the sandbox has no other.
const trust = trustOf({
  ...trustSpec,
  accounts: recordsOf(trustSpec["accounts"]).filter(({ id }) => id === account),
  grants: recordsOf(trustSpec["grants"]).slice(0, 1),
});
const bindings = [
  bindingOf(roles(webRole)),
  googleBinding({ email: "web-front@shop-project.iam.gserviceaccount.com" }),
];
const install = `
podtrust manifests operator --image any --config-maps --webhook --bindings --for aws azure gcp | kubectl apply --server-side -f -
podtrust manifests bindings --for aws azure gcp | kubectl apply --server-side -f -
for party in aws azure gcp; do
  podtrust manifests injection --for $party --mode configmap | kubectl apply --server-side -f -
done
podtrust manifests injection --for openbao | kubectl apply --server-side -f -
kubectl wait --for=condition=Established crd --all`;

/** What there is of podtrust's, by names. */
async function standing({ kubectl }: ControlPlane): Promise<readonly string[]> {
  const kinds =
    "mutatingadmissionpolicies,mutatingadmissionpolicybindings,validatingadmissionpolicies,validatingadmissionpolicybindings," +
    "mutatingwebhookconfigurations,clusterroles,clusterrolebindings,crd,configmaps";
  const all = await kubectl(["get", kinds, "--all-namespaces", "--output=name"]);
  return all.split("\n").filter((name) => name.includes("podtrust"));
}

/** The operator's process, with the rights that its manifests give it, and credentials of AWS and Google. */
async function startOperator(
  plane: ControlPlane,
  sandbox: Sandbox,
  google: StandInGoogle,
): Promise<ChildProcess> {
  const token = await plane.requestToken("podtrust", "podtrust-operator", issuer);
  const [port = 0] = await freePorts(1);
  const credentials = join(dirname(plane.adminKubeconfig), "google.json");
  await writeFile(credentials, JSON.stringify(google.adminFile));
  const what = ["--bindings", "--for", "aws", "azure", "gcp", "--config-maps", "--no-canary"];
  const where = ["--kubeconfig", plane.kubeconfigWithToken(token), "--listen", `127.0.0.1:${port}`];
  return spawn(process.execPath, [mainFile, "operator", "run", ...what, ...where], {
    stdio: "ignore",
    env: {
      PATH: process.env["PATH"],
      AWS_ENDPOINT_URL: sandbox.url,
      AWS_ACCESS_KEY_ID: sandbox.admin.accessKeyId,
      AWS_SECRET_ACCESS_KEY: sandbox.admin.secretAccessKey,
      GOOGLE_APPLICATION_CREDENTIALS: credentials,
      CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM: google.url,
      CLOUDSDK_API_ENDPOINT_OVERRIDES_STS: google.url,
      CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS: google.url,
    },
  });
}

/** What the controller of namespaces does, which does not run here: releases the namespace that is being deleted. */
async function emptied(plane: ControlPlane): Promise<void> {
  const path = "/api/v1/namespaces/podtrust";
  const { text } = await until(
    "the namespace goes",
    () => plane.ask(path),
    ({ text: said }) => said.includes("deletionTimestamp"),
  );
  const namespace = recordOf(JSON.parse(text));
  await plane.ask(`${path}/finalize`, { method: "PUT", body: { ...namespace, spec: { finalizers: [] } } });
}

describe("the page on uninstalling", { skip: leftOut() }, () => {
  test("leaves nothing of AWS, Azure, Google and OpenBao, and no object that waits for an operator that is gone", async (t) => {
    const { plane, bash } = await freshShell(t);
    await plane.kubectl(["create", "namespace", "shop"]);
    await bash(install);
    for (const object of [trust, googleTrust(), ...bindings])
      await until(
        "the API server takes it",
        () => create(plane, object),
        ({ status }) => status === 201,
      );
    // What the operator has marked so, it alone takes away again.
    for (const { binding, finalizer } of [partyNames.aws, partyNames.gcp]) {
      const marked = JSON.stringify({ metadata: { finalizers: [finalizer] } });
      await plane.kubectl(["patch", binding.plural, "web", "-n", "shop", "--type=merge", "-p", marked]);
    }
    for (const [name, annotation] of [
      ["aws", "eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/web"],
      [
        "gcp",
        "cloud.google.com/workload-identity-provider=projects/1/locations/global/workloadIdentityPools/pool/providers/prod",
      ],
      ["azure", "azure.workload.identity/client-id=11111111-2222-3333-4444-555555555555"],
    ] as const) {
      await plane.kubectl(["create", "serviceaccount", "-n", "shop", name]);
      await plane.kubectl(["annotate", "serviceaccount", "-n", "shop", name, annotation]);
    }

    const sandbox = await startSandbox({ account });
    t.after(() => sandbox.close());
    const google = await startStandInGoogle({
      project: "shop-project",
      delays: { grant: 0, revoke: 0, upload: 0 },
    });
    t.after(() => google.close());
    const jwksJson = (await plane.ask("/openid/v1/jwks")).text;
    google.seed({
      pools: [{ id: "bindings", providers: [{ id: "cluster", oidc: { issuerUri: issuer, jwksJson } }] }],
      serviceAccounts: [{ id: "web-front" }],
    });
    const operator = await startOperator(plane, sandbox, google);
    t.after(() => operator.kill("SIGKILL"));
    await until(
      "the operator's ConfigMaps",
      () => standing(plane),
      (all) => new Set(all.filter((name) => name.startsWith("configmap/"))).size === parties.length,
    );
    const lines = blocksOf("docs/how-to/uninstall.md")
      .filter(({ language }) => language === "sh")
      .flatMap(({ text }) => text.split("\n"));
    const own = lines.findIndex((line) => line.includes("podtrust manifests operator"));
    assert.ok(own > 0);
    // Nothing of a config's stack is here. The operator's process ends as its pods would.
    const here = (some: readonly string[]): string =>
      some.filter((line) => !/^(?:aws|podtrust (?:down|plan)) /u.test(line)).join("\n");
    await bash(here(lines.slice(0, own)));
    operator.kill("SIGTERM");
    await once(operator, "exit");
    const ended = bash(here(lines.slice(own)));
    await Promise.race([ended, emptied(plane)]);
    await ended;
    assert.deepEqual(await standing(plane), []);
  });
});
