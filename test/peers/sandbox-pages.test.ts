/** The pages of the sandbox for other languages: each program that they show is run as it stands, by its language's own tools. */
import assert from "node:assert/strict";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { cleanAwsEnvironment, runProgram } from "../support/python-venv.ts";
import { testAtLength } from "../support/runs.ts";
import { atSandbox, environmentOf, programOf, projectWith, whyNot } from "../support/sandbox-page.ts";

const root = join(import.meta.dirname, "../..");
const timeout = 600_000;

const noGo = await whyNot(["go", "version"]);
const noJava = await whyNot(["javac", "-version"], ["mvn", "-v"]);
if (process.env["CI"] === "true")
  for (const why of [noGo, noJava]) if (why !== undefined) throw new Error(why);

describe("the sandbox's pages of other languages", () => {
  testAtLength(
    "the page of Go shows tests that pass with AWS's SDK for Go",
    { skip: noGo ?? false },
    async (t) => {
      const sdk = join(root, "test/cluster/build/aws-sdk-go");
      const folder = await projectWith(t, {
        "go.mod": await readFile(join(sdk, "go.mod"), "utf8"),
        "go.sum": await readFile(join(sdk, "go.sum"), "utf8"),
        "shop_test.go": await programOf("go.md", "go"),
      });
      // As the programs of the cluster suites are built, so that what they share is compiled once.
      const env = { CGO_ENABLED: "0", GOWORK: "off", ...environmentOf("GO") };
      const { code, out, err } = await atSandbox(t, {
        page: "go.md",
        folder,
        line: ["go", "test", "-trimpath", "-vet=off", "-v", "./..."],
        env,
        timeout,
      });
      assert.equal(code, 0, out + err);
      assert.equal(out.match(/^--- PASS/gmu)?.length, 3, out);
    },
  );

  testAtLength(
    "the page of Go holds for two packages that go runs at the same time",
    { skip: noGo ?? false },
    async (t) => {
      const sdk = join(root, "test/cluster/build/aws-sdk-go");
      const program = await programOf("go.md", "go");
      const folder = await projectWith(t, {
        "go.mod": await readFile(join(sdk, "go.mod"), "utf8"),
        "go.sum": await readFile(join(sdk, "go.sum"), "utf8"),
        "a/shop_test.go": program,
        "b/shop_test.go": program,
      });
      const { code, out, err } = await atSandbox(t, {
        page: "go.md",
        folder,
        line: ["go", "test", "-trimpath", "-vet=off", "-count=10", "-v", "./a", "./b"],
        env: { CGO_ENABLED: "0", GOWORK: "off", ...environmentOf("GO") },
        timeout,
      });
      assert.equal(code, 0, out + err);
      assert.equal(out.match(/^--- PASS/gmu)?.length, 60, out);
    },
  );

  testAtLength(
    "the page of Java shows tests that pass under JUnit with AWS's SDK for Java",
    { skip: noJava ?? false },
    async (t) => {
      const folder = await projectWith(t, {
        "pom.xml": await programOf("java.md", "xml"),
        "src/test/java/shop/CartTest.java": await programOf("java.md", "java"),
      });
      const { code, out, err } = await atSandbox(t, {
        page: "java.md",
        folder,
        line: ["mvn", "-q", "-B", "test"],
        env: environmentOf("JAVA_", "MAVEN_"),
        timeout,
      });
      assert.equal(code, 0, out + err);
      const report = await readFile(join(folder, "target/surefire-reports/TEST-shop.CartTest.xml"), "utf8");
      const [suite = ""] = /<testsuite [^>]*>/u.exec(report) ?? [];
      for (const count of ['tests="3"', 'errors="0"', 'failures="0"', 'skipped="0"'])
        assert.ok(suite.includes(` ${count}`), suite);
    },
  );

  test("the page of JavaScript shows a test that passes with AWS's SDK", async (t) => {
    // Below the project, so that its packages are found.
    const folder = join(root, `.cache/page-${process.pid}`);
    await mkdir(folder, { recursive: true });
    t.after(() => rm(folder, { recursive: true, force: true }));
    const file = join(folder, "shop.test.ts");
    const door = pathToFileURL(join(root, "src/sandbox/index.ts")).href;
    const program = await programOf("javascript.md", "ts");
    await writeFile(file, program.replace('"@podtrust/sandbox"', JSON.stringify(door)));
    const { code, out } = await runProgram(process.execPath, ["--test", file], cleanAwsEnvironment({}));
    assert.equal(code, 0, out);
    assert.match(out, /pass 2\b/u);
  });
});
