import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { promisify } from "node:util";
import { systemClock } from "../../core/base/index.ts";
import { StateFolder } from "../../core/files/index.ts";
import { cloudInit, knownLoginKeys, makeLoginKey, newSshKeyPair } from "./index.ts";

const run = promisify(execFile);

function has(program: string): boolean {
  try {
    execFileSync("sh", ["-c", `command -v ${program}`]);
    return true;
  } catch {
    return false;
  }
}

const skip = has("ssh-keygen") ? false : "ssh-keygen is not there";

async function folderOf(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "podtrust-key-"));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

describe("an SSH key pair of podtrust's", () => {
  test(
    "is read by OpenSSH: the private half gives the public one, which has the fingerprint",
    { skip },
    async (t) => {
      const folder = await folderOf(t);
      const file = join(folder, "key");
      // Comments of several lengths, so that the padding has each of its lengths.
      for (const comment of ["a", "ab", "abc", "prod-first", "podtrust-production"]) {
        const { privateKey, publicKey, fingerprint } = newSshKeyPair(comment);
        await writeFile(file, privateKey, { mode: 0o600 });
        const { stdout: derived } = await run("ssh-keygen", ["-y", "-f", file]);
        assert.equal(derived.trim(), publicKey);
        const { stdout: listed } = await run("ssh-keygen", ["-lf", file]);
        assert.equal(listed.trim(), `256 ${fingerprint} ${comment} (ED25519)`);
      }
    },
  );

  test("signs what its public half verifies", { skip }, async (t) => {
    const folder = await folderOf(t);
    const { privateKey, publicKey } = newSshKeyPair("me");
    await writeFile(join(folder, "key"), privateKey, { mode: 0o600 });
    await writeFile(join(folder, "signers"), `me ${publicKey}\n`);
    await writeFile(join(folder, "text"), "hello\n");
    await run("ssh-keygen", ["-Y", "sign", "-f", join(folder, "key"), "-n", "file", join(folder, "text")]);
    const verify = [
      "-Y",
      "verify",
      "-f",
      join(folder, "signers"),
      "-I",
      "me",
      "-n",
      "file",
      "-s",
      join(folder, "text.sig"),
    ];
    const checked = run("ssh-keygen", verify);
    checked.child.stdin?.end("hello\n");
    assert.match((await checked).stdout, /Good "file" signature/u);
  });

  test("is another one each time", () => {
    assert.notEqual(newSshKeyPair("a").fingerprint, newSshKeyPair("a").fingerprint);
  });
});

describe("keys to log in with", () => {
  test("are made once where there is none, and then found", async (t) => {
    const folder = await folderOf(t);
    const place = { state: new StateFolder(folder).folder("prod"), env: {} };
    assert.deepEqual(await knownLoginKeys(place), []);
    const make = (): Promise<string> => makeLoginKey(place, "podtrust-prod", systemClock);
    const [made, also] = await Promise.all([make(), make()]);
    assert.equal(also, made, "runs at the same time make one");
    assert.deepEqual(await knownLoginKeys(place), [made]);
  });

  test("come from the person's agent where it has some", { skip }, async (t) => {
    const folder = await folderOf(t);
    const socket = join(folder, "agent");
    const { stdout } = await run("ssh-agent", ["-a", socket]);
    const pid = Number(/SSH_AGENT_PID=(\d+)/u.exec(stdout)?.[1]);
    t.after(() => process.kill(pid));
    const { privateKey, publicKey } = newSshKeyPair("me@here");
    await writeFile(join(folder, "key"), privateKey, { mode: 0o600 });
    const env = { SSH_AUTH_SOCK: socket, PATH: process.env["PATH"] };
    const place = { state: new StateFolder(folder).folder("prod"), env };
    assert.deepEqual(await knownLoginKeys(place), [], "an agent without a key");
    await run("ssh-add", ["-q", join(folder, "key")], { env });
    assert.deepEqual(await knownLoginKeys(place), [publicKey]);
    assert.deepEqual(await knownLoginKeys({ ...place, env: { ...env, SSH_AUTH_SOCK: "/nonexistent" } }), []);
  });
});

describe("the user data for a machine's first boot", () => {
  const hostKey = newSshKeyPair("prod-first");
  const { publicKey } = newSshKeyPair("me");
  const text = cloudInit({ hostname: "prod", user: "k8s", publicKey, hostKey });
  const config = JSON.parse(text.replace("#cloud-config\n", "")) as {
    readonly users: readonly Record<string, unknown>[];
    readonly ssh_keys: Record<string, string>;
    readonly write_files: readonly { readonly path: string; readonly content: string }[];
    readonly [key: string]: unknown;
  };

  test("is cloud-init's, and far below the 32 KiB that clouds take", () => {
    assert.ok(text.startsWith("#cloud-config\n"));
    assert.ok(Buffer.byteLength(text) < 4096, `${Buffer.byteLength(text)} bytes`);
  });

  test("lets in the user by its key alone, and neither root nor passwords", () => {
    const [user, ...others] = config.users;
    assert.deepEqual(others, [], "not the image's own user either");
    assert.deepEqual(
      [user?.["name"], user?.["lock_passwd"], user?.["ssh_authorized_keys"]],
      ["k8s", true, [publicKey]],
    );
    assert.deepEqual([config["disable_root"], config["ssh_pwauth"]], [true, false]);
    const [sshd] = config.write_files;
    for (const line of ["PermitRootLogin no", "PasswordAuthentication no", "AllowUsers k8s"]) {
      assert.ok(sshd?.content.split("\n").includes(line), line);
    }
  });

  test("has the host key that is pinned, and no other", () => {
    assert.deepEqual(Object.keys(config.ssh_keys), ["ed25519_private", "ed25519_public"]);
    assert.equal(config.ssh_keys["ed25519_private"], hostKey.privateKey);
    assert.equal(config["ssh_deletekeys"], true);
  });

  test("installs nothing, and reboots nothing", () => {
    assert.deepEqual([config["package_update"], config["package_upgrade"]], [false, false]);
    for (const key of ["packages", "runcmd", "bootcmd", "power_state"]) assert.equal(config[key], undefined);
  });
});
