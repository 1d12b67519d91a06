import assert from "node:assert/strict";
import { globSync, existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, test } from "node:test";
import { podtrustHere } from "../../test/support/cli.ts";
import { withDocumentPaths } from "../core/command-line/index.ts";

describe("a page that a message names", () => {
  test("is a file that the reader has", async () => {
    const { err } = await podtrustHere(["plan", "-f", resolve("package.json")]);
    const [file = ""] = /\S*docs\/reference\/config\.md/u.exec(err) ?? [];
    assert.ok(file.startsWith("/") && existsSync(file), err);
  });

  test("stays as it is where there is no such page", () => {
    const absent = ["docs", "nope.md"].join("/");
    assert.equal(withDocumentPaths(`see ${absent}`), `see ${absent}`);
  });

  test("is there, for every message of the code", () => {
    const names = globSync("src/**/*.ts", { exclude: ["src/**/*.test.ts"] }).flatMap((file) =>
      [...readFileSync(file, "utf8").matchAll(/\bdocs\/[\w/-]+\.(?:md|json)\b/gu)].map(([name]) => name),
    );
    assert.ok(names.length > 3, names.join());
    for (const name of names) assert.ok(existsSync(name), name);
  });
});
