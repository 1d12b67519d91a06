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
  /** As it stands on the map. */
  readonly to: MapRole;
  readonly outcome: "admitted" | "undecided";
}

const action = "sts:AssumeRole";
/** What only a call brings, and what a trust policy may ask of it. */
const unknownKeys = [
  "aws:SourceIp",
  "aws:SourceVpc",
  "aws:SourceVpce",
  "sts:ExternalId",
  "sts:RoleSessionName",
];

/** A policy of AWS's own whose text everybody knows: it allows everything. */
const administrator = /^arn:[^:]+:iam::aws:policy\/AdministratorAccess$/u;

function readInline({ inline }: RoleState): readonly { name: string; document: PolicyDocument }[] {
  return Object.entries(inline).flatMap(([policy, text]) => {
    const document = readPolicy(text, "identity");
    // What IAM would not take grants nothing.
    return document instanceof PolicyError ? [] : [{ name: policy, document }];
  });
}

/** A policy whose text was not read may forbid, and may allow only where AWS itself wrote it. */
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

/** What a role's own policies say, as far as they were read. */
function mayAsk({ inline, mayDoAll }: Source, resource: string): "allow" | "deny" | "undecided" | "nothing" {
  const { effect } = evaluate(inline, { action, resource, context: {}, unknownKeys });
  if (effect === "explicit-deny") return "deny";
  if (effect === "undecided") return "undecided";
  return effect === "allow" || mayDoAll ? "allow" : "nothing";
}

/** Whether it is worth the whole judgement: in an account of a thousand roles most pairs are not. */
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

/** Roles whose trust policy speaks of sts:AssumeRole and of principals of AWS, read. */
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
 * Which roles lead on to which, from those that a token leads to, over as many roles as it takes. A role whose policies say
 * nothing of it, as far as they were read, leads nowhere: nothing is made up of a policy that was not read.
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

/** Whoever becomes such a role is let in further than the role's own name says. */
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
      text: `whoever becomes it can become ${names.join(", ")}${more > 0 ? ` and ${more} more` : ""} too, by sts:AssumeRole`,
    };
  });
}
