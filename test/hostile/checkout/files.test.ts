/** What stands where a file with a credential is expected, in a checkout or on a machine that others use: by each row of the table. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmod, chown, mkdir, mkdtemp, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, test } from "node:test";
import { credentials, type CredentialFileName } from "../../../src/core/credentials/credential-rows.ts";
import { readBounded, readCredentialFile } from "../../../src/core/files/index.ts";

const rows = Object.entries(credentials).flatMap(([name, row]) =>
  "file" in row ? [{ name: name as CredentialFileName, ...row.file }] : [],
);
const isRoot = process.getuid?.() === 0;

describe("where a file with a credential is expected", () => {
  let folder = "";
  let written = 0;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "podtrust-files-"));
    await mkdir(join(folder, "shared"));
    await chmod(join(folder, "shared"), 0o777);
  });
  after(() => rm(folder, { recursive: true }));

  async function file(mode = 0o600, inside = "."): Promise<string> {
    written += 1;
    const path = join(folder, inside, `file-${written}`);
    await writeFile(path, "secret");
    await chmod(path, mode);
    return path;
  }

  async function link(to: string): Promise<string> {
    written += 1;
    const path = join(folder, `link-${written}`);
    await symlink(to, path);
    return path;
  }

  for (const { name, check, maxBytes } of rows) {
    test(`${name}: a named pipe is refused at once, and more than its ${maxBytes} bytes are not read, of a file or of a device`, async () => {
      assert.equal((await readCredentialFile(name, await file())).text, "secret");
      written += 1;
      const pipe = join(folder, `pipe-${written}`);
      execFileSync("mkfifo", ["-m", "600", pipe]);
      for (const path of [pipe, await link(pipe)])
        await assert.rejects(readCredentialFile(name, path), /it is (?:a named pipe|no regular file)/u);
      const long = await file();
      await truncate(long, maxBytes + 1);
      await assert.rejects(readCredentialFile(name, long), RangeError);
      const endless = readCredentialFile(name, await link("/dev/zero"));
      await assert.rejects(endless, check === "private" ? /no regular file/u : RangeError);
      await assert.rejects(readCredentialFile(name, join(folder, "shared")), /EISDIR|no regular file/u);
    });

    if (check === "private")
      test(`${name}: a file of another user, or one that others may read or write, is refused, through a link too`, async (t) => {
        for (const mode of [0o604, 0o640, 0o602, 0o620, 0o666]) {
          const path = await file(mode);
          for (const named of [path, await link(path)])
            await assert.rejects(readCredentialFile(name, named), { code: "state-permissions" });
        }
        await assert.rejects(readCredentialFile(name, await file(0o600, "shared")), {
          code: "state-permissions",
          message: /shared/u,
        });
        if (!isRoot) return t.skip("only root gives a file away");
        const theirs = await file();
        await chown(theirs, 65_534, 65_534);
        await assert.rejects(readCredentialFile(name, theirs), { code: "state-permissions" });
        return undefined;
      });
  }

  test("a config that is a named pipe is refused at once, and what a shell hands over is read", async () => {
    const pipe = join(folder, "podtrust.yaml");
    execFileSync("mkfifo", [pipe]);
    await assert.rejects(readBounded(pipe, 1000), /named pipe/u);
    const reader = `import { readBounded } from ${JSON.stringify(join(import.meta.dirname, "../../../src/core/files/index.ts"))}; process.stdout.write(await readBounded("/dev/fd/0", 1000));`;
    const line = `printf 'handed over' | "$0" --input-type=module -e "$1"`;
    const said = execFileSync("sh", ["-c", line, process.execPath, reader]);
    assert.equal(said.toString(), "handed over");
  });
});
