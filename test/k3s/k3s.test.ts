/** Real k3s and Cilium, by `podtrust up`, then `adopt` and `rotate`, on a machine that can download them (test/k3s/machine.ts says which). */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { CliResult } from "../support/cli.ts";
import { adoptAndRotate, podtrustIn, podtrustUntil } from "./live-cluster.ts";
import {
  issuer,
  k3sConfig,
  k3sServer,
  kubeconfigIn,
  type K3sMachine,
  k3sMachine,
  whyNoK3s,
} from "./machine.ts";
import { freePort } from "../support/free-port.ts";
import { metadataAddress, metadataPort, otherAddress, startMetadata, stopMetadata } from "./metadata.ts";

const missing = await whyNoK3s();

const pod = `
apiVersion: v1
kind: Pod
metadata: {name: podtrust-probe, namespace: default}
spec:
  restartPolicy: Never
  containers:
    - name: probe
      image: busybox:1.37
      command: [sleep, "3600"]
`;

describe("real k3s and Cilium", { skip: missing ?? false, concurrency: 1, timeout: 2_400_000 }, () => {
  let folder: string;
  let machine: K3sMachine;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "podtrust-test-k3s-"));
    machine = await k3sMachine(folder);
    await writeFile(join(folder, "podtrust.yaml"), k3sConfig(machine));
  });
  after(async () => {
    // What a test that failed left is taken away too.
    await podtrust("down", "--yes");
    await asRoot(stopMetadata);
    await machine.release();
    await rm(folder, { recursive: true, force: true });
  });

  /** The person's own keys and agent. */
  const environment = () => ({
    ...process.env,
    XDG_STATE_HOME: join(folder, "state"),
    NODE_NO_WARNINGS: "1",
  });
  const podtrust = (...args: string[]): Promise<CliResult> => podtrustIn(folder, environment(), args);

  const quoted = (script: string): string => `'${script.replaceAll("'", String.raw`'\''`)}'`;
  const asRoot = (script: string): Promise<CliResult> =>
    podtrust("ssh", "--", `${machine.user === "root" ? "" : "sudo -n "}sh -c ${quoted(script)}`);
  const kubectl = (words: string): Promise<CliResult> => asRoot(`k3s kubectl ${words}`);

  test("plan shows a system and k3s that are to be made", async () => {
    const { code, out, err } = await podtrust("plan");
    assert.equal(code, 0, err);
    assert.match(out, /host\/k3s-test\/k3s/u);
  });

  test("up makes it a cluster, and the running API server has the flags: a second plan finds nothing", async () => {
    const { code, err } = await podtrust("up", "--yes");
    assert.equal(code, 0, err);
    const check = await podtrust("plan", "--check");
    assert.equal(check.code, 0, check.out + check.err);
  });

  test("the API server's discovery document has the issuer, and its keys at the issuer's address", async () => {
    const { out, err } = await kubectl("get --raw /.well-known/openid-configuration");
    assert.ok(out !== "", err);
    const document = JSON.parse(out) as { issuer: string; jwks_uri: string };
    assert.deepEqual([document.issuer, document.jwks_uri], [issuer, `${issuer}/openid/v1/jwks`]);
  });

  test("Cilium makes the network: a pod comes up and reaches the API by its service", async () => {
    await asRoot(`k3s kubectl apply -f - <<'END'\n${pod}\nEND`);
    const up = await kubectl("wait --for=condition=Ready pod/podtrust-probe --timeout=600s");
    assert.equal(up.code, 0, up.err);
    const agents = await kubectl("-n kube-system get daemonset cilium -o 'jsonpath={.status.numberReady}'");
    assert.equal(agents.out.trim(), "1", agents.err);
    const { code, err } = await kubectl("exec podtrust-probe -- nc -z -w 10 kubernetes.default.svc 443");
    assert.equal(code, 0, err);
  });

  test("a pod is denied the cloud's metadata address, and not what is beside it", async () => {
    const made = await asRoot(startMetadata);
    assert.equal(made.code, 0, made.err);
    const ask = (address: string): Promise<CliResult> =>
      kubectl(`exec podtrust-probe -- wget -q -T 10 -O - http://${address}:${metadataPort}/`);
    const beside = await ask(otherAddress);
    assert.equal(beside.out.trim(), "metadata", beside.err);
    const metadata = await ask(metadataAddress);
    assert.notEqual(metadata.code, 0, metadata.out);
    assert.doesNotMatch(metadata.out, /metadata/u);
  });

  test("adopt gives the running cluster another issuer and takes it back, and rotate has it sign with another key", async () => {
    const port = await freePort();
    const env = environment();
    const tunnel = await podtrustUntil(
      folder,
      env,
      ["tunnel", "--port", String(port)],
      /export KUBECONFIG=/u,
    );
    try {
      await adoptAndRotate({
        folder: join(folder, "adopted"),
        env,
        kubeconfig: kubeconfigIn(tunnel.said()),
        servers: k3sServer(machine),
        issuer,
      });
    } finally {
      await tunnel.end();
    }
  });

  test("down leaves neither k3s nor Cilium's interfaces, and the machine is still reached", async () => {
    const { code, err } = await podtrust("down", "--yes");
    assert.equal(code, 0, err);
    const { out } = await asRoot(
      "ls /usr/local/bin/k3s /etc/rancher 2>/dev/null; ip -o link | grep cilium; echo reached",
    );
    assert.equal(out.trim(), "reached");
  });
});
