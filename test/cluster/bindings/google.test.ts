/** Bindings at Google: what a real API server takes and refuses of them, and the operator's process at the stand-in for Google. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { recordOf, recordsOf, systemClock } from "../../../src/core/base/index.ts";
import { operatorManifests } from "../../../src/operator/index.ts";
import { googleManifests } from "../../../src/rules/bindings/gcp/index.ts";
import { bindingManifests, partyNames } from "../../../src/rules/bindings/index.ts";
import { type StandInGoogle, startStandInGoogle } from "../../../src/sandbox/gcp.ts";
import {
  googleBinding,
  googleTrust,
  grantedGoogle,
  longNamespace,
  malformedGoogle,
  ungrantedGoogle,
} from "../../support/bindings/google.ts";
import { mainFile, podtrustHere } from "../../support/cli.ts";
import { type ControlPlane, freePorts, leftOut, startControlPlane } from "../harness/index.ts";
import { apply, create, until } from "./plane.ts";
import { maxWaitFlag } from "../../support/until.ts";

const issuer = "https://oidc.example.test";
const namespaces = ["podtrust", "shop", "other", "team-a", longNamespace];
const provider =
  "https://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/bindings/providers/cluster";
const email = "web-front@shop-project.iam.gserviceaccount.com";

describe("bindings at Google on a real API server", { skip: leftOut() }, () => {
  let plane: ControlPlane;
  let google: StandInGoogle;
  let folder = "";
  let operator: ChildProcess | undefined;
  let said = "";

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "podtrust-google-plane-"));
    plane = await startControlPlane({ issuer });
    google = await startStandInGoogle({
      project: "shop-project",
      delays: { grant: 0, revoke: 0, upload: 0 },
    });
    for (const name of namespaces) await plane.kubectl(["create", "namespace", name]);
    await apply(plane, [
      ...operatorManifests({ namespace: "podtrust", name: "podtrust-operator", evict: false }),
      ...bindingManifests({ rows: [googleManifests] }),
    ]);
    await plane.kubectl(["wait", "--for=condition=Established", "crd", "--all", maxWaitFlag]);
    const trusted = await until(
      "the API of trusts",
      () => create(plane, googleTrust()),
      ({ status }) => status !== 404,
    );
    assert.equal(trusted.status, 201, trusted.text);
    const stranger = googleBinding({ email }, { namespace: "podtrust" });
    await until(
      "the guard of grants",
      () => create(plane, stranger, { dryRun: true }),
      ({ text }) => text.includes("no grant of GCPTrust default"),
    );
    const kept = googleBinding({ email });
    await until(
      "the finalizer of bindings",
      () => create(plane, kept, { dryRun: true }),
      ({ text }) => text.includes(partyNames.gcp.finalizer),
    );
  });

  after(async () => {
    operator?.kill("SIGKILL");
    await google?.close();
    await plane?.stop();
    await rm(folder, { recursive: true });
  });

  for (const { name, object, server } of malformedGoogle)
    test(`refuses ${name}`, async () => {
      const { status, text } = await create(plane, object, { dryRun: true });
      assert.equal(status, 422, text);
      assert.match(text, server);
    });

  for (const { name, object, server } of ungrantedGoogle)
    test(`denies a binding ${name}`, async () => {
      const { status, text } = await create(plane, object, { dryRun: true });
      assert.equal(status, 403, text);
      assert.match(text, /ValidatingAdmissionPolicy 'podtrust-grants-gcp'/u);
      assert.match(text, server);
    });

  for (const { name, object } of grantedGoogle)
    test(`takes a binding: ${name}`, async () => {
      const { status, text } = await create(plane, object, { dryRun: true });
      assert.equal(status, 201, text);
    });

  test("podtrust wait bindings waits for these kinds, where AWS's are not installed", async () => {
    const args = ["wait", "bindings", "--json", "--kubeconfig", plane.adminKubeconfig];
    const { code, out, err } = await podtrustHere(args, { clock: systemClock });
    assert.equal(code, 0, err);
    assert.deepEqual(recordOf(JSON.parse(out))["kinds"], ["GCPServiceAccountBinding"]);
  });

  test("podtrust bind --for gcp --apply is judged by the guard of these kinds", async () => {
    const args = ["bind", "other/web", "--for", "gcp", "--existing", email, "--apply"];
    const { code, err } = await podtrustHere([...args, "--kubeconfig", plane.adminKubeconfig]);
    assert.equal(code, 1);
    assert.match(err, /'podtrust-grants-gcp'.*no grant of GCPTrust default/u);
  });

  test("gives the operator tokens of others for a provider of Google's, and for nobody else", async () => {
    await plane.kubectl(["create", "serviceaccount", "-n", "shop", "other"]);
    const own = await plane.requestToken("podtrust", "podtrust-operator", issuer);
    const ask = (audience: string, expirationSeconds = 600) =>
      plane.ask("/api/v1/namespaces/shop/serviceaccounts/other/token", {
        method: "POST",
        token: own,
        body: {
          apiVersion: "authentication.k8s.io/v1",
          kind: "TokenRequest",
          spec: { audiences: [audience], expirationSeconds },
        },
      });
    assert.equal((await ask(provider)).status, 201);
    for (const other of [issuer, `${provider}/x`, `https://evil.example/${provider}`]) {
      const { status, text } = await ask(other);
      assert.equal(status, 403, text);
      assert.match(text, /a provider of Google's only/u);
    }
    assert.equal((await ask(provider, 3600)).status, 403);
  });

  test("has an operator with rights for these kinds and not for AWS's", async () => {
    const can = (resource: string): Promise<string> =>
      plane
        .kubectl([
          "auth",
          "can-i",
          "list",
          resource,
          "-A",
          "--as=system:serviceaccount:podtrust:podtrust-operator",
        ])
        .catch(() => "no");
    assert.match(await can("gcpserviceaccountbindings.podtrust.dev"), /^yes/u);
    assert.match(await can("awsrolebindings.podtrust.dev"), /no/u);
  });

  async function start(): Promise<void> {
    const jwksJson = (await plane.ask("/openid/v1/jwks")).text;
    google.seed({
      pools: [{ id: "bindings", providers: [{ id: "cluster", oidc: { issuerUri: issuer, jwksJson } }] }],
      serviceAccounts: [{ id: "web-front" }],
    });
    const credentials = join(folder, "credentials.json");
    await writeFile(credentials, JSON.stringify(google.adminFile));
    const token = await plane.requestToken("podtrust", "podtrust-operator", issuer);
    const [port = 0] = await freePorts(1);
    const options = ["--kubeconfig", plane.kubeconfigWithToken(token), "--no-canary"];
    const address = ["--listen", `127.0.0.1:${port}`];
    const args = [mainFile, "operator", "run", "--bindings", "--for", "gcp", ...options, ...address];
    operator = spawn(process.execPath, args, {
      stdio: ["ignore", "ignore", "pipe"],
      env: {
        PATH: process.env["PATH"],
        GOOGLE_APPLICATION_CREDENTIALS: credentials,
        CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM: google.url,
        CLOUDSDK_API_ENDPOINT_OVERRIDES_STS: google.url,
        CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS: google.url,
      },
    });
    operator.stderr?.setEncoding("utf8").on("data", (text: string) => (said = (said + text).slice(-20_000)));
  }

  async function members(): Promise<readonly unknown[]> {
    const answer = await fetch(`${google.url}/v1/projects/-/serviceAccounts/${email}:getIamPolicy`, {
      method: "POST",
      headers: { authorization: `Bearer ${google.adminToken}` },
    });
    return recordsOf(recordOf(await answer.json())["bindings"]).flatMap((one) => one["members"]);
  }

  const ready = (): Promise<string> => {
    const path = `jsonpath={.status.conditions[?(@.type=="Ready")].reason}`;
    return plane.kubectl(["get", "gsab", "-n", "shop", "web", "-o", path]);
  };

  test("podtrust operator run --bindings --for gcp makes the member, annotates, proves it, and takes the member out again", async () => {
    await plane.kubectl(["create", "serviceaccount", "-n", "shop", "web"]);
    assert.equal((await create(plane, googleBinding({ email }))).status, 201);
    await start();
    await until("the binding is Ready", ready, (reason) => reason === "GoogleAccepted").catch(
      (error: unknown) => {
        throw new Error(said, { cause: error });
      },
    );
    assert.match((await members()).join(), /subject\/system:serviceaccount:shop:web$/u);
    const account = await plane.kubectl(["get", "serviceaccount", "-n", "shop", "web", "-o", "yaml"]);
    assert.match(account, new RegExp(`cloud.google.com/service-account-email: ${email}`, "u"));
    await plane.kubectl(["delete", "gsab", "-n", "shop", "web", maxWaitFlag]);
    assert.deepEqual(await members(), []);
    operator?.kill("SIGTERM");
    if (operator !== undefined) assert.deepEqual(await once(operator, "exit"), [0, null], said);
  });
});
