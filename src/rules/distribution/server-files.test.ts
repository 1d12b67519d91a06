import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { defined } from "../../core/base/index.ts";
import {
  changeKubeadmConfig,
  changeManifest,
  keysBetween,
  podMounts,
  podName,
  podPort,
  podWords,
  startLineWords,
  manifestFlags,
  withFormerIssuer,
} from "./index.ts";

const old = "https://kubernetes.default.svc.cluster.local";
const ours = "https://oidc.example.com";
const change = { issuers: [old, ours] };

const manifest = (container: object): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "kube-apiserver", annotations: { kept: "yes" } },
  spec: { hostNetwork: true, containers: [{ name: "sidecar" }, container], volumes: [] },
});

describe("a static pod's manifest", () => {
  test("gets other flags in its command and keeps all else, other containers too", () => {
    const container = (flags: readonly string[]): object => ({
      name: "kube-apiserver",
      image: "registry.k8s.io/kube-apiserver:v1.36.3",
      command: ["kube-apiserver", ...flags],
    });
    const changed = changeManifest(manifest(container([`--service-account-issuer=${old}`, "--a=b"])), change);
    assert.deepEqual(changed, {
      value: manifest(
        container([`--service-account-issuer=${old}`, `--service-account-issuer=${ours}`, "--a=b"]),
      ),
    });
  });

  test("is read for the flags that it starts its API server with, and refused by name where it is none", () => {
    const command = ["kube-apiserver", `--service-account-issuer=${old}`];
    const read = manifestFlags(manifest({ name: "kube-apiserver", command }));
    assert.ok("value" in read);
    assert.deepEqual(read.value.issuers, [old]);
    assert.ok("fault" in manifestFlags({ kind: "Pod" }));
  });

  test("may have its flags in args", () => {
    const container = (issuers: readonly string[]): object => ({
      name: "kube-apiserver",
      command: ["kube-apiserver"],
      args: issuers.map((one) => `--service-account-issuer=${one}`),
    });
    assert.deepEqual(changeManifest(manifest(container([old])), change), {
      value: manifest(container([old, ours])),
    });
  });

  test("without a kube-apiserver, or with its flags inside a shell's text, is not touched", () => {
    const shell = { name: "kube-apiserver", command: ["sh", "-c", "kube-apiserver --a=b"] };
    for (const wrong of [undefined, "text", { spec: { containers: [] } }])
      assert.deepEqual(changeManifest(wrong, change), { fault: "has no container kube-apiserver" });
    assert.deepEqual(changeManifest(manifest(shell), change), {
      fault: "gives its kube-apiserver no flags as a list of words",
    });
    assert.ok("fault" in changeManifest(manifest({ name: "kube-apiserver", args: ["--a", 1] }), change));
  });
});

describe("the pod of a static pod's manifest", () => {
  test("has the words of a container's command and arguments in their order, and none of another container", () => {
    const read = manifest({ name: "kube-apiserver", command: ["kube-apiserver", "--a=b"], args: ["--c=d"] });
    assert.deepEqual(podWords(read, "kube-apiserver"), ["kube-apiserver", "--a=b", "--c=d"]);
    assert.deepEqual(podWords(read, "sidecar"), []);
    for (const wrong of [undefined, "text", { spec: { containers: [7] } }])
      assert.deepEqual(podWords(wrong, "kube-apiserver"), []);
    const odd = manifest({ name: "kube-apiserver", command: ["kube-apiserver", 1], args: ["--c=d"] });
    assert.deepEqual(podWords(odd, "kube-apiserver"), ["--c=d"]);
  });

  test("sees folders of its machine where a container mounts them, and none of another container", () => {
    const volumeMounts = [{ mountPath: "/etc/kubernetes/pki" }, { mountPath: 7 }, "text"];
    const read = manifest({ name: "kube-apiserver", command: ["kube-apiserver", "--a=b"], volumeMounts });
    assert.deepEqual(podMounts(read, "kube-apiserver"), ["/etc/kubernetes/pki"]);
    for (const none of [podMounts(read, "sidecar"), podMounts(undefined, "kube-apiserver")])
      assert.deepEqual(none, []);
  });

  test("has the manifest's name, and kubeadm's where the manifest has none", () => {
    assert.equal(podName({ metadata: { name: "api" } }), "api");
    for (const nameless of [undefined, { metadata: {} }, { metadata: { name: 7 } }])
      assert.equal(podName(nameless), "kube-apiserver");
  });

  test("answers at the last port that its API server is given, and at 6443 where that is none", () => {
    const port = (...flags: readonly string[]): number =>
      podPort(manifest({ name: "kube-apiserver", command: ["kube-apiserver", ...flags] }));
    assert.equal(port("--secure-port=7443", "--secure-port=8443"), 8443);
    assert.equal(port("--secure-port=65535"), 65_535);
    assert.equal(port("--a=b"), 6443);
    for (const wrong of ["", "0", "-1", "65536", "1.5", "x"])
      assert.equal(port(`--secure-port=${wrong}`), 6443, wrong);
  });
});

