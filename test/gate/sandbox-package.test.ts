import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { sandboxClosure, sandboxFolder } from "../../tools/package/sandbox.ts";

interface Manifest {
  readonly license: string;
  readonly dependencies: Readonly<Record<string, string>>;
}

const manifestOf = (folder: string): Manifest =>
  JSON.parse(readFileSync(`${folder}/package.json`, "utf8")) as Manifest;
const { files, packages } = sandboxClosure();

describe("the package of the sandbox", () => {
  test("names in its manifest exactly the packages that its modules import, in podtrust's versions", () => {
    const [own, podtrust] = [manifestOf(sandboxFolder), manifestOf(".")];
    assert.deepEqual(Object.keys(own.dependencies).sort(), packages);
    for (const [name, version] of Object.entries(own.dependencies))
      assert.equal(version, podtrust.dependencies[name], name);
    assert.equal(own.license, podtrust.license);
  });

  test("is of these rooms alone, and neither of podtrust's commands nor of its clients of clouds", () => {
    const rooms = files.map((file) => /^src\/(?:(?:core|rules)\/)?[\w-]+/u.exec(file)?.[0] ?? file);
    assert.ok(files.length > 300, String(files.length));
    assert.deepEqual(
      [...new Set(rooms)],
      [
        "src/core/base",
        "src/core/command-line",
        "src/core/files",
        "src/core/home",
        "src/core/html",
        "src/core/http",
        "src/core/listener",
        "src/core/reasons",
        "src/core/terminal",
        "src/core/x509",
        "src/issuer",
        "src/rules/azure",
        "src/rules/gcp",
        "src/rules/judge",
        "src/rules/keys",
        "src/rules/oidc",
        "src/rules/trust",
        "src/sandbox",
      ],
    );
  });
});
