import assert from "node:assert/strict";
import { test } from "node:test";
import { defined, type ErrorCode, PodtrustError } from "../../../core/base/index.ts";
import type { SshSession } from "../session.ts";
import type { SshTarget } from "../target.ts";
import { configFile, configPath, overridingFiles } from "./config-file.ts";
import { isStale } from "./apply.ts";
import { differenceOf, filesOf, refusalOf } from "./difference.ts";
import { type RunningFlags, runningFlags } from "./running-flags.ts";
import { otherIssuers, parseState } from "./state.ts";
import type { K3sSpec } from "./spec.ts";

const spec: K3sSpec = {
  stack: "prod",
  identity: "3f2a91bc",
  version: "v1.36.4+k3s1",
  isVersionNamed: true,
  sha256: { amd64: "a".repeat(64) },
  issuers: ["https://oidc.example.com", "https://kubernetes.default.svc.cluster.local"],
  jwksUri: "https://oidc.example.com/openid/v1/jwks",
  tlsSans: [],
};

const { signal } = new AbortController();
const target: SshTarget = { address: "192.0.2.1", port: 22, user: "root", hostKeys: [] };
const session = { target } as SshSession;
const flags = { issuers: spec.issuers, jwksUri: spec.jwksUri, keyFiles: [] };

test("what runs is taken from the one function for it, and what it could not look at keeps its reason", async () => {
  const seen = await runningFlags(session, async () => ({ kind: "seen", flags }), signal);
  assert.deepEqual(seen, { kind: "seen", issuers: spec.issuers, jwksUri: spec.jwksUri });
  const why = "its token names another key";
  const unseen = await runningFlags(
    session,
    async () => ({ kind: "not-looked-at", why, startsSince: 1 }),
    signal,
  );
  assert.deepEqual(unseen, { kind: "not-looked-at", why });
});

test("a server that does not run ends no reading of its machine, and a lost connection does", async () => {
  const failing = (code: ErrorCode) => async () => {
    throw new PodtrustError(code, "k3s.service does not run");
  };
  const why = "k3s.service does not run";
  assert.deepEqual(await runningFlags(session, failing("server-process"), signal), {
    kind: "not-looked-at",
    why,
  });
  await assert.rejects(runningFlags(session, failing("ssh-lost"), signal), { code: "ssh-lost" });
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

test("a k3s that our file would give an issuer twice is left as it is, with the file that names it", () => {
  const adopted = mine(
    "config.yaml.d/50-issuer.yaml",
    `kube-apiserver-arg+: ["service-account-issuer=${spec.issuers[0] ?? ""}"]`,
  );
  const found = { isCliTaken: false, version: spec.version };
  const refusal = refusalOf({ ...found, configs: [adopted, ours] }, spec);
  assert.equal(refusal?.code, "k3s-overridden");
  assert.match(
    refusal.message,
    /the issuer \S+ twice, the second time by \S+90-podtrust\.yaml, and does not start so: \S+50-issuer\.yaml has service-account-issuer=/u,
  );
  const other = mine("config.yaml", "kube-apiserver-arg: [service-account-issuer=https://x]");
  for (const configs of [[ours], [other, ours]])
    assert.equal(refusalOf({ ...found, configs }, spec), undefined);
});

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

const fieldsOf = (running: RunningFlags | undefined): readonly (readonly [string, unknown])[] => {
  const found = { ...state(["active active"]), binary: "a".repeat(64), ...defined({ running }) };
  const { fields } = differenceOf(found, spec);
  return fields.filter(({ field }) => field.includes("running")).map(({ field, before }) => [field, before]);
};

test("of what runs the first issuer, those after it and the jwks-uri are compared", () => {
  const running = { kind: "seen", issuers: spec.issuers, jwksUri: spec.jwksUri } as const;
  const [issuers, uri] = ["issuers of the running API server", "jwks-uri of the running API server"];
  const [first = "", second = ""] = spec.issuers;
  assert.deepEqual(fieldsOf(running), []);
  assert.deepEqual(fieldsOf({ ...running, issuers: [first] }), [[issuers, [first]]]);
  assert.deepEqual(fieldsOf({ kind: "seen", issuers: [second] }), [
    [issuers, [second]],
    [uri, undefined],
  ]);
});

test("what runs and was not looked at is a difference that says why, so that k3s is started anew", () => {
  const before = "not looked at: its log has lost the line";
  const found = fieldsOf({ kind: "not-looked-at", why: "its log has lost the line" });
  assert.deepEqual(
    found.map((field) => field[1]),
    [before, before],
  );
});

test("a mark without an identity is written, and k3s is not started anew for it; a line of its config starts it", () => {
  const changed = (change: (text: string) => string): ReturnType<typeof parseState> => ({
    ...parseState(`binary ${"a".repeat(64)}`),
    architecture: "amd64",
    version: spec.version,
    configs: [{ path: configPath, text: change(ours.text) }],
    files: Object.fromEntries(filesOf(spec).map(({ path, text }) => [path, text])),
  });
  const former = changed((text) => text.replace(` id=${spec.identity}`, ""));
  assert.ok(differenceOf(former, spec).fields.some(({ field }) => field === configPath));
  assert.equal(isStale(former, spec), false);
  assert.equal(
    isStale(
      changed((text) => text.replace("encryption: true", "encryption: false")),
      spec,
    ),
    true,
  );
  assert.equal(
    isStale(
      changed((text) => text.replace(/^#.*$/mu, "debug: true")),
      spec,
    ),
    true,
  );
});

test("a config that names another issuer under a mark without an identity is shown as for that issuer, and ours is not", () => {
  const marked = (mark: string, issuer: string): Pick<ReturnType<typeof parseState>, "configs"> => ({
    configs: [
      { path: configPath, text: `# ${mark}\nkube-apiserver-arg+:\n  - "service-account-issuer=${issuer}"\n` },
    ],
  });
  const other = "https://other.example.com";
  const former = "podtrust stack=prod format=1";
  assert.deepEqual(otherIssuers(marked(former, other), spec), [other]);
  assert.deepEqual(otherIssuers(marked(former, "https://oidc.example.com"), spec), []);
  assert.deepEqual(otherIssuers(marked(`${former} id=${spec.identity}`, other), spec), []);
});
