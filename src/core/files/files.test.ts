import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { describe, type TestContext, test } from "node:test";
import { PodtrustError } from "../base/index.ts";
import { type Files, machineFiles, readBoundedText, replaceText, StateFolder } from "./index.ts";

async function temporary(t: TestContext): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), "podtrust-files-"));
  t.after(() => rm(made, { recursive: true, force: true }));
  return made;
}

const own = process.geteuid?.() ?? 0;
const foreignUser = own + 1001;

/** The machine's files, of which some belong to another user: for tests that are not run as root. */
function withForeignUser(...strange: readonly string[]): Files {
  return {
    ...machineFiles,
    lstat: (async (path: string) => {
      const facts = await machineFiles.lstat(path);
      if (strange.includes(path)) facts.uid = foreignUser;
      return facts;
    }) as Files["lstat"],
    open: async (path, ...rest) => {
      const file = await machineFiles.open(path, ...rest);
      if (!strange.includes(String(path))) return file;
      const real = file.stat.bind(file);
      file.stat = (async () => Object.assign(await real(), { uid: foreignUser })) as typeof file.stat;
      return file;
    },
  };
}

function refused(path: string, owner: number, mode: string, next: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof PodtrustError, String(error));
    assert.equal(error.code, "state-permissions");
    assert.ok(
      error.message.startsWith(`${path} is owned by user ${owner} and has mode ${mode}`),
      error.message,
    );
    assert.match(error.next, next);
    return true;
  };
}

describe("reading within a bound", () => {
  test("a file is read up to its bound, and one without an end is not read forever", async (t) => {
    const file = join(await temporary(t), "file");
    const text = "é".repeat(50_000);
    await writeFile(file, text);
    assert.equal(await readBoundedText(file, 100_000), text);
    await assert.rejects(readBoundedText(file, 99_999), /longer than 99999 bytes/u);
    await assert.rejects(readBoundedText("/dev/zero", 1_000_000), /longer than/u);
    await assert.rejects(readBoundedText(`${file}.none`, 1), /ENOENT/u);
  });
});

