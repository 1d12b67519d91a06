import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { changeServerConfig } from "./rancher-config.ts";
import {
  inReadingOrder,
  isConfigFile,
  listConfigFiles,
  type ServerConfigFile,
  serverConfigFlags,
} from "./index.ts";

const old = "https://kubernetes.default.svc.cluster.local";
const ours = "https://oidc.example.com";
const change = { issuers: [old, ours] };

describe("config files of k3s and RKE2", () => {
  const main = "/etc/rancher/k3s/config.yaml";
  const own = "/etc/rancher/k3s/config.yaml.d/50-issuer.yaml";

  test("have the changed flags in a file of their own and in no other, and keep all else", () => {
    const files = [
      {
        path: main,
        value: {
          "write-kubeconfig-mode": "0600",
          "kube-apiserver-arg": [`service-account-issuer=${old}`, "profiling=false"],
        },
      },
      {
        path: "/etc/rancher/k3s/config.yaml.d/10-other.yaml",
        value: { "kube-apiserver-arg+": "audit-log-maxage=7" },
      },
      {
        path: own,
        value: {
          note: 1,
          "kube-apiserver-arg+": [
            "--service_account_issuer=x",
            "api-audiences=y",
            "enable-aggregator-routing",
          ],
        },
      },
    ];
    assert.deepEqual(changeServerConfig(files, own, change), [
      {
        path: main,
        value: { "write-kubeconfig-mode": "0600", "kube-apiserver-arg": ["profiling=false"] },
      },
      {
        path: own,
        value: {
          note: 1,
          "kube-apiserver-arg+": [
            "api-audiences=y",
            "enable-aggregator-routing",
            `service-account-issuer=${old}`,
            `service-account-issuer=${ours}`,
          ],
        },
      },
    ]);
  });

  test("that do not exist yet become one file", () => {
    assert.deepEqual(changeServerConfig([], own, { jwksUri: ours }), [
      { path: own, value: { "kube-apiserver-arg+": [`service-account-jwks-uri=${ours}`] } },
    ]);
    const odd = [{ path: main, value: { "kube-apiserver-arg": 7 } }];
    assert.equal(changeServerConfig(odd, own, { jwksUri: ours }).length, 1);
  });

  test("set a flag to true by an entry without a value", () => {
    const value = { "kube-apiserver-arg": ["service-account-extend-token-expiration"] };
    assert.equal(serverConfigFlags("k3s", [{ path: main, value }]).extendTokenExpiration, true);
  });
});

const issuer = "service-account-issuer";
const given = (...entries: readonly string[]): readonly string[] => entries.map((one) => `${issuer}${one}`);
// What k3s' own parser and GetArgs gave for each (v1.34.3+k3s1, case by case): the issuers with which its API server starts.
const cases: readonly [string, readonly string[], readonly string[]][] = [
  ["one that is added stands behind the default", given("+=a"), [old, "a"]],
  ["one that is put before the default signs", given("-=a"), ["a", old]],
  ["what is added first pulls the default in", given("+=a", "=b"), [old, "a", "b"]],
  ["of two that are put before, the later one signs", given("-=a", "-=b"), ["b", "a", old]],
  ["what comes after one that was put before stands last", given("-=a", "=b"), ["a", old, "b"]],
  ["a plain one drops the default for good", given("=a", "+=b", "=c"), ["a", "b", "c"]],
  ["a second plus is no part of the name", given("++=a"), [old, "a"]],
  [
    "underscores make another name for k3s, which adds the default, and the same one for the API server",
    ["service_account_issuer=a"],
    [old, "a"],
  ],
];

describe("config files of k3s give the issuers that k3s makes of them", () => {
  const main = "/etc/rancher/k3s/config.yaml";
  const drop = (name: string, value: ServerConfigFile["value"]): ServerConfigFile => ({
    path: `${main}.d/${name}`,
    value,
  });
  const issuersOf = (files: readonly ServerConfigFile[]): readonly string[] =>
    serverConfigFlags("k3s", inReadingOrder(main, files)).issuers;

  for (const [name, entries, issuers] of cases)
    test(name, () => {
      assert.deepEqual(issuersOf([{ path: main, value: { "kube-apiserver-arg": entries } }]), issuers);
    });

  test("a later file takes the place of others, or adds to them, in the order of the bytes of their names", () => {
    const value = { "kube-apiserver-arg": [`${issuer}=x`, "profiling=false"] };
    const added = drop("60-b.YML", {
      "kube-apiserver-arg+": [`--${issuer}=y`, `service-account-jwks-uri=${ours}`],
    });
    const upper = drop("60-B.yaml", { "kube-apiserver-arg+": `${issuer}=z` });
    const files = [added, upper, { path: main, value }];
    assert.deepEqual(serverConfigFlags("k3s", inReadingOrder(main, files)), {
      issuers: ["x", "z", "y"],
      jwksUri: ours,
      keyFiles: [],
    });
    assert.deepEqual(issuersOf([...files, drop("70.yaml", { "kube-apiserver-arg": [] })]), []);
    assert.deepEqual(issuersOf([...files, drop("70.yaml", { "kube-apiserver-arg": null })]), []);
    assert.deepEqual(issuersOf([...files, drop("70.yaml", { "node-label+": ["a=b"] })]), ["x", "z", "y"]);
  });

  test("the default is that of the cluster's domain, and RKE2's audiences are its own", () => {
    const value = {
      "cluster-domain": "in.example",
      "kube-apiserver-arg": ["api-audiences+=x", `${issuer}+=y`],
    };
    const { issuers, audiences } = serverConfigFlags("rke2", [{ path: main, value }]);
    assert.deepEqual(issuers, ["https://kubernetes.default.svc.in.example", "y"]);
    assert.deepEqual(audiences, ["https://kubernetes.default.svc.in.example", "rke2", "x"]);
  });

  test("each way to write an issuer is taken out before ours are written", () => {
    const entries = [...given("=a", "+=b", "-=c", "++=d"), "--service_account_issuer=e", "v=2"];
    const files = [{ path: main, value: { "kube-apiserver-arg": entries } }];
    const changed = changeServerConfig(files, `${main}.d/50-issuer.yaml`, change);
    assert.deepEqual(changed[0], { path: main, value: { "kube-apiserver-arg": ["v=2"] } });
    assert.deepEqual(issuersOf(changed), [old, ours]);
  });
});

test("files are found by k3s' rule of names, and the shell that lists them has the same one", () => {
  const read = ["50-a.yaml", "50-b.yml", "50-c.YAML", "50-d.Yml", ".50-e.yaml"];
  const passed = ["50-f.yaml.bak", "50-g.json", "yaml", "50-h.yaml~"];
  const folder = mkdtempSync(join(tmpdir(), "podtrust-rancher-"));
  try {
    for (const name of [...read, ...passed]) writeFileSync(join(folder, name), "");
    mkdirSync(join(folder, "50-folder.yaml"));
    const script = `${listConfigFiles}config_files '${folder}'; config_files '${folder}/no'`;
    const listed = execFileSync("sh", ["-c", script])
      .toString()
      .trim()
      .split("\n")
      .map((line) => Buffer.from(line.replace(/^path /u, ""), "base64").toString());
    assert.deepEqual(listed.toSorted(), read.map((name) => join(folder, name)).toSorted());
    assert.deepEqual([...read, ...passed].filter(isConfigFile), read);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
