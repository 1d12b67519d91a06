import { createPublicKey, type KeyObject } from "node:crypto";
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { jwkThumbprint } from "../../rules/oidc/index.ts";
import { Problem } from "./problem.ts";

/** What a CSR asks for, checked. */
export interface CheckedCsr {
  readonly publicKey: x509.PublicKey;
  /** RFC 7638. */
  readonly thumbprint: string;
}

function bad(detail: string): Problem {
  return new Problem("badCSR", detail);
}

function namesOf(csr: x509.Pkcs10CertificateRequest): readonly string[] {
  const extension = csr.getExtension("2.5.29.17");
  const alternative =
    extension === null ? [] : new x509.SubjectAlternativeNameExtension(extension.rawData).names.items;
  const other = alternative.find((name) => name.type !== "dns");
  if (other !== undefined) throw bad(`it asks for a ${other.type} name, and the order has DNS names only`);
  // A common name has to be one of the names too (RFC 8555 §7.4).
  const common = csr.subjectName.getField("CN");
  return [...alternative.map((name) => name.value), ...common].map((name) => name.toLowerCase());
}

function keyOf(csr: x509.Pkcs10CertificateRequest): KeyObject {
  const key = createPublicKey({ key: Buffer.from(csr.publicKey.rawData), format: "der", type: "spki" });
  const { modulusLength = 0, namedCurve = "" } = key.asymmetricKeyDetails ?? {};
  const taken =
    key.asymmetricKeyType === "rsa"
      ? modulusLength >= 2048 && modulusLength <= 4096
      : ["prime256v1", "secp384r1"].includes(namedCurve);
  if (!taken) throw bad("its key is neither RSA of 2048 to 4096 bits nor EC on P-256 or P-384");
  return key;
}

function parseCsr(der: unknown): x509.Pkcs10CertificateRequest {
  if (typeof der !== "string" || !/^[A-Za-z0-9_-]+$/u.test(der)) {
    throw bad("csr is not DER in base64url without padding");
  }
  try {
    return new x509.Pkcs10CertificateRequest(Buffer.from(der, "base64url"));
  } catch {
    throw bad("csr is not a PKCS #10 request");
  }
}

/**
 * Checks a CSR against an order (RFC 8555 §7.4): signed by its own key, which is not the account's, for exactly the
 * order's names. Throws Problem `badCSR`.
 */
export async function checkCsr(
  der: unknown,
  names: readonly string[],
  accountThumbprint: string,
): Promise<CheckedCsr> {
  const csr = parseCsr(der);
  if (!(await csr.verify().catch(() => false))) throw bad("its signature is not by its own key");
  const asked = [...new Set(namesOf(csr))].sort();
  const ordered = [...names].sort();
  if (asked.join(" ") !== ordered.join(" ")) {
    throw bad(`it asks for ${asked.join(", ") || "no name"}, the order is for ${ordered.join(", ")}`);
  }
  const thumbprint = jwkThumbprint(keyOf(csr).export({ format: "jwk" }));
  if (thumbprint === accountThumbprint) throw bad("its key is the account's");
  return { publicKey: csr.publicKey, thumbprint };
}
