import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { writeControlToken } from "./control-token.ts";
import { wordOf } from "./relying-parties.ts";

const token = "a".repeat(40);

test("a control token is written for its owner alone, over one of an earlier sandbox and over no other file", async () => {
  const folder = await mkdtemp(join(tmpdir(), "podtrust-control-token-"));
  try {
    const [path, notes] = [join(folder, "token"), join(folder, "notes")];
    await writeControlToken(path, "b".repeat(40));
    await writeControlToken(path, token);
    assert.equal(await readFile(path, "utf8"), `${token}\n`);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    await writeFile(notes, "what I must not lose\n");
    await assert.rejects(writeControlToken(notes, token), { code: "file-unwritable" });
    assert.equal(await readFile(notes, "utf8"), "what I must not lose\n");
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("a word that an option does not have is refused with the nearest one", () => {
  assert.equal(wordOf("--for", "azure", ["azure", "gcp"]), "azure");
  assert.throws(() => wordOf("--for", "azur", ["azure", "gcp"]), {
    code: "usage",
    message: "--for azur is none of azure, gcp",
    next: "Did you mean azure?",
  });
});
