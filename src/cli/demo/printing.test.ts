import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { DemoReport } from "../../demo/index.ts";
import { plain, spansOf, type Text } from "../../core/terminal/text.ts";
import { type EndOptions, printEvent } from "./printing.ts";

const report = { refusals: [], seconds: 1 } as unknown as DemoReport;

/** What a demo ends with. */
function ending(options: EndOptions): string {
  let said = "";
  const output = { line: (text: Text = "") => (said += `${plain(spansOf(text))}\n`) };
  printEvent(output as never, { kind: "finished", report }, options);
  return said;
}

describe("the end of a demo", () => {
  test("offers --keep only where it was not given", () => {
    assert.match(ending({}), /podtrust demo --keep leaves it all running/u);
    assert.doesNotMatch(ending({ keep: true }), /--keep/u);
    assert.doesNotMatch(ending({ keep: true, fromNothing: true }), /--keep/u);
  });

  test("from nothing says that the clouds do not run on", () => {
    assert.match(ending({ fromNothing: true }), /leaves all but the clouds running/u);
    assert.match(ending({ keep: true, fromNothing: true }), /stand-ins for the clouds are gone/u);
  });
});
