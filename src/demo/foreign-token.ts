import { generateKeyPair, type KeyObject, sign } from "node:crypto";
import { promisify } from "node:util";
import { type Algorithm, parseJws } from "../rules/oidc/index.ts";

const generate = promisify(generateKeyPair);

async function foreignKey(algorithm: Algorithm): Promise<KeyObject> {
  if (algorithm.startsWith("RS")) return (await generate("rsa", { modulusLength: 2048 })).privateKey;
  const namedCurve = { "256": "P-256", "384": "P-384", "512": "P-521" }[algorithm.slice(2)] ?? "P-256";
  return (await generate("ec", { namedCurve })).privateKey;
}

/**
 * The same token, header and claims unchanged, signed by a key that the cluster never had: what an attacker
 * without the signing key can make.
 */
export async function signedByForeignKey(token: string): Promise<string> {
  const { alg, signingInput } = parseJws(token);
  const key = await foreignKey(alg as Algorithm);
  const digest = `sha${alg.slice(2)}`;
  const signature = sign(digest, Buffer.from(signingInput), { key, dsaEncoding: "ieee-p1363" });
  return `${signingInput}.${signature.toString("base64url")}`;
}
