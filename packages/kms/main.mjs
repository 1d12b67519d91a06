#!/usr/bin/env node
/**
 * Keys of AWS KMS for `podtrust signer --holder`, in the lines of JSON that packages/pkcs11/main.mjs describes. Region and
 * credentials are the environment's, as every AWS SDK finds them: those of the machine. A pod's token of the same cluster
 * cannot be what its signer needs first. `key` is a key's ID, ARN or alias.
 */
import { createHash } from "node:crypto";
import { createInterface } from "node:readline";
import { GetPublicKeyCommand, KMSClient, SignCommand } from "@aws-sdk/client-kms";

const client = new KMSClient({ maxAttempts: 3 });

async function publicKey({ key }) {
  const { PublicKey, KeyUsage } = await client.send(new GetPublicKeyCommand({ KeyId: key }));
  if (KeyUsage !== "SIGN_VERIFY") throw new Error(`the key ${key} is not for signatures`);
  return { publicKey: Buffer.from(PublicKey).toString("base64") };
}

const algorithms = {
  RS256: { hash: "sha256", name: "RSASSA_PKCS1_V1_5_SHA_256" },
  ES256: { hash: "sha256", name: "ECDSA_SHA_256", bytes: 32 },
  ES384: { hash: "sha384", name: "ECDSA_SHA_384", bytes: 48 },
  ES512: { hash: "sha512", name: "ECDSA_SHA_512", bytes: 66 },
};

/** One INTEGER of DER at a place, as so many bytes, and where it ends. */
function integerAt(der, at, bytes) {
  if (der[at] !== 2) throw new Error("KMS answered no signature of ECDSA");
  const end = at + 2 + der[at + 1];
  const value = der.subarray(at + 2, end);
  const digits = value.subarray(Math.max(0, value.length - bytes));
  return { value: Buffer.concat([Buffer.alloc(bytes - digits.length), digits]), end };
}

/** ECDSA-Sig-Value (RFC 3279, 2.2.3) as R and S side by side (RFC 7518, 3.4). */
function sideBySide(der, bytes) {
  // A length above 127 has a byte of its own before it.
  const r = integerAt(der, der[1] < 128 ? 2 : 3, bytes);
  return Buffer.concat([r.value, integerAt(der, r.end, bytes).value]);
}

async function sign({ key, alg, input }) {
  if (!Object.hasOwn(algorithms, alg)) throw new Error(`there is no algorithm ${alg}`);
  const { hash, name, bytes } = algorithms[alg];
  const bytesOfInput = Buffer.from(input, "base64");
  // KMS hashes up to 4096 bytes itself; of more it is given the hash.
  const asked =
    bytesOfInput.length <= 4096
      ? { Message: bytesOfInput, MessageType: "RAW" }
      : { Message: createHash(hash).update(bytesOfInput).digest(), MessageType: "DIGEST" };
  const { Signature } = await client.send(new SignCommand({ KeyId: key, SigningAlgorithm: name, ...asked }));
  const signature = Buffer.from(Signature);
  return { signature: (bytes === undefined ? signature : sideBySide(signature, bytes)).toString("base64") };
}

async function answer(line) {
  const asked = JSON.parse(line);
  const { id } = asked;
  try {
    if (asked.do === "public") return { id, ...(await publicKey(asked)) };
    if (asked.do === "sign") return { id, ...(await sign(asked)) };
    return { id, error: "it cannot do that" };
  } catch (error) {
    return { id, error: String(error.message) };
  }
}

const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
say({ scheme: "kms" });
// Calls take a network's time: they are under way together.
for await (const line of createInterface({ input: process.stdin })) void answer(line).then(say);
client.destroy();
