/** The scripts that install packages, by the real apt and dpkg on folders of their own, while others hold apt's locks. */
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, test } from "node:test";
import { hostLayout } from "../../../src/providers/host/publisher/layout.ts";
import { prepareScript } from "../../../src/providers/host/publisher/scripts.ts";
import { packagesScript, systemScript, upgradeScript } from "../../../src/providers/host/system/scripts.ts";
import { parseSystem } from "../../../src/providers/host/system/state.ts";
import { until } from "../../support/until.ts";

function whyNot(): string | false {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "mounts of its own take root on Linux";
  const programs = ["apt-get", "dpkg-deb", "unshare", "perl"];
  const missing = programs.filter((program) => spawnSync(program, ["--version"]).status !== 0);
  return missing.length > 0 && `not on PATH: ${missing.join(", ")}`;
}

const options = { skip: whyNot() };

/** Folders in place of apt's and dpkg's own. */
let world: string;
let held: ChildProcess | undefined;

/** A package of nothing but a name. */
function addPackage(name: string, version = 1): void {
  const made = join(world, "made");
  const control = `Package: ${name}\nVersion: ${version}\nArchitecture: all\nMaintainer: A <a@example.com>\nDescription: nothing\n`;
  mkdirSync(join(made, "DEBIAN"), { recursive: true });
  writeFileSync(join(made, "DEBIAN/control"), control);
  const file = join(world, "repository", `${name}_${version}.deb`);
  execFileSync("dpkg-deb", ["-b", made, file]);
  const sum = createHash("sha256").update(readFileSync(file)).digest("hex");
  const place = `Filename: ./${name}_${version}.deb\nSize: ${statSync(file).size}\nSHA256: ${sum}\n`;
  writeFileSync(join(world, "repository/Packages"), `${control}${place}\n`, { flag: "a" });
}

beforeEach(() => {
  world = mkdtempSync(join(tmpdir(), "podtrust-apt-"));
  // apt reads as a user of its own.
  chmodSync(world, 0o755);
  const folders = [
    "dpkg/info",
    "dpkg/updates",
    "dpkg/triggers",
    "lists/lists/partial",
    "cache/archives/partial",
  ];
  for (const folder of [...folders, "etc/apt.conf.d", "repository", "programs", "machine"]) {
    mkdirSync(join(world, folder), { recursive: true });
  }
  for (const file of ["dpkg/status", "dpkg/available", "repository/Packages"])
    writeFileSync(join(world, file), "");
  writeFileSync(join(world, "etc/sources.list"), `deb [trusted=yes] file:${world}/repository ./\n`);
  for (const name of ["libatomic1", "curl", "bash-completion"]) addPackage(name);
  // What would change the machine that the tests run on, and a machine that has no libatomic.
  for (const name of ["systemctl", "groupadd", "ldconfig"]) {
    writeFileSync(join(world, "programs", name), "#!/bin/sh\nexit 0\n", { mode: 0o755 });
  }
  const real = execFileSync("sh", ["-c", "command -v apt-get"], { encoding: "utf8" }).trim();
  const counted = `#!/bin/sh\nprintf x >>${world}/starts\nexec ${real} "$@"\n`;
  writeFileSync(join(world, "programs/apt-get"), counted, { mode: 0o755 });
  writeFileSync(join(world, "starts"), "");
});

/** How often apt was started. */
const starts = (): number => readFileSync(join(world, "starts"), "utf8").length;

afterEach(() => {
  held?.kill();
  held = undefined;
  rmSync(world, { recursive: true, force: true });
});

interface Ended {
  readonly code: number | null;
  readonly said: string;
}

