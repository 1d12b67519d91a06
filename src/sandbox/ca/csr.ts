import type { KeyObject } from "node:crypto";
import { jwkThumbprint } from "../../rules/keys/index.ts";
import { DerError, type ReadRequest, readRequest } from "../../core/x509/index.ts";
import { Problem } from "./problem.ts";

/** The validated content of a CSR. */
export interface CheckedCsr {
  readonly publicKey: KeyObject;
  /** RFC 7638. */
  readonly thumbprint: string;
}

function bad(detail: string): Problem {
  return new Problem("badCSR", detail);
}

function namesOf({ names, commonNames }: ReadRequest): readonly string[] {
  const other = names.find((name) => name.type !== "dns");
  if (other !== undefined) throw bad(`it asks for a ${other.type} name, and the order has DNS names only`);
  // A common name has to be one of the names too (RFC 8555 §7.4).
  return [...names.map((name) => name.value), ...commonNames].map((name) => name.toLowerCase());
}

function checkKey({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): void {
  const { modulusLength = 0, namedCurve = "" } = asymmetricKeyDetails ?? {};
  const taken =
    asymmetricKeyType === "rsa"
      ? modulusLength >= 2048 && modulusLength <= 4096
      : ["prime256v1", "secp384r1"].includes(namedCurve);
  if (!taken) throw bad("its key is neither RSA of 2048 to 4096 bits nor EC on P-256 or P-384");
}

function parseCsr(der: unknown): ReadRequest {
  if (typeof der !== "string" || !/^[A-Za-z0-9_-]+$/u.test(der)) {
    throw bad("csr is not DER in base64url without padding");
  }
  try {
    return readRequest(Buffer.from(der, "base64url"));
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    throw bad(`csr is not a PKCS #10 request: ${error.message}`);
  }
}

/**
 * Checks a CSR against an order (RFC 8555 §7.4): signed by its own key, which is not the account's, for exactly the
 * order's names. Throws Problem `badCSR`.
 */
export function checkCsr(der: unknown, names: readonly string[], accountThumbprint: string): CheckedCsr {
  const csr = parseCsr(der);
  const { publicKey } = csr;
  // The key first: its owner determines the cost of verifying a signature.
  checkKey(publicKey);
  if (!csr.isSignedByItsKey()) throw bad("its signature is not by its own key");
  const asked = [...new Set(namesOf(csr))].sort();
  const ordered = [...names].sort();
  if (asked.join(" ") !== ordered.join(" ")) {
    throw bad(`it asks for ${asked.join(", ") || "no name"}, the order is for ${ordered.join(", ")}`);
  }
  const thumbprint = jwkThumbprint(publicKey.export({ format: "jwk" }));
  if (thumbprint === accountThumbprint) throw bad("its key is the account's");
  return { publicKey, thumbprint };
}
