import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { catalogue } from "../../src/base/index.ts";
import { parseConfig } from "../../src/config/index.ts";
import { generatedPages, stalePages } from "../../tools/docs.ts";

const root = join(import.meta.dirname, "..", "..");

test("the reference pages on disk are what the code says (npm run docs)", async () => {
  assert.ok((await generatedPages()).length >= 4);
  assert.deepEqual(await stalePages(), []);
});

test("every error code is in the page, and every code in the page exists", async () => {
  const page = await readFile(join(root, "docs/reference/errors.md"), "utf8");
  const written = [...page.matchAll(/^## (.+)$/gmu)].map(([, code]) => code);
  assert.deepEqual(written, Object.keys(catalogue).sort());
});

test("the example of the config page is a config", async () => {
  const page = await readFile(join(root, "docs/reference/config.md"), "utf8");
  const example = /```yaml\n([\s\S]+?)```/u.exec(page)?.[1] ?? "";
  const config = await parseConfig(example, "/etc/podtrust/podtrust.yaml", { HOME: "/root" });
  assert.equal(config.aws[0]?.roles[0]?.name, "demo");
});
