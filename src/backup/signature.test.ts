import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import { chmod, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { StateFolder } from "../core/files/index.ts";
import type { BackupContents } from "./archive/index.ts";
import { type BackupSigner, signatureOf, signedBackup } from "./index.ts";
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
