/** Keys in AWS KMS by packages/kms, with moto in place of AWS, whose signatures are real ones. */
import assert from "node:assert/strict";
import { createPublicKey, verify } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, test } from "node:test";
import { ProgramHolder } from "../../src/signer/index.ts";
import { type MotoKms, startMotoKms, whyNoMotoKms } from "../support/moto-kms.ts";
import { rememberingLogger } from "../support/remembering-logger.ts";

async function missing(): Promise<string | false> {
  const reason = await whyNoMotoKms();
  if (reason !== undefined && process.env["CI"] === "true") throw new Error(reason);
  return reason ?? false;
}

const skip = await missing();

describe("the keys of AWS KMS", { skip }, () => {
  let folder: string;
  let kms: MotoKms;
  let holder: ProgramHolder;
  const never = new AbortController().signal;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "podtrust-kms-"));
    kms = await startMotoKms(folder);
    holder = new ProgramHolder("kms", kms.program, rememberingLogger());
  });

  after(async () => {
    await holder.close();
    await kms.close();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const [spec, alg, hash] of [
    ["RSA_2048", "RS256", "sha256"],
    ["ECC_NIST_P256", "ES256", "sha256"],
    ["ECC_NIST_P384", "ES384", "sha384"],
    ["ECC_NIST_P521", "ES512", "sha512"],
  ] as const)
    test(`a key of ${alg} is named by its public half, and signs as a token has it`, async () => {
      const id = await kms.createKey(spec);
      const spki = Buffer.from(await holder.publicKey(id, never));
      const key = createPublicKey({ key: spki, type: "spki", format: "der" });
      const held = await holder.open(id, alg);
      const input = Buffer.from("header.claims");
      // R or S of ECDSA begins with a zero now and then.
      const signatures = await Promise.all(Array.from({ length: 20 }, () => held.sign(input, never)));
      for (const signature of signatures)
        assert.ok(verify(hash, input, { key, dsaEncoding: "ieee-p1363" }, signature));
    });

  test("a key that does not exist is reported in the service's words", async () => {
    await assert.rejects(
      holder.publicKey("00000000-0000-0000-0000-000000000000", never),
      /podtrust-kms says: /u,
    );
  });
});
