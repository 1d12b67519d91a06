import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { basename, join, resolve } from "node:path";
import process from "node:process";
import { casesOf } from "../../test/support/runs.ts";
import { maxWait } from "../../test/support/until.ts";
import { type Check, npm, versionIn } from "./support.ts";

/** Milliseconds for one test and for all: a runner's own five seconds fail on a busy machine. */
const timeout = maxWait;

/** Others' test runners, each with what it is given to run the tests of a folder. */
const runners = {
  vitest: {
    packages: ["vitest@5.1.1"],
    line: ["node_modules/.bin/vitest", "run", "--dir", "vitest", `--testTimeout=${timeout}`],
    header: 'import { test } from "vitest";',
  },
  jest: {
    packages: ["jest@30.5.2"],
    line: [
      "node_modules/.bin/jest",
      "--rootDir",
      "jest",
      "--testEnvironment",
      "node",
      `--testTimeout=${timeout}`,
    ],
    header: "",
  },
} as const;

const examples = "test/sandbox/examples";

/** Writes a test of each example, whose program stands beside it; gives how many. */
function writeTests(at: string, header: string, programOf: (name: string) => string): number {
  mkdirSync(at, { recursive: true });
  const names = readdirSync(examples).map((file) => basename(file, ".ts"));
  for (const name of names) {
    writeFileSync(join(at, `${name}.example.js`), programOf(name));
    const call = `test(${JSON.stringify(name)}, async () => { await import("./${name}.example.js"); });`;
    writeFileSync(join(at, `${name}.test.js`), `${header}\n${call}\n`);
  }
  return names.length;
}

/** An example without its types, as the page of the library shows it otherwise. */
function stripped(name: string): string {
  return stripTypeScriptTypes(readFileSync(join(examples, `${name}.ts`), "utf8"));
}

/** What is said by a run of tests, all of which have to pass. */
function passing(folder: string, line: readonly string[], program = process.execPath): string {
  const env = {
    ...process.env,
    NODE_OPTIONS: "--experimental-vm-modules",
    NODE_NO_WARNINGS: "1",
    NO_COLOR: "1",
  };
  const ran = spawnSync(program, line, { cwd: folder, encoding: "utf8", env, timeout });
  const said = ran.stdout + ran.stderr;
  assert.equal(ran.status, 0, said);
  return said;
}

/** The versions of Node that its manifest allows: of each line the one that is tested, of the newest ours. */
const nodes: readonly string[] = ["22.23.5", "24.22.3", versionIn("tools/node")];

/** A Node of the npm registry, from where `npm ci` has ours (tools/node/package.json). */
function nodeOf(version: string): string {
  const isBin = process.platform === "darwin" && process.arch === "arm64";
  const name = `node-${isBin ? "bin-" : ""}${process.platform}-${process.arch}`;
  const home = resolve(".cache", "nodes", version);
  const program = join(home, "node_modules", name, "bin", "node");
  if (!existsSync(program)) {
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, "package.json"), "{}");
    npm(home, "install", "--ignore-scripts", "--no-audit", "--no-fund", `${name}@${version}`);
  }
  return program;
}

/**
 * Compiles the examples as a project in TypeScript does, against the declarations of the package, for a Node that has no
 * `await using`.
 */
function compileExamples(folder: string): void {
  const [from, to] = [join(folder, "typescript"), join(folder, "compiled")];
  cpSync(examples, from, { recursive: true });
  const options = ["--module", "nodenext", "--target", "es2022", "--lib", "es2023,esnext.disposable"];
  const types = [
    "--strict",
    "--skipLibCheck",
    "--types",
    "node",
    "--typeRoots",
    resolve("node_modules/@types"),
  ];
  const files = readdirSync(from).map((file) => join("typescript", file));
  const tsc = resolve("node_modules/typescript/bin/tsc");
  execFileSync(process.execPath, [tsc, ...options, ...types, "--outDir", to, ...files], {
    cwd: folder,
    stdio: "inherit",
  });
}

function examplesUnderNode(folder: string, version: string): Check {
  const [major = ""] = version.split(".");
  return [
    `the library's examples pass under Node ${major}, compiled by TypeScript, and README's program and the command run there`,
    () => {
      if (!existsSync(join(folder, "compiled"))) compileExamples(folder);
      const node = nodeOf(version);
      assert.equal(execFileSync(node, ["--version"], { encoding: "utf8" }), `v${version}\n`);
      const at = `node-${major}`;
      const count = writeTests(join(folder, at), 'import { test } from "node:test";', (name) =>
        readFileSync(join(folder, "compiled", `${name}.js`), "utf8"),
      );
      const said = passing(folder, ["--test", `${at}/*.test.js`], node);
      assert.match(said, new RegExp(`pass ${count}\\b`, "u"), said);
      passing(folder, ["readme.js"], node);
      const program = join(folder, "node_modules/@podtrust/sandbox/dist/sandbox/cli/main.js");
      const ran = spawnSync(node, [program, "--port", "0", "--json", "--end-with-stdin"], {
        encoding: "utf8",
        input: "",
      });
      assert.deepEqual([ran.status, ran.stderr], [0, ""]);
      assert.match((JSON.parse(ran.stdout) as { url: string }).url, /^http:\/\/127\.0\.0\.1:\d+$/u);
    },
  ];
}

