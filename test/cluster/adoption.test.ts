/**
 * What `podtrust adopt plan` and `status` gather, from real API servers and a sandbox's IAM. Static pods are objects here, as a
 * kubelet mirrors them; nothing runs in them.
 */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { parseConfig } from "../../src/config/index.ts";
import {
  type AdoptionReport,
  gatherAdoption,
  judgeAdoption,
} from "../../src/control-plane/adoption/index.ts";
import { openAws } from "../../src/providers/aws/index.ts";
import { openKubernetes } from "../../src/providers/kubernetes/index.ts";
import { defined, systemClock } from "../../src/core/base/index.ts";
import { type Sandbox, startSandbox } from "../../src/sandbox/index.ts";
import { testAuthority } from "../support/certificates.ts";
import { podtrustHere } from "../support/cli.ts";
import { type IssuerServer, startIssuer } from "../support/issuer-server.ts";
import { webIdentityTrust } from "../support/sandbox.ts";
import { type ControlPlane, leftOut, startControlPlane } from "./harness/index.ts";

const host = "oidc.example.com";
const ours = `https://${host}`;
const old = "https://bucket.example.com/prod";
const switched = Date.UTC(2026, 0, 2);
const iso = (at: number): string => new Date(at).toISOString();
const hour = 3_600_000;
const quiet = { waiting: () => {} };

