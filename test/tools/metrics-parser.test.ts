/** The text of metrics, read by the parser of Prometheus' own client library for Python. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { expose, type MetricDefinition, type Sample } from "../../src/core/admin/index.ts";
import { cleanAwsEnvironment, pythonVenv, runProgram } from "../support/python-venv.ts";

const venv = pythonVenv("prometheus-client", "0.26.0");
const missing = await venv.missing();
if (missing !== undefined && process.env["CI"] === "true") throw new Error(missing);

const program = `
import json, sys
from prometheus_client.parser import text_string_to_metric_families
print(json.dumps([
    {"type": metric.type, "help": metric.documentation,
     "samples": [{"name": s.name, "labels": s.labels, "value": s.value} for s in metric.samples]}
    for metric in text_string_to_metric_families(json.loads(sys.argv[1]))
]))
`;

interface Recorded {
  readonly catalogue: Readonly<Record<string, MetricDefinition>>;
  readonly samples: Readonly<Record<string, readonly Sample[]>>;
}

const recorded = JSON.parse(
  readFileSync(new URL("../metrics/recorded.json", import.meta.url), "utf8"),
) as readonly Recorded[];

for (const [index, { catalogue, samples }] of recorded.entries()) {
  test(
    `Prometheus' parser for Python reads every sample of recording ${index + 1} as it was put in`,
    { skip: missing === undefined ? false : `left out: ${missing}` },
    async () => {
      const { text } = expose(catalogue, samples);
      const { code, out, err } = await runProgram(
        venv.program("python"),
        ["-c", program, JSON.stringify(text)],
        cleanAwsEnvironment({}),
      );
      assert.equal(code, 0, err);
      const wanted = Object.entries(catalogue).map(([id, { name, type, help }]) => ({
        type,
        help,
        samples: (samples[id] ?? []).map(({ labels, value, suffix = "" }) => ({
          name: `${name}${suffix}`,
          labels,
          value,
        })),
      }));
      assert.deepEqual(JSON.parse(out), wanted);
    },
  );
}
