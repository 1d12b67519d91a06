/**
 * Packs the package, installs the tarball into an empty folder as a user would, and runs it there: what is
 * proven is the thing that is published, not the checkout.
 */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import process from "node:process";

const version = (JSON.parse(readFileSync("package.json", "utf8")) as { version: string }).version;
const folder = mkdtempSync(join(tmpdir(), "podtrust-package-"));

function npm(cwd: string, ...args: string[]): string {
  return execFileSync("npm", args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
}

function podtrust(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const program = join(folder, "node_modules", "podtrust", "dist", "cli", "main.js");
  return spawnSync(process.execPath, [program, ...args], { cwd: folder, encoding: "utf8", timeout: 120_000 });
}

/** What somebody writes who wants the sandbox in tests of his own. */
const ownTest = `
import { startSandbox, startStandInClouds } from "podtrust/sandbox";
const aws = await startSandbox({ account: "111122223333" });
const clouds = await startStandInClouds({ mischief: 0 });
const get = async (url: string, token: string): Promise<any> =>
  (await fetch(url, { headers: { authorization: \`Bearer \${token}\` } })).json();
const { servers } = await get(clouds.hetzner.url + "/servers", clouds.hetzner.tokens.readWrite);
const { result } = await get(clouds.cloudflare.url + "/zones?name=example.com", clouds.cloudflare.tokens.edit);
console.log(JSON.stringify({ servers: servers.length, zones: result.map((one: any) => one.name), account: aws.account }));
await Promise.all([aws.close(), clouds.close()]);
`;

const checks: [string, () => void][] = [
  [
    "a checkout that was never built is packed with its build, and installed by a git address, too",
    () => {
      const checkout = join(folder, "checkout");
      execFileSync("git", ["clone", "--quiet", "--depth", "1", `file://${resolve(".")}`, checkout]);
      symlinkSync(resolve("node_modules"), join(checkout, "node_modules"));
      npm(checkout, "pack", "--loglevel=error");
      const packed = execFileSync("tar", ["tzf", join(checkout, `podtrust-${version}.tgz`)], {
        encoding: "utf8",
      });
      assert.match(packed, /^package\/dist\/cli\/main\.js$/mu);
      // npm runs prepare where it was typed: in the checkout it builds nothing, and for somebody else's project it does.
      const prepared = (typedIn: string): boolean => {
        rmSync(join(checkout, "dist"), { recursive: true, force: true });
        const env = { ...process.env, INIT_CWD: typedIn };
        execFileSync(process.execPath, ["tools/prepare.ts"], { cwd: checkout, env, stdio: "ignore" });
        return existsSync(join(checkout, "dist", "cli", "main.js"));
      };
      assert.deepEqual([prepared(checkout), prepared(folder)], [false, true]);
      rmSync(checkout, { recursive: true });
    },
  ],
  [
    "a package that runs a script at its installation is one that was looked at",
    () => {
      const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8")) as {
        packages: Record<string, { hasInstallScript?: true }>;
      };
      const { allowScripts } = JSON.parse(readFileSync("package.json", "utf8")) as { allowScripts: object };
      const scripted = Object.keys(packages).filter((name) => packages[name]?.hasInstallScript === true);
      assert.deepEqual(
        scripted.filter((name) => name !== "").map((name) => name.replace("node_modules/", "")),
        Object.keys(allowScripts),
      );
    },
  ],
  [
    "the tarball holds what users need and nothing else",
    () => {
      const listed = npm(".", "pack", "--dry-run", "--json", "--ignore-scripts");
      const [entry] = Object.values(JSON.parse(listed) as Record<string, { files: { path: string }[] }>);
      const paths = entry?.files.map((file) => file.path) ?? [];
      assert.ok(
        paths.includes("dist/cli/main.js") && paths.includes("LICENSE") && paths.includes("README.md"),
      );
      // What README, help and errors point to.
      assert.ok(paths.includes("docs/how-to/explain.md") && paths.includes("docs/reference/errors.md"));
      assert.deepEqual(
        paths.filter((path) => /\.test\.|^test\/|^tools\/|^src\/|node_modules/u.test(path)),
        [],
      );
    },
  ],
  [
    "its package.json points to nothing that is missing or of another kind (publint)",
    () => execFileSync(join("node_modules", ".bin", "publint"), ["--strict"], { stdio: "inherit" }),
  ],
  [
    "it installs elsewhere, without our development Node",
    () => {
      npm(".", "pack", "--ignore-scripts", "--pack-destination", folder);
      const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz"));
      assert.ok(tarball);
      writeFileSync(
        join(folder, "package.json"),
        JSON.stringify({ name: "elsewhere", private: true, type: "module" }),
      );
      npm(folder, "install", "--ignore-scripts", "--no-audit", "--no-fund", resolve(folder, tarball));
      const installed = readdirSync(join(folder, "node_modules"));
      assert.ok(installed.includes("podtrust") && !installed.some((name) => name.startsWith("node-")));
    },
  ],
  [
    "with all that it brings it takes less than 80 MB",
    () => {
      const [kilobytes = ""] = execFileSync("du", ["-sk", join(folder, "node_modules")], {
        encoding: "utf8",
      }).split("\t");
      console.log(`  ${(Number(kilobytes) / 1024).toFixed(1)} MB`);
      assert.ok(Number(kilobytes) < 80 * 1024, `${kilobytes} KB`);
    },
  ],
  [
    "it says its version and its commands",
    () => {
      assert.equal(podtrust("--version").stdout.trim(), version);
      const help = podtrust("--help");
      assert.equal(help.status, 0);
      assert.match(help.stdout, /demo/u);
      assert.match(help.stdout, /serve/u);
      const [, guide = ""] = /^Guide: (.+)$/mu.exec(podtrust("explain", "--help").stdout) ?? [];
      assert.ok(readFileSync(guide, "utf8").length > 0, guide);
    },
  ],
  ["a wrong call ends with 2 and says so", () => assert.equal(podtrust("dmeo").status, 2)],
  [
    "its sandbox is a library: AWS and both clouds start in a test of somebody else's, with types",
    () => {
      writeFileSync(join(folder, "own-test.ts"), ownTest);
      const ran = spawnSync(process.execPath, ["own-test.ts"], { cwd: folder, encoding: "utf8" });
      assert.equal(ran.status, 0, ran.stderr);
      assert.deepEqual(JSON.parse(ran.stdout), {
        servers: 0,
        zones: ["example.com"],
        account: "111122223333",
      });
      const tsc = resolve("node_modules/typescript/bin/tsc");
      const options = ["--noEmit", "--module", "nodenext", "--strict", "--types", "node"];
      const types = ["--typeRoots", resolve("node_modules/@types")];
      execFileSync(process.execPath, [tsc, ...options, ...types, "own-test.ts"], {
        cwd: folder,
        stdio: "inherit",
      });
    },
  ],
  [
    "the GitHub Action's step installs it as a command",
    () => {
      const [, block = ""] =
        /- name: Install podtrust[^]*?\n {6}run: \|\n((?: {8}.*\n)+)/u.exec(
          readFileSync("action.yml", "utf8"),
        ) ?? [];
      const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz")) ?? "";
      const paths = join(folder, "github-path");
      const env = {
        ...process.env,
        PACKAGE: join(folder, tarball),
        ACTION: resolve("."),
        GITHUB_PATH: paths,
      };
      execFileSync("bash", ["-eo", "pipefail", "-c", block], {
        cwd: folder,
        env,
        stdio: ["ignore", "pipe", "inherit"],
      });
      const bin = readFileSync(paths, "utf8").trim();
      const said = execFileSync(join(bin, "podtrust"), ["--version"], { encoding: "utf8" });
      assert.equal(said.trim(), version);
    },
  ],
  [
    "the whole demo runs from the installed package",
    () => {
      const demo = podtrust("demo", "--json");
      assert.equal(demo.status, 0, demo.stderr);
      const story = JSON.parse(demo.stdout) as { refusals: unknown[]; links: { ok: boolean }[] };
      assert.ok(story.refusals.length >= 6 && story.links.every((link) => link.ok));
    },
  ],
];

