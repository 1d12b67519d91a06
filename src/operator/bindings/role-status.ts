import { defined, recordOf, recordsOf, textOf } from "../../core/base/index.ts";
import type { KubernetesObject } from "../../providers/kubernetes/index.ts";
import { readArn } from "../../rules/oidc/index.ts";

/** A role of a binding. */
export interface RoleStatus {
  readonly profile: string;
  readonly arn: string;
  /** AROA…; absent until it was seen. */
  readonly id?: string;
  /** Whether podtrust made it: if so, it is deleted with the binding. */
  readonly managed: boolean;
  /** Whether its creation was or is being requested, and it was not seen since: it may exist. */
  readonly isPending: boolean;
}

/** What a role is known by: names are unique in an account alone. */
export function roleKey({ arn }: { readonly arn: string }): string {
  const { account, name } = readArn(arn);
  return `${account}/${name}`;
}

function roleStatus(value: Readonly<Record<string, unknown>>, isPending: boolean): readonly RoleStatus[] {
  const [profile, arn, id] = [textOf(value["profile"]), textOf(value["arn"]), textOf(value["id"])];
  if (profile === undefined || arn === undefined) return [];
  return [{ profile, arn, managed: value["managed"] === true, isPending, ...defined({ id }) }];
}

/** Every role that an AWSRoleBinding has, or may have, by its status; only podtrust may write it. */
export function rolesOf(object: KubernetesObject): readonly RoleStatus[] {
  const { roles, pendingRoles } = recordOf(object["status"]);
  return [
    ...recordsOf(roles).flatMap((one) => roleStatus(one, false)),
    ...recordsOf(pendingRoles).flatMap((one) => roleStatus(one, true)),
  ];
}

/** The same as a status has it: what may exist is not shown to users. */
export function writtenRoles(roles: readonly RoleStatus[]): Readonly<Record<string, unknown>> {
  const of = (which: boolean): readonly object[] =>
    roles.filter(({ isPending }) => isPending === which).map(({ isPending: _is, ...role }) => role);
  const pendingRoles = of(true);
  return { roles: of(false), ...(pendingRoles.length === 0 ? {} : { pendingRoles }) };
}
