import { errorText, PodtrustError } from "../../core/base/index.ts";
import type { SentCredential } from "../../providers/kubernetes/index.ts";
import { issuerDifference, parseDiscovery } from "../../rules/oidc/index.ts";
import { parseJwkSet, type PublicJwk } from "../../rules/keys/index.ts";
import type { PublicationRefusal, RefusalReason } from "../status.ts";

/** What is published about an issuer, independent of the cluster. */
export interface PublishedUrls {
  readonly issuer: string;
  readonly jwksUri: string;
  /** The documents are not fetched: keys are only uploaded, and the cluster's jwks_uri does not matter. */
  readonly unserved?: true;
}

/** The verdict on one answer of the cluster, and the credential it was asked with. */
export type Observation = { readonly credential?: SentCredential } & SourceVerdict;

type SourceVerdict =
  | {
      readonly ok: true;
      readonly keys: readonly PublicJwk[];
      /** Sentences about things that work but should be fixed. */
      readonly warnings: readonly string[];
      /** The former issuer that the cluster's tokens name in place of ours; one of those in the config. */
      readonly formerIssuer?: string;
    }
  | { readonly ok: false; readonly refusal: PublicationRefusal };

const reasons: Readonly<Record<string, RefusalReason>> = {
  "cluster-unreachable": "unreachable",
  "cluster-not-ready": "not-ready",
  "cluster-credentials": "credentials",
  "exec-plugin-unconfirmed": "credentials",
  "cluster-unauthenticated": "unauthenticated",
  "cluster-forbidden": "forbidden",
  "cluster-not-found": "bad-answer",
  "cluster-answer-invalid": "bad-answer",
  "discovery-invalid": "discovery-invalid",
  "jwks-invalid": "jwks-invalid",
};

const blindReasons: ReadonlySet<RefusalReason> = new Set([
  "unreachable",
  "not-ready",
  "credentials",
  "unauthenticated",
  "forbidden",
  "bad-answer",
  "internal",
]);

/** Whether there was no answer that could be judged. */
export function isBlind(reason: RefusalReason): boolean {
  return blindReasons.has(reason);
}

/** Why nothing new can be published, for any error on the way. */
export function refusalOf(thrown: unknown): PublicationRefusal {
  if (!(thrown instanceof PodtrustError)) {
    return { reason: "internal", message: errorText(thrown), next: "Report it with the publisher's log." };
  }
  return { reason: reasons[thrown.code] ?? "internal", message: thrown.message, next: thrown.next };
}

/** An empty set differs from a broken one: it is what an outage looks like to a careless publisher. */
function isEmptySet(bytes: Uint8Array): boolean {
  try {
    const set = JSON.parse(Buffer.from(bytes).toString("utf8")) as { keys?: unknown };
    return Array.isArray(set.keys) && set.keys.length === 0;
  } catch {
    return bytes.length === 0;
  }
}

function jwksRefusal(jwks: Uint8Array, thrown: unknown): PublicationRefusal {
  const refusal = refusalOf(thrown);
  if (refusal.reason !== "jwks-invalid") return refusal;
  const noneUsable = thrown instanceof PodtrustError && Array.isArray(thrown.detail["leftOut"]);
  return isEmptySet(jwks) || noneUsable ? { ...refusal, reason: "jwks-empty" } : refusal;
}

/** A listed issuer that differs little from the cluster's: most often the list is meant. */
function nearMiss(former: readonly string[], actual: string): string {
  const names = { expected: "one that publisher.formerIssuers lists", actual: "the cluster's" };
  const near = former
    .map((one) => issuerDifference(one, actual, names))
    .find((difference) => difference !== undefined && difference.kind !== "other");
  return near === undefined ? "" : `; ${near.message}`;
}

function issuerRefusal(
  expected: string,
  actual: string,
  former: readonly string[],
): PublicationRefusal | undefined {
  const names = { expected: "issuer in the config", actual: "issuer in the cluster's discovery document" };
  const difference = issuerDifference(expected, actual, names);
  if (difference === undefined || former.includes(actual)) return undefined;
  return {
    reason: "issuer-mismatch",
    message: `${difference.message}${nearMiss(former, actual)}`,
    next: `Start the API server with --service-account-issuer=${expected} as the first of its issuers, or correct \`issuer\` in the config. For a cluster whose issuer is yet to be changed, list the one that it has in publisher.formerIssuers.`,
  };
}

/** What has to be done before tokens name the published issuer. */
function formerWarning(ours: string, former: string): string {
  return (
    `The cluster's tokens name ${former}, which publisher.formerIssuers lists, and not ${ours} yet: AWS accepts none of them for it. ` +
    `Give every API server --service-account-issuer=${ours} as the second of its issuers, and then every one as the first (docs/reference/api-server.md).`
  );
}

function jwksUriWarning(names: PublishedUrls, clusters: string): readonly string[] {
  if (clusters === names.jwksUri || names.unserved === true) return [];
  return [
    `The cluster names ${clusters} as jwks_uri; ${names.jwksUri} is published anyway.` +
      `Start the API server with --service-account-jwks-uri=${names.jwksUri} to make them the same.`,
  ];
}

/**
 * Whether the cluster's answer may be published, and with which keys. A cluster whose tokens name one of
 * `formerIssuers` is treated like one whose tokens name ours. Never throws.
 */
export function judge(
  documents: { readonly discovery: Uint8Array; readonly jwks: Uint8Array },
  names: PublishedUrls,
  formerIssuers: readonly string[] = [],
): SourceVerdict {
  try {
    const discovery = parseDiscovery(documents.discovery);
    const refusal = issuerRefusal(names.issuer, discovery.issuer, formerIssuers);
    if (refusal !== undefined) return { ok: false, refusal };
    const set = parseJwkSet(documents.jwks);
    const leftOut = set.leftOut.map((key) => `Key ${key.kid ?? "without kid"} is left out: ${key.reason}.`);
    const { issuer } = discovery;
    const isFormer = issuer !== names.issuer;
    // A former issuer's keys are where it says: jwks_uri changes with the issuer.
    const own = isFormer ? [formerWarning(names.issuer, issuer)] : jwksUriWarning(names, discovery.jwksUri);
    const warnings = [...own, ...leftOut, ...set.warnings, ...discovery.warnings];
    return { ok: true, keys: set.keys, warnings, ...(isFormer ? { formerIssuer: issuer } : {}) };
  } catch (thrown) {
    return { ok: false, refusal: jwksRefusal(documents.jwks, thrown) };
  }
}
