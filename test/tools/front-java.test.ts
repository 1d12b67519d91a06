/** The trust store that the front's CA is written into for Java, read by the JDK's own keytool. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { X509Certificate } from "node:crypto";
import { javaTrustStore } from "../../src/sandbox/front/index.ts";
import { authorityPem, createAuthority } from "../../src/sandbox/authority/index.ts";

const missing = spawnSync("keytool", ["-help"]).error === undefined ? false : "keytool is not installed";

describe("the front's trust store for Java", { skip: missing }, () => {
  test("is whole by its checksum, and holds the one certificate as trusted", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "podtrust-front-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const pem = authorityPem(await createAuthority("podtrust sandbox front"));
    const file = join(folder, "ca.jks");
    writeFileSync(file, javaTrustStore(pem));
    const listed = spawnSync("keytool", ["-list", "-keystore", file, "-storepass", "changeit"], {
      encoding: "utf8",
      env: { ...process.env, LC_ALL: "C" },
    });
    assert.equal(listed.status, 0, listed.stdout);
    assert.match(listed.stdout, /podtrust-sandbox-front, .*trustedCertEntry/u);
    assert.ok(listed.stdout.includes(new X509Certificate(pem).fingerprint256), listed.stdout);
  });
});
