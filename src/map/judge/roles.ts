import { durationText } from "../../core/base/index.ts";
import { readArn } from "../../rules/oidc/index.ts";
import { type PolicyDocument, PolicyError, readPolicy } from "../../rules/trust/index.ts";
import { type RoleState, trustedRole } from "../../stack/parts/index.ts";
import type { MapAccount, MapFacts } from "../facts.ts";
import { type RequestedAccess, federatedOf, type ReadRole } from "./access.ts";
import { type MapFinding, type MapLink, type MapNode, nodeId } from "./graph.ts";

/** A role on the map; without `read` its trust policy could not be read. */
export interface MapRole {
  readonly account: MapAccount;
  readonly state: RoleState;
  readonly read?: ReadRole;
  /** Why its trust policy cannot be read. */
  readonly unreadable?: string;
}

/** The roles that a token can lead to: those that trust an OIDC provider, and those that config or bindings name. */
export function rolesOf({ accounts }: MapFacts, asked: RequestedAccess): readonly MapRole[] {
  return accounts.flatMap((account) =>
    account.roles.flatMap((state): MapRole[] => {
      const policy = readPolicy(state.trustPolicy, "trust");
      const wanted = account.wanted.find(({ name }) => name === state.name);
      const isMeant = wanted !== undefined || asked.of(state.arn).size > 0;
      if (policy instanceof PolicyError)
        return isMeant || state.trustPolicy.includes(":oidc-provider/")
          ? [{ account, state, unreadable: policy.message }]
          : [];
      if (!isMeant && !federatedOf(policy).some((arn) => arn.includes(":oidc-provider/"))) return [];
      return [{ account, state, read: { account, role: trustedRole(state), wanted } }];
    }),
  );
}

/** A policy's name for people, as the map has it on the role. */
const policyName = (arn: string): string => readArn(arn).name;

/** The principals that a trust policy lets in beside OIDC providers: accounts, roles, services, SAML. */
export function otherPrincipals({ statements }: PolicyDocument): readonly string[] {
  const allowing = statements.filter(({ effect }) => effect === "Allow");
  const named = allowing.flatMap(({ principals }) => Object.values(principals ?? { AWS: ["*"] }).flat());
  return [...new Set(named)].filter((one) => !one.includes(":oidc-provider/"));
}

/** The nodes and links of a role: itself, what it may do, and what bounds it. */
export function roleParts({ account, state, read }: MapRole): {
  readonly nodes: readonly MapNode[];
  readonly links: readonly MapLink[];
} {
  const { arn, name, policies, inline, boundary, maxSession } = state;
  const id = nodeId("role", arn);
  const others = read === undefined ? [] : otherPrincipals(read.role.trustPolicy);
  const nodes: MapNode[] = [
    {
      id,
      kind: "role",
      name,
      account: account.account,
      details: [
        ["ARN", arn],
        ["Longest session", durationText(maxSession * 1000)],
        ...(others.length === 0 ? [] : [["Also lets in", others.join(", ")] as const]),
      ],
    },
  ];
  const links: MapLink[] = [];
  for (const policy of policies) {
    const to = nodeId("policy", policy);
    nodes.push({ id: to, kind: "policy", name: policyName(policy), details: [["ARN", policy]] });
    links.push({ kind: "has", from: id, to });
  }
  for (const own of Object.keys(inline)) {
    const to = nodeId("policy", `${own} of ${arn}`);
    const details = [["Inline policy of", name] as const];
    nodes.push({ id: to, kind: "policy", name: own, account: account.account, details });
    links.push({ kind: "has", from: id, to });
  }
  if (boundary !== undefined) {
    const to = nodeId("boundary", boundary);
    nodes.push({ id: to, kind: "boundary", name: policyName(boundary), details: [["ARN", boundary]] });
    links.push({ kind: "bounded", from: id, to });
  }
  for (const provider of read === undefined ? [] : federatedOf(read.role.trustPolicy))
    if (account.providers.some((one) => one.arn === provider))
      links.push({ kind: "trusts", from: nodeId("provider", provider), to: id });
  return { nodes, links };
}

/** The finding for a role whose trust policy cannot be read. */
export function unreadableRole({ state, unreadable }: MapRole): readonly MapFinding[] {
  if (unreadable === undefined) return [];
  const text = `its trust policy cannot be read, so what it lets in is not known: ${unreadable}`;
  return [{ kind: "broken", rule: "trust-policy-unreadable", node: nodeId("role", state.arn), text }];
}
