import { defined, type Link } from "../../../core/base/index.ts";
import type { Reason } from "../../../core/reasons/index.ts";
import { type DoctorFinding, finding } from "../finding.ts";
import type { ChainFacts, StatusFinding } from "./facts.ts";

const ofIssuer: ReadonlySet<Link> = new Set(["discovery", "jwks", "dns", "tls", "reachability"]);

/** What `status` says of documents where it knows no more than that they cannot be read. */
const plain: ReadonlySet<Reason> = new Set([
  "UnexpectedStatus",
  "DiscoveryInvalid",
  "JwksInvalid",
  "IssuerMismatch",
  "RedirectNotFollowed",
  "ConnectionFailed",
  "TlsFailed",
  "CertificateUntrusted",
  "CertificateNameMismatch",
  "NameNotResolved",
]);

/** What the judges of an issuer found, but for what `status` says in the same words and with its publisher's advice. */
export function judgeServed({ served = [], status, workloads }: ChainFacts): readonly DoctorFinding[] {
  const said = new Set(status.map(({ reason }) => reason));
  // Where STS has read both documents, the internet has another view of the name.
  const isRead = workloads.some(({ exchange }) => exchange?.kind === "accepted");
  return served
    .filter(({ reason }) => !said.has(reason) && !(isRead && reason === "EveryAddressPrivate"))
    .map(({ reason, seen, next, link }) => finding(reason, { seen, link, ...defined({ next }) }));
}

/**
 * What `status` found without what is told already: a document that cannot be read where its cause is known, and the same
 * once more at the links behind it.
 */
export function withoutRepeated(
  status: readonly StatusFinding[],
  causes: readonly DoctorFinding[],
): readonly StatusFinding[] {
  const isKnown = causes.some(
    ({ link, verdict }) => ofIssuer.has(link) && verdict !== "warning" && verdict !== "unseen",
  );
  return status.filter((one, index) => {
    if (!plain.has(one.reason) || !ofIssuer.has(one.link)) return true;
    const isSecond = status
      .slice(0, index)
      .some((before) => before.reason === one.reason && ofIssuer.has(before.link));
    return !isKnown && !isSecond;
  });
}
