import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type DistributionHints,
  distributionOf,
  type DistributionName,
  distributions,
  isManaged,
  issuerInstructions,
  kubernetesMinor,
  type NodeFacts,
  standardIssuer,
  talosMinor,
} from "./index.ts";

const plain: NodeFacts = { kubeletVersion: "v1.36.3", osImage: "Debian 13", providerId: "", labels: [] };

const facts = (node: Partial<NodeFacts>, more: Partial<DistributionHints> = {}): DistributionHints => ({
  gitVersion: "v1.36.3",
  nodes: [{ ...plain, ...node }],
  hasKubeadmConfig: false,
  ...more,
});

describe("a cluster's distribution is known by what its makers leave in it", () => {
  const cases: readonly (readonly [string | undefined, DistributionHints])[] = [
    ["k3s", facts({}, { gitVersion: "v1.36.4+k3s1" })],
    ["k3s", facts({ kubeletVersion: "v1.36.4+k3s1" }, { gitVersion: "" })],
    ["rke2", facts({}, { gitVersion: "v1.36.4+rke2r1" })],
    ["k0s", facts({}, { gitVersion: "v1.36.4+k0s" })],
    ["eks", facts({}, { gitVersion: "v1.36.2-eks-113cf36" })],
    ["gke", facts({}, { gitVersion: "v1.36.1-gke.1187000" })],
    ["aks", facts({ providerId: "azure:///x", labels: ["kubernetes.azure.com/cluster"] })],
    ["talos", facts({ osImage: "Talos (v1.14.1)" })],
    ["kind", facts({ providerId: "kind://docker/dev/dev-control-plane" }, { hasKubeadmConfig: true })],
    ["minikube", facts({ labels: ["minikube.k8s.io/version"] }, { hasKubeadmConfig: true })],
    ["microk8s", facts({ labels: ["microk8s.io/cluster"] })],
    ["kubeadm", facts({}, { hasKubeadmConfig: true })],
    [undefined, facts({})],
    [undefined, facts({}, { gitVersion: "", nodes: [] })],
  ];
  for (const [name, seen] of cases) {
    const shown = JSON.stringify(seen);
    test(`${name ?? "none"}: ${shown}`, () => assert.equal(distributionOf(seen), name));
  }
});

test("only a provider's API server cannot be given an issuer", () => {
  const names = Object.keys(distributions) as DistributionName[];
  assert.deepEqual(names.filter(isManaged), ["eks", "gke", "aks"]);
  for (const name of names) assert.equal(issuerInstructions(name, spec).length === 0, isManaged(name), name);
});

test("the issuer that a cluster has before it is given one is its distribution's, or what only the cluster knows", () => {
  assert.equal(standardIssuer("k3s"), "https://kubernetes.default.svc.cluster.local");
  assert.equal(standardIssuer("k0s"), "https://kubernetes.default.svc");
  assert.equal(standardIssuer(undefined), standardIssuer("kubeadm"));
  for (const name of ["talos", "eks", "gke", "aks"] as const) assert.equal(standardIssuer(name), undefined);
});

describe("a minor version is read where its maker writes it, and nowhere else", () => {
  test("Kubernetes' of the API server's version, whatever comes after it", () => {
    for (const gitVersion of ["v1.36.4", "v1.36.4+k3s1", "v1.36.2-eks-113cf36"])
      assert.equal(kubernetesMinor({ gitVersion }), 36);
    for (const gitVersion of ["", "1.36.4", "v2.36.4", "v1.36"])
      assert.equal(kubernetesMinor({ gitVersion }), undefined);
  });

  test("Talos' of the first node that has its image", () => {
    const nodes = [plain, { ...plain, osImage: "Talos (v1.13.2)" }];
    assert.equal(talosMinor(facts({}, { nodes })), 13);
    assert.equal(talosMinor(facts({})), undefined);
  });
});

const own = "https://oidc.example.com";
const old = "https://kubernetes.default.svc.cluster.local";
const spec = { issuers: [own, old], jwksUri: `${own}/openid/v1/jwks` };

