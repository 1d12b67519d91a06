import { defined, partitionOf } from "../../core/base/index.ts";
import type { IssuerReading } from "../../issuer/index.ts";
import { parseJwkSet } from "../../rules/keys/index.ts";
import { iamProviderKey } from "../../rules/oidc/index.ts";
import type { LookResult, StatusFacts } from "../../stack/index.ts";
import { type OidcProviderFacts, providerArnOf, roleArnOf } from "../../stack/parts/index.ts";
import type {
  AccountLook,
  ChainCertificate,
  LimitsLook,
  Look,
  ProviderLook,
  PublishedLook,
  RoleLook,
} from "../judge/index.ts";

type Account = StatusFacts["accounts"][number];
type AwsConfig = Account["account"];

/** A fact of `status` as data; the value is taken over by `take`. */
function asLook<T, R>(seen: LookResult<T>, take: (value: T) => R): Look<R> {
  if (seen.kind === "seen") return { seen: take(seen.value) };
  return { unseen: seen.kind === "failed" ? seen.error.message : `skipped: needs ${seen.needs}` };
}

function providerLook({ arn, url, clientIds, thumbprints }: OidcProviderFacts): ProviderLook {
  return { arn, url, clientIds, thumbprints };
}

/** What limits roles, by their ARNs. */
export type Limits = ReadonlyMap<string, Look<LimitsLook>>;

function roleLook(
  account: AwsConfig,
  { role, look }: Account["roles"][number],
  limits: Limits,
): Look<RoleLook> {
  return asLook(look, ({ observed }) => ({
    name: role.name,
    arn: roleArnOf(account, role),
    serviceAccounts: role.serviceAccounts,
    sessionName: role.sessionName,
    hasPatterns: role.subjectPatterns.length > 0,
    ...defined({ limits: observed.exists ? limits.get(observed.state.arn) : undefined }),
    ...(observed.exists
      ? {
          state: {
            arn: observed.state.arn,
            trustPolicy: observed.state.trustPolicy,
            created: observed.state.created,
            maxSession: observed.state.maxSession,
            ...defined({ boundary: observed.state.boundary }),
          },
        }
      : {}),
  }));
}

/** An account of the config, as data. */
export function accountLook({ config }: StatusFacts, one: Account, limits: Limits): AccountLook {
  const { account, provider, others = [], roles } = one;
  const looks = roles.map((role) => roleLook(account, role, limits));
  const unseen = looks.find((look) => "unseen" in look);
  return {
    account: account.account,
    partition: partitionOf(account.region),
    region: account.region,
    audiences: account.audiences,
    providerArn: providerArnOf(account, config.issuer),
    provider: asLook(provider, ({ observed }) =>
      observed.exists ? { ...providerLook(observed.state), url: iamProviderKey(config.issuer) } : null,
    ),
    others: others.map(providerLook),
    roles: unseen ?? { seen: looks.flatMap((look) => ("seen" in look ? [look.seen] : [])) },
  };
}

function chainOf({ discovery, jwks }: IssuerReading): readonly ChainCertificate[] {
  const { tls } = (jwks ?? discovery).exchange;
  return (tls?.chain ?? []).map(({ subject, sha1, notAfter }) => ({ subject, sha1, notAfter }));
}

/** What AWS gets of the issuer, by several readings. */
export function publishedLook(
  readings: readonly IssuerReading[],
  isPrivate: boolean,
): PublishedLook | undefined {
  const [first] = readings;
  const answer = first?.jwks;
  if (answer?.outcome !== "answered" || answer.response.status !== 200) return undefined;
  const chains = readings.map(chainOf).filter((chain) => chain.length > 0);
  const different = new Map(chains.map((chain) => [chain.map(({ sha1 }) => sha1).join(" "), chain]));
  try {
    const kids = parseJwkSet(answer.response.body).keys.map(({ kid }) => kid);
    return { kids, isPrivate, chains: [...different.values()] };
  } catch {
    return { kids: [], isPrivate, chains: [...different.values()] };
  }
}
