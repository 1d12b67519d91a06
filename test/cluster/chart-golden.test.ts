/** What Helm renders of the chart, held to golden files. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { buildPrograms, leftOut } from "./harness/index.ts";
import { maxWait } from "../support/until.ts";

const run = promisify(execFile);
const chart = resolve(import.meta.dirname, "../../deploy/chart");

describe("the chart's golden files", { skip: leftOut() }, () => {
  const folder = mkdtempSync(join(tmpdir(), "podtrust-chart-golden-"));
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
      // `PODTRUST_WRITE_GOLDEN=1 npm run test:cluster -- test/cluster/chart-golden.test.ts` writes them anew.
      if (process.env["PODTRUST_WRITE_GOLDEN"] === "1") writeFileSync(file, rendered);
      assert.equal(rendered, readFileSync(file, "utf8"));
    });
});
