import assert from "node:assert/strict";
import { mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readCredentialFile } from "./credential-file.ts";

test("what is read is of the file whose place is given, also while a link is turned to another one", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "podtrust-opened-"));
  t.after(() => rm(folder, { recursive: true }));
  const [own, foreign] = [join(folder, "own"), join(folder, "foreign")];
  await Promise.all([own, foreign].map((file) => writeFile(file, file)));
  const link = join(folder, "link");
  await symlink(own, link);
  const done = new AbortController();
  const turn = (async () => {
    for (let n = 0; !done.signal.aborted; n += 1) {
      const next = join(folder, "next");
      await symlink(n % 2 === 0 ? foreign : own, next);
      await rename(next, link);
    }
  })();
  const seen = new Set<string>();
  for (let n = 0; n < 500; n += 1) {
    const { text, realPath } = await readCredentialFile("hetzner-token", link);
    if (realPath !== undefined) assert.equal(text, realPath);
    seen.add(text);
  }
  done.abort();
  await turn;
  assert.equal(seen.size, 2, "the link was turned meanwhile");
});
