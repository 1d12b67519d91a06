/** With AWS alone, no module of another relying party is loaded. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, test } from "node:test";
import {
  type Sandbox,
  type StandInCluster,
  startSandbox,
  startStandInCluster,
} from "../../src/sandbox/index.ts";
import { certificateFiles } from "../support/publisher-process.ts";
import { testAuthority } from "../support/certificates.ts";
import { googleBinding, googleTrust } from "../support/bindings/google.ts";
import { trustOf, trustSpec } from "../support/bindings/objects.ts";
import { loadedModules } from "../support/loaded-modules.ts";
import { account } from "../support/sandbox.ts";
import { configText, sandboxEnvironment } from "../support/stack-world.ts";

const issuer = "https://oidc.example.com";

const publisher = `publisher:
  source: {kubeconfig: publisher.kubeconfig}
  stateDir: state
  admin: false
  insecurePlainHttpBehindProxy: {listen: ["127.0.0.1:0"]}
`;

const google = `gcp:
  - {project: my-project, projectNumber: "123456789012", direct: [{serviceAccounts: [shop/web]}]}
`;

/** Commands on a cluster's objects: no config declares what pods ask for by annotations. */
const withPods: readonly string[] = ["plan", "serve", "operator"];

/** What a run has of them: the texts of errors and reasons, what a config may say, and doors that load the rest for who comes in. */
const isShared = (file: string, command: string): boolean =>
  /^core\/(?:base\/catalogue|reasons)\//u.test(file) ||
  (withPods.includes(command) && /^rules\/injection\/[\w-]+\.ts$/u.test(file)) ||
  /^config\/\w+\/schema\.ts$/u.test(file) ||
  /^sandbox\/\w+\/(?:index|start)\.ts$/u.test(file);

