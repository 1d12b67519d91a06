import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { describe, test } from "node:test";

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
    // A tree this small lacks most of what the table names, which is a fault in itself.
    assert.equal(status, 1);
    assert.match(stderr, /^tools\/rooms\.ts: these match nothing: .*$/mu);
    return stderr.trim().split("\n").slice(0, -1);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const faults: readonly (readonly [what: string, path: string, text: string, said: RegExp])[] = [
  [
    "an import against the direction",
    "src/providers/acme/a.ts",
    'import "../tls/index.ts";',
    /providers\/acme\/ must not import providers\/tls\//u,
  ],
  [
    "a folder's back door",
    "src/providers/tls/a.ts",
    'export { x } from "../acme/x.ts";',
    /the door of providers\/acme\/ is its index/u,
  ],
  [
    "an import from one product of the sandbox into another",
    "src/sandbox/aws/iam/a.ts",
    'import { startAuthority } from "../../ca/index.ts";',
    /sandbox\/aws\/ must not import sandbox\/ca\//u,
  ],
  [
    "an import from one relying party's part into another's",
    "src/stack/parts/gcp/a.ts",
    'import { x } from "../openbao/index.ts";',
    /stack\/parts\/gcp\/a\.ts: what is of gcp must not import what is of openbao/u,
  ],
  [
    "a question for a relying party's name outside its folders",
    "src/publisher/a.ts",
    'export const isIt = (name: string): boolean => name === "azure";',
    /publisher\/a\.ts asks for a relying party by name \(=== "azure"\)/u,
  ],
  [
    "the same by a list of names",
    "src/cli/a.ts",
    'export const isIt = (name: string): boolean => ["gcp", "azure"].includes(name);',
    /cli\/a\.ts asks for a relying party by name \("gcp", "azure"\]\.includes\(\)/u,
  ],
  [
    "a choice by what one relying party alone has",
    "src/sandbox/a.ts",
    'export const of = ({ gcp }: { gcp?: object }): string => (gcp === undefined ? "a" : "b");',
    /sandbox\/a\.ts asks for a relying party by name \(gcp ===\)/u,
  ],
  [
    "a branch for one of them alone",
    "src/operator/a.ts",
    "export function run(options: { azure: boolean }): void {\n  if (options.azure) stop();\n}",
    /operator\/a\.ts asks for a relying party by name \(if \(options\.azure\)\)/u,
  ],
  [
    "an import of what is above a room with rules of its own",
    "src/sandbox/ca/a.ts",
    'import { startSandbox } from "../index.ts";',
    /sandbox\/ca\/ must not import sandbox\//u,
  ],
  [
    "the back door of a room inside a room",
    "src/sandbox/index.ts",
    'export { x } from "./aws/start.ts";',
    /the door of sandbox\/aws\/ is its index/u,
  ],
  [
    "a short cut into a room inside another folder",
    "src/demo/a.ts",
    'export { x } from "../sandbox/aws/index.ts";',
    /the door of sandbox\/ is its index/u,
  ],
  ["a way out of src", "src/cli/a.ts", 'import { x } from "../../test/x.ts";', /outside src/u],
  [
    "I/O in a pure folder",
    "src/rules/oidc/a.ts",
    'import {\n  readFile,\n} from "node:fs";',
    /oidc\/ is pure/u,
  ],
  ["I/O by a built-in module", "src/rules/trust/a.ts", 'getBuiltinModule("node:fs");', /trust\/ is pure/u],
  [
    "a clock that a pure folder reads",
    "src/rules/plan/x/a.ts",
    "const t = Date.now();",
    /must not name Date\.now/u,
  ],
  ["such a clock by a text", "src/rules/plan/a.ts", 'const t = Date["now"]();', /must not name Date\[/u],
  ["such a clock out of a pattern", "src/rules/plan/a.ts", "const { now } = Date;", /must not name = Date;/u],
  ["a date of now", "src/rules/plan/a.ts", "const t = new Date().getTime();", /must not name new Date/u],
  ["a date of now as a text", "src/rules/plan/a.ts", "const t = Date();", /must not name Date\(/u],
  ["a clock of Temporal", "src/rules/plan/a.ts", "Temporal.Now.instant();", /must not name Temporal\.Now/u],
  [
    "a wait in a pure folder",
    "src/rules/plan/a.ts",
    "const late = AbortSignal.timeout(5);",
    /must not name AbortSignal\.timeout/u,
  ],
  [
    "a timer that is handed on",
    "src/rules/plan/a.ts",
    "const wait = setTimeout;",
    /must not name setTimeout/u,
  ],
  [
    "chance of the browser's in a pure folder",
    "src/rules/oidc/a.ts",
    "crypto.getRandomValues(bytes);",
    /must not name getRandomValues/u,
  ],
  ["chance in a pure folder", "src/rules/oidc/a.ts", "randomBytes(8);", /must not name randomBytes/u],
  ["a request by a pure folder", "src/rules/trust/a.ts", "await fetch(url);", /must not name fetch/u],
  [
    "a reserved package",
    "src/demo/a.ts",
    'await import("@aws-sdk/client-sts");',
    /only providers\/aws\/ imports/u,
  ],
  [
    "a module of Node's in a room that a browser runs",
    "src/rules/trust/a.ts",
    'import { isIP } from "node:net";',
    /trust\/ runs in a browser too and must not import node:net/u,
  ],
  [
    "the same behind a comment",
    "src/rules/trust/a.ts",
    'import { createHash } from /* the web has another */ "node:crypto";',
    /trust\/ runs in a browser too and must not import node:crypto/u,
  ],
  [
    "a module of Node's that such a room takes from the one below it",
    "src/core/base/a.ts",
    'export { homedir } from "node:os";',
    /base\/ runs in a browser too and must not import node:os/u,
  ],
  [
    "an unknown folder",
    "src/utils/a.ts",
    'import "node:fs";',
    /utils\/ is not in the table of tools\/rooms/u,
  ],
  [
    "a package that only developers install",
    "src/operator/a.ts",
    'import { SignJWT } from "jose";',
    /operator\/a\.ts: a user does not install jose: no row of reserved names it/u,
  ],
  [
    "a part of such a package, behind a comment",
    "src/config/a.ts",
    'export type { Options } from /* types */ "fast-check/lib/types";',
    /config\/a\.ts: a user does not install fast-check\/lib\/types/u,
  ],
  ["a name known only at run time", "src/cli/a.ts", "await import(`${name}.ts`);", /known only at run time/u],
  ["a name put together", "src/cli/a.ts", 'await import("jo" + "se");', /known only at run time/u],
  [
    "a loader by another name",
    "src/cli/a.ts",
    'const load = process.getBuiltinModule;\nload("node:fs");',
    /known only at run time/u,
  ],
  ["a loader of CommonJS", "src/cli/a.ts", "createRequire(import.meta.url);", /known only at run time/u],
];

describe("tools/boundaries.ts", () => {
  for (const [what, path, text, said] of faults) {
    test(`finds ${what}`, async () => {
      const found = await judged({ [path]: text });
      assert.equal(found.length, 1, found.join("\n"));
      assert.match(found[0] ?? "", said);
    });
  }

  test("finds the back door of any folder that has an index.ts", async () => {
    const found = await judged({
      "src/cli/a.ts": 'import "./terminal/x.ts";',
      "src/cli/terminal/index.ts": "",
      "src/cli/terminal/x.ts": "",
    });
    assert.deepEqual(found, [
      "src/cli/a.ts imports src/cli/terminal/x.ts: the door of cli/terminal/ is its index.ts",
    ]);
  });

  test("finds folders of a room that import each other, though none of their files do", async () => {
    const said = await judged({
      "src/map/index.ts": 'import "./drawn/a.ts";',
      "src/map/drawn/a.ts": 'import "../ways/a.ts";',
      "src/map/ways/b.ts": 'import "../drawn/b.ts";',
      "src/map/ways/a.ts": "",
      "src/map/drawn/b.ts": "",
    });
    assert.equal(said.length, 1, said.join("\n"));
    assert.match(said[0] ?? "", /^src\/map: drawn\/ → ways\/ → drawn\/ runs back up /u);
  });

  test("finds a circle of imports", async () => {
    const circle = await judged({
      "src/core/base/a.ts": 'import "./b.ts";',
      "src/core/base/b.ts": 'export * from "./a.ts";',
    });
    assert.deepEqual(circle, ["circle: src/core/base/a.ts → src/core/base/b.ts → src/core/base/a.ts"]);
  });

  test("has nothing against what is allowed", async () => {
    const allowed = await judged({
      "src/providers/tls/a.ts": 'import { x } from "../acme/index.ts";\nimport "node:fs";\n',
      "src/rules/keys/a.ts":
        'import { sign } from "node:crypto";\nimport { y } from "../../core/base/index.ts";',
      "src/rules/oidc/b.ts":
        '/** Never Date.now(). */\nconst text = "setTimeout(x)";\nconst at = (of: Date): Date => new Date(Date.UTC(2026, 1) + Date.parse(of));',
      "src/providers/aws/a.ts": 'const { STSClient } = await import("@aws-sdk/client-sts");',
      "src/sandbox/index.ts": 'export { x } from "./ca/index.ts";',
      "src/sandbox/ca/a.ts": 'import { y } from "../authority/index.ts";',
      "src/sandbox/aws/iam/a.ts": 'import { z } from "../decisions.ts";',
    });
    assert.deepEqual(allowed, []);
  });

  test("has looked at every module of src/, and at every room of its table", () => {
    const modules = readdirSync("src", { recursive: true, encoding: "utf8" }).filter(
      (path) => path.endsWith(".ts") && !path.endsWith(".test.ts"),
    );
    const { status, stdout } = spawnSync(process.execPath, [tool], { encoding: "utf8" });
    const [, saw] = /^boundaries: (\d+) modules, \d+ imports, 0 faults$/mu.exec(stdout) ?? [];
    assert.deepEqual([status, Number(saw)], [0, modules.length]);
    assert.ok(modules.length > 500, "a walk that finds so few has not seen src/");
  });
});