describe("adoption of a real cluster", { skip: leftOut() }, () => {
  let plane: ControlPlane;
  let sandbox: Sandbox;
  let issuer: IssuerServer;
  let folder: string;
  let caFile: string;
  const authority = testAuthority();

  async function apply(object: object): Promise<void> {
    await plane.kubectl(["apply", "--validate=false", "-f", "-"], JSON.stringify(object));
  }

  async function statusOf(name: string, namespace: string, status: object): Promise<void> {
    const patch = JSON.stringify({ status });
    await plane.kubectl([
      "patch",
      "pod",
      name,
      "-n",
      namespace,
      "--subresource=status",
      "--type=merge",
      "-p",
      patch,
    ]);
  }

  /** A static pod's mirror, as a kubelet makes it. */
  async function mirrored(node: string, flags: readonly string[]): Promise<void> {
    const name = `kube-apiserver-${node}`;
    await plane.kubectl(["delete", "pod", name, "-n", "kube-system", "--ignore-not-found", "--force"]);
    await apply({
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        name,
        namespace: "kube-system",
        labels: { component: "kube-apiserver" },
        annotations: { "kubernetes.io/config.mirror": "x" },
      },
      spec: {
        nodeName: node,
        containers: [
          { name: "kube-apiserver", image: "kube-apiserver", command: ["kube-apiserver", ...flags] },
        ],
      },
    });
    await statusOf(name, "kube-system", {
      phase: "Running",
      containerStatuses: [
        {
          name: "kube-apiserver",
          image: "kube-apiserver",
          imageID: "",
          ready: true,
          restartCount: 0,
          state: { running: { startedAt: iso(switched) } },
        },
      ],
    });
  }

  async function pod(name: string, startedAt: number, sources: readonly object[]): Promise<void> {
    await apply({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, namespace: "shop" },
      spec: {
        serviceAccountName: "web",
        containers: [{ name: "web", image: "web" }],
        volumes: [{ name: "token", projected: { sources } }],
      },
    });
    await statusOf(name, "shop", { phase: "Running", startTime: iso(startedAt) });
  }

  const flags = (...issuers: readonly string[]): readonly string[] => [
    ...issuers.map((one) => `--service-account-issuer=${one}`),
    `--service-account-jwks-uri=${issuers[0]}/openid/v1/jwks`,
  ];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "podtrust-adoption-"));
    const { root } = await authority;
    caFile = join(folder, "ca.crt");
    await writeFile(caFile, root);
    plane = await startControlPlane({ issuer: old });
    issuer = await startIssuer(await authority, { host });
    const { keys } = JSON.parse((await plane.ask("/openid/v1/jwks")).text) as { keys: object[] };
    issuer.publish(keys);
    sandbox = await startSandbox({ ca: root, connectTo: issuer.connectTo, propagationMs: 0 });
    const arn = `arn:aws:iam::${sandbox.account}:oidc-provider/bucket.example.com/prod`;
    await sandbox.seed({
      providers: [{ url: old, audiences: ["sts.amazonaws.com"], thumbprints: ["a".repeat(40)] }],
      roles: [
        {
          name: "legacy",
          trustPolicy: JSON.parse(
            JSON.stringify(webIdentityTrust(arn)).replaceAll("oidc.example.com:", "bucket.example.com/prod:"),
          ) as object,
        },
      ],
    });

    for (const namespace of ["shop"]) await plane.kubectl(["create", "namespace", namespace]);
    await plane.kubectl(["create", "serviceaccount", "web", "-n", "shop"]);
    await mirrored("cp-1", flags(old));
    await mirrored("cp-2", [...flags(old), "--authentication-config=/etc/kubernetes/authentication.yaml"]);
    const aws = {
      serviceAccountToken: { path: "token", audience: "sts.amazonaws.com", expirationSeconds: 7200 },
    };
    await pod("before", switched - hour, [aws]);
    await pod("after", switched + hour, [aws]);
    await apply({
      apiVersion: "v1",
      kind: "Secret",
      type: "kubernetes.io/service-account-token",
      metadata: {
        name: "ci",
        namespace: "shop",
        annotations: { "kubernetes.io/service-account.name": "web" },
        labels: { "kubernetes.io/legacy-token-last-used": "2026-11-01" },
      },
      stringData: { token: `${Buffer.from('{"alg":"RS256","kid":"k-old"}').toString("base64url")}.e30.c2ln` },
    });
    await apply({
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "MutatingWebhookConfiguration",
      metadata: { name: "istio-sidecar-injector" },
      webhooks: [],
    });
  });
  after(async () => {
    await issuer?.close();
    await sandbox?.close();
    await plane?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const configText = (): string =>
    JSON.stringify({
      stack: "prod",
      issuer: ours,
      cluster: { kubeconfig: plane.adminKubeconfig },
      publisher: {
        source: { kubeconfig: plane.adminKubeconfig },
        formerIssuers: [old],
        https: { certificateFile: "a", keyFile: "b" },
      },
      aws: [
        { account: sandbox.account, region: "eu-central-1", audiences: ["sts.amazonaws.com"], roles: [] },
      ],
    });

  async function report(audiences?: readonly string[]): Promise<AdoptionReport> {
    const config = await parseConfig(configText(), join(folder, "podtrust.yaml"), { HOME: folder });
    const api = await openKubernetes({ kubeconfig: plane.adminKubeconfig }, { clock: systemClock });
    const reading = await gatherAdoption(
      {
        config,
        api,
        servers: [],
        route: { ca: (await authority).root, connectTo: issuer.connectTo },
        clock: systemClock,
        signal: new AbortController().signal,
        openAws: (access) => openAws({ ...access, endpoint: sandbox.url, credentials: sandbox.admin }),
        ...defined({ audiences }),
      },
      quiet,
    );
    return judgeAdoption(reading);
  }

  test("an AuthenticationConfiguration that cannot be read, and audiences that would be dropped, are refused", async () => {
    const { refusals, servers } = await report([ours]);
    assert.deepEqual(
      servers.map(({ name, issuers }) => [name, issuers]),
      [
        ["cp-1", [old]],
        ["cp-2", [old]],
      ],
    );
    assert.deepEqual(
      refusals.map(({ reason, server }) => `${reason} ${server}`),
      ["authentication-unread cp-2", "audience-dropped cp-1", "audience-dropped cp-2"],
    );
  });

  test("roles of others that trust the old issuer are listed with the statement to add, and adoption waits for them", async () => {
    const { accounts, next } = await report();
    assert.equal(next?.kind, "trust");
    assert.deepEqual("missing" in next ? next.missing : [], [
      `account ${sandbox.account} has no OIDC provider of the new issuer: podtrust up makes it`,
      `account ${sandbox.account}: others have to let the new issuer into legacy`,
    ]);
    const [role] = accounts[0]?.roles ?? [];
    assert.match(
      JSON.stringify(role?.statements),
      /oidc-provider\/oidc\.example\.com.*oidc\.example\.com:sub/u,
    );
    assert.doesNotMatch(JSON.stringify(role?.statements), /bucket\.example\.com/u);
  });

  test("who depends on the old issuer is named: tokens in Secrets with their key, and programs that check iss", async () => {
    const { dependents, unseen } = await report();
    assert.deepEqual(
      dependents.legacyTokens.map(({ secret, kid, lastUsed }) => [secret, kid, lastUsed]),
      [["ci", "k-old", "2026-11-01"]],
    );
    assert.deepEqual(
      dependents.checkers.map(({ product, foundBy }) => [product, foundBy]),
      [["Istio", "MutatingWebhookConfiguration istio-sidecar-injector"]],
    );
    // As long as the old issuer signs, no pod is younger than the switch.
    assert.deepEqual(
      [...new Set(dependents.oldTokens.tokens.map(({ pod: name }) => name))],
      ["after", "before"],
    );
    assert.match(unseen.join("\n"), /kubectl create token/u);
    assert.match(unseen.join("\n"), /each server's discovery document/u);
  });

  test("once every server signs as the new issuer, only pods from before the switch keep the old one from going", async () => {
    for (const node of ["cp-1", "cp-2"]) await mirrored(node, flags(ours, old));
    const { dependents, finish, steps } = await report();
    assert.deepEqual(
      steps.filter(({ kind }) => kind === "accept" || kind === "sign").map(({ done }) => done),
      [true, true, true, true],
    );
    const { tokens } = dependents.oldTokens;
    assert.deepEqual([...new Set(tokens.map(({ pod: name }) => name))], ["before"]);
    const ofTheCluster = tokens.find(({ audience }) => audience === undefined);
    assert.equal(ofTheCluster?.until, switched + 365 * 24 * hour);
    const [wait] = finish;
    assert.ok(wait !== undefined && "missing" in wait);
    assert.match(
      wait.missing.join(),
      /one pod may hold a token of an issuer of before until 2027-01-02T00:00Z, such as shop\/before/u,
    );
    await plane.kubectl(["delete", "pod", "before", "-n", "shop", "--force"]);
    assert.equal((await report()).finish[0]?.done, true);
  });

  test("a kubeconfig that may not list pods never says that no token lives", async () => {
    const config = await parseConfig(configText(), join(folder, "podtrust.yaml"), { HOME: folder });
    await plane.kubectl([
      "create",
      "clusterrole",
      "looks",
      "--verb=get,list",
      "--resource=leases,configmaps",
    ]);
    await plane.kubectl(["create", "clusterrolebinding", "looks", "--clusterrole=looks", "--user=looks"]);
    await plane.kubectl([
      "create",
      "role",
      "pods",
      "-n",
      "kube-system",
      "--verb=get,list",
      "--resource=pods",
    ]);
    await plane.kubectl([
      "create",
      "rolebinding",
      "pods",
      "-n",
      "kube-system",
      "--role=pods",
      "--user=looks",
    ]);
    const api = await openKubernetes(
      { kubeconfig: await plane.kubeconfigFor("looks") },
      { clock: systemClock },
    );
    const reading = await gatherAdoption(
      {
        config: { ...config, aws: [] },
        api,
        servers: [],
        route: { ca: (await authority).root, connectTo: issuer.connectTo },
        clock: systemClock,
        signal: new AbortController().signal,
      },
      quiet,
    );
    const { finish, unseen } = judgeAdoption(reading);
    assert.equal(finish[0]?.done, false);
    for (const part of [/^pods, and/mu, /^tokens in Secrets: /mu, /^what else checks issuers: /mu])
      assert.match(unseen.join("\n"), part);
  });

  test("podtrust adopt plan, run, status, undo and finish speak of it, and change nothing where cluster.servers is empty", async () => {
    const file = join(folder, "podtrust.yaml");
    const text = JSON.stringify({ ...(JSON.parse(configText()) as object), aws: undefined });
    await writeFile(file, text);
    for (const node of ["cp-1", "cp-2"]) await mirrored(node, flags(old));
    const run = (...words: readonly string[]) => {
      const [{ address, toPort } = { address: "", toPort: 0 }] = issuer.connectTo;
      const route = ["--connect-to", `${host}:443:${address}:${toPort}`, "--ca", caFile];
      return podtrustHere(["adopt", ...words, "-f", file, ...route], {
        env: { HOME: folder },
        clock: systemClock,
        cwd: folder,
      });
    };
    const plan = await run("plan");
    assert.equal(plan.code, 0, plan.err);
    for (const said of [
      /cp-1: signs as https:\/\/bucket/u,
      /cp-2: signs with the new issuer/u,
      /Tokens in Secrets/u,
      /Istio/u,
    ])
      assert.match(plan.out, said);
    const { next } = JSON.parse((await run("plan", "--json")).out) as {
      next: { kind: string; server: string };
    };
    assert.deepEqual([next.kind, next.server], ["accept", "cp-1"]);
    assert.equal((await run("status")).code, 3);
    const carried = await run("run", "--yes");
    assert.deepEqual([carried.code, /adoption-by-hand/u.test(carried.err)], [1, true], carried.err);
    const finished = await run("finish", "--yes");
    assert.match(finished.err, /adoption-waits/u);
    const undone = await run("undo", "--yes");
    assert.deepEqual([undone.code, undone.err], [0, ""]);
  });
});
