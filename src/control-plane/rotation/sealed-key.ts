import { createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";
import { PodtrustError } from "../../core/base/index.ts";
import { decrypt, encrypt, type PrivateKey } from "../../core/age/index.ts";
import { kubernetesKid } from "../../rules/keys/index.ts";
import type { SealedKey } from "../../rules/rotation/index.ts";
import type { RotationAlgorithm } from "./rotated-server.ts";

/**
 * Makes a key whose private half exists only as a file in the age format: it is encrypted here before
 * anything is written, and no machine of the cluster has it until its promotion. Throws `age-*` for an
 * invalid recipient.
 */
export async function makeSealedKey(
  algorithm: RotationAlgorithm,
  recipients: readonly string[],
): Promise<{ readonly kid: string; readonly sealed: SealedKey }> {
  const { privateKey, publicKey } =
    algorithm === "ES256"
      ? generateKeyPairSync("ec", { namedCurve: "P-256" })
      : generateKeyPairSync("rsa", { modulusLength: 2048 });
  const plain = Buffer.from(privateKey.export({ type: "pkcs8", format: "pem" }));
  const file = await encrypt(plain, { recipients });
  plain.fill(0);
  return {
    kid: kubernetesKid(publicKey),
    sealed: {
      publicKey: publicKey.export({ type: "spki", format: "pem" }),
      file: file.toString("base64"),
    },
  };
}

/**
 * The private half of such a key, PEM: a usable secret. Throws `rotation-refused` where it is another key's, and `age-*` where none of the
 * identities opens it.
 */
export async function openSealedKey(
  kid: string,
  { file }: SealedKey,
  identities: readonly PrivateKey[],
): Promise<string> {
  const plain = await decrypt(Buffer.from(file, "base64"), { identities });
  const pem = plain.toString("utf8");
  plain.fill(0);
  if (kidOfPrivate(pem) === kid) return pem;
  throw new PodtrustError("rotation-refused", `what was encrypted as the next key is not ${kid}`, {
    next: "Run podtrust rotate abort, then podtrust rotate prepare for another key.",
    detail: { reason: "private-half-missing" },
  });
}

function kidOfPrivate(pem: string): string | undefined {
  try {
    return kubernetesKid(createPublicKey(createPrivateKey(pem)));
  } catch {
    return undefined;
  }
}
