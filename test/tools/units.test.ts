/** The publisher's units, judged by systemd itself. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { hostLayout, publisherUnits, unitNames } from "../../src/providers/host/index.ts";

function missing(): string | false {
  try {
    execFileSync("systemd-analyze", ["--version"], { stdio: "ignore" });
    return false;
  } catch {
    return "systemd-analyze is not installed";
  }
}

describe("the publisher's units", { skip: missing() }, () => {
  let folder: string;
  const path = (unit: string): string => join(folder, "etc/systemd/system", unit);
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "podtrust-units-"));
    const layout = hostLayout(folder);
    mkdirSync(layout.units, { recursive: true });
    mkdirSync(dirname(layout.program), { recursive: true });
    writeFileSync(layout.program, "#!/bin/sh\n");
    chmodSync(layout.program, 0o755);
    const units = publisherUnits({
      stack: "prod",
      layout,
      https: [{ host: "::", port: 443 }],
      http: [{ host: "0.0.0.0", port: 80 }],
      credentials: [{ name: "dns-token", path: `${layout.files}/dns-token` }],
      adminKubeconfig: "/etc/rancher/k3s/k3s.yaml",
      backupFolder: "/mnt/backups/podtrust",
    });
    for (const [name, text] of units) writeFileSync(path(name), text);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const unit of [unitNames.publisher, unitNames.token]) {
    test(`${unit} is exposed to 2.0 at the most, as systemd-analyze security counts`, () => {
      const args = ["security", "--offline=true", "--threshold=20", "--no-pager", path(unit)];
      const { status, stdout } = spawnSync("systemd-analyze", args, { encoding: "utf8" });
      assert.equal(status, 0, stdout);
      const [, level] = /Overall exposure level for \S+: ([\d.]+)/u.exec(stdout) ?? [];
      assert.ok(Number(level) <= 2, `${level}\n${stdout}`);
    });
  }

  test("systemd finds no fault with any of them", () => {
    const units = Object.values(unitNames).map(path);
    const { status, stderr } = spawnSync("systemd-analyze", ["verify", ...units], {
      encoding: "utf8",
      env: { ...process.env, SYSTEMD_UNIT_PATH: `${join(folder, "etc/systemd/system")}:` },
    });
    assert.equal(status, 0, stderr);
    assert.equal(stderr.trim(), "");
  });
});
