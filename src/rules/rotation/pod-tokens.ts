import { isRecord, type JsonRecord, recordOf, recordsOf, textOf } from "../../core/base/index.ts";
import type { TokenLife, TokenLives } from "./facts.ts";

/** A token that a pod has projected into it. */
export interface ProjectedToken {
  /** Undefined for one of the cluster's own API. */
  readonly audience: string | undefined;
  readonly ms: number;
}

/** The tokens of a pod that lives. */
export interface PodTokens {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** Milliseconds since the epoch; undefined while the kubelet has not taken it. */
  readonly startedAt: number | undefined;
  readonly tokens: readonly ProjectedToken[];
}

/** What API servers make of what they are asked for. */
export interface TokenRules {
  /** Audiences of the cluster's own API. */
  readonly audiences: readonly string[];
  /** --service-account-max-token-expiration, milliseconds; undefined where none is set. */
  readonly maximum: number | undefined;
  /** --service-account-extend-token-expiration: on unless it is said. */
  readonly extend: boolean;
}

const second = 1000;
/** What the API server takes where a source says nothing (ServiceAccountTokenProjection, expirationSeconds). */
const standardSeconds = 3600;
/** What an API server recognises as the kubelet's own volume, and extends to a year (pkg/registry/core/serviceaccount). */
const extendedSeconds = 3607;
const yearMs = 365 * 86_400 * second;

function tokenOf(source: JsonRecord): readonly ProjectedToken[] {
  const { serviceAccountToken: token } = source;
  if (!isRecord(token)) return [];
  const { expirationSeconds: seconds } = token;
  const audience = textOf(token["audience"]);
  const ms = (typeof seconds === "number" ? seconds : standardSeconds) * second;
  return [{ audience: audience === "" ? undefined : audience, ms }];
}

const overPhases: readonly unknown[] = ["Succeeded", "Failed"];

/** A pod's tokens from the object that the API gives; undefined for one that has ended. */
export function podTokensOf(pod: unknown): PodTokens | undefined {
  const { metadata, spec, status } = recordOf(pod);
  const { phase, startTime } = recordOf(status);
  if (overPhases.includes(phase)) return undefined;
  const { namespace, name, uid } = recordOf(metadata);
  const startedAt = Date.parse(textOf(startTime) ?? "");
  return {
    namespace: textOf(namespace) ?? "",
    name: textOf(name) ?? "",
    uid: textOf(uid) ?? "",
    startedAt: Number.isNaN(startedAt) ? undefined : startedAt,
    tokens: recordsOf(recordOf(spec)["volumes"])
      .flatMap((volume) => recordsOf(recordOf(volume["projected"])["sources"]))
      .flatMap(tokenOf),
  };
}

/** Whether a token is for a relying party outside. */
export function isOutside({ audience }: ProjectedToken, { audiences }: TokenRules): boolean {
  return audience !== undefined && !audiences.includes(audience);
}

function longest(found: readonly TokenLife[], none: string): TokenLife {
  const { ms, of } = found.reduce((a, b) => (b.ms > a.ms ? b : a), { ms: 0, of: none });
  return { ms, of };
}

/** The longest tokens of the pods that live, by what their specs ask for and what the API servers allow. */
export function tokenLives(pods: readonly PodTokens[], rules: TokenRules): TokenLives {
  const { maximum = Infinity, extend } = rules;
  const all = pods.flatMap(({ namespace, name, tokens }) =>
    tokens.map((token) => ({
      outside: isOutside(token, rules),
      asked: token.ms,
      ms: Math.min(token.ms, maximum),
      of: `pod ${namespace}/${name}`,
    })),
  );
  const outside = all.filter((one) => one.outside);
  const api = all.filter((one) => !one.outside);
  const stretched = api.find(({ asked }) => asked === extendedSeconds * second);
  return {
    outside: longest(outside, "no pod that lives"),
    api: longest(api, "no pod that lives"),
    extended:
      extend && stretched !== undefined ? { ms: Math.min(yearMs, maximum), of: stretched.of } : undefined,
  };
}

/**
 * For how long after its key has signed its last token a pod may still hold it: a kubelet renews at 80 % of the life, after a
 * day at the latest, and looks each minute (pkg/kubelet/token, pkg/kubelet/volumemanager).
 */
export function renewedWithinMs({ ms }: ProjectedToken): number {
  return Math.min(ms * 0.8, 86_400 * second) + 90 * second;
}
