/** The chart as charts are judged elsewhere: by chart-testing's lint. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { after, describe, test } from "node:test";
import { promisify } from "node:util";
import { pythonVenv } from "../support/python-venv.ts";
import { buildProgram } from "./build.ts";
import { leftOut } from "./harness/index.ts";
import { maxWait } from "../support/until.ts";

const run = promisify(execFile);
const chart = resolve(import.meta.dirname, "../../deploy/chart");

describe("the chart's lint", { skip: leftOut() }, () => {
  const folder = mkdtempSync(join(tmpdir(), "podtrust-chart-lint-"));
  after(() => rmSync(folder, { recursive: true }));

  const lintPrograms = [pythonVenv("yamllint", "1.38.0"), pythonVenv("yamale", "6.1.0")];

  test("passes chart-testing's lint with each of the value files in deploy/chart/ci", async (t) => {
    for (const { missing } of lintPrograms) {
      const why = await missing();
      if (why !== undefined) return t.skip(why);
    }
    const [ct, helm] = [await buildProgram("ct"), await buildProgram("helm")];
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
    const path = [...folders, dirname(helm), process.env["PATH"]].join(":");
    const { stdout } = await run(ct, args, { env: { PATH: path, HOME: folder }, timeout: maxWait });
    assert.match(stdout, /All charts linted successfully/u);
    assert.equal(stdout.match(/1 chart\(s\) linted, 0 chart\(s\) failed/gu)?.length, 3);
    return undefined;
  });
});
