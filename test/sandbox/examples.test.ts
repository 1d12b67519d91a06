import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { after, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import * as library from "../../src/sandbox/index.ts";
import { exportedNames } from "../../tools/docs/sandbox-library.ts";

const root = join(import.meta.dirname, "../..");
const files = globSync("test/sandbox/examples/*.ts", { cwd: root }).sort();
// Below the project, so that its packages are found.
const folder = join(root, `.cache/examples-${process.pid}`);
after(() => rm(folder, { recursive: true, force: true }));

describe("the examples of the sandbox's library", () => {
  for (const file of files) {
    test(`the program runs as the page shows it: ${basename(file, ".ts")}`, async () => {
      const text = await readFile(join(root, file), "utf8");
      const door = pathToFileURL(join(root, "src/sandbox/index.ts")).href;
      await mkdir(folder, { recursive: true });
      const copy = join(folder, basename(file));
      await writeFile(copy, text.replace('"podtrust/sandbox"', JSON.stringify(door)));
      await import(pathToFileURL(copy).href);
    });
  }

  test("every function and value that the package exports is used in one of them", async () => {
    const texts = await Promise.all(files.map((file) => readFile(join(root, file), "utf8")));
    const used = new Set(
      texts
        .flatMap((text) => /import \{([^}]+)\} from "podtrust\/sandbox"/u.exec(text)?.[1]?.split(",") ?? [])
        .map((name) => name.trim()),
    );
    const exported = Object.keys(library);
    assert.deepEqual(
      exported.filter((name) => !used.has(name)),
      [],
    );
    assert.ok(exported.every((name) => exportedNames().includes(name)));
    assert.ok(exported.length >= 8);
  });
});