describe("a program that has to do with AWS alone", () => {
  let folder = "";
  let sandbox: Sandbox;
  let cluster: StandInCluster;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "podtrust-aws-only-"));
    sandbox = await startSandbox({ account });
    cluster = await startStandInCluster({ issuer });
    await writeFile(join(folder, "kubeconfig"), cluster.kubeconfig(), { mode: 0o600 });
    await writeFile(join(folder, "publisher.kubeconfig"), cluster.kubeconfig("publisher"), { mode: 0o600 });
    await writeFile(join(folder, "podtrust.yaml"), configText(issuer));
    await writeFile(join(folder, "served.yaml"), `${configText(issuer)}${publisher}`);
    await writeFile(join(folder, "served-google.yaml"), `${configText(issuer)}${publisher}${google}`);
    await writeFile(join(folder, "google.yaml"), `${configText(issuer)}${google}`);
    const ofAws = [trustOf({ ...trustSpec, accounts: [{ id: account, region: "eu-central-1" }] })];
    for (const [name, objects] of [
      ["aws-files", ofAws],
      ["google-files", [googleTrust(), googleBinding({ direct: true })]],
    ] as const) {
      await mkdir(join(folder, name));
      await writeFile(join(folder, name, "all.json"), JSON.stringify({ kind: "List", items: objects }));
    }
  });

  after(async () => {
    await cluster.close();
    await sandbox.close();
    await rm(folder, { recursive: true });
  });

  /** The modules of podtrust that a run loads. One that goes on by itself is ended once it has said `started` and loaded `last`. */
  function loadedBy(args: readonly string[], last: string, started?: RegExp): Promise<readonly string[]> {
    const env = { HOME: folder, ...sandboxEnvironment(sandbox.url, sandbox.admin) };
    const isDone = (said: string): boolean => started?.test(said) === true && said.includes(`/src/${last}\n`);
    return loadedModules(args, { cwd: folder, env, isDone });
  }

  /** Of what a run has loaded. */
  const ofOthers = (files: readonly string[], [command = ""]: readonly string[]): readonly string[] =>
    files.filter((file) => /(?:^|\/)(?:gcp|azure|openbao)(?:\/|\.)/u.test(file) && !isShared(file, command));

  const asRoot = process.getuid?.() === 0 ? ["--insecure-run-as-root"] : [];
  const published = /every stack is published/u;
  const runs: readonly (readonly [args: readonly string[], last: string, started?: RegExp])[] = [
    [["plan"], "stack/parts/aws/part.ts"],
    [["plan", "--bindings", "aws-files"], "operator/bindings/plan-roles.ts"],
    [["serve", "-f", "served.yaml", ...asRoot], "publisher/uploads/relying-parties.ts", published],
    [
      ["operator", "--kubeconfig", "kubeconfig", "--listen", "127.0.0.1:0", "--bindings"],
      "operator/bindings/aws.ts",
      /the operator listens/u,
    ],
    [["sandbox", "--port", "0", "--json"], "sandbox/aws/start.ts", /"http:\/\/127\.0\.0\.1:\d+/u],
  ];

  const verbOf = (args: readonly string[]): string =>
    args[0] === "plan" && args.includes("--bindings") ? "plan --bindings" : (args[0] ?? "");

  for (const [args, last, started] of runs) {
    test(`podtrust ${verbOf(args)} loads no module of another relying party`, async () => {
      const files = await loadedBy(args, last, started);
      assert.ok(files.includes(last), `${last} was not loaded: ${files.slice(-3).join(", ")}`);
      assert.deepEqual(ofOthers(files, args), []);
    });
  }

  test("podtrust serve -f loads no other command's words, no stack, no ACME, and none of what judges trusts and bindings", async () => {
    const [, , served] = runs;
    assert.ok(served !== undefined);
    const files = await loadedBy(...served);
    const strange =
      /^cli\/(?!serve\/)[\w-]+\/command\.ts$|^(?:stack|operator|sandbox|providers\/(?:acme|tls))\/|^publisher\/(?:manifests|own-token)\/|^rules\/(?:trust|injection|bindings(?!\/names))\//u;
    assert.deepEqual(
      files.filter((file) => strange.test(file)),
      [],
    );
    // Each module is memory that a publisher holds for as long as it runs.
    assert.ok(files.length <= 337, `serve loads ${files.length} modules`);
  });

  test("podtrust serve of a certificate in files loads nothing that orders one", async () => {
    const https = await certificateFiles(folder, await (await testAuthority()).issue(["oidc.example.com"]));
    const section = {
      source: { kubeconfig: "publisher.kubeconfig" },
      stateDir: "files",
      admin: false,
      https,
    };
    await writeFile(
      join(folder, "files.yaml"),
      `${configText(issuer)}publisher: ${JSON.stringify(section)}\n`,
    );
    const last = "providers/tls/foreign/certificate-files.ts";
    const files = await loadedBy(["serve", "-f", "files.yaml", ...asRoot], last, published);
    assert.ok(files.includes(last));
    const ordering = /^providers\/(?:acme\/(?!chain\/)|tls\/(?!foreign\/|holding\.ts$|stored\.ts$))/u;
    assert.deepEqual(
      files.filter((file) => ordering.test(file)),
      [],
    );
  });

  const declaring: readonly (readonly [args: readonly string[], last: string, started?: RegExp])[] = [
    [["plan", "-f", "google.yaml"], "stack/parts/gcp/part.ts"],
    [["plan", "--bindings", "google-files"], "operator/bindings/gcp/plan-files.ts"],
    [["serve", "-f", "served-google.yaml", ...asRoot], "publisher/uploads/gcp.ts", published],
  ];
  for (const [args, last, started] of declaring) {
    test(`podtrust ${verbOf(args)} of what another has a part in loads what belongs to that one alone`, async () => {
      const files = ofOthers(await loadedBy(args, last, started), args);
      assert.ok(files.includes(last), files.join(", "));
      assert.equal(files.includes("config/sections/gcp.ts"), !args.includes("--bindings"));
      assert.deepEqual(
        files.filter((file) => !/(?:^|\/)gcp(?:\/|\.)/u.test(file)),
        [],
      );
    });
  }

  test("podtrust operator that reconciles Azure's bindings loads what belongs to Azure alone", async () => {
    const last = "operator/bindings/azure/row.ts";
    const typed = ["operator", "--kubeconfig", "kubeconfig", "--listen", "127.0.0.1:0", "--bindings"];
    const args = [...typed, "--for", "azure"];
    const files = ofOthers(await loadedBy(args, last, /the operator listens/u), args);
    assert.ok(files.includes(last) && files.includes("rules/bindings/azure/decide.ts"), files.join(", "));
    assert.deepEqual(
      files.filter((file) => !/(?:^|\/)azure(?:\/|\.)/u.test(file)),
      [],
    );
  });
});
