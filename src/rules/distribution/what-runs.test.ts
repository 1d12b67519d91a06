import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ApiServerFlags } from "./api-server-flags.ts";
import { kubeletConfigs, kubeletSettings } from "./kubelet.ts";
import { type Behaviour, disagreement, provedRuns, type RunningLook } from "./what-runs.ts";

const [a, b] = ["https://a.example.com", "https://b.example.com"];
const flags: ApiServerFlags = { issuers: [a], keyFiles: ["/k.pub"], signingKeyFile: "/k.key" };
const seen = (running: ApiServerFlags): RunningLook => ({ kind: "seen", flags: running });
const between = (runs: RunningLook): string | undefined => disagreement({ starts: flags, runs });

describe("what an API server will be started with and what runs", () => {
  test("agree where every flag of tokens is the same", () => {
    assert.equal(between(seen({ ...flags })), undefined);
  });

  test("disagree by each flag of tokens, also by one that either lacks", () => {
    const other: readonly [Partial<ApiServerFlags>, RegExp][] = [
      [
        { issuers: [b, a] },
        /^--service-account-issuer is https:\/\/b.*, https:\/\/a.* where it runs, and https:\/\/a\S* where/u,
      ],
      [{ audiences: ["x"] }, /^--api-audiences is x where it runs, and not set where/u],
      [{ jwksUri: `${a}/jwks` }, /^--service-account-jwks-uri/u],
      [{ keyFiles: [] }, /^--service-account-key-file is not set/u],
      [{ signingKeyFile: "/x" }, /^--service-account-signing-key-file/u],
      [{ signingEndpoint: "/s.sock" }, /^--service-account-signing-endpoint/u],
      [{ authenticationConfig: "/c" }, /^--authentication-config/u],
      [{ maxTokenExpiration: "1h" }, /^--service-account-max-token-expiration/u],
      [{ extendTokenExpiration: false }, /^--service-account-extend-token-expiration is false/u],
    ];
    for (const [change, said] of other) assert.match(between(seen({ ...flags, ...change })) ?? "", said);
  });

  test("disagree in nothing where nothing was seen of what runs, but for a process that is older than its files", () => {
    const runs = { kind: "not-looked-at", why: "no runtime answers", startsSince: 10_000 } as const;
    assert.equal(between(runs), undefined);
    assert.equal(disagreement({ starts: flags, runs }, 9000), undefined);
    const said = "its process is older than its files, and no runtime answers";
    assert.equal(disagreement({ starts: flags, runs }, 8999), said);
  });
});

describe("what runs of a server whose process is younger than its files", () => {
  const starts = { ...flags, jwksUri: `${a}/jwks` };
  const behaviour: Behaviour = {
    issuer: a,
    jwksUri: `${a}/jwks`,
    kids: ["k1"],
    token: { iss: a, kid: "k1" },
  };
  const proved = (more: Partial<Behaviour>): RunningLook =>
    provedRuns({ starts, startsSince: 7 }, { ...behaviour, ...more });

  test("is what it will be started with, where its documents and its token say the same", () => {
    assert.deepEqual(proved({}), seen(starts));
  });

  test("is what its documents say instead, which is a disagreement", () => {
    const byIssuer = proved({ issuer: b, token: { iss: b, kid: "k1" } });
    assert.match(disagreement({ starts, runs: byIssuer }) ?? "", /^--service-account-issuer is https:\/\/b/u);
    const byUri = proved({ jwksUri: `${b}/jwks` });
    assert.match(disagreement({ starts, runs: byUri }) ?? "", /^--service-account-jwks-uri is https:\/\/b/u);
  });

  test("was not looked at where its token contradicts its own documents", () => {
    for (const token of [
      { iss: b, kid: "k1" },
      { iss: a, kid: "k2" },
      { iss: a, kid: undefined },
    ]) {
      const said = proved({ token });
      assert.ok(said.kind === "not-looked-at");
      assert.match(said.why, /^its token names .* and its documents https:\/\/a/u);
    }
  });
});

describe("a kubelet's settings", () => {
  test("are kubeadm's where nothing says others", () => {
    const standard = { staticPods: "/etc/kubernetes/manifests", runtime: "/run/containerd/containerd.sock" };
    assert.deepEqual(kubeletSettings([], []), standard);
    assert.deepEqual(kubeletConfigs([]), { file: "/var/lib/kubelet/config.yaml" });
  });

  test("are those of its files, of which a later one is over an earlier, and its flags are over both", () => {
    const words = ["/usr/bin/kubelet", "--config=/etc/k.yaml", "--config-dir", "/etc/k.d"];
    assert.deepEqual(kubeletConfigs(words), { file: "/etc/k.yaml", folder: "/etc/k.d" });
    const configs = [
      { staticPodPath: "/a", containerRuntimeEndpoint: "unix:///var/run/crio/crio.sock" },
      { staticPodPath: "/b" },
    ];
    const runtime = "/var/run/crio/crio.sock";
    assert.deepEqual(kubeletSettings(words, configs), { staticPods: "/b", runtime });
    const flagged = [...words, "--pod-manifest-path=/c", "--container-runtime-endpoint=/r.sock"];
    assert.deepEqual(kubeletSettings([...flagged, "--hostname-override", "cp-1"], configs), {
      staticPods: "/c",
      runtime: "/r.sock",
      node: "cp-1",
    });
  });

  test("are kubeadm's where the command line ends before a flag's value", () => {
    assert.deepEqual(kubeletConfigs(["--config"]), kubeletConfigs([]));
    assert.deepEqual(kubeletSettings(["--pod-manifest-path"], []), kubeletSettings([], []));
  });

  test("are no relative path and no other kind of endpoint", () => {
    const configs = [null, "text", { staticPodPath: "manifests", containerRuntimeEndpoint: "npipe:////x" }];
    assert.deepEqual(kubeletSettings(["--config=k.yaml"], configs), kubeletSettings([], []));
    assert.equal(kubeletConfigs(["--config=k.yaml"]).file, "/var/lib/kubelet/config.yaml");
  });
});