/** Runs a script as a machine does, with apt's and dpkg's folders for itself alone. */
function run(script: string): Promise<Ended> {
  const mounts = { dpkg: "/var/lib/dpkg", lists: "/var/lib/apt", cache: "/var/cache/apt", etc: "/etc/apt" };
  const lines = Object.entries(mounts).map(([from, to]) => `mount --bind ${world}/${from} ${to}`);
  const child = spawn("unshare", ["--mount", "sh", "-euc", `${lines.join("\n")}\nexec sh`], {
    env: { PATH: `${join(world, "programs")}:${process.env["PATH"] ?? ""}` },
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.end(script);
  const said = Promise.all([text(child.stdout), text(child.stderr)]);
  return once(child, "close").then(async ([code]) => ({
    code: code as number | null,
    said: (await said).join(""),
  }));
}

/**
 * Holds a lock as apt does, by fcntl(2), until `release`. Its struct is that of Linux with 64 bits: two shorts, two
 * offsets, a process.
 */
async function hold(lock: string): Promise<{ readonly release: () => void }> {
  const words = `use Fcntl; $| = 1; open(F, ">", $ARGV[0]) or die; my $l = pack("s s x4 q q l x4", F_WRLCK, 0, 0, 0, 0); fcntl(F, F_SETLK, $l) or die; print "held\n"; <STDIN>`;
  const child = spawn("perl", ["-e", words, join(world, lock)], { stdio: ["pipe", "pipe", "inherit"] });
  held = child;
  const [first] = (await Promise.race([once(child.stdout, "data"), once(child, "close")])) as [unknown];
  assert.match(String(first), /^held/u, "the lock could not be had");
  return { release: () => child.stdin.end() };
}

const isInstalled = (name: string, version = 1): boolean =>
  new RegExp(`Package: ${name}\nStatus: install ok installed\n(?:.+\n)*Version: ${version}\n`, "u").test(
    readFileSync(join(world, "dpkg/status"), "utf8"),
  );

/** Each lock, where it stands in the folders of the test. */
const locks = {
  "dpkg's": "dpkg/lock-frontend",
  "the lists'": "lists/lists/lock",
  "the archives'": "cache/archives/lock",
};

const scripts: Readonly<Record<string, () => string>> = {
  "prepares the publisher": () => prepareScript(hostLayout(join(world, "machine")), "podtrust stack=prod"),
  "installs packages": () => packagesScript(["libatomic1"]),
  "upgrades packages"() {
    addPackage("libatomic1", 2);
    return upgradeScript;
  },
};

for (const [whose, lock] of Object.entries(locks)) {
  for (const [what, script] of Object.entries(scripts)) {
    test(`what ${what} waits while ${whose} lock is held, and goes on`, options, async () => {
      if (what === "upgrades packages") assert.equal((await run(packagesScript(["libatomic1"]))).code, 0);
      const { release } = await hold(lock);
      writeFileSync(join(world, "starts"), "");
      let ended: Ended | undefined;
      const running = run(script()).then((end) => (ended = end));
      // With this lock held a script ends, or comes to the same command again and again.
      await until("the script ends or tries again", () => ended !== undefined || starts() >= 4);
      assert.equal(ended, undefined, "it did not wait");
      release();
      assert.deepEqual(await running, { code: 0, said: "" });
      assert.ok(isInstalled("libatomic1", what === "upgrades packages" ? 2 : 1));
    });
  }
}

test("a lock that is never given back ends the wait with what holds it", options, async () => {
  for (const lock of Object.values(locks)) {
    const { release } = await hold(lock);
    const script = packagesScript(["libatomic1"]);
    assert.match(script, /%\.\*\} \+ 600\)/u);
    const { code, said } = await run(script.replace("+ 600", "+ 1"));
    release();
    assert.equal(code, 1);
    assert.match(said, /Could not get lock \S+\. It is held by process \d+ \(perl\)/u);
  }
});

test("a failure that no lock causes is not waited out, and nothing goes on after it", options, async () => {
  const unknown = await run(packagesScript(["no-such-package"]));
  assert.equal(unknown.code, 1);
  assert.match(unknown.said, /Unable to locate package no-such-package/u);
  writeFileSync(join(world, "etc/sources.list"), `deb [trusted=yes] file:${world}/nowhere ./\n`);
  for (const script of [packagesScript(["libatomic1"]), upgradeScript]) {
    const { code, said } = await run(script);
    assert.equal(code, 1);
    assert.match(said, /nowhere/u);
  }
});

test(
  "packages are asked for one by one: what lacks is named, also one that was removed with its files left",
  options,
  async () => {
    const lacks = async (): Promise<readonly string[]> => parseSystem((await run(systemScript)).said).lacks;
    const all = ["unattended-upgrades", "ca-certificates", "curl", "libatomic1", "bash-completion"];
    assert.deepEqual(await lacks(), all);
    assert.equal((await run(packagesScript(["curl", "bash-completion"]))).code, 0);
    assert.deepEqual(await lacks(), ["unattended-upgrades", "ca-certificates", "libatomic1"]);
    const status = join(world, "dpkg/status");
    const left = readFileSync(status, "utf8").replace(
      "Package: curl\nStatus: install ok installed",
      "Package: curl\nStatus: deinstall ok config-files",
    );
    writeFileSync(status, left);
    assert.deepEqual(await lacks(), ["unattended-upgrades", "ca-certificates", "curl", "libatomic1"]);
  },
);
