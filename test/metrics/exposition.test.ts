/** `/metrics`: the text that prom-client wrote before podtrust wrote it itself, and a strict reader of the format. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { expose, type MetricDefinition, type Sample } from "../../src/core/admin/index.ts";
import { operatorMetrics } from "../../src/operator/index.ts";
import { metricCatalogue } from "../../src/publisher/index.ts";
import { parseExposition } from "./parse.ts";
import { runs } from "../support/runs.ts";

type Samples = Readonly<Record<string, readonly Sample[]>>;

interface Recorded {
  readonly catalogue: Readonly<Record<string, MetricDefinition>>;
  readonly samples: Samples;
  readonly type: string;
  readonly text: string;
}

/** By prom-client 15.1.3: the publisher's metrics, the operator's, and two odd ones. */
const recorded = JSON.parse(
  readFileSync(new URL("recorded.json", import.meta.url), "utf8"),
) as readonly Recorded[];

const oneOf = (help: string, samples: readonly Sample[]) =>
  expose({ one: { name: "podtrust_one", type: "gauge", help, labels: {} } }, { one: samples });

/** What is another metric since it was recorded: nobody is refused by address any more. */
const changed = new Set(["podtrust_connections_refused_total"]);

describe("the text of metrics", () => {
  for (const [index, { catalogue, samples, type, text }] of recorded.entries()) {
    test(`is letter for letter what prom-client made of recording ${index + 1}`, () => {
      assert.deepEqual(expose(catalogue, samples), { type, text });
    });

    test(`gives a strict reader every sample of recording ${index + 1} as it was put in`, () => {
      const read = parseExposition(text);
      assert.deepEqual(
        read.map(({ name, help, type: kind }) => ({ name, help, type: kind })),
        Object.values(catalogue).map(({ name, help, type: kind }) => ({ name, help, type: kind })),
      );
      const wanted = Object.entries(samples).map(([id, ofMetric]) =>
        ofMetric.map(({ labels, value, suffix = "" }) => ({
          name: `${catalogue[id]?.name}${suffix}`,
          labels,
          value,
        })),
      );
      assert.deepEqual(
        read.map((metric) => metric.samples),
        wanted,
      );
    });
  }

  test("has every metric of publisher and operator that was recorded under its name, type, help and labels", () => {
    for (const [index, catalogue] of [metricCatalogue, operatorMetrics].entries()) {
      const now = new Map(Object.values<MetricDefinition>(catalogue).map((one) => [one.name, one]));
      for (const metric of Object.values(recorded[index]?.catalogue ?? {}))
        if (changed.has(metric.name)) assert.notDeepEqual(now.get(metric.name), metric);
        else assert.deepEqual(now.get(metric.name), metric);
    }
  });

  test("has Go's words for values that are not finite", () => {
    const values = [Infinity, -Infinity, NaN];
    const { text } = oneOf(
      "x",
      values.map((value, index) => ({ labels: { n: String(index) }, value })),
    );
    assert.deepEqual(text.split("\n").slice(2, -1), [
      'podtrust_one{n="0"} +Inf',
      'podtrust_one{n="1"} -Inf',
      'podtrust_one{n="2"} NaN',
    ]);
  });

  test("gives a strict reader any help, label and number as it was", () => {
    const text = fc.string({ unit: "binary" });
    // JavaScript writes minus zero as 0.
    const numbers = fc.double().map((value) => (value === 0 ? 0 : value));
    const property = fc.property(text, text, numbers, (help, label, value) => {
      const [metric] = parseExposition(oneOf(help, [{ labels: { label, le: "x" }, value }]).text);
      assert.equal(metric?.help, help);
      assert.deepEqual(metric.samples, [{ name: "podtrust_one", labels: { label, le: "x" }, value }]);
    });
    fc.assert(property, { numRuns: runs(1000) });
  });
});

describe("the strict reader of metrics", () => {
  const head = "# HELP a b\n# TYPE a gauge\n";
  for (const [what, text] of [
    ["without an end of the last line", `${head}a 1`],
    ["with a quote that is not escaped", `${head}a{b="c"d"} 1\n`],
    ["with a word for a number", `${head}a Infinity\n`],
    ["with a label twice", `${head}a{b="c",b="d"} 1\n`],
    ["with a comma behind the labels", `${head}a{b="c",} 1\n`],
    ["with a series twice", `${head}a 1\na 2\n`],
    ["with a sample of another metric", `${head}b 1\n`],
    ["without help", "# TYPE a gauge\na 1\n"],
  ] as const) {
    test(`refuses a text ${what}`, () => {
      assert.throws(() => parseExposition(text), SyntaxError);
    });
  }
});