/** Others' test runners, each with what it is given to run the tests of a folder. */
const runners = {
  "node:test": {
    packages: [],
    line: ["node", "--test", "node-test/"],
    header: 'import { test } from "node:test";',
  },
  vitest: {
    packages: ["vitest@5.1.1"],
    line: ["node_modules/.bin/vitest", "run", "--dir", "vitest"],
    header: 'import { test } from "vitest";',
  },
  jest: {
    packages: ["jest@30.5.2"],
    line: ["node_modules/.bin/jest", "--rootDir", "jest", "--testEnvironment", "node"],
    header: "",
  },
} as const;

/** The examples of the library as tests of another runner; gives how many. */
function writeRunnersTests(into: string, header: string): number {
  const at = join(folder, into);
  mkdirSync(at, { recursive: true });
  const files = readdirSync("test/sandbox/examples").filter((file) => file.endsWith(".ts"));
  for (const file of files) {
    const name = basename(file, ".ts");
    const text = stripTypeScriptTypes(readFileSync(join("test/sandbox/examples", file), "utf8"));
    writeFileSync(join(at, `${name}.example.js`), text);
    const call = `test(${JSON.stringify(name)}, async () => { await import("./${name}.example.js"); });`;
    writeFileSync(join(at, `${name}.test.js`), `${header}\n${call}\n`);
  }
  return files.length;
}

