import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { tangleText, tanglesOf } from "../../tools/boundaries/part-order.ts";

const read = (...imports: readonly string[]) =>
  imports.map((line) => {
    const [file = "", path = ""] = line.split(" > ");
    return { file, path };
  });

/** `FOLDER: A → B → A, N imports` for each tangle of such imports: `FILE > FILE`. */
const tangled = (...imports: readonly string[]): readonly string[] =>
  tanglesOf(read(...imports)).map(
    (one) => `${one.folder}: ${one.circle.join(" → ")}, ${one.imports.length} imports`,
  );

describe("the order inside a folder", () => {
  test("lets a folder import its own folders, those beside it and the files above it in one direction", () => {
    assert.deepEqual(
      tangled(
        "src/map/index.ts > src/map/judge/index.ts",
        "src/map/judge/index.ts > src/map/judge/ways/way.ts",
        "src/map/judge/index.ts > src/map/page/page.ts",
        "src/map/judge/ways/way.ts > src/map/facts.ts",
        "src/map/page/page.ts > src/map/facts.ts",
        "src/map/facts.ts > src/core/base/index.ts",
      ),
      [],
    );
  });

  test("is broken by a file above that imports the folder by which it is imported, though no two files import each other", () => {
    const imports = [
      "src/stack/export/a.ts > src/stack/outputs.ts",
      "src/stack/outputs.ts > src/stack/export/b.ts",
      "src/stack/index.ts > src/stack/outputs.ts",
    ];
    assert.deepEqual(tangled(...imports), ["src/stack: export/ → outputs.ts → export/, 2 imports"]);
    assert.deepEqual(tanglesOf(read(...imports)).map(tangleText), [
      "src/stack: export/ → outputs.ts → export/ runs back up (src/stack/export/a.ts imports src/stack/outputs.ts, " +
        "src/stack/outputs.ts imports src/stack/export/b.ts); of these parts 2 imports are in circles: " +
        "move a file to where it stands above or below both",
    ]);
  });

  test("is broken by an import of the door from inside", () => {
    assert.deepEqual(
      tangled(
        "src/map/index.ts > src/map/page/page.ts",
        "src/map/page/html.ts > src/map/index.ts",
        "src/map/index.ts > src/map/facts.ts",
      ),
      ["src/map: index.ts → page/ → index.ts, 2 imports"],
    );
  });

  test("is broken by folders beside one another over however many parts, at any depth, and for each folder alone", () => {
    assert.deepEqual(
      tangled(
        "src/rules/trust/sts/a/one.ts > src/rules/trust/sts/b/one.ts",
        "src/rules/trust/sts/b/two.ts > src/rules/trust/sts/c.ts",
        "src/rules/trust/sts/c.ts > src/rules/trust/sts/a/two.ts",
        "src/core/base/a.ts > src/config/a.ts",
        "src/config/b.ts > src/core/http/a.ts",
        "src/config/b.ts > src/rules/trust/sts/c.ts",
      ),
      ["src/rules/trust/sts: a/ → b/ → c.ts → a/, 3 imports", "src: config/ → core/ → config/, 2 imports"],
    );
  });

  test("is broken twice by two circles that do not touch, of which each is named by its shortest way", () => {
    assert.deepEqual(
      tangled(
        "src/map/a/1.ts > src/map/b/1.ts",
        "src/map/b/2.ts > src/map/a/2.ts",
        "src/map/b/2.ts > src/map/c.ts",
        "src/map/c.ts > src/map/a/2.ts",
        "src/map/b/2.ts > src/map/d.ts",
        "src/map/d.ts > src/map/e/1.ts",
        "src/map/e/2.ts > src/map/d.ts",
      ),
      ["src/map: a/ → b/ → a/, 4 imports", "src/map: d.ts → e/ → d.ts, 2 imports"],
    );
  });
});
