import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { folderTarget } from "./index.ts";

const { signal } = new AbortController();
const file = (day: number): string => `prod-publisher-2026-11-0${day}T120000000Z.age`;

async function folderIn(t: TestContext, parent: string): Promise<string> {
  const folder = await mkdtemp(join(parent, "podtrust-places-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Linux's memory, which is a file system of its own beside that of the temporary folder. */
const otherDisk = "/dev/shm";
const whyNot = await Promise.all([otherDisk, tmpdir()].map((path) => stat(path))).then(
  ([other, own]) => (other?.dev === own?.dev ? `${otherDisk} is no file system of its own` : false),
  () => `there is no ${otherDisk}`,
);

describe("a folder for backups that is to lie on another file system than the state", () => {
  test("is refused on the same one, where nothing is written, looked for or taken away", async (t) => {
    const folder = await folderIn(t, tmpdir());
    const [backups, state] = [join(folder, "backups"), join(folder, "state")];
    await mkdir(backups);
    // The state need not be there yet.
    const place = folderTarget(backups, { keep: 1, apartFrom: state });
    const refused = {
      code: "backup-folder",
      message: `${backups} lies on the file system of ${state}, and would be lost with it`,
      next: /podtrust up again/u,
    };
    await assert.rejects(place.put(file(1), Buffer.from("sealed"), signal), refused);
    await assert.rejects(place.newest?.("prod") ?? Promise.resolve(), refused);
    await assert.rejects(place.prune?.("prod") ?? Promise.resolve(), refused);
    assert.deepEqual(await readdir(backups), []);
  });

  test("is never made: one that is not there was on a file system that is not mounted", async (t) => {
    const folder = await folderIn(t, tmpdir());
    const backups = join(folder, "mnt", "backups");
    const place = folderTarget(backups, { keep: 1, apartFrom: join(folder, "state") });
    await assert.rejects(place.put(file(1), Buffer.from("sealed"), signal), {
      code: "backup-folder",
      message: /is not there: .*is not mounted/u,
    });
    assert.deepEqual(await readdir(folder), []);
  });

  test(
    "takes backups on another, files that no other user reads, until that is gone, and again once it is back",
    { skip: whyNot },
    async (t) => {
      const backups = join(await folderIn(t, otherDisk), "podtrust");
      await mkdir(backups, { mode: 0o700 });
      const place = folderTarget(backups, { keep: 2, apartFrom: await folderIn(t, tmpdir()) });
      for (const day of [1, 2, 3]) await place.put(file(day), Buffer.from("sealed"), signal);
      await place.prune?.("prod");
      assert.deepEqual((await readdir(backups)).toSorted(), [file(2), file(3)]);
      assert.equal((await stat(join(backups, file(3)))).mode & 0o777, 0o600);
      assert.equal(await place.newest?.("prod"), Date.UTC(2026, 10, 3, 12));
      await rm(backups, { recursive: true });
      await assert.rejects(place.put(file(4), Buffer.from("sealed"), signal), { code: "backup-folder" });
      await mkdir(backups, { mode: 0o700 });
      await place.put(file(4), Buffer.from("sealed"), signal);
      assert.deepEqual(await readdir(backups), [file(4)]);
    },
  );
});
