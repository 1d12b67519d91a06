import type { Role, RoleDetail } from "@aws-sdk/client-iam";
import { defined } from "../../core/base/index.ts";
import { readArn } from "../../rules/oidc/index.ts";
import type { Tags } from "../../rules/plan/index.ts";
import { parsePolicy, type RoleFacts as TrustedRole } from "../../rules/trust/index.ts";
import { type Iam, iamOf } from "./iam-call.ts";
import { allPages } from "./pages.ts";
import type { AwsSession } from "./session.ts";
import { tagsOf } from "./tags.ts";

/** A role as IAM has it. */
export interface IamRole {
  readonly arn: string;
  readonly account: string;
  readonly name: string;
  /** AROA…: stays the same for as long as the role lives. */
  readonly id: string;
  readonly path: string;
  readonly description: string;
  /** The trust policy as JSON text. */
  readonly trustPolicy: string;
  /** Seconds. */
  readonly maxSession: number;
  readonly boundary: string | undefined;
  /** When it was created, in milliseconds since the epoch. */
  readonly created: number;
  readonly tags: Tags;
}

/** The policies on a role. */
export interface PoliciesOnRole {
  /** ARNs of attached managed policies. */
  readonly policies: readonly string[];
  /** Inline policies by name, as JSON text. */
  readonly inline: Readonly<Record<string, string>>;
}

/** A role with the policies on it. */
export interface RoleState extends IamRole, PoliciesOnRole {}

/** The ARN of a role in an account; `path` begins and ends with a slash. */
export function roleArn(
  partition: string,
  account: string,
  { path, name }: { readonly path: string; readonly name: string },
): string {
  return `arn:${partition}:iam::${account}:role${path}${name}`;
}

/** A role as STS judges it. Throws `policy-malformed` for a trust policy that IAM would not take. */
export function trustedRole(
  role: Pick<IamRole, "arn" | "account" | "name" | "id" | "maxSession" | "trustPolicy">,
): TrustedRole {
  const { arn, account, name, id, maxSession: maxSessionDuration, trustPolicy } = role;
  return { arn, account, name, id, maxSessionDuration, trustPolicy: parsePolicy(trustPolicy, "trust") };
}

/** A policy's text as IAM returns it: percent-encoded (RFC 3986). */
export function decodedDocument(text: string | undefined): string {
  return decodeURIComponent(text ?? "");
}

/** The name of a role in an ARN, or the name itself. */
function roleNameOf(nameOrArn: string): string {
  return nameOrArn.startsWith("arn:") ? readArn(nameOrArn).name : nameOrArn;
}

/** A role in one of IAM's answers. Lists leave some of it out. */
export function factsOf(role: Partial<Role> & RoleDetail): IamRole {
  return {
    arn: role.Arn ?? "",
    account: readArn(role.Arn ?? "").account,
    name: role.RoleName ?? "",
    id: role.RoleId ?? "",
    path: role.Path ?? "/",
    description: role.Description ?? "",
    trustPolicy: decodedDocument(role.AssumeRolePolicyDocument),
    maxSession: role.MaxSessionDuration ?? 3600,
    boundary: role.PermissionsBoundary?.PermissionsBoundaryArn,
    created: role.CreateDate?.getTime() ?? 0,
    tags: tagsOf(role.Tags),
  };
}

/** GetRole, by name or ARN; undefined when there is none. The account is the caller's, whatever the ARN says. */
export async function readRole(
  session: AwsSession,
  nameOrArn: string,
  signal?: AbortSignal,
): Promise<IamRole | undefined> {
  const RoleName = roleNameOf(nameOrArn);
  const answer = await iamOf(session, signal).read(`reading role ${RoleName}`, (client, api, options) =>
    client.send(new api.GetRoleCommand({ RoleName }), options),
  );
  return answer?.Role === undefined ? undefined : factsOf(answer.Role);
}

async function attachedPolicies(iam: Iam, RoleName: string): Promise<readonly string[]> {
  const attached = await allPages(async (Marker) => {
    const answer = await iam.read(`listing policies of role ${RoleName}`, (client, api, options) =>
      client.send(new api.ListAttachedRolePoliciesCommand({ RoleName, ...defined({ Marker }) }), options),
    );
    return { items: answer?.AttachedPolicies, marker: answer?.Marker };
  });
  return attached.map(({ PolicyArn }) => PolicyArn ?? "");
}

async function inlinePolicies(iam: Iam, RoleName: string): Promise<Record<string, string>> {
  const names = await allPages(async (Marker) => {
    const answer = await iam.read(`listing inline policies of role ${RoleName}`, (client, api, options) =>
      client.send(new api.ListRolePoliciesCommand({ RoleName, ...defined({ Marker }) }), options),
    );
    return { items: answer?.PolicyNames, marker: answer?.Marker };
  });
  const policies: Record<string, string> = {};
  for (const PolicyName of names) {
    const answer = await iam.read(
      `reading inline policy ${PolicyName} of role ${RoleName}`,
      (client, api, options) => client.send(new api.GetRolePolicyCommand({ RoleName, PolicyName }), options),
    );
    if (answer !== undefined) policies[PolicyName] = decodedDocument(answer.PolicyDocument);
  }
  return policies;
}

/** A role with everything on it; undefined when there is none. */
export async function readRoleState(
  session: AwsSession,
  nameOrArn: string,
  signal?: AbortSignal,
): Promise<RoleState | undefined> {
  const facts = await readRole(session, nameOrArn, signal);
  if (facts === undefined) return undefined;
  const iam = iamOf(session, signal);
  const [policies, inline] = await Promise.all([
    attachedPolicies(iam, facts.name),
    inlinePolicies(iam, facts.name),
  ]);
  return { ...facts, policies, inline };
}
