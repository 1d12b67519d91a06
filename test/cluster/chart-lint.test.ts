/** The chart as charts are judged elsewhere: chart-testing's lint, and its rendering held to golden files. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { pythonVenv } from "../support/python-venv.ts";
import { buildPrograms, leftOut } from "./harness/index.ts";
import { maxWait } from "../support/until.ts";

const run = promisify(execFile);
const chart = resolve(import.meta.dirname, "../../deploy/chart");

describe("the chart's golden files and lint", { skip: leftOut() }, () => {
  const folder = mkdtempSync(join(tmpdir(), "podtrust-chart-lint-"));
  let helmPath: string;
  before(async () => {
    helmPath = (await buildPrograms()).helm;
  });
  after(() => rmSync(folder, { recursive: true }));

  async function helm(...args: readonly string[]): Promise<string> {
    const env = { PATH: process.env["PATH"] ?? "", HOME: folder };
    return (await run(helmPath, args, { env, timeout: maxWait, maxBuffer: 16 * 1024 * 1024 })).stdout;
  }

  for (const name of ["both", "operator", "publisher"])
    test(`renders deploy/chart/ci/${name}-values.yaml as test/deploy/golden/${name}.yaml has it`, async () => {
      const golden = resolve(import.meta.dirname, "../deploy/golden");
      const values = join(chart, `ci/${name}-values.yaml`);
      const rendered = await helm(
        "template",
        "podtrust",
        chart,
        "--namespace=podtrust",
        "--kube-version=1.36.3",
        `--values=${values}`,
      );
      const file = join(golden, `${name}.yaml`);
      // `PODTRUST_WRITE_GOLDEN=1 npm run test:cluster -- test/cluster/chart-lint.test.ts` writes them anew.
      if (process.env["PODTRUST_WRITE_GOLDEN"] === "1") writeFileSync(file, rendered);
      assert.equal(rendered, readFileSync(file, "utf8"));
    });

  const lintPrograms = [pythonVenv("yamllint", "1.38.0"), pythonVenv("yamale", "6.1.0")];

  test("passes chart-testing's lint with each of the value files in deploy/chart/ci", async (t) => {
    for (const { missing } of lintPrograms) {
      const why = await missing();
      if (why !== undefined) return t.skip(why);
    }
    const { ct } = await buildPrograms();
    const download = ["mod", "download", "-json", "github.com/helm/chart-testing/v3@v3.14.0"];
    const { Dir: source } = JSON.parse((await run("go", download)).stdout) as { readonly Dir: string };
    const args = [
      "lint",
      `--charts=${chart}`,
      "--validate-maintainers=false",
      "--check-version-increment=false",
      `--chart-yaml-schema=${join(source, "etc/chart_schema.yaml")}`,
      `--lint-conf=${join(source, "etc/lintconf.yaml")}`,
      "--helm-lint-extra-args=--strict --namespace podtrust",
    ];
    const folders = lintPrograms.map(({ program }) => dirname(program("x")));
    const path = [...folders, dirname(helmPath), process.env["PATH"]].join(":");
    const { stdout } = await run(ct, args, { env: { PATH: path, HOME: folder }, timeout: maxWait });
    assert.match(stdout, /All charts linted successfully/u);
    assert.equal(stdout.match(/1 chart\(s\) linted, 0 chart\(s\) failed/gu)?.length, 3);
    return undefined;
  });
});
