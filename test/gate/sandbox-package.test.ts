import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { podtrustErrors } from "../../src/core/base/catalogue/podtrust/index.ts";
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
        "src/core/credentials",
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

  test("knows each error that a module of it throws, and ships no error of podtrust alone", () => {
    const withoutCatalogue = files.filter((file) => !file.startsWith("src/core/base/catalogue/"));
    const texts = withoutCatalogue.map((file) => [file, readFileSync(file, "utf8")] as const);
    const thrown = Object.keys(podtrustErrors).flatMap((code) =>
      texts.filter(([, text]) => text.includes(`"${code}"`)).map(([file]) => `${file}: ${code}`),
    );
    // Compared with, to choose an exit code, and not thrown.
    const compared = ["unreadable", "invalid", "without-publisher", "without-aws"];
    assert.deepEqual(
      thrown.sort(),
      compared.map((code) => `src/core/terminal/exit.ts: config-${code}`).sort(),
    );
    assert.deepEqual(
      files.filter((file) => file.startsWith("src/core/base/catalogue/")),
      ["entry", "general", "http", "index", "oidc", "podtrust/index", "sandbox"].map(
        (name) => `src/core/base/catalogue/${name}.ts`,
      ),
    );
    assert.ok(Object.keys(podtrustErrors).length > 200);
  });
});
