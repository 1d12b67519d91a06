import type { Link } from "../../core/base/index.ts";
import type { DoctorFinding } from "./finding.ts";

/** What takes something away: findings of these reasons, or all that are at these links. */
interface Following {
  readonly cause: DoctorFinding["reason"];
  readonly reasons?: readonly DoctorFinding["reason"][];
  readonly links?: readonly Link[];
}

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
];

/** Findings without what merely follows from another one. */
export function withoutFollowing(findings: readonly DoctorFinding[]): readonly DoctorFinding[] {
  const present = follows.filter(({ cause }) => findings.some(({ reason }) => reason === cause));
  const isFollowing = ({ reason, link }: DoctorFinding): boolean =>
    present.some(
      ({ cause, reasons = [], links: at = [] }) =>
        reason !== cause && (reasons.includes(reason) || at.includes(link)),
    );
  return findings.filter((one) => !isFollowing(one));
}
