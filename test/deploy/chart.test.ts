import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, test } from "node:test";
import { metricCatalogue } from "../../src/publisher/index.ts";
import { alerts } from "../../tools/chart/alerts.ts";
import { dashboardExpressions } from "../../tools/chart/dashboard.ts";
import { deployFiles } from "../../tools/chart/files.ts";

const checkout = resolve(import.meta.dirname, "..", "..");
const read = (path: string): string => readFileSync(join(checkout, path), "utf8");

describe("what is deployed by Helm, Prometheus and Grafana", () => {
  test("every file of the chart is what the code makes today", () => {
    const files = deployFiles(checkout);
    assert.ok(files.size >= 9);
    for (const [path, text] of files) assert.equal(read(path), text, `${path}: npm run chart`);
  });

  test("alerts and panels ask for metrics that the publisher has", () => {
    const known = new Set<string>(Object.values(metricCatalogue).map(({ name }) => name));
    const asked = [...alerts.map(({ expression }) => expression), ...dashboardExpressions];
    const names = asked.flatMap((expression) => expression.match(/\bpodtrust_\w+/gu) ?? []);
    assert.ok(names.length >= 20);
    for (const name of names) assert.ok(known.has(name.replace(/_bucket$/u, "")), name);
  });

  test("every alert has its section in the runbook, and the runbook has none without an alert", () => {
    const sections = [...read("docs/runbooks/publisher.md").matchAll(/^## (\w+)$/gmu)].map(
      ([, name]) => name,
    );
    assert.deepEqual(new Set(sections), new Set(alerts.map(({ name }) => name)));
  });
});
