import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { describe, test } from "node:test";
import { codeOf, measuredFolders, withAge, withCode } from "../../tools/docs/benchmarks/age.ts";

const folders = ["src/signer"] as const;
const page = "<!-- Written. -->\n# Page\n\nMeasured 2026-11-30 on a machine.\nA load of two.\n\n| a |\n";
const older = /^\*\*Older than the code that it measures\*\*, .*`src\/signer`\.$/mu;

describe("a page of benchmarks", () => {
  test("of the code as it stands stays as it was written", () => {
    const written = withCode(page, "abc");
    assert.equal(withAge(written, "abc", folders), written);
    assert.doesNotMatch(written, older);
  });

  test("of other code says that it is older, once, and says it no more when it is measured anew", () => {
    const said = withAge(withCode(page, "abc"), "def", folders);
    assert.match(said, older);
    assert.match(said, /# Page\n\n\*\*Older.*\n\nMeasured 2026-11-30 on a machine\.\nA load/u);
    assert.equal(withAge(said, "123", folders), said);
    assert.equal(withAge(said, "abc", folders), withCode(page, "abc"));
  });

  test("that does not say which code it is of is older than any", () => {
    assert.match(withAge(page, "abc", folders), older);
  });

  test("says which code it measures, each of them", () => {
    const pages = globSync("docs/reference/benchmarks/*.md").map((file) => basename(file, ".md"));
    assert.deepEqual(Object.keys(measuredFolders).toSorted(), pages.toSorted());
  });

  test("is of the sources of its folders by their content, without tests, history or day", async (t) => {
    const at = await mkdtemp(join(tmpdir(), "podtrust-age-"));
    t.after(() => rm(at, { recursive: true }));
    await mkdir(join(at, "src/signer"), { recursive: true });
    const write = (name: string, text: string): Promise<void> =>
      writeFile(join(at, "src/signer", name), text);
    assert.throws(() => codeOf(folders, at), /src\/signer/u);
    await write("a.ts", "1");
    const first = codeOf(folders, at);
    await write("a.test.ts", "1");
    assert.equal(codeOf(folders, at), first);
    await write("a.ts", "2");
    assert.notEqual(codeOf(folders, at), first);
    await write("a.ts", "1");
    assert.equal(codeOf(folders, at), first);
    await write("b.ts", "");
    assert.notEqual(codeOf(folders, at), first);
  });
});
