import { awsSkewSeconds } from "../oidc/index.ts";
import { union } from "./acceptance.ts";

/** A `serviceAccountToken` source of a pod's projected volumes. */
export interface TokenSource {
  /** Absent: the API server's own. */
  readonly audience?: string;
  readonly expirationSeconds: number;
}

/** A pod that lives. */
export interface PodFacts {
  readonly namespace: string;
  readonly name: string;
  readonly serviceAccount: string;
  /** When the kubelet took it up, in milliseconds since the epoch; absent: not yet, so that it has no token. */
  readonly startedAt?: number;
  readonly tokens: readonly TokenSource[];
}

export interface OldTokensInput {
  readonly pods: readonly PodFacts[];
  /** From then on no server signs as the issuer that is asked about; milliseconds since the epoch. */
  readonly switchedAt: number;
  readonly now: number;
  /** Audiences of the API servers: tokens with another one are for somebody else. */
  readonly apiAudiences: readonly string[];
  /** `--service-account-extend-token-expiration` of any server is not false. */
  readonly isExtended: boolean;
  /** `--service-account-max-token-expiration`, the longest of any server, in seconds; absent where unset. */
  readonly maxTokenSeconds?: number;
}

/** A token that a pod may hold of the issuer of before. All times are milliseconds since the epoch. */
export interface OldToken {
  readonly namespace: string;
  readonly pod: string;
  readonly serviceAccount: string;
  /** Absent: the API server's own. */
  readonly audience?: string;
  /** By then the kubelet has written a new one into the file; a client that reads the file once keeps the old one. */
  readonly renewedBy: number;
  /** By then it is refused by whoever checks its exp. */
  readonly until: number;
}

/** When nobody needs the issuer of before any more, computed from the pods that live. */
export interface OldTokens {
  readonly tokens: readonly OldToken[];
  /** From then on every file has a token of the new issuer. */
  readonly renewedBy: number;
  /** From then on no live pod's token for the API server is of the old issuer. */
  readonly cluster: number;
  /** From then on no live pod's token for anybody else is. */
  readonly others: number;
}

/** Which asks of the kubelet's make the API server give a year in place of an hour (`WarnOnlyBoundTokenPeriod`). */
const extendedAsk = 3607;
const year = 365 * 86_400;
const day = 86_400;
/** The kubelet looks at a pod's volumes once a minute or so, and a write may fail once. */
const slack = 300;
/** Two machines' clocks: a pod that began this near to the switch counts as older. */
const clockDifference = 60;

/**
 * The life of a token, in seconds. The kubelet's own hour is a year where the API server extends it.
 * Source: kubernetes/kubernetes, pkg/registry/core/serviceaccount/storage/token.go
 */
function lifeOf(
  source: TokenSource,
  { apiAudiences, isExtended, maxTokenSeconds = Infinity }: OldTokensInput,
): number {
  const { audience, expirationSeconds } = source;
  const asked = Math.min(expirationSeconds, maxTokenSeconds);
  const isForCluster = audience === undefined || apiAudiences.includes(audience);
  return isForCluster && isExtended && expirationSeconds === extendedAsk ? year : asked;
}

/**
 * When the kubelet has renewed a token at the latest, in seconds after it was made: at 80 % of its life, and after a day.
 * Source: kubernetes/kubernetes, pkg/kubelet/token/token_manager.go
 */
const renewedAfter = ({ expirationSeconds }: TokenSource): number =>
  Math.min(expirationSeconds * 0.8, day) + slack;

function tokensOf(pod: PodFacts, input: OldTokensInput): readonly OldToken[] {
  const { switchedAt, now, apiAudiences } = input;
  const { startedAt, namespace, name, serviceAccount, tokens } = pod;
  if (startedAt === undefined || startedAt > switchedAt + clockDifference * 1000) return [];
  return tokens
    .map((source) => {
      const isForOthers = source.audience !== undefined && !apiAudiences.includes(source.audience);
      // Relying parties such as STS take a token some minutes beyond its exp.
      const life = lifeOf(source, input) + (isForOthers ? awsSkewSeconds : 0);
      return {
        namespace,
        pod: name,
        serviceAccount,
        ...(source.audience === undefined ? {} : { audience: source.audience }),
        renewedBy: switchedAt + renewedAfter(source) * 1000,
        until: switchedAt + life * 1000,
      };
    })
    .filter(({ until }) => until > now);
}

/**
 * The tokens of an issuer that signs no longer, as far as pods hold them: computed from their starts and projected volumes,
 * not seen. A token without a pod (`kubectl create token`, CI) is in none of it.
 */
export function oldTokens(input: OldTokensInput): OldTokens {
  const tokens = input.pods.flatMap((pod) => tokensOf(pod, input));
  const isForCluster = ({ audience }: OldToken): boolean =>
    audience === undefined || input.apiAudiences.includes(audience);
  const last = (times: readonly number[]): number => Math.max(input.switchedAt, ...times);
  return {
    tokens,
    renewedBy: last(tokens.map(({ renewedBy }) => renewedBy)),
    cluster: last(tokens.filter(isForCluster).map(({ until }) => until)),
    others: last(tokens.filter((token) => !isForCluster(token)).map(({ until }) => until)),
  };
}

/** `NAMESPACE/POD` of each that holds one of these tokens. */
export function holdersOf(tokens: readonly OldToken[]): readonly string[] {
  return union([tokens.map(({ namespace, pod }) => `${namespace}/${pod}`)]);
}
