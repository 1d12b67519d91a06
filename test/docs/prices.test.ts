import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

/** The figures of the rows between two texts, by row. */
function figuresOf(page: string, from: string): readonly (readonly string[])[] {
  const [, rest = ""] = readFileSync(page, "utf8").split(from);
  const lines = rest.split("\n").filter((line) => line.startsWith("|"));
  const rows = lines.map((line) => [...line.matchAll(/(\d+\.\d) ms/gu)].map(([, figure = ""]) => figure));
  return rows.filter((row) => row.length > 0);
}

test("the prices in the guide on injection are those of the page of benchmarks", () => {
  const measured = figuresOf("docs/reference/benchmarks/admission.md", "# What a pod's admission takes");
  // Nothing, two webhooks; configmap with 20, 200 and 1,000 ServiceAccounts; serviceaccounts with 20 and 50.
  assert.equal(measured.length, 8);
  const ways = [0, 3, 5, 6, 7];
  // Of each size the time comes first, the processor second.
  const processor = [1, 3, 5].map((column) => ways.map((way) => measured[way]?.[column]));
  const figures = figuresOf("docs/how-to/injection.md", "the API server's processor time for a pod").slice(
    0,
    3,
  );
  assert.deepEqual(figures, processor);
});
