/** The chart of deploy/chart by Helm itself: it renders what `podtrust manifests publisher` prints, and a release keeps what is shared. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { parseAllDocuments } from "yaml";
import { parseConfig } from "../../src/config/index.ts";
import {
  type Exposure,
  publisherObjects,
  type PublisherWish,
  publisherWish,
} from "../../src/publisher/index.ts";
import { buildPrograms, type ControlPlane, leftOut, startControlPlane } from "./harness/index.ts";

const skip = leftOut();
const run = promisify(execFile);
const chart = resolve(import.meta.dirname, "../../deploy/chart");
const issuer = "https://oidc.example.com";
const exposures: readonly Exposure[] = ["load-balancer", "node-port", "host-port"];
const ways = {
  "http-01": { https: { acme: { email: "ops@example.com" } } },
  "tls-alpn-01": { https: { acme: { challenge: "tls-alpn-01" } } },
  "the certificate of a Secret": {
    https: { certificateSecret: { namespace: "podtrust", name: "oidc-tls" } },
  },
  "a bucket": { s3: { bucket: "example-oidc", region: "eu-central-1" } },
} as const;
const s3Issuer = "https://example-oidc.s3.eu-central-1.amazonaws.com";

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

describe("the publisher's chart", { skip }, () => {
  let folder: string;
  let helmPath: string;
  let plane: ControlPlane | undefined;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "podtrust-chart-"));
    helmPath = (await buildPrograms()).helm;
  });
  after(async () => {
    await plane?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function helm(...args: readonly string[]): Promise<string> {
    const env = {
      PATH: process.env["PATH"] ?? "",
      HOME: folder,
      KUBECONFIG: plane?.adminKubeconfig ?? "/nonexistent",
    };
    const { stdout, stderr } = await run(helmPath, args, {
      env,
      timeout: 120_000,
      maxBuffer: 16 * 1024 * 1024,
    });
    return stdout + stderr;
  }

  async function wishOf(publisher: object, more: Partial<PublisherWish> = {}): Promise<PublisherWish> {
    const text = JSON.stringify({ stack: "prod", issuer: "s3" in publisher ? s3Issuer : issuer, publisher });
    const config = await parseConfig(text, join(folder, "podtrust.yaml"), {});
    return publisherWish(config, {
      namespace: "podtrust",
      name: "podtrust-publisher",
      image: "registry.example.com/podtrust:0.1.0",
      replicas: 2,
      expose: "load-balancer",
      apiServerPort: 6443,
      environmentSecret: "podtrust-publisher-environment",
      ...more,
    });
  }

  function valuesFile(wish: object): string {
    const file = join(folder, "values.json");
    writeFileSync(file, JSON.stringify(wish));
    return file;
  }

  const template = (values: string, ...more: readonly string[]): Promise<string> =>
    helm(
      "template",
      "podtrust",
      chart,
      "--namespace=podtrust",
      "--kube-version=1.36.3",
      `--values=${values}`,
      ...more,
    );

  const byKind = (objects: readonly Manifest[]): Readonly<Record<string, Manifest>> =>
    Object.fromEntries(objects.filter(({ kind }) => kind !== "Namespace").map((one) => [one.kind, one]));

  for (const [way, publisher] of Object.entries(ways)) {
    test(`renders what manifests print, object by object, in every exposure, with ${way}`, async () => {
      for (const expose of exposures) {
        const wish = await wishOf(publisher, { expose });
        const rendered = parseAllDocuments(await template(valuesFile(wish))).map(
          (document) => document.toJSON() as Manifest | null,
        );
        const printed = JSON.parse(JSON.stringify(publisherObjects(wish))) as readonly Manifest[];
        assert.deepEqual(byKind(rendered.filter((one) => one !== null)), byKind(printed), expose);
      }
    });
  }

  test("passes Helm's own lint, without values and with those of a config", async () => {
    const values = valuesFile(await wishOf(ways["http-01"]));
    assert.match(await helm("lint", chart), /1 chart\(s\) linted, 0 chart\(s\) failed/u);
    const strict = await helm("lint", "--strict", chart, `--values=${values}`, "--namespace=podtrust");
    assert.match(strict, /0 chart\(s\) failed/u);
  });

  test("values that are none are refused by name", async () => {
    const wish = await wishOf(ways["http-01"]);
    for (const [wrong, said] of [
      [{ replicas: 0 }, /replicas/u],
      [{ expose: "ingress" }, /expose/u],
      [{ replcias: 3 }, /replcias/u],
      [{ config: "" }, /config is empty: podtrust manifests publisher --values prints it/u],
      [{ namespace: "elsewhere" }, /the values are for the namespace elsewhere/u],
    ] as const)
      await assert.rejects(template(valuesFile({ ...wish, ...wrong })), said);
  });

  test("a release is installed and upgraded on a real API server, keeps certificates and locks of the version before, and its pods fit the restricted profile", async () => {
    plane = await startControlPlane({ issuer });
    const { ask, kubectl } = plane;
    const old = join(folder, "old");
    cpSync(chart, old, { recursive: true });
    const about = readFileSync(join(old, "Chart.yaml"), "utf8");
    writeFileSync(join(old, "Chart.yaml"), about.replace(/^version: .*$/mu, "version: 0.0.9"));
    const release = (verb: string, from: string, wish: object): Promise<string> =>
      helm(verb, "podtrust", from, "--namespace=podtrust", `--values=${valuesFile(wish)}`);
    await kubectl(["create", "namespace", "podtrust"]);
    const first = await wishOf(ways["http-01"]);
    await release("install", old, first);
    const read = async (path: string): Promise<Record<string, unknown>> =>
      JSON.parse((await ask(path)).text) as Record<string, unknown>;
    const secret = "/api/v1/namespaces/podtrust/secrets/podtrust-publisher";
    const lease = "/apis/coordination.k8s.io/v1/namespaces/podtrust/leases/podtrust-publisher";
    const deployment = "/apis/apps/v1/namespaces/podtrust/deployments/podtrust-publisher";
    const digestOf = (object: Record<string, unknown>): string =>
      /"podtrust\.io\/config-digest":"(\w+)"/u.exec(JSON.stringify(object))?.[1] ?? "";
    // What the publisher would have written by then.
    const patch = (kind: string, value: object): Promise<string> =>
      kubectl([
        "patch",
        kind,
        "podtrust-publisher",
        "-n",
        "podtrust",
        "--type=merge",
        "-p",
        JSON.stringify(value),
      ]);
    await patch("secret", { data: { "documents.prod": Buffer.from("kept").toString("base64") } });
    await patch("lease", { spec: { holderIdentity: "a-pod", leaseDurationSeconds: 15 } });
    const digest = digestOf(await read(deployment));
    // The API server's own admission judges a pod of this template by the restricted profile.
    await kubectl(["label", "namespace", "podtrust", "pod-security.kubernetes.io/enforce=restricted"]);
    const { template: pod } = (await read(deployment))["spec"] as { template: { spec: object } };
    const judged = (spec: object): Promise<string> => {
      const object = { apiVersion: "v1", kind: "Pod", metadata: { name: "judged", namespace: "podtrust" } };
      return kubectl(["create", "--dry-run=server", "-f", "-"], JSON.stringify({ ...object, spec }));
    };
    assert.match(await judged(pod.spec), /created \(server dry run\)/u);
    await assert.rejects(judged({ ...pod.spec, securityContext: {} }), /violates PodSecurity/u);
    await release(
      "upgrade",
      chart,
      await wishOf({ ...ways["http-01"], pollInterval: "20s" }, { replicas: 3 }),
    );
    assert.deepEqual((await read(secret))["data"], {
      "documents.prod": Buffer.from("kept").toString("base64"),
    });
    const { spec } = await read(lease);
    assert.equal((spec as { holderIdentity: string }).holderIdentity, "a-pod");
    const upgraded = await read(deployment);
    assert.equal((upgraded["spec"] as { replicas: number }).replicas, 3);
    assert.notEqual(digestOf(upgraded), digest);
    await helm("uninstall", "podtrust", "--namespace=podtrust");
    const left = await kubectl([
      "get",
      "all,secrets,leases,roles,rolebindings,configmaps,pdb,networkpolicies",
      "-n",
      "podtrust",
      "-o",
      "name",
    ]);
    assert.doesNotMatch(left, /podtrust-publisher/u);
    assert.doesNotMatch(
      await kubectl(["get", "clusterroles,clusterrolebindings", "-o", "name"]),
      /podtrust-publisher/u,
    );
  });
});
