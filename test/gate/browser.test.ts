/** What a browser loads of ours names no global that only Node has: no Buffer, no process. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { buildSync } from "esbuild";
import { nodeFree } from "../../tools/rooms.ts";

const root = join(import.meta.dirname, "../..");

/** What Node has and a browser does not. */
const ofNode = [
  "Buffer",
  "process",
  "global",
  "require",
  "setImmediate",
  "clearImmediate",
  "__dirname",
  "__filename",
];
const marked = (name: string): string => `only_node_has_${name}`;

/** The globals of Node's that are left where a module has been bundled as for a page: with all that it uses, and no more. */
function nodeGlobals(source: string): readonly string[] {
  const { outputFiles } = buildSync({
    stdin: { contents: source, resolveDir: root, loader: "ts" },
    bundle: true,
    platform: "browser",
    format: "esm",
    write: false,
    logLevel: "silent",
    // What a module declares itself, or has as a member, is not replaced.
    define: Object.fromEntries(ofNode.map((name) => [name, marked(name)])),
    tsconfigRaw: "{}",
  });
  const text = outputFiles.map((file) => file.text).join("\n");
  assert.ok(text.length > 0, "nothing was bundled");
  return ofNode.filter((name) => text.includes(marked(name)));
}

describe("the code of a browser", () => {
  test("is free of Node's globals in the live page", () => {
    assert.deepEqual(nodeGlobals('export * from "./site/check/judge.ts";'), []);
  });

  for (const room of nodeFree.filter((one) => one !== "core/base"))
    test(`is free of them in ${room}, and in what it uses of core/base`, () => {
      assert.deepEqual(nodeGlobals(`export * from "./src/${room}/index.ts";`), []);
    });

  test("with Node's Buffer or process, its own or out of core/base, is found, and a member of that name is not", () => {
    const use =
      'import { textOfBase64 } from "./src/core/base/index.ts";\nexport const text = textOfBase64("YQ==");\n';
    assert.deepEqual(nodeGlobals(use), ["Buffer"]);
    assert.deepEqual(nodeGlobals("export const at = [process.pid, Buffer.from([])];\n"), [
      "Buffer",
      "process",
    ]);
    assert.deepEqual(nodeGlobals("export const at = (own: { process: string }) => own.process;\n"), []);
    assert.throws(() => nodeGlobals('import { isIP } from "node:net";\nexport const is = isIP("a");\n'));
  });
});
