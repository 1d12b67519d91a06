/** Keys in a PKCS #11 token, SoftHSM's, by packages/pkcs11: imported, listed, signed with, and gone with its program. */
import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync, type KeyObject, verify } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, test } from "node:test";
import { PodtrustError, systemClock } from "../../src/core/base/index.ts";
import { kubernetesKid } from "../../src/rules/keys/index.ts";
import { ProgramHolder, serveSigner } from "../../src/signer/index.ts";
import { claimsOfToken, GrpcClient, signRequest, tokenIssuer, valuesOf } from "../signer/grpc-client.ts";
import { podtrustHere } from "../support/cli.ts";
import { rememberingLogger } from "../support/remembering-logger.ts";
import { softHsmProgram, whyNoSoftHsm } from "../support/soft-hsm.ts";

function missing(): string | false {
  const reason = whyNoSoftHsm();
  if (reason !== undefined && process.env["CI"] === "true") throw new Error(reason);
  return reason ?? false;
}

describe("the keys of a PKCS #11 token", { skip: missing() }, () => {
  let folder: string;
  let helper: string;
  let holder: ProgramHolder;
  const log = rememberingLogger();
  const keys = {
    sa: generateKeyPairSync("rsa", { modulusLength: 2048 }),
    "of-p256": generateKeyPairSync("ec", { namedCurve: "P-256" }),
    "of-p384": generateKeyPairSync("ec", { namedCurve: "P-384" }),
    "of-p521": generateKeyPairSync("ec", { namedCurve: "P-521" }),
  };
  const never = new AbortController().signal;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "podtrust-pkcs11-"));
    helper = softHsmProgram(
      folder,
      Object.fromEntries(Object.entries(keys).map(([label, { privateKey }]) => [label, privateKey])),
    );
    holder = new ProgramHolder("pkcs11", helper, log);
  });

  after(async () => {
    await holder.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const spkiOf = (key: KeyObject): Buffer => key.export({ type: "spki", format: "der" });

  for (const [label, alg, hash] of [
    ["sa", "RS256", "sha256"],
    ["of-p256", "ES256", "sha256"],
    ["of-p384", "ES384", "sha384"],
    ["of-p521", "ES512", "sha512"],
  ] as const)
    test(`a key of ${alg} is named by its public half, and signs as a token has it`, async () => {
      const { publicKey } = keys[label];
      const spki = Buffer.from(await holder.publicKey(label, never));
      assert.deepEqual(spki, spkiOf(publicKey));
      const input = Buffer.from("header.claims");
      const signature = await (await holder.open(label, alg)).sign(input, never);
      const key = createPublicKey({ key: spki, type: "spki", format: "der" });
      assert.ok(verify(hash, input, { key, dsaEncoding: "ieee-p1363" }, signature));
    });

  test("a cluster's key that was imported into the token signs under its old kid, and a dead program is started again", async () => {
    const stateDir = join(folder, "state");
    const args = [
      "signer",
      "add",
      "pkcs11:sa",
      "--holder",
      `pkcs11=${helper}`,
      "--state",
      stateDir,
      "--json",
    ];
    const added = await podtrustHere(args, { clock: systemClock });
    assert.equal(added.code, 0, added.err);
    const { kid } = JSON.parse(added.out) as { readonly kid: string };
    assert.equal(kid, kubernetesKid(keys.sa.publicKey));
    const own = new ProgramHolder("pkcs11", helper, log);
    const socket = join(folder, "run", "signer.sock");
    const serving = await serveSigner({
      stateDir,
      socket,
      listen: { host: "127.0.0.1", port: 0 },
      refreshSeconds: 10,
      issuers: [tokenIssuer],
      allowed: [],
      maxSeconds: 3600,
      holders: [own],
      clock: systemClock,
      logger: log,
      signal: never,
    });
    const client = new GrpcClient(socket);
    try {
      const signedBy = async (): Promise<unknown> => {
        const { status, message, body } = await client.call("Sign", signRequest(claimsOfToken()));
        assert.equal(status, "0", message);
        const header = Buffer.from(String(valuesOf(body, 1)[0]), "base64url").toString();
        return (JSON.parse(header) as { kid: unknown }).kid;
      };
      assert.equal(await signedBy(), kid);
      await own.close();
      assert.equal(await signedBy(), kid);
    } finally {
      client.close();
      await serving.close();
    }
  });

  test("a key that does not exist, and a PIN that others may read, are reported in their own words", async () => {
    const rejected = (text: RegExp, promise: Promise<unknown>): Promise<void> =>
      assert.rejects(promise, (error) => {
        assert.ok(error instanceof PodtrustError && error.code === "signer-key-source", String(error));
        assert.match(error.message, text);
        return true;
      });
    await rejected(/no key none/u, holder.publicKey("none", never));
    chmodSync(join(folder, "pin"), 0o644);
    const other = new ProgramHolder("pkcs11", helper, log);
    await rejected(/ended with 1/u, other.publicKey("sa", never));
    assert.ok(log.lines.some((line) => line.includes("can be read or written by others")));
  });
});
