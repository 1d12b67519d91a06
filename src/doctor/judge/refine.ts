import type { Reason } from "../../core/reasons/index.ts";
import type { IssuerFinding } from "../../issuer/index.ts";
import { refuseStatus } from "./answers.ts";
import { foreignName, noConnection, noHandshake, untrusted } from "./connections.ts";
import { invalidDiscovery, mismatch } from "./discovery.ts";
import { type DoctorFinding, finding } from "./finding.ts";
import type { Judged } from "./judged.ts";
import { invalidJwks } from "./keys.ts";

/** From what the one reader of issuers found to the cause behind it. */
const causes: { readonly [R in Reason]?: (facts: Judged, found: IssuerFinding) => DoctorFinding } = {
  UnexpectedStatus: refuseStatus,
  IssuerMismatch: mismatch,
  DiscoveryInvalid: invalidDiscovery,
  JwksInvalid: invalidJwks,
  ConnectionFailed: noConnection,
  TlsFailed: noHandshake,
  CertificateUntrusted: untrusted,
  CertificateNameMismatch: foreignName,
};

/**
 * Every finding of the reader as its cause, or unchanged if no mark says more. Names are judged by themselves, with
 * more to go by; what is odd about keys that a publisher would write anew is none of AWS's business.
 */
export function refined(facts: Judged): readonly DoctorFinding[] {
  const elsewhere: ReadonlySet<Reason> = new Set(["NameNotResolved", "JwksUnusual"]);
  const { findings } = facts.judgement;
  // A jwks_uri that cannot be asked is the fault of the document that has it, and is told there.
  const isTold = findings.some((one) => one.document === "discovery" && one.reason === "DiscoveryInvalid");
  const own = findings.filter(
    ({ reason, document }) =>
      !elsewhere.has(reason) && !(isTold && document === "jwks" && reason === "DiscoveryInvalid"),
  );
  return own.map((found) => {
    const { reason, seen, next, document } = found;
    return causes[reason]?.(facts, found) ?? finding(reason, { seen, next, link: document });
  });
}
