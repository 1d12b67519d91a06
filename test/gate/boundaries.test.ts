import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { test } from "node:test";

const tool = resolve("tools/boundaries.ts");

/** What the tool says of a tree of files. */
async function judged(files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), "podtrust-boundaries-"));
  try {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    }
    const { status, stderr } = spawnSync(process.execPath, [tool], { cwd: folder, encoding: "utf8" });
    // A tree this small is a fault in itself.
    assert.equal(status, 1);
    assert.match(stderr, /saw \d+ modules, expected at least/u);
    return stderr.trim().split("\n").slice(0, -1);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const faults: readonly (readonly [what: string, path: string, text: string, said: RegExp])[] = [
  [
    "an import against the direction",
    "src/acme/a.ts",
    'import "../tls/index.ts";',
    /acme\/ must not import tls\//u,
  ],
  [
    "a folder's back door",
    "src/tls/a.ts",
    'export { x } from "../acme/x.ts";',
    /the door of acme\/ is its index/u,
  ],
  ["a way out of src", "src/cli/a.ts", 'import { x } from "../../test/x.ts";', /outside src/u],
  ["I/O in a pure folder", "src/oidc/a.ts", 'import {\n  readFile,\n} from "node:fs";', /oidc\/ is pure/u],
  ["I/O by a built-in module", "src/trust/a.ts", 'process.getBuiltinModule("node:fs");', /trust\/ is pure/u],
  ["a reserved package", "src/demo/a.ts", 'await import("@aws-sdk/client-sts");', /only aws\/ imports/u],
  ["an unknown folder", "src/utils/a.ts", 'import "node:fs";', /utils\/ is not in the table/u],
  ["a name only running tells", "src/cli/a.ts", "await import(`${name}.ts`);", /only running it tells/u],
];

for (const [what, path, text, said] of faults) {
  test(`the check of import directions finds ${what}`, async () => {
    const found = await judged({ [path]: text });
    assert.equal(found.length, 1, found.join("\n"));
    assert.match(found[0] ?? "", said);
  });
}

test("the check of import directions finds a circle, and nothing in what is allowed", async () => {
  const circle = await judged({
    "src/base/a.ts": 'import "./b.ts";',
    "src/base/b.ts": 'export * from "./a.ts";',
  });
  assert.deepEqual(circle, ["circle: src/base/a.ts → src/base/b.ts → src/base/a.ts"]);
  const allowed = await judged({
    "src/tls/a.ts": 'import { x } from "../acme/index.ts";\nimport "node:fs";\n',
    "src/oidc/a.ts": 'import { sign } from "node:crypto";\nimport { y } from "../base/index.ts";',
    "src/aws/a.ts": 'const { STSClient } = await import("@aws-sdk/client-sts");',
  });
  assert.deepEqual(allowed, []);
});
