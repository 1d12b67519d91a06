import type { Link } from "../../../core/base/index.ts";
import type { Reason } from "../../../core/reasons/index.ts";
import { judgeIssuer } from "../../../issuer/index.ts";
import type { DoctorFinding } from "../finding.ts";
import { type ChainFacts, lookedAt, type StatusFinding } from "./facts.ts";

/** Links that an issuer's URL shows. */
export const ofIssuer: ReadonlySet<Link> = new Set(["discovery", "jwks", "dns", "tls", "reachability"]);

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

/** What is no fault of an issuer that is read from inside a network alone. */
const ofPublic: ReadonlySet<Reason> = new Set(["EveryAddressPrivate", "AddressPrivate", "JwksUriPrivate"]);

/** What is known to be none: an inner network's relying parties read it there, or STS has read it by another view of the name. */
function isNoFault({ isPublic = true, workloads }: ChainFacts, reason: Reason): boolean {
  if (!isPublic && ofPublic.has(reason)) return true;
  const isRead = workloads.some(({ exchange }) => exchange?.kind === "accepted");
  return isRead && reason === "EveryAddressPrivate";
}

/** The facts of a stack, and what its issuer's URL shows, judged. */
export interface JudgedStack extends ChainFacts {
  /** Empty where the URL was not looked at. */
  readonly served: readonly DoctorFinding[];
}

/** What an issuer's URL shows, but for what `status` says in the same words and with its publisher's advice. */
export function judgeServed(facts: JudgedStack): readonly DoctorFinding[] {
  const said = new Set<Reason>(["NotSeenFromOutside", ...facts.status.map(({ reason }) => reason)]);
  return facts.served.filter(({ reason }) => !said.has(reason) && !isNoFault(facts, reason));
}

/**
 * The facts without what `status` finds odd about the keys of a set, such as a kid that Kubernetes did not make. That is a
 * publisher's business and breaks nothing; which keys AWS leaves out is told by the set itself.
 */
export function withoutOdd(facts: ChainFacts): ChainFacts {
  if (facts.outside === undefined) return facts;
  return { ...facts, status: facts.status.filter(({ reason }) => reason !== "JwksUnusual") };
}

/** What `status` says of a key of the cluster that the published set lacks. */
const ofMissingKey: ReadonlySet<Reason> = new Set([
  "JwksKeyMissing",
  "JwksVerifyingKeyMissing",
  "JwksKeyUnconfirmed",
]);

/** Whether the server behind a cache has all keys of the cluster: what `status` misses in the cached set is that cache's doing. */
function isOfCache({ outside, cluster }: ChainFacts): boolean {
  const kids = lookedAt(cluster?.kids);
  if (kids === undefined || outside?.origin === undefined) return false;
  const behind = new Set(judgeIssuer(outside.origin).jwks?.keys.map(({ kid }) => kid));
  return kids.every((kid) => behind.has(kid));
}

/**
 * What `status` found without what is told already: a document that cannot be read where its cause is known, and the same
 * once more at the links behind it; and keys that only a cache lacks.
 */
export function withoutRepeated(
  facts: ChainFacts,
  status: readonly StatusFinding[],
  causes: readonly DoctorFinding[],
): readonly StatusFinding[] {
  const isKnown = causes.some(
    ({ link, verdict }) => ofIssuer.has(link) && verdict !== "warning" && verdict !== "unseen",
  );
  return status.filter((one, index) => {
    const isSecond = status
      .slice(0, index)
      .some((before) => before.reason === one.reason && ofIssuer.has(before.link));
    if (ofMissingKey.has(one.reason)) return !isSecond && !isOfCache(facts);
    if (!plain.has(one.reason) || !ofIssuer.has(one.link)) return true;
    return !isKnown && !isSecond;
  });
}
