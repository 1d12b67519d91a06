/** `init` at a real API server, and its printed flags given to that server. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { decodeJwt } from "jose";
import { loadConfig } from "../../src/config/index.ts";
import { openKubernetes } from "../../src/providers/kubernetes/index.ts";
import { podtrustScript, podtrustChild } from "../support/cli.ts";
import { type ControlPlane, leftOut, startControlPlane } from "./harness/index.ts";

const present = "https://kubernetes.default.svc.cluster.local";
const own = "https://oidc.example.com";

const issuerOf = (token: string): unknown => decodeJwt(token).iss;

describe("init at a real cluster", { skip: leftOut() }, () => {
  let plane: ControlPlane;
  let cwd: string;

  before(async () => {
    plane = await startControlPlane({ issuer: present, servers: 2 });
    cwd = await mkdtemp(join(tmpdir(), "podtrust-init-"));
  });
  after(async () => {
    await plane.stop();
    await rm(cwd, { recursive: true });
  });

  const init = (name: string) =>
    podtrustChild(
      ["init", "--cluster", "--issuer", own, "--account", "111122223333", "-f", `${name}.yaml`, "--json"],
      { cwd, env: { KUBECONFIG: plane.adminKubeconfig } },
    );

  /** A token of one API server, for the audiences that it takes itself. */
  async function tokenOf(server: number): Promise<string> {
    const path = "/api/v1/namespaces/default/serviceaccounts/app/token";
    const body = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} };
    const { text } = await plane.ask(path, { server, method: "POST", body });
    return (JSON.parse(text) as { status: { token: string } }).status.token;
  }

  async function statusAt(server: number, token: string): Promise<number> {
    const path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    const body = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" };
    return (await plane.ask(path, { server, method: "POST", body, token })).status;
  }

  test("a cluster of kubeadm is known by its config; while its two API servers get the printed flags, in their order, each accepts every token of both, and at the end both sign as ours", async () => {
    await plane.kubectl(["-n", "kube-system", "create", "configmap", "kubeadm-config"]);
    const { code, out, err } = await init("kubeadm");
    assert.equal(code, 0, err);
    const { apiServer } = JSON.parse(out) as {
      apiServer: {
        distribution: string;
        presentIssuer: string;
        instructions: readonly { readonly where: string; readonly lines: readonly string[] }[];
      };
    };
    assert.deepEqual([apiServer.distribution, apiServer.presentIssuer], ["kubeadm", present]);
    await plane.kubectl(["create", "serviceaccount", "app"]);
    const tokens = [await tokenOf(0)];
    const steps = apiServer.instructions.filter(({ where }) => where.startsWith("/etc/kubernetes/manifests"));
    for (const { lines } of steps)
      for (const server of plane.servers) {
        const flags = lines.map((line) => line.replace(/^ +- /u, ""));
        await server.restart(plane.keys(), flags);
        tokens.push(await tokenOf(0), await tokenOf(1));
        const statuses = await Promise.all(
          tokens.flatMap((token) => [statusAt(0, token), statusAt(1, token)]),
        );
        assert.deepEqual(
          statuses.filter((status) => status !== 201),
          [],
          `with ${flags.join(" ")}`,
        );
      }
    assert.deepEqual(
      [tokens.at(0), tokens.at(-2), tokens.at(-1)].map((token = "") => issuerOf(token)),
      [present, own, own],
    );
    assert.match(
      await readFile(join(cwd, "kubeadm.yaml"), "utf8"),
      /^issuer: https:\/\/oidc\.example\.com$/mu,
    );
    const again = await init("again");
    assert.match(again.out, /"presentIssuer": "https:\/\/oidc\.example\.com",\n +"instructions": \[\]/u);
  });

  test("the lines that it prints for the publisher, pasted into bash, give it a credential that reads the keys", async () => {
    const bin = join(cwd, "bin");
    await mkdir(bin);
    await symlink(plane.kubectlPath, join(bin, "kubectl"));
    const program = `#!/bin/sh\n${podtrustScript}\n`;
    await writeFile(join(bin, "podtrust"), program, { mode: 0o755 });
    const { out, err } = await init("pasted");
    const { next } = JSON.parse(out) as { next: readonly string[] };
    const lines = next.slice(0, next.indexOf("podtrust serve -f pasted.yaml &"));
    assert.equal(lines.length, 3, err);
    const env = { PATH: `${bin}:${process.env["PATH"]}`, KUBECONFIG: plane.adminKubeconfig };
    for (const line of lines) await promisify(execFile)("bash", ["-ec", line], { cwd, env });
    const { publisher } = await loadConfig(join(cwd, "pasted.yaml"), { HOME: cwd });
    assert.ok(publisher !== undefined);
    const api = await openKubernetes(publisher.source);
    const { keys } = JSON.parse((await api.oidcDocuments()).jwks.toString()) as { keys: readonly unknown[] };
    assert.equal(keys.length, 1);
    assert.equal(await api.canDoAnything(), false);
  });

  test("a node of kind tells that the cluster is kind's", async () => {
    const node = {
      apiVersion: "v1",
      kind: "Node",
      metadata: { name: "dev-control-plane" },
      spec: { providerID: "kind://docker/dev/dev-control-plane" },
    };
    await plane.kubectl(["apply", "-f", "-"], JSON.stringify(node));
    const { err } = await init("kind");
    assert.match(err, /cluster: kind v1\.36\./u);
  });

  test("somebody who may read nothing but the version is told the flags as the API server has them", async () => {
    const env = { KUBECONFIG: await plane.kubeconfigFor("nobody") };
    const args = [
      "init",
      "--cluster",
      "--issuer",
      "b.example.com",
      "--account",
      "111122223333",
      "-f",
      "c.yaml",
    ];
    const { code, out, err } = await podtrustChild(args, { cwd, env });
    assert.equal(code, 0, err);
    assert.match(err, /its issuer cannot be read/u);
    assert.match(
      out,
      /the command line of every API server:\n +--service-account-issuer=https:\/\/kubernetes\.\S+\n +--service-account-issuer=https:\/\/b\.example/u,
    );
  });
});
