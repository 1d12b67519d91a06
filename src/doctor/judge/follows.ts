import type { Link } from "../../core/base/index.ts";
import type { DoctorFinding } from "./finding.ts";

type Reason = DoctorFinding["reason"];

/** What takes something away: findings of these reasons, or all that are at these links. */
interface Following {
  /** Its reason, or what is true of it. */
  readonly cause: Reason | ((cause: DoctorFinding) => boolean);
  readonly reasons?: readonly Reason[];
  readonly links?: readonly Link[];
  /** The same of what `status` found alone: the cause says it better. */
  readonly ofStatus?: readonly Reason[];
}

const starting =
  (...words: readonly string[]) =>
  ({ reason }: DoctorFinding): boolean =>
    words.some((word) => reason.startsWith(word));

const at =
  (...some: readonly Link[]) =>
  ({ link }: DoctorFinding): boolean =>
    some.includes(link);

const ofArn = ["RoleArn", "RolePartition", "RoleInOtherAccount"];

/**
 * A cause takes away what merely follows from it: keys at a private host do not answer, a name without an address has no
 * documents, one dead address of two makes samples fail.
 */
const follows: readonly Following[] = [
  { cause: "JwksUriPrivate", links: ["jwks", "dns", "tls", "reachability", "token"] },
  {
    cause: "AddressDead",
    reasons: ["AnswersFlaky", "ConnectionRefused", "ConnectionFailed", "DocumentMissing"],
  },
  { cause: "DocumentElsewhere", reasons: ["DocumentMissing", "JwksPathMissing"] },
  { cause: "CacheStale", reasons: ["AnswersDiffer"] },
  { cause: "ZoneNotDelegated", reasons: ["NameMissing", "NameNotResolved"] },
  { cause: "NameServersFail", reasons: ["CaaUnanswered"] },
  { cause: "NameCached", reasons: ["NameMissing", "NameNotResolved", "ResolversDiffer"] },
  {
    cause: "AddressCached",
    reasons: ["ResolversDiffer", "SplitHorizon", "EveryAddressPrivate", "LocalVantage"],
    links: ["discovery", "jwks", "tls", "reachability"],
  },
  { cause: "NameServersDiffer", reasons: ["NameMissing", "NameNotResolved"] },
  { cause: "LocalVantage", reasons: ["ConnectionFailed", "ConnectionRefused", "SplitHorizon"] },
  { cause: "AddressesDiffer", reasons: ["AnswersDiffer"] },
  { cause: "Throttled", reasons: ["AnswersFlaky"] },
  // A role of another account or partition has no provider here, and is not to have one.
  { cause: "RolePartitionDiffers", reasons: ["RoleInOtherAccount"] },
  { cause: "RoleArnMalformed", reasons: ["RoleInOtherAccount", "AnnotationAfterPod", "PodPassedOver"] },
  { cause: "WebhookUnreachable", reasons: ["WebhookVersionDiffers"] },
  { cause: "ProviderDeleted", reasons: ["TrustProviderAccount"] },
  { cause: "TrustProviderAccount", reasons: ["ProviderOfFormerIssuer"] },
  // A token is not spread, and an organisation denies nothing, where a cause is known.
  { cause: "EgressDenied", reasons: ["StsGlobalUnreachable", "StsNameNotResolved"] },
  { cause: at("cluster"), ofStatus: ["IssuerMismatch", "ClusterDocumentsInvalid", "LookFailed"] },
  { cause: starting("EveryAddressPrivate", "AddressCached"), ofStatus: ["AddressPrivate"] },
  {
    cause: "CertificateRateLimited",
    ofStatus: ["TlsFailed", "ConnectionFailed", "CertificateUntrusted"],
  },
  { cause: starting("AddressUnseen", "LocalVantage"), ofStatus: ["ConnectionFailed"] },
  { cause: starting("Provider"), ofStatus: ["ProviderMissing"] },
  { cause: starting("ClientId"), ofStatus: ["AudienceMissing", "ProviderDrift"] },
  { cause: starting("Thumbprint"), ofStatus: ["ProviderDrift"] },
  { cause: starting("Trust"), ofStatus: ["TrustPolicyDenies", "TrustPolicyDrift"] },
  { cause: starting(...ofArn), ofStatus: ["AnnotationConflict", "PodRoleDiffers"] },
  {
    cause: at("injection", "serviceaccount", "token"),
    ofStatus: ["PodNotInjected", "PodTokenNotMounted", "PodAudienceRefused"],
  },
  { cause: "PodStaticCredentials", ofStatus: ["PodStaticCredentials"] },
  { cause: ({ verdict }) => verdict !== "warning", ofStatus: ["StsRefused"] },
  { cause: "StsIncident", ofStatus: ["AwsUnavailable"] },
];

/** The rows whose cause is among some findings. */
function presentIn(findings: readonly DoctorFinding[]): readonly Following[] {
  return follows.filter(({ cause }) =>
    findings.some((one) => (typeof cause === "string" ? one.reason === cause : cause(one))),
  );
}

/** Findings without what merely follows from another one. */
export function withoutFollowing(findings: readonly DoctorFinding[]): readonly DoctorFinding[] {
  const present = presentIn(findings);
  const isFollowing = ({ reason, link }: DoctorFinding): boolean =>
    present.some(
      ({ cause, reasons = [], links = [] }) =>
        reason !== cause && (reasons.includes(reason) || links.includes(link)),
    );
  return findings.filter((one) => !isFollowing(one));
}

/** Reasons of `status` that one of these causes says better. */
export function saidBetter(causes: readonly DoctorFinding[]): ReadonlySet<Reason> {
  return new Set(presentIn(causes).flatMap(({ ofStatus = [] }) => ofStatus));
}
