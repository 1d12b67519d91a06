import assert from "node:assert/strict";
import { test } from "node:test";
import { configFile, configPath, overridingFiles } from "./config-file.ts";
import { differenceOf } from "./difference.ts";
import { runningFlags } from "./running-flags.ts";
import { parseState } from "./state.ts";
import type { K3sSpec } from "./spec.ts";

const spec: K3sSpec = {
  stack: "prod",
  version: "v1.36.4+k3s1",
  isVersionNamed: true,
  sha256: { amd64: "a".repeat(64) },
  issuers: ["https://oidc.example.com", "https://kubernetes.default.svc.cluster.local"],
  jwksUri: "https://oidc.example.com/openid/v1/jwks",
  tlsSans: [],
};

test("the running API server's issuers are read from k3s's log in their order", () => {
  const line =
    'time="2026-11-25T12:00:00Z" level=info msg="Running kube-apiserver --anonymous-auth=false --service-account-issuer=https://a --service-account-issuer=https://b --service-account-jwks-uri=https://a/openid/v1/jwks"';
  assert.deepEqual(runningFlags(line), {
    issuers: ["https://a", "https://b"],
    jwksUri: "https://a/openid/v1/jwks",
  });
});

test("flags that k3s's log quotes are read without their quotes", () => {
  const line = String.raw`time="2026" level=info msg="Running kube-apiserver \"--service-account-issuer=https://a/x?y\" --v=2"`;
  assert.deepEqual(runningFlags(line), { issuers: ["https://a/x?y"] });
});

test("a line that another writes into k3s's log shows none", () => {
  const said = "Running kube-apiserver --service-account-issuer=https://evil";
  assert.equal(runningFlags(`E1201 10:00:00.000000 1 kuberuntime_manager.go:1] "${said}"`), undefined);
  assert.equal(runningFlags(said), undefined);
});

const ours = configFile(spec);
const mine = (path: string, text: string): { path: string; text: string } => ({
  path: `/etc/rancher/k3s/${path}`,
  text,
});

const files: readonly (readonly [string, { path: string; text: string }[], RegExp | undefined])[] = [
  ["nothing but ours", [ours], undefined],
  [
    "an earlier list, to which ours is added",
    [mine("config.yaml", "kube-apiserver-arg: [v=2]"), ours],
    undefined,
  ],
  [
    "a later list that is added",
    [ours, mine("config.yaml.d/95.yaml", "kube-apiserver-arg+: [v=2]")],
    undefined,
  ],
  [
    "a later list that replaces",
    [ours, mine("config.yaml.d/95.yaml", "kube-apiserver-arg: v=2")],
    /95\.yaml has kube-apiserver-arg without a \+/u,
  ],
  [
    "an issuer given earlier",
    [mine("config.yaml", "kube-apiserver-arg: [service-account-issuer=https://x]"), ours],
    /config\.yaml has service-account-issuer=https:\/\/x/u,
  ],
  [
    "an issuer that is put before the others",
    [ours, mine("config.yaml.d/95.yaml", "kube-apiserver-arg+: [service-account-issuer-=https://x]")],
    /95\.yaml has service-account-issuer-=https:\/\/x/u,
  ],
  [
    "a later list that replaces, in a file whose name ends in capitals",
    [mine("config.yaml.d/99-x.YML", "kube-apiserver-arg: [service-account-issuer=https://x]"), ours],
    /99-x\.YML has kube-apiserver-arg without a \+/u,
  ],
  [
    "an issuer with underscores in its name",
    [ours, mine("config.yaml.d/.91.yml", "kube-apiserver-arg+: service_account_issuer=https://x")],
    /\.91\.yml has service_account_issuer=https:\/\/x/u,
  ],
  ["a file that is not YAML", [ours, mine("config.yaml.d/95.yaml", "a: [")], undefined],
];
for (const [what, found, said] of files) {
  test(`of k3s's config files the one that overrides ours is found: ${what}`, () => {
    const overriding = overridingFiles(found).join("; ");
    if (said === undefined) assert.equal(overriding, "");
    else assert.match(overriding, said);
  });
}

const state = (more: readonly string[] = []): ReturnType<typeof parseState> =>
  parseState([`arch x86_64`, ...more].join("\n"));

test("what is not known of a host yet is a creation that names version and issuers", () => {
  const { kind, fields } = differenceOf(undefined, spec);
  assert.equal(kind, "create");
  assert.deepEqual(fields.map(({ field, after }) => [field, after]).slice(0, 2), [
    ["version", spec.version],
    [configPath, "as the config says"],
  ]);
});

test("a processor that k3s is not made for is refused by name", () => {
  const found = { ...state(["binary abc", "active active"]), architecture: undefined, machine: "riscv64" };
  assert.throws(() => differenceOf(found, spec), { code: "host-unsupported", message: /riscv64/u });
});

test("an architecture without a checksum is refused with the key to set", () => {
  const found = { ...state(["binary abc"]), architecture: "arm64" as const };
  assert.throws(() => differenceOf(found, spec), {
    code: "host-checksum",
    next: /machine\.k3s\.sha256\.arm64/u,
  });
});

test("an architecture without a checksum of the cilium command is refused with the key to set", () => {
  const found = { ...state(["binary abc"]), architecture: "amd64" as const };
  const cli = { version: "v0.18.7", sha256: { arm64: "b".repeat(64) } };
  const cilium = { version: "1.20.0", sha256: "c".repeat(64), cli };
  assert.throws(() => differenceOf(found, { ...spec, cilium }), {
    code: "host-checksum",
    next: /machine\.cilium\.cli\.sha256\.amd64 .*cilium-linux-amd64\.tar\.gz\.sha256sum/u,
  });
});

const documentState = (issuer: string): ReturnType<typeof parseState> => {
  const text = JSON.stringify({ issuer, jwks_uri: spec.jwksUri });
  return state(["active active", `document ${Buffer.from(text).toString("base64")}`]);
};

test("where the journal has forgotten the flags, the discovery document's issuer counts", () => {
  const fieldsOf = (issuer: string): readonly string[] =>
    differenceOf({ ...documentState(issuer), binary: "a".repeat(64) }, spec).fields.map(({ field }) => field);
  assert.ok(!fieldsOf("https://oidc.example.com").some((field) => field.includes("running")));
  assert.ok(fieldsOf("https://other.example.com").includes("issuers of the running API server"));
});

test("an invalid document says nothing about what runs", () => {
  const text = Buffer.from("not JSON").toString("base64");
  assert.equal(state(["active active", `document ${text}`]).running, undefined);
});
