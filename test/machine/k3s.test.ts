/**
 * The stand-in for k3s: how it takes its files, which is k3s's own way (docs.k3s.io, "Configuration Options";
 * pkg/configfilearg and pkg/util/args.go of k3s).
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { promisify } from "node:util";
import { buildPrograms } from "../cluster/build.ts";
import { leftOut as clusterLeftOut } from "../cluster/harness/index.ts";
import { maxWait } from "./max-wait.ts";

const run = promisify(execFile);

/** The API server's flags of that name, in order, when k3s is told these files and flags. */
async function flags(
  context: TestContext,
  name: string,
  files: Readonly<Record<string, string>>,
  args: readonly string[] = [],
): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), "podtrust-k3s-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, "config.yaml.d"));
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  const { k3s } = await buildPrograms(() => {});
  const env = { K3S_CONFIG_FILE: join(folder, "config.yaml") };
  const { stdout } = await run(k3s, ["stand-in-flags", ...args], { env, timeout: maxWait });
  const prefix = `--${name}=`;
  return stdout.split("\n").flatMap((line) => (line.startsWith(prefix) ? [line.slice(prefix.length)] : []));
}

const arg = (key: string, ...values: readonly string[]): string =>
  `${key}:\n${values.map((value) => `- ${value}\n`).join("")}`;
const issuer = "service-account-issuer";
const standardIssuer = "https://kubernetes.default.svc.cluster.local";

describe("the stand-in for k3s takes its files as k3s does", { skip: clusterLeftOut() }, () => {
  const cases: readonly [string, Readonly<Record<string, string>>, readonly string[], readonly string[]][] = [
    ["without a file it signs with the default issuer", {}, [], [standardIssuer]],
    [
      "an argument takes the place of the default, and repeats keep their order",
      { "config.yaml": arg("kube-apiserver-arg", `${issuer}=https://b`, `${issuer}=https://a`) },
      [],
      ["https://b", "https://a"],
    ],
    [
      "drop-ins come in the order of the alphabet, and with + they append",
      {
        "config.yaml.d/60-z.yaml": arg("kube-apiserver-arg+", `${issuer}=https://z`),
        "config.yaml.d/50-a.yaml": arg("kube-apiserver-arg+", `${issuer}=https://a`),
      },
      [],
      ["https://a", "https://z"],
    ],
    [
      "a later drop-in without + wipes what was gathered",
      {
        "config.yaml.d/50-a.yaml": arg("kube-apiserver-arg+", `${issuer}=https://a`),
        "config.yaml.d/60-z.yaml": arg("kube-apiserver-arg", "v=2"),
      },
      [],
      [standardIssuer],
    ],
    [
      "NAME+=VALUE stands after the default",
      { "config.yaml": arg("kube-apiserver-arg", `${issuer}+=https://a`) },
      [],
      [standardIssuer, "https://a"],
    ],
    [
      "NAME-=VALUE stands before the default, and so signs",
      { "config.yaml": arg("kube-apiserver-arg", `${issuer}-=https://a`) },
      [],
      ["https://a", standardIssuer],
    ],
    [
      "what is added first pulls the default in",
      { "config.yaml": arg("kube-apiserver-arg", `${issuer}+=https://a`, `${issuer}=https://b`) },
      [],
      [standardIssuer, "https://a", "https://b"],
    ],
    [
      "of two that are put before the default the later one signs",
      { "config.yaml": arg("kube-apiserver-arg", `${issuer}-=https://a`, `${issuer}-=https://b`) },
      [],
      ["https://b", "https://a", standardIssuer],
    ],
    [
      "what comes after one that was put before stands last",
      { "config.yaml": arg("kube-apiserver-arg", `${issuer}-=https://a`, `${issuer}=https://b`) },
      [],
      ["https://a", standardIssuer, "https://b"],
    ],
    [
      "entries keep their order, added ones too, once a plain one has dropped the default",
      {
        "config.yaml": arg(
          "kube-apiserver-arg",
          `${issuer}=https://a`,
          `${issuer}+=https://b`,
          `${issuer}=https://c`,
        ),
      },
      [],
      ["https://a", "https://b", "https://c"],
    ],
    [
      "NAME++=VALUE is NAME+=VALUE",
      { "config.yaml": arg("kube-apiserver-arg", `${issuer}++=https://a`) },
      [],
      [standardIssuer, "https://a"],
    ],
    [
      "endings count in any case, and hidden files are read",
      {
        "config.yaml.d/50-a.YAML": arg("kube-apiserver-arg+", `${issuer}=https://a`),
        "config.yaml.d/60-b.Yml": arg("kube-apiserver-arg+", `${issuer}=https://b`),
        "config.yaml.d/.40-c.yml": arg("kube-apiserver-arg+", `${issuer}=https://c`),
      },
      [],
      ["https://c", "https://a", "https://b"],
    ],
    [
      "an alias is what it refers to",
      { "config.yaml": `node-label: &x\n- ${issuer}=https://a\nkube-apiserver-arg: *x\n` },
      [],
      ["https://a"],
    ],
    [
      "the command line's values come after the files'",
      { "config.yaml": arg("kube-apiserver-arg", `${issuer}=https://file`) },
      ["--kube-apiserver-arg", `${issuer}=https://flag`],
      ["https://file", "https://flag"],
    ],
    [
      "a file of another ending, and a key that k3s does not know, are passed over",
      {
        "config.yaml": "no-such-key: 1\n",
        "config.yaml.d/50-a.yaml.bak": arg("kube-apiserver-arg", `${issuer}=https://a`),
      },
      [],
      [standardIssuer],
    ],
  ];
  for (const [name, files, args, wanted] of cases)
    test(name, async (context: TestContext) => {
      assert.deepEqual(await flags(context, issuer, files, args), wanted);
    });

  test("a folder of such a name is passed over, and a mapping makes a flag that no program knows", async (context: TestContext) => {
    const files = {
      "config.yaml.d/50.yaml/inside.yaml": "x: y\n",
      "config.yaml": "kube-apiserver-arg: {a: b}\n",
    };
    assert.deepEqual(await flags(context, issuer, files), [standardIssuer]);
    assert.deepEqual(await flags(context, "[{a b}]", files), ["true"]);
  });
});
