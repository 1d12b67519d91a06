import { isRecord, type JsonRecord, recordOf, recordsOf, textOf } from "../../core/base/index.ts";

/** A token that a pod has projected into it. */
export interface ProjectedToken {
  /** Undefined for one of the cluster's own API. */
  readonly audience: string | undefined;
  readonly ms: number;
}

/** A running pod with tokens. */
export interface PodTokens {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly serviceAccount: string;
  /** Milliseconds since the epoch; undefined while the kubelet has not taken it. */
  readonly startedAt: number | undefined;
  readonly tokens: readonly ProjectedToken[];
}

/** How API servers decide the lifetime of a token. */
export interface TokenRules {
  /** Audiences of the cluster's own API. */
  readonly audiences: readonly string[];
  /** --service-account-max-token-expiration, milliseconds; undefined where none is set. */
  readonly maximum: number | undefined;
  /** --service-account-extend-token-expiration: on by default. */
  readonly extend: boolean;
}

/** How long a token lives, in milliseconds, and which pod has it, for messages. */
export interface TokenLife {
  readonly ms: number;
  readonly of: string;
}

/**
 * A pod's token that lives longer than a day. Its kubelet has another one after a day at the latest; a program that read it
 * once and kept the copy may use that to its end.
 */
export interface LastingToken {
  /** `NAMESPACE/NAME` of the pod. */
  readonly pod: string;
  /** As `PodTokens.startedAt`. */
  readonly startedAt: number | undefined;
  /** Its life, in milliseconds. */
  readonly ms: number;
  /** For a relying party, and not for the cluster's own API. */
  readonly isOutside: boolean;
}

/**
 * For how long the tokens of a cluster's pods are in use at the longest: their lives, or for those that live longer than a
 * day until their kubelet has renewed them. Copies of those are `lasting`.
 */
export interface TokenLives {
  /** For relying parties outside. */
  readonly outside: TokenLife;
  /** For the cluster's own API, as they are asked for. */
  readonly api: TokenLife;
  /** For the cluster's own API, where the API server extends what the kubelet asks for; undefined where it does not. */
  readonly extended: TokenLife | undefined;
  readonly lasting: readonly LastingToken[];
}

const second = 1000;
const dayMs = 86_400 * second;
/** What the API server takes where a source says nothing (ServiceAccountTokenProjection, expirationSeconds). */
const defaultSeconds = 3600;
/** What an API server recognises as the kubelet's own volume, and extends to a year (pkg/serviceaccount/claims.go). */
const extendedMs = 3607 * second;
const yearMs = 365 * dayMs;
/** Two machines' clocks: a pod that began this near to a key's last signature counts as older. */
const clockDifferenceMs = 60 * second;

function tokenOf(source: JsonRecord): readonly ProjectedToken[] {
  const { serviceAccountToken: token } = source;
  if (!isRecord(token)) return [];
  const { expirationSeconds: seconds } = token;
  const audience = textOf(token["audience"]);
  const ms = (typeof seconds === "number" ? seconds : defaultSeconds) * second;
  return [{ audience: audience === "" ? undefined : audience, ms }];
}

const overPhases: readonly unknown[] = ["Succeeded", "Failed"];

/** A pod's tokens from the object that the API gives; undefined for one that has ended, or has none. */
export function podTokensOf(pod: unknown): PodTokens | undefined {
  const { metadata, spec: said, status } = recordOf(pod);
  const { phase, startTime } = recordOf(status);
  const spec = recordOf(said);
  const tokens = recordsOf(spec["volumes"])
    .flatMap((volume) => recordsOf(recordOf(volume["projected"])["sources"]))
    .flatMap(tokenOf);
  if (overPhases.includes(phase) || tokens.length === 0) return undefined;
  const { namespace, name, uid } = recordOf(metadata);
  const startedAt = Date.parse(textOf(startTime) ?? "");
  return {
    namespace: textOf(namespace) ?? "",
    name: textOf(name) ?? "",
    uid: textOf(uid) ?? "",
    serviceAccount: textOf(spec["serviceAccountName"]) ?? "default",
    startedAt: Number.isNaN(startedAt) ? undefined : startedAt,
    tokens,
  };
}

/**
 * Whether a pod may hold a token that was signed at a time or before, in milliseconds since the epoch. What no kubelet has
 * taken yet gets its first token from now on.
 */
export function mayHold({ startedAt }: Pick<PodTokens, "startedAt">, signedAt: number, now: number): boolean {
  return (startedAt ?? now) <= signedAt + clockDifferenceMs;
}

/** Whether a token is for a relying party outside. */
export function isOutside({ audience }: ProjectedToken, { audiences }: TokenRules): boolean {
  return audience !== undefined && !audiences.includes(audience);
}

const allowedMs = ({ ms }: ProjectedToken, { maximum = Infinity }: TokenRules): number =>
  Math.min(ms, maximum);

/**
 * For how long a token lives, in milliseconds. The kubelet's own hour is a year where the API server extends it: a maximum
 * that leaves that hour whole does not bound the year, and a shorter one ends the extension.
 * Source: kubernetes/kubernetes, pkg/registry/core/serviceaccount/storage/token.go
 */
export function lifeOf(token: ProjectedToken, rules: TokenRules): number {
  const allowed = allowedMs(token, rules);
  return rules.extend && allowed === extendedMs && !isOutside(token, rules) ? yearMs : allowed;
}

/**
 * For how long after its key has signed its last token a pod's file may still have that one, in milliseconds. A kubelet renews
 * at 80 % of the life and after a day at the latest; its jitter of up to 10 s only makes that earlier
 * (kubernetes/kubernetes, pkg/kubelet/token/token_manager.go). It does so when it looks at the pod: each syncFrequency, a minute
 * by default, stretched by up to half (pkg/kubelet/pod_workers.go). Twice that, since a request that an API server's restart
 * refuses is made again at the next look.
 */
export function renewedWithinMs(token: ProjectedToken, rules: TokenRules): number {
  const lookMs = 90 * second;
  return Math.min(allowedMs(token, rules) * 0.8, dayMs) + 2 * lookMs;
}

function maxLife(found: readonly TokenLife[]): TokenLife {
  return found.reduce((a, b) => (b.ms > a.ms ? b : a), { ms: 0, of: "no pod that lives" });
}

/** The longest tokens of the pods that live, by what their specs ask for and what the API servers allow. */
export function tokenLives(pods: readonly PodTokens[], rules: TokenRules): TokenLives {
  const all = pods.flatMap(({ namespace, name, startedAt, tokens }) =>
    tokens.map((token) => {
      const ms = allowedMs(token, rules);
      const inUse = ms > dayMs ? Math.min(ms, renewedWithinMs(token, rules)) : ms;
      return {
        pod: `${namespace}/${name}`,
        startedAt,
        ms,
        isOutside: isOutside(token, rules),
        inUse: { ms: inUse, of: `pod ${namespace}/${name}` },
        life: lifeOf(token, rules),
      };
    }),
  );
  const maxLifeOf = (outside: boolean): TokenLife =>
    maxLife(all.filter((one) => one.isOutside === outside).map(({ inUse }) => inUse));
  const extended = all.find(({ ms, life }) => life > ms);
  return {
    outside: maxLifeOf(true),
    api: maxLifeOf(false),
    extended: extended === undefined ? undefined : { ms: extended.life, of: extended.inUse.of },
    lasting: all
      .filter(({ ms }) => ms > dayMs)
      .map(({ pod, startedAt, ms, isOutside: outside }) => ({ pod, startedAt, ms, isOutside: outside })),
  };
}
