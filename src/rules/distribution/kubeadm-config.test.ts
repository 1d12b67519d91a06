import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { defined, isRecord } from "../../core/base/index.ts";
import { kubeadmKeyFlags, parseFlags, saysInKubeadmConfig, withFormerIssuer } from "./index.ts";

const old = "https://kubernetes.default.svc.cluster.local";
const ours = "https://oidc.example.com";

const config = (version: string, extraArgs?: unknown, more: object = {}): object => ({
  apiVersion: `kubeadm.k8s.io/${version}`,
  kind: "ClusterConfiguration",
  apiServer: { certSANs: ["a"], ...defined({ extraArgs }) },
  ...more,
});
const argument = (name: string, value: string): object => ({ name, value });

describe("a ClusterConfiguration of kubeadm", () => {
  test("says a change where its arguments do, as a list and as a map, and never where it is none", () => {
    const list = config("v1beta4", [argument("service-account-issuer", ours)]);
    const map = config("v1beta3", { "service-account-issuer": ours });
    for (const one of [list, map]) {
      assert.equal(saysInKubeadmConfig(one, { issuers: [ours] }), true);
      assert.equal(saysInKubeadmConfig(one, { issuers: [old] }), false);
    }
    assert.equal(saysInKubeadmConfig({ kind: "Pod" }, { issuers: [] }), false);
    assert.equal(saysInKubeadmConfig(config("v1beta4", [{}]), { issuers: [] }), true);
    assert.equal(saysInKubeadmConfig(config("v1beta3", { profiling: 7 }), { issuers: [] }), true);
  });

  test("names no key file that kubeadm writes anyway", () => {
    const own = "/etc/kubernetes/pki";
    const flags = (...words: string[]) => kubeadmKeyFlags(parseFlags(words));
    assert.deepEqual(
      flags(`--service-account-key-file=${own}/sa.pub`, `--service-account-signing-key-file=${own}/sa.key`),
      { keyFiles: [], signingKeyFile: "" },
    );
    assert.deepEqual(flags("--service-account-key-file=/a", "--service-account-signing-key-file=/b"), {
      keyFiles: ["/a"],
      signingKeyFile: "/b",
    });
    assert.deepEqual(flags(), { keyFiles: [], signingKeyFile: "" });
  });

  test("with the former issuer is whole where nothing else has changed, however it is written", () => {
    const before = config("v1beta4", [argument("profiling", "false")]);
    const since = (more: object = {}): object =>
      config("v1beta4", [argument("service-account-issuer", ours), argument("profiling", "false")], more);
    const back = withFormerIssuer(since(), before);
    assert.ok("value" in back);
    assert.equal(back.value.isWhole, true);
    assert.equal(saysInKubeadmConfig(back.value.config, { issuers: [] }), true);

    const upgraded = withFormerIssuer(since({ kubernetesVersion: "v1.36.4" }), before);
    assert.ok("value" in upgraded);
    assert.equal(upgraded.value.isWhole, false);
    assert.equal(upgraded.value.config["kubernetesVersion"], "v1.36.4");
  });

  test("is refused by name where it is none, before or now", () => {
    const before = config("v1beta4");
    for (const [now, then] of [
      [before, { kind: "Pod" }],
      [[], before],
    ] as const) {
      const answer = withFormerIssuer(now, then);
      assert.ok(isRecord(answer));
      assert.deepEqual(answer, { fault: "is no ClusterConfiguration" });
    }
  });
});
