import { defined } from "../../core/base/index.ts";
import { iamProviderKey } from "../../rules/oidc/index.ts";
import { admission, type PolicyDocument, type RoleFacts } from "../../rules/trust/index.ts";
import type { MapAccount, MapFacts, ConfiguredRole } from "../facts.ts";
import type { MapAccess } from "./graph.ts";
import { nodeId } from "./graph.ts";
import { proofOf } from "./proof.ts";
import { serviceAccountOf, subjectOf, subjectsToAsk } from "./subjects.ts";

/** A role whose trust policy could be read, in its account. */
export interface ReadRole {
  readonly account: MapAccount;
  readonly role: RoleFacts;
  readonly wanted: ConfiguredRole | undefined;
}

/** An OIDC provider whose issuer the stack's tokens name. */
export interface OwnProvider {
  readonly arn: string;
  readonly url: string;
  readonly issuer: string;
  readonly clientIds: readonly string[];
}

/** The present and former issuers of this cluster's tokens, the config's first. */
export function issuersOf({ issuer, formerIssuers, cluster }: MapFacts): readonly string[] {
  const seen = cluster?.issuer === undefined ? [] : [cluster.issuer];
  return [...new Set([issuer, ...formerIssuers, ...seen])];
}

/** The providers of an account for this cluster's tokens. */
export function ownProviders(facts: MapFacts, account: MapAccount): readonly OwnProvider[] {
  return issuersOf(facts).flatMap((issuer) =>
    account.providers
      .filter(({ url }) => url === iamProviderKey(issuer))
      .map(({ arn, url, clientIds }) => ({ arn, url, issuer, clientIds })),
  );
}

/** The OIDC providers that the allowing statements of a trust policy name. */
export function federatedOf(policy: PolicyDocument): readonly string[] {
  const allowing = policy.statements.filter(({ effect }) => effect === "Allow");
  return [...new Set(allowing.flatMap(({ principals }) => principals?.Federated ?? []))];
}

/** The best answer of the rules of STS to one subject, over all audiences that the provider accepts. */
function answerTo(
  { account, role, wanted }: ReadRole,
  provider: OwnProvider,
  subject: string,
  now: number,
): Pick<MapAccess, "outcome" | "decidingKeys"> | undefined {
  let undecided: Pick<MapAccess, "outcome" | "decidingKeys"> | undefined;
  for (const audience of provider.clientIds) {
    const answer = admission({
      role,
      provider,
      claims: { iss: provider.issuer, sub: subject, aud: [audience] },
      sessionName: wanted?.sessionName ?? "podtrust",
      now: Math.floor(now / 1000),
      context: { "aws:RequestedRegion": account.region },
    });
    if (answer.outcome === "refused") continue;
    const found = { outcome: answer.outcome, decidingKeys: answer.decidingKeys.map(({ key }) => key) };
    if (answer.outcome === "admitted") return found;
    undecided = found;
  }
  return undecided;
}

/**
 * Whether a role lets in a ServiceAccount that no policy names: of a name that no cluster has, in an existing
 * namespace or, without one, in none.
 */
export function letsInUnnamed(
  read: ReadRole,
  provider: OwnProvider,
  now: number,
  namespace?: string,
): boolean {
  const name = "podtrust-map-unnamed";
  const unnamed = `system:serviceaccount:${namespace ?? name}:${name}`;
  return answerTo(read, provider, unnamed, now) !== undefined;
}

/** Which access config and bindings ask for, by the ARN of a role. */
export class RequestedAccess {
  readonly #of = new Map<string, Map<string, string[]>>();

  constructor({ accounts, bindings }: MapFacts) {
    for (const { wanted, roles } of accounts) {
      const arns = new Map(roles.map(({ name, arn }) => [name, arn]));
      for (const { name, serviceAccounts } of wanted) this.#addAll(arns.get(name), serviceAccounts, "config");
    }
    for (const { namespace, name, becomes } of bindings)
      for (const arn of becomes) this.#addAll(arn, [`${namespace}/${name}`], `binding ${namespace}/${name}`);
  }

  #addAll(arn: string | undefined, serviceAccounts: readonly string[], by: string): void {
    if (arn === undefined) return;
    const ofRole = this.#of.get(arn) ?? new Map<string, string[]>();
    this.#of.set(arn, ofRole);
    for (const one of serviceAccounts) ofRole.set(one, [...(ofRole.get(one) ?? []), by]);
  }

  /**
   * The ServiceAccounts that should become a role, each with what asks for it; empty for a role that nothing asks for.
   */
  of(arn: string): ReadonlyMap<string, readonly string[]> {
    return this.#of.get(arn) ?? new Map();
  }
}

/** All ServiceAccounts that can become a role through one provider. */
export function accessTo(
  facts: MapFacts,
  read: ReadRole,
  provider: OwnProvider,
  asked: RequestedAccess,
): readonly MapAccess[] {
  const { role, account } = read;
  const who = asked.of(role.arn);
  const spelled = subjectsToAsk(role.trustPolicy, provider.url);
  const known = facts.serviceAccounts?.map(({ namespace, name }) => `${namespace}/${name}`) ?? [];
  const others = spelled === undefined ? known.flatMap((one) => subjectOf(one) ?? []) : [...spelled];
  const subjects = new Set([...others, ...[...who.keys()].flatMap((one) => subjectOf(one) ?? [])]);
  return [...subjects].flatMap((subject): MapAccess[] => {
    const name = serviceAccountOf(subject);
    const answer = name === undefined ? undefined : answerTo(read, provider, subject, facts.now);
    if (name === undefined || answer === undefined) return [];
    const proof = proofOf(facts, { account: account.account, role, serviceAccount: name });
    return [
      {
        serviceAccount: nodeId("service-account", name),
        role: nodeId("role", role.arn),
        provider: nodeId("provider", provider.arn),
        issuer: nodeId("issuer", provider.issuer),
        ...answer,
        askedBy: who.get(name) ?? [],
        ...defined({ proof }),
      },
    ];
  });
}
