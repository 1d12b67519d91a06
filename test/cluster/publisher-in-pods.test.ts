/** The publisher as `podtrust manifests publisher` deploys it: real pods, a real CA, and a client that keeps asking. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { kubernetesKid } from "../../src/rules/keys/index.ts";
import { podtrustChild } from "../support/cli.ts";
import {
  type Cluster,
  freePorts,
  type Pebble,
  podsLeftOut,
  podtrustImage,
  startCluster,
  startPebble,
  writePodtrustImages,
} from "./harness/index.ts";
import { askingClient, type Tally, tallyOf } from "./pods/asking-client.ts";
import { maxWaitFlag, until } from "../support/until.ts";

const skip = podsLeftOut();
const host = "oidc.example.com";
const issuer = `https://${host}`;
const gateway = "10.244.0.1";
const user = "system:serviceaccount:podtrust:podtrust-publisher";

describe("the publisher in the cluster", { skip }, () => {
  let folder: string;
  let cluster: Cluster;
  let pebble: Pebble;
  const ending = new AsyncDisposableStack();

  const kubectl = (...args: readonly string[]): Promise<string> =>
    cluster.kubectl(["--namespace=podtrust", ...args]);
  const logs = (...more: readonly string[]): Promise<string> =>
    kubectl("logs", "-l", "app.kubernetes.io/name=podtrust-publisher", "--tail=300", ...more);
  /** What Kubernetes and the pods say, for the error of a test. */
  const said = async (what: string, cause?: unknown): Promise<Error> => {
    const parts = [await kubectl("describe", "pods").catch(String), await logs("--prefix").catch(String)];
    return new Error([what, ...parts].join("\n"), { cause });
  };
  const rolledOut = async (): Promise<void> => {
    const wait = ["rollout", "status", "deployment/podtrust-publisher", maxWaitFlag];
    await kubectl(...wait).catch(async (error: unknown) => {
      throw await said("the pods are not ready", error);
    });
  };
  /** Of the publisher itself: the Job that makes the store's key has a pod too. */
  const podNames = async (): Promise<readonly string[]> => {
    const names = await kubectl("get", "pods", "--output=jsonpath={.items[*].metadata.name}");
    return names.split(" ").filter((name) => !name.includes("-store-key-"));
  };
  const seen = async (): Promise<Tally> => tallyOf(await cluster.kubectl(["logs", "asking", "--tail=1"]));

  const untilHere = (what: string, holds: () => Promise<boolean>): Promise<boolean> =>
    until(what, () => holds().catch(() => false), { everyMs: 200, detail: () => said(what) });

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "podtrust-publisher-pods-"));
    ending.defer(() => rmSync(folder, { recursive: true, force: true }));
    cluster = await startCluster({
      issuer,
      jwksUri: `${issuer}/openid/v1/jwks`,
      podAddresses: "their own",
      serverNames: ["10.96.0.1"],
    });
    ending.defer(() => cluster.stop());
    await cluster.node.importImage(writePodtrustImages(folder).file);
    const [http = 0, https = 0] = await freePorts(2);
    pebble = await startPebble({ httpPort: http, tlsPort: https, names: [gateway] });
    ending.defer(() => pebble.stop());
    const directory = `https://${await cluster.node.reach(Number(new URL(pebble.directoryUrl).port))}/dir`;
    writeFileSync(join(folder, "roots.pem"), pebble.tlsCa);
    const acme = { directory, caFile: "roots.pem" };
    const config = { stack: "prod", issuer, publisher: { pollInterval: "1s", https: { acme } } };
    writeFileSync(join(folder, "podtrust.yaml"), JSON.stringify(config));
    const args = ["manifests", "publisher", "-f", join(folder, "podtrust.yaml"), "--image", podtrustImage];
    const { out, err } = await podtrustChild(args);
    assert.equal(err, "");
    await cluster.kubectl(["apply", "-f", "-"], out);
    const address = await kubectl(
      "get",
      "service",
      "podtrust-publisher",
      "--output=jsonpath={.spec.clusterIP}",
    );
    await rolledOut();
    // Where the CA asks: what is a load balancer's address elsewhere.
    await cluster.node.lead(http, { host: address, port: 80 });
    await cluster.node.lead(https, { host: address, port: 443 });
    const client = askingClient({ image: podtrustImage, host, address, ca: pebble.root });
    await untilHere(
      "the first certificate",
      async () => (await logs()).split("every stack is published").length > 2,
    );
    await cluster.kubectl(["apply", "-f", "-"], client);
    await untilHere("the first answers", async () => (await seen()).asked > 20);
  });
  after(() => ending.disposeAsync());

  test("two pods serve one certificate, which one of them ordered", async () => {
    assert.equal((await podNames()).length, 2);
    const { certificates, failures } = await seen();
    assert.deepEqual([certificates.length, failures], [1, []]);
    assert.equal((await logs()).split("another process has obtained a certificate").length, 2);
  });

  test("a rolling update under load loses no request, and orders no certificate", async () => {
    const [earlier, pods] = [await seen(), await podNames()];
    await kubectl("rollout", "restart", "deployment/podtrust-publisher");
    await rolledOut();
    await untilHere("the end of the old pods", async () =>
      (await podNames()).every((pod) => !pods.includes(pod)),
    );
    const { asked, failures, certificates } = await seen();
    assert.deepEqual(failures, []);
    assert.deepEqual(certificates, earlier.certificates);
    assert.ok(asked > earlier.asked + 100, `${asked - earlier.asked} requests`);
  });

  test("a pod that is killed is missed by nobody for longer than it takes to lead past it", async () => {
    const [pod = ""] = await podNames();
    const { asked } = await seen();
    await kubectl("delete", "pod", pod, "--grace-period=0", "--force");
    await rolledOut();
    await untilHere("answers", async () => (await seen()).asked > asked + 100);
    assert.equal((await seen()).certificates.length, 1);
  });

  test("rights of the pods: two documents, their Secret and their Lease, by name, and nothing else", async () => {
    const may = async (...what: readonly string[]): Promise<boolean> =>
      (await kubectl("auth", "can-i", ...what, `--as=${user}`).catch(() => "no")).startsWith("yes");
    for (const allowed of [
      ["get", "secret/podtrust-publisher"],
      ["update", "secret/podtrust-publisher"],
      ["get", "lease/podtrust-publisher"],
      ["update", "lease/podtrust-publisher"],
      ["get", "/openid/v1/jwks"],
    ])
      assert.equal(await may(...allowed), true, allowed.join(" "));
    for (const refused of [
      ["get", "secret/another"],
      ["list", "secrets"],
      ["watch", "secrets"],
      ["create", "secrets"],
      ["delete", "secret/podtrust-publisher"],
      ["create", "leases"],
      ["get", "configmaps"],
      ["get", "pods"],
      ["create", "serviceaccounts/token"],
      ["impersonate", "users"],
    ])
      assert.equal(await may(...refused), false, refused.join(" "));
  });

  test("rotate in a pod says which keys are published", async () => {
    const [pod = ""] = await podNames();
    const script = ["/usr/local/bin/node", "/opt/podtrust/dist/cli/main.js"];
    const state = ["--state", "/dev/shm/podtrust"];
    const rotate = (...args: readonly string[]): Promise<string> =>
      kubectl("exec", pod, "--", ...script, "rotate", ...args, ...state);
    const { kid } = cluster.keys().signer;
    assert.match(await rotate("status"), new RegExp(kid, "u"));
  });

  test("all pods publish a key that a person hands over to one of them by kubectl exec, or by the Secret that they share", async () => {
    const keys = ["exec", "secret"].map((name) => {
      const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
      const file = join(folder, `${name}.pem`);
      writeFileSync(file, publicKey.export({ type: "spki", format: "pem" }));
      return { kid: kubernetesKid(publicKey), file };
    });
    const [byExec, bySecret] = keys;
    const script = ["/usr/local/bin/node", "/opt/podtrust/dist/cli/main.js", "rotate"];
    const state = ["--state", "/dev/shm/podtrust"];
    const [pod = ""] = await podNames();
    const handed = ["restore", byExec?.kid ?? "", "--public-key", "-", ...state];
    const pem = readFileSync(byExec?.file ?? "", "utf8");
    const exec = ["--namespace=podtrust", "exec", "-i", pod, "--", ...script, ...handed];
    assert.match(await cluster.kubectl(exec, pem), /was handed over to prod/u);
    const secret = { namespace: "podtrust", name: "podtrust-publisher" };
    const publisher = { store: { secret }, source: { kubeconfig: "unused" }, https: { acme: {} } };
    const config = { stack: "prod", issuer, cluster: { kubeconfig: cluster.adminKubeconfig }, publisher };
    const file = join(folder, "person.yaml");
    writeFileSync(file, JSON.stringify(config));
    const restore = [
      "rotate",
      "restore",
      bySecret?.kid ?? "",
      "--public-key",
      bySecret?.file ?? "",
      "-f",
      file,
    ];
    const { out, err } = await podtrustChild(restore);
    assert.equal(err, "");
    assert.match(out, /was handed over in Secret podtrust\/podtrust-publisher/u);
    for (const each of await podNames())
      await untilHere(`${each} publishes both`, async () => {
        const shown = await kubectl("exec", each, "--", ...script, "status", "--json", ...state);
        return keys.every(({ kid }) => shown.includes(kid));
      });
  });
});
