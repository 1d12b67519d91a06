/** The store when its disk is full or its lock is left by a dead process. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type Files, machineFiles } from "../../src/core/files/index.ts";
import { fileStore } from "../../src/providers/tls/index.ts";
import { testHierarchy } from "../support/certificates.ts";
import { type CertificateBench, servedNames, startCertificateBench } from "../support/certificate-bench.ts";
import { stepUntil } from "../support/steps.ts";

let bench: CertificateBench;
/** A disk that has no room from now on for files whose path holds this text; undefined: room again. */
function fillingDisk(): { files: Files; full: string | undefined } {
  const disk = { full: undefined as string | undefined, files: machineFiles };
  disk.files = {
    ...machineFiles,
    open: async (path, ...rest) => {
      const file = await machineFiles.open(path, ...rest);
      if (disk.full === undefined || !String(path).includes(disk.full) || rest[0] === "r") return file;
      // The file is made and then cannot be filled, as on a disk without room.
      file.writeFile = () =>
        Promise.reject(
          Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" }),
        );
      return file;
    },
  };
  return disk;
}

describe("a certificate store that fails", () => {
  beforeEach(async () => {
    bench = await startCertificateBench();
  });

  afterEach(() => bench.close());

  test("a certificate that a full disk cannot keep is served all the same, status says so, and it is kept once there is room", async () => {
    const disk = fillingDisk();
    const store = fileStore({
      directory: join(bench.folder, "store"),
      clock: bench.clock,
      files: disk.files,
    });
    const manager = await bench.start({ store });
    await stepUntil(bench.clock, () => manager.status().state === "valid");
    const first = manager.current();
    disk.full = "certificates";
    let renewed = false;
    const renewal = manager.renewNow().then(() => (renewed = true));
    await stepUntil(bench.clock, () => renewed);
    await renewal;
    assert.notEqual(manager.current()?.key, first?.key);
    const { lastError, ready } = manager.status();
    assert.deepEqual([lastError?.code, ready], ["file-unwritable", true]);
    assert.match(lastError?.message ?? "", /ENOSPC/u);
    const address = {
      directory: bench.ca.directoryUrl,
      account: "ops@example.com",
      names: ["oidc.example.com"],
    };
    assert.equal((await store.load(address))?.key, first?.key, "the old one is there, whole");
    disk.full = undefined;
    await stepUntil(bench.clock, () => manager.status().lastError === undefined, { step: 60_000 });
    assert.equal((await store.load(address))?.key, manager.current()?.key);
  });

  test("a disk that is full before the account is kept holds the order back until there is room", async () => {
    const disk = fillingDisk();
    disk.full = "accounts";
    const store = fileStore({
      directory: join(bench.folder, "store"),
      clock: bench.clock,
      files: disk.files,
    });
    const manager = await bench.start({ store });
    await stepUntil(bench.clock, () => manager.status().state === "failing");
    assert.equal(manager.status().lastError?.code, "file-unwritable");
    assert.deepEqual([bench.ca.issued().length, manager.accounts().length], [0, 0]);
    disk.full = undefined;
    await stepUntil(bench.clock, () => manager.status().ready);
    assert.equal(servedNames(manager), "DNS:oidc.example.com");
  });

  test("a stored certificate that cannot be read is said so, and one order replaces it", async () => {
    const manager = await bench.start();
    await stepUntil(bench.clock, () => manager.status().ready);
    await manager.close();
    const { readdirSync } = await import("node:fs");
    const folder = join(bench.folder, "store", "certificates");
    for (const name of readdirSync(folder)) writeFileSync(join(folder, name), "half a fi");
    const again = await bench.start();
    assert.equal(again.current(), undefined);
    await stepUntil(bench.clock, () => again.status().ready);
    assert.ok(bench.logger.lines.some((line) => line.startsWith("error a stored certificate is unusable")));
    assert.equal(bench.ca.issued().length, 2);
  });

  test("a stored certificate whose intermediate has expired is served, and replaced at once", async () => {
    const hierarchy = await testHierarchy(bench.clock.now());
    const expired = { intermediate: { notAfter: new Date(bench.clock.now() - 1000) } };
    const names = ["oidc.example.com"];
    const stored = await hierarchy.chain(names, expired);
    await bench.store.save(
      { directory: bench.ca.directoryUrl, account: "ops@example.com", names },
      { certificate: stored.certificate, key: stored.key },
    );
    const manager = await bench.start();
    assert.equal(manager.current()?.key, stored.key);
    assert.equal(manager.status().state, "renewing");
    await stepUntil(bench.clock, () => manager.status().state === "valid");
    assert.notEqual(manager.current()?.key, stored.key);
    assert.match(bench.logger.lines.join("\n"), /error the stored certificate is not good.*has expired/u);
  });

  test("a store that a killed process locked is taken over, and the certificate obtained", async () => {
    const directory = join(bench.folder, "store");
    const program = fileURLToPath(new URL("../support/lock-holder.ts", import.meta.url));
    const holder = spawn(process.execPath, [program, directory, "certificate oidc.example.com"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(createInterface(holder.stdout), "line");
    const manager = await bench.start();
    await stepUntil(bench.clock, () => manager.accounts().length === 1);
    for (let step = 0; step < 3; step += 1) await bench.clock.advance(1000);
    assert.equal(bench.ca.issued().length, 0, "while its holder lives, the lock is waited for");
    holder.kill("SIGKILL");
    await once(holder, "exit");
    await stepUntil(bench.clock, () => manager.status().ready);
    assert.ok(bench.logger.lines.some((line) => /taking over a lock .* is dead/u.test(line)));
  });
});
