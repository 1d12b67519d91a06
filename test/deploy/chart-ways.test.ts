/** The chart's templates are made of a few of the ways to choose: these tests hold them to all others. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { whether } from "../../tools/chart/choices.ts";
import { valueIn } from "../../tools/chart/merge.ts";
import { chartParts } from "../../tools/chart/parts.ts";
import { type ChartPart, nodeOf, objectsIn, templateOf } from "../../tools/chart/template.ts";

const sound: Pick<ChartPart, "marks" | "source" | "wanted"> = {
  source: "here",
  wanted: ".Values.on",
  marks: new Map(),
};

/** An object that has the list where it is not empty. */
const sample = (list: readonly string[]): object => ({
  kind: "Sample",
  metadata: { name: "one" },
  ...(list.length === 0 ? {} : { list }),
});

describe("the chart's templates", () => {
  for (const [name, part] of Object.entries(chartParts))
    test(`that of the ${name} has the objects of every way to choose, also of those that it was not made of`, () => {
      const node = nodeOf(part);
      const way = fc.tuple(...part.choices.flat().map(({ options }) => fc.nat(options.length - 1)));
      fc.assert(
        fc.property(way, (chosen) => {
          assert.deepEqual(valueIn(node, chosen) ?? [], objectsIn(part, chosen));
        }),
      );
    });

  test("say once, by one term for each item, when a list that several options fill is there", () => {
    const options = ["a", "b", "c", "d", "e"];
    const part: ChartPart = {
      ...sound,
      choices: options.map((one) => [whether(one, `.Values.${one}`)]),
      objects: (chosen) => [sample(options.filter((one) => chosen[one] === true))],
    };
    const lines = templateOf(part).split("\n");
    const head = "{{- if or (.Values.a) (.Values.b) (.Values.c) (.Values.d) (.Values.e) }}";
    assert.equal(lines[lines.indexOf("list:") - 1], head);
  });

  test("are not made where choices of two groups decide the same, and say which", () => {
    const part: ChartPart = {
      ...sound,
      choices: [[whether("one", ".Values.one")], [whether("other", ".Values.other")]],
      objects: ({ one, other }) => [
        { kind: "Sample", both: one === true && other === true ? "yes" : undefined },
      ],
    };
    assert.throws(() => templateOf(part), /choices of several groups decide the same: one; other/u);
  });
});