/** The issuers in lines for an API server, in their order. */
const issuersIn = ({ lines }: { readonly lines: readonly string[] }): readonly string[] =>
  lines.flatMap((line) => [own, old].filter((issuer) => line.endsWith(issuer)));
const hasKeysAddress = ({ lines }: { readonly lines: readonly string[] }): boolean =>
  lines.some((line) => line.includes("service-account-jwks-uri"));

describe("an API server's flags, as its distribution takes them", () => {
  for (const name of ["k3s", "rke2", "kubeadm", "kind", "microk8s", "talos", undefined] as const) {
    test(`${name ?? "any other"}: a first pass in which every server accepts the new issuer, and a second in which it signs`, () => {
      const steps = issuerInstructions(name, spec).filter(({ pass }) => pass !== undefined);
      assert.deepEqual(
        steps.map(({ pass = "" }) => pass.slice(0, 6)),
        ["Pass 1", "Pass 2"],
      );
      assert.deepEqual(steps.map(issuersIn), [
        [old, own],
        [own, old],
      ]);
      assert.deepEqual(steps.map(hasKeysAddress), [false, true]);
      assert.equal(steps[0]?.where, steps[1]?.where);
    });

    test(`${name ?? "any other"}: one pass where there is no issuer to move from`, () => {
      const [only, ...more] = issuerInstructions(name, { ...spec, issuers: [own] });
      assert.equal(only?.pass, undefined);
      assert.deepEqual(issuersIn(only ?? { lines: [] }), [own]);
      assert.ok(more.every(({ pass }) => pass === undefined));
    });
  }

  test("kubeadm's own config names a flag twice, in the list of v1beta4", () => {
    const config = issuerInstructions("kubeadm", spec).at(-1);
    assert.deepEqual(config?.lines.slice(0, 6), [
      "apiServer:",
      "  extraArgs:",
      "    - name: service-account-issuer",
      `      value: ${own}`,
      "    - name: service-account-issuer",
      `      value: ${old}`,
    ]);
  });

  test("a new cluster of kind takes kubeadm's v1beta3 before Kubernetes 1.36, and v1beta4 from then on", () => {
    const before = issuerInstructions("kind", spec, { kubernetes: 35 }).at(-1);
    const since = issuerInstructions("kind", spec, { kubernetes: 36 }).at(-1);
    assert.ok(before?.lines.includes("    apiVersion: kubeadm.k8s.io/v1beta3"));
    assert.ok(before?.lines.includes(`        service-account-issuer: ${own}`));
    assert.ok(since?.lines.includes("    apiVersion: kubeadm.k8s.io/v1beta4"));
    assert.ok(since?.lines.includes("        - name: service-account-issuer"));
  });

  for (const name of ["minikube", "k0s"] as const) {
    test(`${name} takes one issuer, and says what becomes of tokens of the old one`, () => {
      const [only] = issuerInstructions(name, spec);
      const text = only?.lines.join("\n") ?? "";
      assert.match(text, /service-account-issuer[=:] ?https:\/\/oidc\.example\.com/u);
      assert.doesNotMatch(text, /kubernetes\.default/u);
      assert.match(only?.note ?? "", /accepted no longer: start the pods anew/u);
    });
  }

  test("Talos has a document of its own for issuers since 1.14, one value before, and none of yours in 1.13", () => {
    const lines = (talos: number): string =>
      issuerInstructions("talos", spec, { talos })
        .flatMap(({ lines: said, note = "" }) => [...said, note])
        .join("\n");
    assert.match(
      lines(14),
      /issuerURL: https:\/\/oidc\.example\.com\naccepted:\n {2}issuers:\n {4}- https:\/\/kubernetes/u,
    );
    assert.match(lines(12), /extraArgs:\n {6}service-account-issuer: https:\/\/oidc\.example\.com\n/u);
    assert.match(lines(13), /upgrade to 1\.14/u);
  });

  for (const name of ["eks", "gke", "aks"] as const) {
    test(`${name}: only its provider starts the API server`, () => {
      assert.deepEqual(issuerInstructions(name, spec), []);
    });
  }
});
