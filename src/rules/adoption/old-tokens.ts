import { defined } from "../../core/base/index.ts";
import { awsSkewSeconds } from "../oidc/index.ts";
import {
  isOutside,
  lifeOf,
  mayHold,
  type PodTokens,
  renewedWithinMs,
  type TokenRules,
} from "../tokens/index.ts";
import { union } from "./acceptance.ts";

export interface OldTokensInput {
  readonly pods: readonly PodTokens[];
  /** When the last server stopped signing as the issuer in question; milliseconds since the epoch. */
  readonly switchedAt: number;
  readonly now: number;
  /** What any of the API servers accepts and allows. */
  readonly rules: TokenRules;
}

/** A token of the former issuer that a pod may hold. All times are milliseconds since the epoch. */
export interface OldToken {
  readonly namespace: string;
  readonly pod: string;
  readonly serviceAccount: string;
  /** Absent: the API server's own. */
  readonly audience?: string;
  /** By then the kubelet has written a new one into the file; a client that reads the file once keeps the old one. */
  readonly renewedBy: number;
  /** From then on every verifier that checks exp refuses it. */
  readonly until: number;
}

/** When the former issuer is no longer needed, computed from the running pods. */
export interface OldTokens {
  readonly tokens: readonly OldToken[];
  /** From then on every file has a token of the new issuer. */
  readonly renewedBy: number;
  /** From then on no live pod's token for the API server is of the old issuer. */
  readonly cluster: number;
  /** From then on no live pod's token for any other audience is. */
  readonly others: number;
}

function tokensOf(pod: PodTokens, { switchedAt, now, rules }: OldTokensInput): readonly OldToken[] {
  if (!mayHold(pod, switchedAt, now)) return [];
  const { namespace, name, serviceAccount, tokens } = pod;
  return tokens
    .map((token) => {
      // Relying parties such as STS accept a token some minutes beyond its exp.
      const skewMs = isOutside(token, rules) ? awsSkewSeconds * 1000 : 0;
      const { audience } = token;
      return {
        namespace,
        pod: name,
        serviceAccount,
        ...defined({ audience }),
        renewedBy: switchedAt + renewedWithinMs(token, rules),
        until: switchedAt + lifeOf(token, rules) + skewMs,
      };
    })
    .filter(({ until }) => until > now);
}

/**
 * The tokens of an issuer that no longer signs, as far as pods hold them: computed from their starts and projected
 * volumes, not seen. A token without a pod (`kubectl create token`, CI) is not included.
 */
export function oldTokens(input: OldTokensInput): OldTokens {
  const tokens = input.pods.flatMap((pod) => tokensOf(pod, input));
  const forApi = tokensForApi({ tokens }, input.rules);
  const last = (times: readonly number[]): number => Math.max(input.switchedAt, ...times);
  return {
    tokens,
    renewedBy: last(tokens.map(({ renewedBy }) => renewedBy)),
    cluster: last(forApi.map(({ until }) => until)),
    others: last(tokens.filter((token) => !forApi.includes(token)).map(({ until }) => until)),
  };
}

/** Those for the API servers themselves: where these hold one issuer, each is refused from the restart on. */
export function tokensForApi(
  { tokens }: Pick<OldTokens, "tokens">,
  { audiences }: TokenRules,
): readonly OldToken[] {
  return tokens.filter(({ audience }) => audience === undefined || audiences.includes(audience));
}

/** `NAMESPACE/POD` of each pod that holds one of these tokens. */
export function holdersOf(tokens: readonly OldToken[]): readonly string[] {
  return union([tokens.map(({ namespace, pod }) => `${namespace}/${pod}`)]);
}
