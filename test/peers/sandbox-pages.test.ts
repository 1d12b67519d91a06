/** The pages of the sandbox for other languages: each program that they show is run as it stands, by its language's own tools. */
import assert from "node:assert/strict";
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { describe, test, type TestContext } from "node:test";
import { pathToFileURL } from "node:url";
import { clientEnvironment, startSandbox } from "../../src/sandbox/index.ts";
import { cleanAwsEnvironment, type ProgramRun, runProgram } from "../support/python-venv.ts";

const root = join(import.meta.dirname, "../..");
const compileTime = 600_000;

async function folderFor(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "podtrust-page-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** The program of a page, in its language. */
async function programOf(page: string, language: string): Promise<string> {
  const text = await readFile(join(root, "docs/guides/sandbox", page), "utf8");
  const program = new RegExp(`\`\`\`${language}\\n([\\s\\S]+?)\`\`\``, "u").exec(text)?.[1];
  assert.ok(program, `${page} shows no program in ${language}`);
  return program;
}

/** Runs a program with what the page's exports set, at a sandbox of its own. */
async function atSandbox(
  t: TestContext,
  folder: string,
  [file = "", ...args]: readonly string[],
  more: Readonly<Record<string, string>>,
): Promise<ProgramRun> {
  const credentials = join(folder, "admin.ini");
  const tokenFile = join(folder, "control-token");
  const sandbox = await startSandbox({ adminCredentials: credentials, propagationMs: 0 });
  t.after(() => sandbox.close());
  await writeFile(tokenFile, `${sandbox.controlToken}\n`, { mode: 0o600 });
  const client = { url: sandbox.url, region: "eu-central-1", credentials };
  const env = { ...clientEnvironment(client), PODTRUST_CONTROL_TOKEN_FILE: tokenFile, ...more };
  return runProgram(file, args, cleanAwsEnvironment(env), compileTime);
}

const hasGo = (await runProgram("go", ["version"], { PATH: process.env["PATH"] ?? "" })).code === 0;
const noGo = hasGo ? undefined : "Go is not on the PATH";
if (noGo !== undefined && process.env["CI"] === "true") throw new Error(noGo);

describe("the sandbox's pages of other languages", () => {
  test("the page of Go shows tests that pass with AWS's SDK for Go", { skip: noGo ?? false }, async (t) => {
    const folder = await folderFor(t);
    const [module, home] = [join(folder, "shop"), process.env["HOME"] ?? folder];
    await mkdir(module);
    const sdk = join(root, "test/cluster/build/aws-sdk-go");
    for (const file of ["go.mod", "go.sum"]) await copyFile(join(sdk, file), join(module, file));
    await writeFile(join(module, "shop_test.go"), await programOf("go.md", "go"));
    const go = Object.entries(process.env).filter(([name]) => name.startsWith("GO"));
    // As the programs of the cluster suites are built, so that what they share is compiled once.
    const env = {
      HOME: home,
      CGO_ENABLED: "0",
      GOWORK: "off",
      ...(Object.fromEntries(go) as Record<string, string>),
    };
    const line = ["go", "test", "-C", module, "-trimpath", "-vet=off", "-v", "./..."];
    const { code, out, err } = await atSandbox(t, module, line, env);
    assert.equal(code, 0, out + err);
    assert.equal(out.match(/^--- PASS/gmu)?.length, 2, out);
  });

  test("the page of JavaScript shows a test that passes with AWS's SDK", async (t) => {
    // Below the project, so that its packages are found.
    const folder = join(root, `.cache/page-${process.pid}`);
    await mkdir(folder, { recursive: true });
    t.after(() => rm(folder, { recursive: true, force: true }));
    const file = join(folder, "shop.test.ts");
    const door = pathToFileURL(join(root, "src/sandbox/index.ts")).href;
    const program = await programOf("javascript.md", "ts");
    await writeFile(file, program.replace('"podtrust/sandbox"', JSON.stringify(door)));
    const { code, out } = await runProgram(process.execPath, ["--test", file], cleanAwsEnvironment({}));
    assert.equal(code, 0, out);
    assert.match(out, /pass 1\b/u);
  });
});
