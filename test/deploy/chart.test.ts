import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, test } from "node:test";
import type { MetricDefinition } from "../../src/core/admin/index.ts";
import { operatorMetrics } from "../../src/operator/index.ts";
import { metricCatalogue } from "../../src/publisher/index.ts";
import { signerMetrics } from "../../src/signer/index.ts";
import { alerts } from "../../tools/chart/alerts.ts";
import { dashboardExpressions } from "../../tools/chart/dashboard.ts";
import { apiServerMetrics } from "../cluster/signer/api-server-metrics.ts";
import { deployFiles } from "../../tools/chart/files.ts";

const checkout = resolve(import.meta.dirname, "..", "..");
const read = (path: string): string => readFileSync(join(checkout, path), "utf8");

/** Labels by which an expression chooses series or joins them. */
function askedLabels(expression: string): readonly string[] {
  const lists = [...expression.matchAll(/\bby \(([^)]*)\)/gu)].flatMap(([, list = ""]) => list.split(", "));
  const matched = [...expression.matchAll(/[{,](\w+)(?:=|!=|=~|!~)"/gu)].map(([, label = ""]) => label);
  return [...lists, ...matched];
}

describe("what is deployed by Helm, Prometheus and Grafana", () => {
  test("every file of the chart is what the code makes today", () => {
    const files = deployFiles(checkout);
    assert.ok(files.size >= 9);
    for (const [path, text] of files) assert.equal(read(path), text, `${path}: npm run chart`);
  });

  const catalogues = {
    publisher: metricCatalogue,
    operator: operatorMetrics,
    signer: { ...signerMetrics, ...apiServerMetrics },
  } as const;
  for (const [part, catalogue] of Object.entries(catalogues)) {
    const watched = part as keyof typeof catalogues;

    test(`alerts and panels of the ${part} ask for metrics that it has, by labels that they have`, () => {
      const known = new Map<string, MetricDefinition>(
        Object.values(catalogue).map((metric: MetricDefinition) => [metric.name, metric]),
      );
      const expressions = [
        ...alerts[watched].map(({ expression }) => expression),
        ...dashboardExpressions(watched),
      ];
      for (const expression of expressions) {
        const asked = (expression.match(/\b(?:podtrust|apiserver)_\w+/gu) ?? []).map((name) =>
          name.replace(/_bucket$/u, ""),
        );
        assert.ok(asked.length > 0, expression);
        const labels = new Set([watched === "signer" ? "instance" : "pod", "le"]);
        for (const name of asked) {
          assert.ok(known.has(name), name);
          for (const label of Object.keys(known.get(name)?.labels ?? {})) labels.add(label);
        }
        for (const label of askedLabels(expression))
          assert.ok(labels.has(label), `${label} in ${expression}`);
      }
    });

    test(`every alert of the ${part} has its section in the runbook, and the runbook has none without an alert`, () => {
      const sections = [...read(`docs/how-to/runbooks/${part}.md`).matchAll(/^## (\w+)$/gmu)].map(
        ([, name]) => name,
      );
      assert.deepEqual(new Set(sections), new Set(alerts[watched].map(({ name }) => name)));
    });
  }
});
