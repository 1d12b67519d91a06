/**
 * The manifests with which k3s gets Cilium: the chart of Cilium's own Go module rendered by Helm's own engine with our
 * values, and our policy taken by a real API server that has Cilium's definitions.
 */
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { parse, parseAllDocuments } from "yaml";
import { ciliumManifest, metadataPolicy } from "../../src/providers/host/k3s/cilium.ts";
import {
  buildPrograms,
  type ControlPlane,
  leftOut,
  type Programs,
  startControlPlane,
} from "./harness/index.ts";
import { maxWait, until } from "../support/until.ts";

const skip = leftOut();
const run = promisify(execFile);

/** The module that has the chart, with the checksum that Go's checksum database has of it. */
const module = {
  name: "github.com/cilium/cilium@v1.20.2",
  sum: "h1:dqiEGIcXc+gqCLYG/l7VCFJ8GHyb4HUrwbZOpkX5dL8=",
} as const;

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: {
    readonly replicas?: number;
    readonly template?: {
      readonly spec: {
        readonly containers: readonly {
          readonly name: string;
          readonly env?: readonly { readonly name: string; readonly value?: string }[];
        }[];
      };
    };
  };
}

const ours = parse(ciliumManifest("prod")) as {
  readonly metadata: { readonly name: string };
  readonly spec: Readonly<Record<string, unknown>> & {
    readonly valuesContent: string;
    readonly targetNamespace: string;
  };
};

let source = "";
let programs: Programs;
let rendered: readonly Manifest[] = [];

before(async () => {
  if (skip !== false) return;
  const output = execFileSync("go", ["mod", "download", "-json", module.name], { encoding: "utf8" });
  const { Dir: dir, Sum: sum } = JSON.parse(output) as { readonly Dir: string; readonly Sum: string };
  assert.equal(sum, module.sum);
  source = dir;
  programs = await buildPrograms();
  const chart = join(source, "install/kubernetes/cilium");
  const args = [chart, ours.metadata.name, ours.spec.targetNamespace];
  const helm = run(programs["helm-render"], args, { maxBuffer: 64 * 1024 * 1024, timeout: maxWait });
  helm.child.stdin?.end(ours.spec.valuesContent);
  const { stdout } = await helm;
  rendered = parseAllDocuments(stdout).map((document) => document.toJSON() as Manifest);
});

function one(kind: string, name: string): Manifest {
  const found = rendered.find((manifest) => manifest?.kind === kind && manifest.metadata.name === name);
  if (found === undefined) throw new Error(`the chart makes no ${kind} ${name}`);
  return found;
}

/** `ipam.mode` for `{ipam: {mode: …}}`. */
function keysOf(values: unknown, path: readonly string[] = []): readonly string[] {
  if (typeof values !== "object" || values === null) return [path.join(".")];
  return Object.entries(values).flatMap(([key, value]) => keysOf(value, [...path, key]));
}

test("every value that the manifest sets is one that Cilium's chart knows", { skip }, async () => {
  const text = await readFile(join(source, "install/kubernetes/cilium/values.yaml"), "utf8");
  const known = parse(text) as unknown;
  for (const key of keysOf(parse(ours.spec.valuesContent))) {
    const [last = "", ...path] = key.split(".").reverse();
    const section = path
      .reverse()
      .reduce<unknown>((at, name) => (at as Record<string, unknown>)?.[name], known);
    assert.ok(typeof section === "object" && section !== null && last in section, key);
  }
});

test("Helm renders Cilium without kube-proxy, with the addresses that k3s gives the node", { skip }, () => {
  const { data = {} } = one("ConfigMap", "cilium-config");
  assert.equal(data["kube-proxy-replacement"], "true");
  assert.equal(data["ipam"], "kubernetes");
  assert.equal(one("Deployment", "cilium-operator").spec?.replicas, 1);
});

test("Cilium reaches the API on the node itself, where no kube-proxy leads to it", { skip }, () => {
  for (const [kind, name] of [
    ["DaemonSet", "cilium"],
    ["Deployment", "cilium-operator"],
  ] as const) {
    const [container] = one(kind, name).spec?.template?.spec.containers ?? [];
    const env = new Map(container?.env?.map((variable) => [variable.name, variable.value]));
    assert.equal(env.get("KUBERNETES_SERVICE_HOST"), "127.0.0.1", name);
    assert.equal(env.get("KUBERNETES_SERVICE_PORT"), "6444", name);
  }
});

let cluster: ControlPlane | undefined;
let folder: string | undefined;
after(async () => {
  await cluster?.stop();
  if (folder !== undefined) await rm(folder, { recursive: true });
});

test(
  "a real API server takes the metadata policy by Cilium's own definition, field by field",
  { skip },
  async () => {
    cluster = await startControlPlane({ issuer: "https://oidc.example.com" });
    folder = await mkdtemp(join(tmpdir(), "podtrust-cilium-"));
    const file = join(folder, "policy.yaml");
    await writeFile(file, metadataPolicy("prod").text);
    const env = { ...process.env, HOME: folder, KUBECONFIG: cluster.adminKubeconfig };
    const kubectl = (...args: string[]): Promise<{ stdout: string }> =>
      run(programs.kubectl, args, { env, timeout: maxWait });
    const name = "ciliumclusterwidenetworkpolicies";
    const definition = join(source, `pkg/k8s/apis/cilium.io/client/crds/v2/${name}.yaml`);
    await kubectl("create", "--validate=false", "-f", definition);
    // `kubectl wait` fails where the definition has no status at all yet.
    await until(`the definition of ${name}`, () => kubectl("get", name).catch(() => undefined));
    await kubectl("create", "--validate=strict", "-f", file);
    const { stdout } = await kubectl("get", name, "podtrust-no-cloud-metadata", "-o", "json");
    const { spec } = JSON.parse(stdout) as { readonly spec: Readonly<Record<string, unknown>> };
    assert.deepEqual(spec["enableDefaultDeny"], { ingress: false, egress: false });
    assert.deepEqual(spec["egressDeny"], [{ toCIDR: ["169.254.169.254/32"] }]);
  },
);
