import assert from "node:assert/strict";
import { createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import { chmod, mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { testAuthority } from "../../test/support/certificates.ts";
import { TestClock } from "../../test/support/clock.ts";
import { parseConfig } from "../config/index.ts";
import { silentLogger } from "../core/base/index.ts";
import { StateFolder } from "../core/files/index.ts";
import type { BackupContents } from "./archive/index.ts";
import { type BackupSigner, publisherSigner, signatureOf, signedBackup, signerOfStoreKey } from "./index.ts";
import { backupStatement, signerIn, signerOf } from "./signature.ts";

const issuer = "https://oidc.example.com";
const contents: BackupContents = {
  kind: "publisher",
  stack: "prod",
  issuer,
  madeAt: Date.UTC(2026, 11, 1, 12),
  files: new Map([
    ["documents.json", Buffer.from("{}")],
    ["accounts.json", Buffer.from("[]")],
  ]),
};
const newPem = (): string =>
  generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" });
const newSigner = (): BackupSigner => signerOf(newPem(), "here");

async function folderOf(t: TestContext): Promise<StateFolder> {
  const folder = await mkdtemp(join(tmpdir(), "podtrust-signer-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return new StateFolder(join(folder, "state"));
}

describe("the signature of a backup", () => {
  test("is Ed25519 over kind, stack, issuer, time, and the name and sum of each file, in one form", () => {
    const statement = backupStatement(contents);
    const sums = [
      ["accounts.json", "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945"],
      ["documents.json", "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"],
    ];
    const parts = ["podtrust-backup-1", "publisher", "prod", issuer, "2026-12-01T12:00:00.000Z", sums];
    assert.equal(statement.toString(), JSON.stringify(parts));
    const signer = newSigner();
    const signed = signedBackup(contents, signer);
    const said = JSON.parse(signed.files.get("signature.json")?.toString() ?? "") as Record<string, string>;
    assert.deepEqual([said["format"], said["by"]], [1, signer.name]);
    const x = signer.name.slice("ed25519:".length);
    const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
    assert.ok(verify(null, statement, key, Buffer.from(said["signature"] ?? "", "base64url")));
    assert.deepEqual(backupStatement(signed), statement);
    assert.deepEqual(signatureOf(signed, [newSigner().name, signer.name]), { is: "signed", by: signer.name });
  });

  test("is of nothing else: no other time, stack, issuer, kind or file, one more nor one less", () => {
    const signer = newSigner();
    const signed = signedBackup(contents, signer);
    const { files } = signed;
    const without = new Map(files);
    without.delete("accounts.json");
    const others: readonly Partial<BackupContents>[] = [
      { madeAt: contents.madeAt + 1 },
      { stack: "test" },
      { issuer: `${issuer}/` },
      { kind: "signing" },
      { files: new Map([...files, ["documents.json", Buffer.from("[]")]]) },
      { files: new Map([...files, ["certificates.json", Buffer.from("[]")]]) },
      { files: without },
    ];
    for (const other of others)
      assert.deepEqual(
        signatureOf({ ...signed, ...other }, [signer.name]),
        { is: "broken", by: signer.name },
        JSON.stringify(Object.keys(other)),
      );
  });

  test("proves nothing where the config does not name its key, and is absent where it was taken off or cannot be read", () => {
    const [signer, thief] = [newSigner(), newSigner()];
    const forged = signedBackup(contents, thief);
    assert.deepEqual(signatureOf(forged, [signer.name]), { is: "foreign", by: thief.name });
    assert.deepEqual(signatureOf(forged, []), { is: "foreign", by: thief.name });
    // His signature under the publisher's name.
    const file = forged.files.get("signature.json")?.toString().replace(thief.name, signer.name) ?? "";
    const renamed = { ...forged, files: new Map([...forged.files, ["signature.json", Buffer.from(file)]]) };
    assert.equal(signatureOf(renamed as BackupContents, [signer.name]).is, "broken");
    assert.deepEqual(signatureOf(contents, [signer.name]), { is: "absent" });
    for (const text of ["", "{", "[]", '{"format":2}', '{"format":1,"by":"x","signature":"y"}'])
      assert.deepEqual(
        signatureOf({ ...contents, files: new Map([["signature.json", Buffer.from(text)]]) }, [signer.name]),
        { is: "absent" },
      );
  });
});

describe("the key that signs a publisher's backups", () => {
  test("is made once in its state folder, for its owner alone, and stays", async (t) => {
    const folder = await folderOf(t);
    const { name } = await signerIn(folder);
    assert.match(name, /^ed25519:[\w-]{43}$/u);
    assert.equal((await signerIn(folder)).name, name);
    const { mode } = await stat(folder.pathOf("backup-signing-key.pem"));
    assert.equal(mode & 0o777, 0o600);
  });

  test("is not used where others may read it, or it is no Ed25519 key, of which nothing is quoted", async (t) => {
    const folder = await folderOf(t);
    await signerIn(folder);
    await chmod(folder.pathOf("backup-signing-key.pem"), 0o644);
    await assert.rejects(signerIn(folder), { code: "state-permissions" });
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
    for (const pem of ["secret words", rsa.privateKey.export({ type: "pkcs8", format: "pem" })])
      assert.throws(() => signerOf(pem, "here"), {
        code: "file-unreadable",
        message: "here: it is no Ed25519 key in PEM",
      });
  });
});

describe("the key that signs the backups of replicas", () => {
  const storeKey = "k".repeat(43);

  test("is derived from the key of their store by HKDF-SHA256 (RFC 5869), so that each of them has it and no object does", () => {
    const extracted = createHmac("sha256", Buffer.alloc(32)).update(storeKey).digest();
    const info = Buffer.from("podtrust-backup-signer-1\u0001");
    const seed = createHmac("sha256", extracted).update(info).digest();
    const der = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]);
    const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
    const { name } = signerOf(key.export({ type: "pkcs8", format: "pem" }), "here");
    assert.equal(signerOfStoreKey(storeKey).name, name);
    assert.notEqual(signerOfStoreKey(`${storeKey.slice(1)}j`).name, name);
    const signed = signedBackup(contents, signerOfStoreKey(storeKey));
    assert.deepEqual(signatureOf(signed, [name]), { is: "signed", by: name });
  });

  test("is taken of the folder that a pod has mounted; without one the Secret of keys is asked for it", async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "podtrust-replicas-"));
    t.after(() => rm(folder, { recursive: true, force: true }));
    const keyFolder = join(folder, "keys");
    await mkdir(keyFolder);
    const publisher = {
      source: { server: "https://127.0.0.1:1", caFile: "ca.pem", tokenFile: "token" },
      store: { secret: { namespace: "podtrust", name: "podtrust-publisher" }, keyFolder },
      https: { acme: { email: "ops@example.com" } },
    };
    const { root } = await testAuthority();
    await writeFile(join(folder, "ca.pem"), root);
    await writeFile(join(folder, "token"), "token");
    const text = JSON.stringify({ stack: "prod", issuer, publisher });
    const config = await parseConfig(text, join(folder, "podtrust.yaml"), {});
    const deps = { clock: new TestClock(), logger: silentLogger, env: {} };
    const by = async () => (await publisherSigner(config, deps))?.name;
    await assert.rejects(by, { code: "cluster-unreachable" });
    await writeFile(join(keyFolder, "key"), storeKey);
    assert.equal(await by(), signerOfStoreKey(storeKey).name);
  });
});
