import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { importsBackUp } from "../../tools/boundaries/part-order.ts";

/** `FILE > FILE` for each import that runs back up, below the folder in which it does. */
function backUp(...imports: readonly string[]): Readonly<Record<string, readonly string[]>> {
  const read = imports.map((line) => {
    const [file = "", path = ""] = line.split(" > ");
    return { file, path };
  });
  return Object.fromEntries(
    [...importsBackUp(read)].map(([folder, back]) => [
      folder,
      back.map(({ file, path }) => `${file} > ${path}`),
    ]),
  );
}

describe("the order inside a folder", () => {
  test("lets a folder import its own folders, those beside it and the files above it in one direction", () => {
    assert.deepEqual(
      backUp(
        "src/map/index.ts > src/map/judge/index.ts",
        "src/map/judge/index.ts > src/map/judge/ways/way.ts",
        "src/map/judge/index.ts > src/map/page/page.ts",
        "src/map/judge/ways/way.ts > src/map/facts.ts",
        "src/map/page/page.ts > src/map/facts.ts",
        "src/map/facts.ts > src/core/base/index.ts",
      ),
      {},
    );
  });

  test("is broken by a file above that imports the folder by which it is imported, though no two files import each other", () => {
    const [up, down] = [
      "src/stack/export/a.ts > src/stack/outputs.ts",
      "src/stack/outputs.ts > src/stack/export/b.ts",
    ];
    assert.deepEqual(backUp(up, down), { "src/stack": [up, down] });
  });

  test("is broken by an import of the door from inside", () => {
    const [out, back] = [
      "src/map/index.ts > src/map/page/page.ts",
      "src/map/page/html.ts > src/map/index.ts",
    ];
    assert.deepEqual(backUp(out, back, "src/map/index.ts > src/map/facts.ts"), { "src/map": [out, back] });
  });

  test("is broken by folders beside one another over however many parts, at any depth, and for each folder alone", () => {
    const deep = [
      "src/rules/trust/sts/a/one.ts > src/rules/trust/sts/b/one.ts",
      "src/rules/trust/sts/b/two.ts > src/rules/trust/sts/c.ts",
      "src/rules/trust/sts/c.ts > src/rules/trust/sts/a/two.ts",
    ];
    const rooms = ["src/core/base/a.ts > src/config/a.ts", "src/config/b.ts > src/core/http/a.ts"];
    assert.deepEqual(backUp(...deep, ...rooms), { src: rooms, "src/rules/trust/sts": deep });
  });
});