describe("a state folder", () => {
  test("what was put there is read again, and folder and file are this user's alone", async (t) => {
    const folder = new StateFolder(join(await temporary(t), "a", "b"));
    assert.equal(await folder.read("x.json"), undefined);
    await folder.replace("x.json", "one");
    await folder.replace("x.json", "two");
    assert.equal(await folder.read("x.json"), "two");
    assert.deepEqual(await readdir(folder.path), ["x.json"]);
    assert.equal((await stat(folder.pathOf("x.json"))).mode & 0o777, 0o600);
    for (const path of [folder.path, join(folder.path, "..")])
      assert.equal((await stat(path)).mode & 0o777, 0o700);
    await assert.rejects(folder.read("x.json", 2), {
      code: "file-unreadable",
      message: /longer than 2 bytes/u,
    });
  });

  test("another user's folder is neither read nor written, and the error says whose it is and what to do", async (t) => {
    const path = await temporary(t);
    await writeFile(join(path, "keys.json"), "the other user's");
    const folder = new StateFolder(path, withForeignUser(path));
    const asSaid = refused(path, foreignUser, "0700", new RegExp(`chown ${own} ${path}$`, "u"));
    await assert.rejects(folder.read("keys.json"), asSaid);
    await assert.rejects(folder.replace("keys.json", "ours"), asSaid);
    await assert.rejects(folder.folder("accounts").replace("key", "a secret"), asSaid);
    await assert.rejects(
      folder.lock("lock", { clock: { now: () => 0, elapsed: () => 0, sleep: () => Promise.resolve() } }),
      asSaid,
    );
    assert.deepEqual(await readdir(path), ["keys.json"]);
  });

  test("a folder that others may write to is refused, also through a sticky bit", async (t) => {
    const path = join(await temporary(t), "it's");
    await mkdir(path);
    for (const [mode, next] of [
      [0o777, /chmod go-w '.*\/it'\\''s'$/u],
      [0o770, /chmod go-w/u],
      [0o1777, /a folder inside it/u],
    ] as const) {
      await chmod(path, mode);
      const asSaid = refused(path, own, mode.toString(8).padStart(4, "0"), next);
      await assert.rejects(new StateFolder(path).read("x"), asSaid);
      await assert.rejects(new StateFolder(path).folder("sub").make(), asSaid);
    }
    await chmod(path, 0o755);
    assert.equal(await new StateFolder(path).read("x"), undefined);
  });

  test("a folder above it that another user owns or may write to is refused; a sticky one like /tmp is not", async (t) => {
    const above = await temporary(t);
    const path = join(above, "state");
    await mkdir(path);
    await assert.rejects(
      new StateFolder(path, withForeignUser(above)).read("x"),
      refused(above, foreignUser, "0700", /chown/u),
    );
    await chmod(above, 0o777);
    await assert.rejects(new StateFolder(path).make(), refused(above, own, "0777", /chmod go-w/u));
    await chmod(above, 0o1777);
    await new StateFolder(path).make();
    assert.ok(
      ((await stat(tmpdir())).mode & 0o1000) !== 0,
      "these tests stand in a sticky folder themselves",
    );
  });

  test("another user's symbolic link to a good folder is refused, one's own is followed", async (t) => {
    const here = await temporary(t);
    const [real, link] = [join(here, "real"), join(here, "link")];
    await mkdir(real, { mode: 0o700 });
    await symlink("./nowhere/../real", link);
    await mkdir(join(here, "nowhere"));
    const folder = new StateFolder(link);
    await folder.replace("x", "text");
    assert.equal(await new StateFolder(real).read("x"), "text");
    await assert.rejects(
      new StateFolder(link, withForeignUser(link)).read("x"),
      refused(link, foreignUser, "0755", /chown/u),
    );
    await assert.rejects(
      new StateFolder(link, withForeignUser(real)).read("x"),
      refused(real, foreignUser, "0700", /chown/u),
    );
    await symlink("loop", join(here, "loop"));
    await assert.rejects(new StateFolder(join(here, "loop")).read("x"), { code: "file-unreadable" });
  });

  test("a file of another's, one that others may write to, a link or a folder in its place is not read", async (t) => {
    const path = await temporary(t);
    const folder = new StateFolder(path);
    const file = folder.pathOf("x");
    await folder.replace("x", "text");
    await assert.rejects(
      new StateFolder(path, withForeignUser(file)).read("x"),
      refused(file, foreignUser, "0600", /chown/u),
    );
    await chmod(file, 0o666);
    await assert.rejects(folder.read("x"), refused(file, own, "0666", /chmod go-w/u));
    await symlink("x", folder.pathOf("link"));
    await assert.rejects(folder.read("link"), { code: "file-unreadable", message: /symbolic link/u });
    await mkdir(folder.pathOf("folder"));
    await assert.rejects(folder.read("folder"), { code: "file-unreadable", message: /no regular file/u });
    await folder.replace("link", "a file now");
    assert.equal(await folder.read("link"), "a file now");
    await chmod(file, 0o600);
    assert.equal(await folder.read("x"), "text");
  });

  test("a file in a folder's place is an error that names it", async (t) => {
    const path = join(await temporary(t), "file");
    await writeFile(path, "");
    const named = { code: "file-unwritable", message: `${path} is not a folder` };
    await assert.rejects(new StateFolder(path).make(), named);
    await assert.rejects(new StateFolder(join(path, "below")).replace("x", ""), named);
  });

  test("a folder that cannot be made is an error that names it, and reading it gives nothing", async () => {
    // No one can make a folder there, not even root.
    const folder = new StateFolder("/proc/podtrust/state");
    assert.equal(await folder.read("x"), undefined);
    await assert.rejects(folder.make(), {
      code: "file-unwritable",
      message: /^\/proc\/podtrust\/state cannot be/u,
    });
    await assert.rejects(folder.replace("x", ""), { code: "file-unwritable" });
  });

  test("reading makes neither the folder nor anything in it", async (t) => {
    const path = await temporary(t);
    assert.equal(await new StateFolder(path).folder("sub").read("x"), undefined);
    assert.deepEqual(await readdir(path), []);
  });
});

test("a file that cannot be replaced keeps its content, and nothing stays beside it", async (t) => {
  const path = await temporary(t);
  await mkdir(join(path, "x"));
  await assert.rejects(replaceText(join(path, "x"), "text"), { code: "file-unwritable" });
  assert.deepEqual(await readdir(path), ["x"]);
});
