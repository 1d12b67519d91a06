import { defined, mergeTags, partitionOf } from "../../../core/base/index.ts";
import { readArn } from "../../oidc/index.ts";
import type {
  Binding,
  Grant,
  ManagedSpec,
  RoleOfBinding,
  RoleTag,
  Trust,
  TrustAccount,
} from "../objects/objects.ts";
import { namespaceTag, retainedMark, serviceAccountTag, trustNames } from "../names/index.ts";
import { firstGrant, type GrantRefusal, grantsFor } from "../grants/matching-grants.ts";
import { lacksOf } from "../grants/limit.ts";
import { roleRefusals } from "../objects/grant-limits.ts";
import { roleName } from "./role-name.ts";

/** A desired role, in the form in which the config has roles. */
export interface DecidedRole {
  readonly name: string;
  readonly path: string;
  readonly policies: readonly string[];
  /** By name, as JSON text. */
  readonly inline: Readonly<Record<string, string>>;
  readonly boundary?: string;
  /** Seconds. */
  readonly maxSession: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly description: string;
}

/** What one profile of a binding is granted. */
export interface GrantedRole {
  readonly profile: string;
  readonly account: TrustAccount;
  readonly grant: string;
  /** Absent for a role that podtrust does not make. */
  readonly managed?: DecidedRole;
  /** Whether a role of that name without ownership tags may be taken over. */
  readonly adopt: boolean;
  readonly arn: string;
}

export type GrantDecision =
  | { readonly kind: "granted"; readonly roles: readonly GrantedRole[] }
  | { readonly kind: "refused"; readonly refusals: readonly GrantRefusal[] };

interface RoleRequest {
  readonly trust: Trust;
  readonly binding: Binding;
  readonly role: RoleOfBinding;
  readonly account: TrustAccount;
}

function accountOf(
  trust: Trust,
  { profile, account, managed, existing }: RoleOfBinding,
): TrustAccount | GrantRefusal {
  const arn = existing?.arn ?? managed?.adopt;
  const [only] = trust.accounts;
  const id = account ?? (arn === undefined ? undefined : readArn(arn).account);
  if (id === undefined && trust.accounts.length === 1 && only !== undefined) return only;
  const has = trust.accounts.map((one) => one.id).join(", ");
  if (id === undefined) {
    const message = `profile ${profile} names no account, and AWSTrust ${trust.name} has several: ${has}`;
    return { reason: "AccountAmbiguous", message };
  }
  const found = trust.accounts.find((one) => one.id === id);
  if (found !== undefined) return found;
  const message = `profile ${profile} is for account ${id}, and AWSTrust ${trust.name} has ${has}`;
  return { reason: "AccountUnknown", message };
}

/** What one grant does not allow of a role; nothing where it allows all of it. */
const lacking = (role: RoleOfBinding, account: string | undefined, grant: Grant): readonly GrantRefusal[] =>
  lacksOf(roleRefusals, { ...role, account }, grant, `profile ${role.profile}: `);

const recordOfTags = (tags: readonly RoleTag[]): DecidedRole["tags"] =>
  Object.fromEntries(tags.map(({ key, value }) => [key, value]));

/** What marks a role that stays when its binding goes. */
const stayMark = ({ onDelete }: ManagedSpec): DecidedRole["tags"] =>
  onDelete === "Retain" ? retainedMark : {};

function decidedRole({ trust, binding, role }: RoleRequest, grant: Grant): DecidedRole | undefined {
  const { managed, profile } = role;
  if (managed === undefined) return undefined;
  const { policies = [], inline = [], maxSessionSeconds, adopt, tags = [] } = managed;
  const adopted = adopt === undefined ? undefined : readArn(adopt);
  const { namespace, name } = binding;
  return {
    name: adopted?.name ?? roleName(trust, binding, profile),
    path: adopted?.path ?? trust.path,
    policies,
    inline: Object.fromEntries(inline.map((one) => [one.name, JSON.stringify(one.document)])),
    maxSession: maxSessionSeconds,
    description: `For ServiceAccount ${namespace}/${name} of stack ${trust.stack}`,
    tags: mergeTags(recordOfTags(tags), recordOfTags(grant.tags ?? []), {
      [namespaceTag]: namespace,
      [serviceAccountTag]: name,
      ...stayMark(managed),
    }),
    ...defined({ boundary: grant.boundary }),
  };
}

function granted(request: RoleRequest, grant: Grant): GrantedRole {
  const { role, account } = request;
  const managed = decidedRole(request, grant);
  const iam = `arn:${partitionOf(account.region)}:iam::${account.id}:role`;
  const made = managed === undefined ? "" : `${iam}${managed.path}${managed.name}`;
  return {
    profile: role.profile,
    account,
    grant: grant.name,
    adopt: role.managed?.adopt !== undefined,
    arn: role.existing?.arn ?? made,
    ...defined({ managed }),
  };
}

function decideRole(request: RoleRequest, grants: readonly Grant[]): GrantedRole | readonly GrantRefusal[] {
  const { role, account } = request;
  const found = firstGrant(grants, (grant) => lacking(role, account.id, grant));
  return "name" in found ? granted(request, found) : found;
}

/** Why no grant lets a role name another to assume; nothing where one does. A chained role may be of any account. */
function chainRefusals(role: RoleOfBinding, grants: readonly Grant[]): readonly GrantRefusal[] {
  const found = firstGrant(grants, (grant) => lacking(role, undefined, grant));
  return "name" in found ? [] : found;
}

/**
 * What the grants of a trust allow of a binding: all of its roles, or nothing, with every reason. The API server's
 * admission decides the same (`grantsGuard`) when a binding is written; this decides it before anything is done at AWS,
 * since a trust may have changed, or never have existed. `given`: the trust, undefined where there is none of the name.
 */
export function decide(binding: Binding, given: Trust | undefined): GrantDecision {
  const refused = (...refusals: readonly GrantRefusal[]): GrantDecision => ({ kind: "refused", refusals });
  const found = grantsFor(trustNames.kind, binding, given);
  if ("reason" in found) return refused(found);
  const { trust, grants } = found;
  const refusals: GrantRefusal[] = [];
  const roles: GrantedRole[] = [];
  for (const role of binding.roles) {
    if (role.chain !== undefined) {
      refusals.push(...chainRefusals(role, grants));
      continue;
    }
    const account = accountOf(trust, role);
    if ("reason" in account) refusals.push(account);
    else {
      const decided = decideRole({ trust, binding, role, account }, grants);
      if ("arn" in decided) roles.push(decided);
      else refusals.push(...decided);
    }
  }
  return refusals.length > 0 ? refused(...refusals) : { kind: "granted", roles };
}
