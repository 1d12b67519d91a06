import type { KeyObject } from "node:crypto";
import { type JsonRecord, PodtrustError } from "../../core/base/index.ts";
import { algorithms, isAlgorithm, shown, defaultAlgorithm } from "../oidc/index.ts";
import { kubernetesKid, misencodedNumber, type PublicJwk, publicKeyOf, withMembers } from "./jwk.ts";
import { rsaProblem } from "./rsa-problem.ts";

export type JwkReading =
  | { readonly key: PublicJwk; readonly warnings: readonly string[] }
  | { readonly leftOut: { readonly kid: string | undefined; readonly reason: string } };

/** RFC 7518 §6.2.2, §6.3.2, §6.4.1 and the AKP type's `priv`: a JWK with one of them is a private key. */
export const privateMembers: readonly string[] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];
const published = new Set(["kty", "kid", "use", "alg", "n", "e", "crv", "x", "y"]);
const maxKid = 1024;

function refusePrivate(raw: JsonRecord, index: number): void {
  const member = privateMembers.find((name) => Object.hasOwn(raw, name));
  if (member === undefined) return;
  throw new PodtrustError(
    "jwks-invalid",
    `keys[${index}] of the JWK Set carries the private member ${shown(member)}`,
    {
      next: "Treat this key as stolen: find out who else could read the document, rotate the signing key, and publish public keys only.",
      detail: { index, member },
    },
  );
}

/** Why AWS cannot use a key with these members, as far as the key itself need not be read. */
function memberProblem(raw: JsonRecord): string | undefined {
  const { kty, kid, use, alg } = raw;
  if (typeof kid !== "string" || kid === "") return "it has no kid, and AWS finds keys by it";
  if (kid.length > maxKid) return `its kid has more than ${maxKid} characters`;
  if (kty !== "RSA" && kty !== "EC") return `AWS verifies RSA and EC keys, not ${shown(kty)}`;
  if (use !== undefined && use !== "sig") return `its use is ${shown(use)}, not "sig"`;
  if (alg !== undefined && !isAlgorithm(alg)) return `AWS does not verify ${shown(alg)}`;
  if (isAlgorithm(alg) && algorithms[alg].kty !== kty)
    return `its alg ${alg} does not go with a key of type ${kty}`;
  return undefined;
}

function curveProblem(raw: JsonRecord): string | undefined {
  const expected = defaultAlgorithm(raw["kty"] as "RSA" | "EC", raw["crv"]);
  if (expected === undefined)
    return `AWS verifies the curves P-256, P-384 and P-521, not ${shown(raw["crv"])}`;
  if (raw["kty"] === "EC" && raw["alg"] !== undefined && raw["alg"] !== expected) {
    return `its alg ${shown(raw["alg"])} does not go with the curve ${shown(raw["crv"])}`;
  }
  return undefined;
}

function keyWarnings(raw: JsonRecord, kid: string, key: KeyObject): readonly string[] {
  const warnings: string[] = [];
  if (kid !== kubernetesKid(key)) {
    warnings.push(
      `The kid ${shown(kid)} is not the one Kubernetes makes of the key: an external signer's, it seems.`,
    );
  }
  if (Object.hasOwn(raw, "key_ops")) {
    warnings.push(
      `The key ${shown(kid)} has key_ops, with which AWS refuses its tokens; it is published without.`,
    );
  }
  const dropped = Object.keys(raw).filter((name) => name !== "key_ops" && !published.has(name));
  if (dropped.length > 0)
    warnings.push(`The key ${shown(kid)} is published without its ${dropped.map(shown).join(", ")}.`);
  return warnings;
}

/**
 * Reads one JWK as something AWS can verify with: the key, or why it is left out. The key's numbers are written
 * anew, so that leading zeros that some writers add do not reach AWS. Throws `jwks-invalid` when the
 * JWK is a private key, whatever its type.
 */
export function readJwk(raw: JsonRecord, index: number): JwkReading {
  refusePrivate(raw, index);
  const kid = typeof raw["kid"] === "string" ? raw["kid"] : undefined;
  const leave = (reason: string): JwkReading => ({ leftOut: { kid: kid?.slice(0, maxKid), reason } });
  const problem = memberProblem(raw) ?? curveProblem(raw);
  if (problem !== undefined) return leave(problem);
  const misencoded = misencodedNumber(raw);
  if (misencoded !== undefined)
    return leave(`its ${misencoded} is not base64url without padding, and strict readers refuse such a key`);
  const key = publicKeyOf(raw);
  if (key === undefined) return leave("its members are not those of a public key");
  const degenerate = rsaProblem(key);
  if (degenerate !== undefined) return leave(degenerate);
  const alg = (raw["alg"] ?? defaultAlgorithm(raw["kty"] as "RSA" | "EC", raw["crv"])) as string;
  const material = key.export({ format: "jwk" }) as JsonRecord;
  return { key: withMembers(material, kid as string, alg), warnings: keyWarnings(raw, kid as string, key) };
}
