import {
  evaluate,
  type PolicyDocument,
  PolicyError,
  type Principal,
  readPolicy,
} from "../../rules/trust/index.ts";
import { type RoleState, trustedRole } from "../../stack/parts/index.ts";
import type { MapFacts } from "../facts.ts";
import { type MapFinding, nodeId } from "./graph.ts";
import type { MapRole } from "./roles.ts";

/** A session of one role may become another role by sts:AssumeRole (AWS calls it role chaining). */
export interface RoleChain {
  readonly from: RoleState;
  /** The role on the map. */
  readonly to: MapRole;
  readonly outcome: "admitted" | "undecided";
}

const action = "sts:AssumeRole";
/** Condition keys that only a call has, and that a trust policy may require. */
const unknownKeys = [
  "aws:SourceIp",
  "aws:SourceVpc",
  "aws:SourceVpce",
  "sts:ExternalId",
  "sts:RoleSessionName",
];

/** AWS's own policy that allows everything: its text is known. */
const administrator = /^arn:[^:]+:iam::aws:policy\/AdministratorAccess$/u;

function readInline({ inline }: RoleState): readonly { name: string; document: PolicyDocument }[] {
  return Object.entries(inline).flatMap(([policy, text]) => {
    const document = readPolicy(text, "identity");
    // What IAM would not accept grants nothing.
    return document instanceof PolicyError ? [] : [{ name: policy, document }];
  });
}

/** A policy whose text was not read may forbid, and may allow only if AWS itself wrote it. */
interface Source {
  readonly state: RoleState;
  readonly inline: ReturnType<typeof readInline>;
  readonly mayDoAll: boolean;
  readonly hasUnread: boolean;
}

function sourceOf(state: RoleState): Source {
  const { policies, boundary } = state;
  const mayDoAll = policies.some((arn) => administrator.test(arn));
  const hasUnread = boundary !== undefined || policies.some((arn) => !administrator.test(arn));
  return { state, inline: readInline(state), mayDoAll, hasUnread };
}

/** The decision of a role's own policies, as far as they were read. */
function mayAsk({ inline, mayDoAll }: Source, resource: string): "allow" | "deny" | "undecided" | "nothing" {
  const { effect } = evaluate(inline, { action, resource, context: {}, unknownKeys });
  if (effect === "explicit-deny") return "deny";
  if (effect === "undecided") return "undecided";
  return effect === "allow" || mayDoAll ? "allow" : "nothing";
}

/** Whether a pair needs the full judgement: in an account of a thousand roles most do not. */
function isThinkable(
  { state, inline, mayDoAll }: Source,
  to: RoleState,
  { statements }: PolicyDocument,
): boolean {
  const speaks = inline.length > 0 || mayDoAll;
  return statements.some(({ effect, principals }) => {
    if (effect !== "Allow") return false;
    const values = principals === undefined ? ["*"] : (principals["*"] ?? principals.AWS ?? []);
    if (values.includes("*") || values.includes(state.arn)) return speaks || state.account === to.account;
    return speaks && values.some((one) => one.includes(state.account));
  });
}

/**
 * Whether a role lets in another. In one account a trust policy that names the role itself is enough; one that names the
 * account, and every other account's, leaves it to the role's own policies as well (IAM User Guide, "Cross-account policy
 * evaluation logic").
 */
function outcomeOf(source: Source, to: RoleState, trust: PolicyDocument): RoleChain["outcome"] | undefined {
  const { state } = source;
  if (!isThinkable(source, to, trust)) return undefined;
  const asked = (principal: Principal) =>
    evaluate([{ name: "trust policy", document: trust }], {
      action,
      resource: to.arn,
      principal,
      context: {},
      unknownKeys,
    }).effect;
  const ids = [state.arn];
  const lets = asked({ type: "AWS", ids, account: state.account });
  if (lets !== "allow" && lets !== "undecided") return undefined;
  const own = mayAsk(source, to.arn);
  if (own === "deny") return undefined;
  const isNamed = state.account === to.account && asked({ type: "AWS", ids }) === lets;
  if (!isNamed && own === "nothing") return undefined;
  return lets === "allow" && own !== "undecided" && !source.hasUnread ? "admitted" : "undecided";
}

/** Roles whose trust policy has sts:AssumeRole and AWS principals. */
function targetsOf({
  accounts,
}: MapFacts): readonly { readonly to: MapRole; readonly trust: PolicyDocument }[] {
  return accounts.flatMap((account) =>
    account.roles.flatMap((state) => {
      if (!/"AWS"|"\*"/u.test(state.trustPolicy)) return [];
      const trust = readPolicy(state.trustPolicy, "trust");
      if (trust instanceof PolicyError) return [];
      const wanted = account.wanted.find(({ name }) => name === state.name);
      return [{ to: { account, state, read: { account, role: trustedRole(state), wanted } }, trust }];
    }),
  );
}

/**
 * Which roles can assume which, from those that a token leads to, through any number of roles. A role whose
 * policies do not allow it, as far as they were read, leads nowhere: a policy that was not read is not
 * guessed.
 */
export function chainsFrom(facts: MapFacts, roles: readonly MapRole[]): readonly RoleChain[] {
  const targets = targetsOf(facts);
  const chains: RoleChain[] = [];
  if (targets.length === 0) return chains;
  const waiting = roles.map(({ state }) => state);
  const seen = new Set(waiting.map(({ arn }) => arn));
  for (let from = waiting.pop(); from !== undefined; from = waiting.pop()) {
    const source = sourceOf(from);
    for (const { to, trust } of targets) {
      if (to.state.arn === from.arn) continue;
      const outcome = outcomeOf(source, to.state, trust);
      if (outcome === undefined) continue;
      chains.push({ from, to, outcome });
      if (!seen.has(to.state.arn)) waiting.push(to.state);
      seen.add(to.state.arn);
    }
  }
  return chains;
}

const maxNamed = 5;

/** Such a role gives access to more than its own name says. */
export function chainFindings(chains: readonly RoleChain[]): readonly MapFinding[] {
  const byRole = Map.groupBy(chains, ({ from }) => from.arn);
  return [...byRole].map(([arn, own]) => {
    const names = own
      .slice(0, maxNamed)
      .map(
        ({ to: { state }, outcome }) =>
          `${state.name} in account ${state.account}${outcome === "admitted" ? "" : " (as far as its policies were read)"}`,
      );
    const more = own.length - names.length;
    return {
      kind: "wider",
      rule: "role-chain",
      node: nodeId("role", arn),
      text: `its sessions can become ${names.join(", ")}${more > 0 ? ` and ${more} more` : ""} too, by sts:AssumeRole`,
    };
  });
}
