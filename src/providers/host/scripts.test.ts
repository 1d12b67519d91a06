/** Whatever runs on a machine is a POSIX shell script that fails at the first failure, and that shellcheck has nothing against. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import * as commands from "./k3s/commands.ts";
import * as k3s from "./k3s/scripts.ts";
import { hostLayout } from "./publisher/layout.ts";
import * as publisher from "./publisher/scripts.ts";
import { rootPathFunctions } from "./root-paths.ts";
import * as system from "./system/scripts.ts";

const scripts: Readonly<Record<string, string>> = {
  inspect: k3s.inspectScript,
  "install by download": k3s.installScript({
    path: "/usr/local/bin/k3s",
    sha256: "0".repeat(64),
    url: "https://x/a'b",
  }),
  "install what was sent": k3s.installScript({ path: "/usr/local/bin/k3s", sha256: "0".repeat(64) }),
  "unpack what was downloaded": k3s.installScript({
    path: commands.ciliumPath,
    sha256: "0".repeat(64),
    url: "https://x/a",
    unpack: { member: "cilium", record: commands.ciliumRecord },
  }),
  chart: k3s.chartScript("a: b\n"),
  "link kubectl": commands.kubectlScript,
  "complete cilium": commands.ciliumCompletionScript,
  "take the cilium command away": commands.noCiliumCliScript,
  "begin a change of k3s": k3s.beginScript,
  restart: k3s.restartScript,
  ready: k3s.readyScript,
  node: k3s.nodeScript,
  "take Cilium away": k3s.noCiliumScript,
  remove: k3s.removeScript,
  "look at the system": system.systemScript,
  "ask cloud-init": system.firstBootScript,
  "show the end of cloud-init's log": system.firstBootTail,
  "make a host key": system.nextKeyScript,
  "show the host key": system.shownKeyScript,
  "replace the host key": system.rotateScript("SHA256:abc"),
  "reload sshd": system.reloadScript,
  "install packages": system.packagesScript(["curl", "libatomic1"]),
  "switch security upgrades on": system.packagesScript([]),
  "prepare the publisher": publisher.prepareScript(hostLayout(), "podtrust stack=prod"),
  "upgrade packages": system.upgradeScript,
  "remember the upgrade": system.upgradedScript,
  reboot: system.rebootScript,
  "set the clock": system.clockScript,
  "forget the machine": system.forgetScript,
  "follow the rule of paths": `set -eu\n${rootPathFunctions}`,
};

const shellcheck = spawnSync("shellcheck", ["--version"]).status === 0;

for (const [name, script] of Object.entries(scripts)) {
  test(`the script to ${name} is one of the POSIX shell, and stops at a failure`, () => {
    assert.match(script, /^set -eu\n/u);
    const { status, stderr } = spawnSync("sh", ["-n"], { input: script, encoding: "utf8" });
    assert.equal(status, 0, stderr);
    if (!shellcheck) return;
    const found = spawnSync("shellcheck", ["-s", "sh", "-"], { input: script, encoding: "utf8" });
    assert.equal(found.stdout, "", name);
  });
}