/** A test file of Vitest that does what others beside it do, against the one sandbox of the global set-up. */
const sharingTest = `
import { expect, inject, test } from "vitest";
import { connectSandbox } from "podtrust/sandbox";
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
}, 60_000);
`;

const sharingFiles: Readonly<Record<string, string>> = {
  "vitest.config.js":
    'export default { test: { globalSetup: "./set-up.js", maxWorkers: 4, minWorkers: 4, include: ["*.test.mjs"] } };',
  "set-up.js": `
import { startSandbox } from "podtrust/sandbox";
export default async ({ provide }) => {
  const sandbox = await startSandbox();
  provide("sandbox", { url: sandbox.url, token: sandbox.controlToken });
  return () => sandbox.close();
};`,
};

const sharing: (typeof checks)[number] = [
  "four workers of Vitest share one sandbox and do not meet in it",
  () => {
    const at = join(folder, "sharing");
    mkdirSync(at, { recursive: true });
    for (const [name, text] of Object.entries(sharingFiles)) writeFileSync(join(at, name), text);
    for (const name of ["a", "b", "c", "d"])
      writeFileSync(join(at, `${name}.test.mjs`), stripTypeScriptTypes(sharingTest));
    const line = [join(folder, "node_modules/.bin/vitest"), "run", "--root", at];
    const env = { ...process.env, NO_COLOR: "1" };
    const ran = spawnSync(process.execPath, line, { cwd: folder, encoding: "utf8", timeout: 300_000, env });
    const said = ran.stdout + ran.stderr;
    assert.equal(ran.status, 0, said);
    assert.match(said, /Tests\s+32 passed/u);
  },
];

for (const [runner, { packages, line, header }] of Object.entries(runners)) {
  checks.push([
    `the library's examples pass as tests of ${runner}`,
    () => {
      const count = writeRunnersTests(runner.replace(":", "-"), header);
      if (packages.length > 0)
        npm(folder, "install", "--ignore-scripts", "--no-audit", "--no-fund", ...packages);
      const env = {
        ...process.env,
        NODE_OPTIONS: "--experimental-vm-modules",
        NODE_NO_WARNINGS: "1",
        NO_COLOR: "1",
      };
      const [, ...args] = line;
      const ran = spawnSync(process.execPath, line[0] === "node" ? args : [...line], {
        cwd: folder,
        encoding: "utf8",
        env,
        timeout: 120_000,
      });
      const said = ran.stdout + ran.stderr;
      assert.equal(ran.status, 0, said);
      assert.match(said, new RegExp(`(?:pass|Tests:?) +${count}\\b`, "u"), said);
    },
  ]);
}
checks.push(sharing);

let failed = 0;
try {
  for (const [name, check] of checks) {
    try {
      check();
      console.log(`✔ ${name}`);
    } catch (error) {
      failed += 1;
      console.error(`✖ ${name}\n${String(error)}`);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`package: ${checks.length - failed} of ${checks.length} checks passed`);
process.exitCode = failed === 0 ? 0 : 1;
