/** What a session of a role may do, by the evaluator by which the sandbox answers: not by what decides about bindings. */
import { defined, mapped } from "../../../src/core/base/index.ts";
import { admission, authorize, type NamedPolicy, parsePolicy } from "../../../src/rules/trust/index.ts";
import { account } from "./objects.ts";
import type { StoredRole } from "./pass-world.ts";

export const arn = (name: string): string => `arn:aws:iam::${account}:policy${name}`;
export const admin = "arn:aws:iam::aws:policy/AdministratorAccess";
const parameter = (name: string): string => `arn:aws:ssm:eu-central-1:${account}:parameter/${name}`;
export const read = (...names: readonly string[]): object => ({
  Effect: "Allow",
  Action: "ssm:GetParameter",
  Resource: names.map(parameter),
});
export const document = (...Statement: readonly object[]): string =>
  JSON.stringify({ Version: "2012-10-17", Statement });
export const everything = { Effect: "Allow", Action: "*", Resource: "*" };

/** Managed policies of the account: what grants, bindings and boundaries are made of. */
export const policies: Readonly<Record<string, object>> = {
  "/shop/a": read("a"),
  "/shop/b": read("b"),
  "/shop/team": read("${aws:PrincipalTag/team}"),
  "/wide": read("a", "b", "x", "y"),
  "/narrow": read("a", "x"),
};

const documents: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    Object.entries(policies).map(([name, statement]) => [arn(name), document(statement)]),
  ),
  [admin]: document(everything),
  "arn:aws:iam::aws:policy/AWSDenyAll": document({ ...everything, Effect: "Deny" }),
};

/** What a session might try. */
const probes = [
  ...["a", "b", "x", "y", "z"].map((name) => ({ action: "ssm:GetParameter", resource: parameter(name) })),
  { action: "iam:CreateUser", resource: "*" },
];

/** A grant of a trust, for the one namespace and account. */
export interface GrantSpec {
  readonly name: string;
  readonly policies: readonly string[];
  readonly inline?: boolean;
  readonly boundary?: string;
  readonly tags?: readonly { readonly key: string; readonly value: string }[];
  readonly maxSessionSeconds?: number;
}

const named = (name: string, text: string, kind: "identity" | "boundary" = "identity"): NamedPolicy => ({
  name,
  document: parsePolicy(text, kind),
});

interface Layers {
  readonly identity: readonly NamedPolicy[];
  readonly boundary: string | undefined;
  readonly team: string | undefined;
  readonly maxSession: number;
  /** When the session began. */
  readonly begun?: string;
}

/** The begin of a session that is older than all that a test does. */
const longAgo = "2020-01-01T00:00:00Z";

/** What a session with these policies may do, by the evaluator of the sandbox's IAM. */
function rightsOf({ identity, boundary, team, maxSession, begun = longAgo }: Layers): ReadonlySet<string> {
  const context = {
    "aws:TokenIssueTime": begun,
    ...defined({ "aws:PrincipalTag/team": team }),
  };
  const limit = boundary === undefined ? undefined : documents[boundary];
  const layers = {
    identity,
    ...defined({
      boundary: mapped(boundary, (name) =>
        named(name, limit ?? document({ ...everything, Effect: "Deny" }), "boundary"),
      ),
    }),
  };
  const may = probes.filter((probe) => authorize(layers, { ...probe, context }).effect === "allow");
  const rights = may.map(({ action, resource }) => `${action} ${resource}`);
  return new Set(rights.length > 0 && maxSession > 3600 ? [...rights, "for longer"] : rights);
}

const teamOf = (tags: Readonly<Record<string, string>>): string | undefined =>
  Object.entries(tags).find(([key]) => key.toLowerCase() === "team")?.[1];

/** What a session of a role may do of the probes, and whether for longer than an hour; by default an old session. */
export function rightsOfRole(role: StoredRole, begun = longAgo): ReadonlySet<string> {
  const identity = [
    ...role.policies.map((one) => named(one, documents[one] ?? "")),
    ...Object.entries(role.inline).map(([name, text]) => named(name, text)),
  ];
  const { boundary, maxSession } = role;
  return rightsOf({ identity, boundary, team: teamOf(role.tags), maxSession, begun });
}

/** Whether a grant names a policy, by its ARN. */
export const isNamed = ({ policies: patterns }: GrantSpec, policy: string): boolean =>
  patterns.some((pattern) =>
    pattern.endsWith("*") ? policy.startsWith(pattern.slice(0, -1)) : policy === pattern,
  );

/** The most that one grant allows a role that has these tags beside the grant's. */
export function rightsOfGrant(grant: GrantSpec, role: StoredRole): ReadonlySet<string> {
  const identity = Object.keys(documents)
    .filter((one) => isNamed(grant, one) && !one.endsWith("AWSDenyAll"))
    .map((one) => named(one, documents[one] ?? ""));
  const own = grant.inline === true ? [named("own", document(everything))] : [];
  const team = grant.tags?.find(({ key }) => key === "team")?.value ?? teamOf(role.tags);
  return rightsOf({
    identity: [...identity, ...own],
    boundary: grant.boundary,
    team,
    maxSession: grant.maxSessionSeconds ?? 3600,
  });
}

/** Whether all of the one is among the other. */
export const isWithin = (rights: ReadonlySet<string>, limit: ReadonlySet<string>): boolean =>
  [...rights].every((one) => limit.has(one));

/** Whose trust policy lets the ServiceAccount in, NAMESPACE/NAME, by the rules that the sandbox's STS asks. */
export function letsIn(
  { name, id, trust, maxSession }: StoredRole,
  issuer: string,
  who = "shop/web",
): boolean {
  const host = issuer.replace("https://", "");
  const roleArn = `arn:aws:iam::${account}:role/${name}`;
  const trustPolicy = parsePolicy(trust, "trust");
  const { outcome } = admission({
    role: { arn: roleArn, account, name, id, maxSessionDuration: maxSession, trustPolicy },
    provider: { arn: `arn:aws:iam::${account}:oidc-provider/${host}`, url: host },
    claims: { iss: issuer, sub: `system:serviceaccount:${who.replace("/", ":")}`, aud: "sts.amazonaws.com" },
    sessionName: "web",
    now: 1_795_855_468,
    context: { "aws:EpochTime": "1795855468" },
  });
  return outcome !== "refused";
}