describe("kubeadm's ClusterConfiguration", () => {
  const config = (version: string, extraArgs?: unknown): object => ({
    apiVersion: `kubeadm.k8s.io/${version}`,
    kind: "ClusterConfiguration",
    kubernetesVersion: "v1.36.3",
    apiServer: { timeoutForControlPlane: "4m0s", ...defined({ extraArgs }) },
  });

  test("names a flag twice in the list of v1beta4, and keeps the others", () => {
    const before = [
      { name: "service-account-issuer", value: old },
      { name: "profiling", value: "false" },
      { value: "of no name" },
    ];
    assert.deepEqual(changeKubeadmConfig(config("v1beta4", before), change), {
      value: config("v1beta4", [
        { name: "profiling", value: "false" },
        { value: "of no name" },
        { name: "service-account-issuer", value: old },
        { name: "service-account-issuer", value: ours },
      ]),
    });
    const bare = changeKubeadmConfig(
      { apiVersion: "kubeadm.k8s.io/v1beta4", kind: "ClusterConfiguration" },
      {
        jwksUri: ours,
      },
    );
    assert.ok("value" in bare);
    assert.deepEqual(bare.value["apiServer"], {
      extraArgs: [{ name: "service-account-jwks-uri", value: ours }],
    });
  });

  test("of v1beta3 holds one value for a flag, and is refused two", () => {
    assert.deepEqual(changeKubeadmConfig(config("v1beta3", { profiling: "false" }), { issuers: [ours] }), {
      value: config("v1beta3", { profiling: "false", "service-account-issuer": ours }),
    });
    const refused = changeKubeadmConfig(config("v1beta3"), change);
    assert.ok("fault" in refused);
    assert.match(refused.fault, /v1beta3, which holds one --service-account-issuer alone/u);
  });

  test("is refused where it is something else", () => {
    for (const wrong of ["text", { kind: "InitConfiguration" }])
      assert.deepEqual(changeKubeadmConfig(wrong, change), { fault: "is no ClusterConfiguration" });
  });
});

describe("kubeadm's ClusterConfiguration that gets the issuer of before", () => {
  const config = (extraArgs: unknown, more: object = {}): object => ({
    apiVersion: Array.isArray(extraArgs) ? "kubeadm.k8s.io/v1beta4" : "kubeadm.k8s.io/v1beta3",
    kind: "ClusterConfiguration",
    kubernetesVersion: "v1.36.3",
    apiServer: { extraArgs },
    ...more,
  });
  const list = (...args: readonly (readonly [string, string])[]): readonly object[] =>
    args.map(([name, value]) => ({ name, value }));
  const [issuer, jwks, other] = ["service-account-issuer", "service-account-jwks-uri", "profiling"];

  test("is that of before where nothing else was changed, however its arguments are ordered", () => {
    const before = config(list([issuer, old], [other, "false"]));
    const now = config(list([other, "false"], [issuer, old], [issuer, ours], [jwks, ours]));
    const back = withFormerIssuer(now, before);
    assert.ok("value" in back && back.value.isWhole);
    const bare = { ...config([]), apiServer: {} };
    const fromBare = withFormerIssuer(config(list([issuer, ours])), bare);
    assert.ok("value" in fromBare && fromBare.value.isWhole);
    const map = withFormerIssuer(config({ [issuer]: ours, [jwks]: ours }), config({ [issuer]: old }));
    assert.ok("value" in map && map.value.isWhole);
  });

  test("keeps what kubeadm upgrade or another program changed since", () => {
    const before = config(list([issuer, old]));
    const now = config(list([issuer, old], [issuer, ours], [other, "false"]), {
      kubernetesVersion: "v1.37.2",
    });
    assert.deepEqual(withFormerIssuer(now, before), {
      value: {
        isWhole: false,
        config: config(list([other, "false"], [issuer, old]), { kubernetesVersion: "v1.37.2" }),
      },
    });
  });

  test("is refused where either is something else", () => {
    assert.deepEqual(withFormerIssuer({}, config([])), { fault: "is no ClusterConfiguration" });
    assert.deepEqual(withFormerIssuer(config([]), "text"), { fault: "is no ClusterConfiguration" });
  });
});

test("the line that k3s logs at its start gives the words of its API server, and no other line does", () => {
  const line = 'time="2026" level=info msg="Running kube-apiserver --a=b --c=\\"d e\\""';
  assert.deepEqual(startLineWords(line), ["--a=b", "--c=d e"]);
  assert.deepEqual(startLineWords('time="2026" level=info msg="Running kube-apiserver "'), []);
  const others = [
    "",
    "kube-apiserver --a=b",
    ` ${line}`,
    `I1201 10:00:00.000000 1 pod_workers.go:1] ${line}`,
    'time="2026" level=error msg="Running kube-apiserver --a=b"',
    'time="2026" level=info msg="said: Running kube-apiserver --a=b"',
    'time="x" level=info msg="Running kube-controller-manager --a=b"',
    'time="2026" level=info msg="Running kube-apiserver --a=b',
  ];
  for (const other of others) assert.equal(startLineWords(other), undefined, other);
});

test("keys that came and went between two readings are distinguished, and one that began to sign came since", () => {
  const before = { verify: ["a", "b"], signing: "a" };
  assert.deepEqual(keysBetween(before, before), { keysSince: [], keysGone: [] });
  assert.deepEqual(keysBetween(before, { verify: ["a", "c"], signing: "c" }), {
    keysSince: ["c"],
    keysGone: ["b"],
  });
  assert.deepEqual(keysBetween(before, { verify: ["a", "b"], signing: "b" }), {
    keysSince: ["b"],
    keysGone: [],
  });
});
