/** What a user of podtrust installs beside it, and where each library may be imported. */
import assert from "node:assert/strict";
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { closureOf } from "../../tools/package/closure.ts";
import { allowed, reserved } from "../../tools/rooms.ts";

interface Locked {
  readonly packages: Readonly<
    Record<string, { readonly dev?: boolean; readonly link?: boolean; readonly integrity?: string }>
  >;
}

const { dependencies } = JSON.parse(readFileSync("package.json", "utf8")) as {
  dependencies: Readonly<Record<string, string>>;
};
const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8")) as Locked;
// A link is the Node of tools/node, which is for development and has no mark of it.
const production = Object.entries(packages).filter(
  ([path, { dev, link }]) => path.startsWith("node_modules/") && dev !== true && link !== true,
);
const page = readFileSync("docs/adr/0001-libraries.md", "utf8");
/** The rows of ADR 1's table of libraries. */
const rows = page
  .split("\n")
  .filter((line) => line.startsWith("| ") && !line.startsWith("| library"))
  .map((line) => line.split("|").map((cell) => cell.trim()));

/** Packages that modules import and the manifest does not name: a user has them by chance or not at all. */
const undeclared = (modules: readonly string[]): readonly string[] =>
  closureOf(modules).packages.filter((name) => !Object.hasOwn(dependencies, name));

/** What the table calls a library. */
const titleOf = (library: string): string => (library.startsWith("@aws-sdk/") ? "AWS SDK" : library);

describe("the production packages of podtrust", () => {
  test("are at most 40, each pinned by the hash of its content", () => {
    assert.ok(production.length <= 40, `${production.length} packages`);
    for (const library of Object.keys(dependencies))
      assert.ok(
        production.some(([path]) => path === `node_modules/${library}`),
        library,
      );
    assert.deepEqual(
      production.filter(([, { integrity }]) => integrity === undefined).map(([path]) => path),
      [],
    );
  });

  test("that podtrust names are pinned to one version, and each may be imported by some rooms alone", () => {
    for (const [library, version] of Object.entries(dependencies)) {
      assert.match(version, /^\d+\.\d+\.\d+$/u, library);
      assert.ok(
        reserved.some((one) => one.package.test(library)),
        `${library}: no rule of tools/rooms.ts`,
      );
    }
    for (const { package: pattern, rooms } of reserved) {
      assert.ok(
        Object.keys(dependencies).some((library) => pattern.test(library)),
        `${String(pattern)} is of no dependency`,
      );
      assert.deepEqual(
        rooms.filter((room) => !Object.hasOwn(allowed, room)),
        [],
      );
    }
  });

  test("are all that src/ imports; a package of developers, or one that only another package needs, is found", () => {
    const modules = globSync("src/**/*.ts", { exclude: ["src/**/*.test.ts"] });
    assert.ok(modules.length > 500, String(modules.length));
    assert.deepEqual(undeclared(modules), []);
    const folder = mkdtempSync(join(tmpdir(), "podtrust-packages-"));
    try {
      const planted = join(folder, "planted.ts");
      writeFileSync(
        planted,
        'import { SignJWT } from "jose";\nimport "@aws-sdk/core/client";\nconst { z } = await import("zod");\n',
      );
      assert.deepEqual(undeclared([planted]), ["@aws-sdk/core", "jose"]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("that podtrust names have a row of ADR 1 with the rooms of tools/rooms.ts, and no row is of another", () => {
    const titles = new Set(Object.keys(dependencies).map(titleOf));
    assert.equal(rows.length, titles.size);
    for (const library of Object.keys(dependencies)) {
      const row = rows.find(([, name]) => name?.startsWith(`${titleOf(library)} `));
      assert.ok(row !== undefined, `${library} has no row`);
      const rooms = reserved.find((one) => one.package.test(library))?.rooms ?? [];
      const named = [...(row[3] ?? "").matchAll(/`([^`]+)\/`/gu)].map(([, room]) => room);
      assert.deepEqual(new Set(named), new Set(rooms), library);
    }
  });
});