/** A test file of Vitest that does what others beside it do, against the one sandbox of the global set-up. */
const sharingTest = `
import { expect, inject, test } from "vitest";
import { connectSandbox } from "@podtrust/sandbox";
for (const round of [1, 2, 3, 4, 5, 6, 7, 8]) test("round " + round, async () => {
  const sandbox = await connectSandbox(inject("sandbox"));
  await using account = await sandbox.newAccount();
  const provider = "arn:aws:iam::" + account.account + ":oidc-provider/oidc.podtrust.test";
  const Statement = { Effect: "Allow", Principal: { Federated: provider }, Action: "sts:AssumeRoleWithWebIdentity" };
  const issuer = await account.issuer();
  await account.seed({
    providers: [{ url: issuer.url, audiences: ["sts.amazonaws.com"] }],
    roles: [{ name: "cart", trustPolicy: { Version: "2012-10-17", Statement } }],
    parameters: [{ name: "/cart/color", value: "red" }],
  });
  await issuer.token({ namespace: "shop", name: "cart" });
  expect(await account.decisions()).toEqual([]);
  await account.reset();
}, ${timeout});
`;

const sharingFiles: Readonly<Record<string, string>> = {
  "vitest.config.js":
    'export default { test: { globalSetup: "./set-up.js", maxWorkers: 4, minWorkers: 4, include: ["*.test.mjs"] } };',
  "set-up.js": `
import { startSandbox } from "@podtrust/sandbox";
export default async ({ provide }) => {
  const sandbox = await startSandbox();
  provide("sandbox", { url: sandbox.url, token: sandbox.controlToken });
  return () => sandbox.close();
};`,
};

const sharing = (folder: string): Check => [
  "four workers of Vitest share one sandbox and do not meet in it",
  () => {
    const at = join(folder, "sharing");
    mkdirSync(at, { recursive: true });
    for (const [name, text] of Object.entries(sharingFiles)) writeFileSync(join(at, name), text);
    for (const name of ["a", "b", "c", "d"])
      writeFileSync(join(at, `${name}.test.mjs`), stripTypeScriptTypes(sharingTest));
    const line = [join(folder, "node_modules/.bin/vitest"), "run", "--root", at];
    const env = { ...process.env, NO_COLOR: "1" };
    const ran = spawnSync(process.execPath, line, { cwd: folder, encoding: "utf8", timeout, env });
    const said = ran.stdout + ran.stderr;
    assert.equal(ran.status, 0, said);
    assert.match(said, /Tests\s+32 passed/u);
  },
];

function examplesAsTestsOf(folder: string, runner: keyof typeof runners): Check {
  const { packages, line, header } = runners[runner];
  return [
    `the library's examples pass as tests of ${runner}`,
    () => {
      const count = writeTests(join(folder, runner), header, stripped);
      npm(folder, "install", "--ignore-scripts", "--no-audit", "--no-fund", ...packages);
      const said = passing(folder, line);
      assert.match(said, new RegExp(`(?:pass|Tests:?) +${count}\\b`, "u"), said);
    },
  ];
}

/** Installs the client of AWS that examples ask with, as the project of a user has it. */
function installClient(folder: string): void {
  const { dependencies } = JSON.parse(readFileSync("package.json", "utf8")) as {
    dependencies: Readonly<Record<string, string>>;
  };
  const name = "@aws-sdk/client-sts";
  npm(folder, "install", "--ignore-scripts", "--no-audit", "--no-fund", `${name}@${dependencies[name]}`);
}

/**
 * What the sandbox promises under several versions of Node and under others' test runners; `folder` is where it is
 * installed. The gate has each Node and Vitest, the night all.
 */
export function runnerChecks(folder: string): readonly Check[] {
  const all = Object.keys(runners) as (keyof typeof runners)[];
  return [
    ["the client of AWS that the examples use installs beside it", () => installClient(folder)],
    ...nodes.map((version) => examplesUnderNode(folder, version)),
    ...casesOf(all, all.length).map((runner) => examplesAsTestsOf(folder, runner)),
    sharing(folder),
  ];
}
