import { defined } from "../../../core/base/index.ts";
import type { Role } from "../state/records.ts";
import { roleKey } from "../state/account.ts";
import type { Need } from "../wire/service.ts";
import type { Shape } from "../wire/value.ts";
import { percentEncoded } from "../wire/percent-encoding.ts";
import type { IamContext } from "./context.ts";
import { noSuchEntity } from "./errors.ts";
import { resourceTagContext, sortedTags, tagShapes } from "./tags.ts";

/** A role of the account, or NoSuchEntity. */
export function roleOf({ account }: IamContext, name: string): Role {
  const role = account.roles.get(roleKey(name));
  if (role === undefined) throw noSuchEntity(`The role with name ${name} cannot be found.`);
  return role;
}

/** Rights that an operation on one role needs; a role that does not exist has the ARN that it would have under `/`. */
export function roleNeed(
  { account }: IamContext,
  operation: string,
  name: string,
  more: Readonly<Record<string, string>> = {},
): Need {
  const role = account.roles.get(roleKey(name));
  const boundary = defined({ "iam:PermissionsBoundary": role?.boundary });
  return {
    action: `iam:${operation}`,
    resource: role?.arn ?? `arn:aws:iam::${account.id}:role/${name}`,
    shown: `role ${name}`,
    context: { ...resourceTagContext(role?.tags ?? []), ...boundary, ...more },
  };
}

function boundaryShape(role: Role): Shape | undefined {
  if (role.boundary === undefined) return undefined;
  return { PermissionsBoundaryType: "Policy", PermissionsBoundaryArn: role.boundary };
}

/**
 * A role as answers show it: CreateRole leaves out the longest session, lists leave out tags, boundary and last use,
 * GetRole shows all.
 */
export function roleShape(role: Role, view: "created" | "listed" | "full"): Shape {
  const tags = role.tags.length === 0 ? undefined : role.tags;
  const created = tags === undefined ? undefined : tagShapes(tags);
  const full = tags === undefined ? undefined : tagShapes(sortedTags(tags));
  const longest = { MaxSessionDuration: role.maxSessionDuration };
  const boundary = { PermissionsBoundary: boundaryShape(role) };
  const more: Readonly<Record<typeof view, Shape>> = {
    created: { ...boundary, Tags: created },
    listed: longest,
    // As for a role unused in the last 400 days: the sandbox does not record use.
    full: { ...longest, ...boundary, Tags: full, RoleLastUsed: {} },
  };
  return {
    Path: role.path,
    RoleName: role.name,
    RoleId: role.id,
    Arn: role.arn,
    CreateDate: new Date(role.createDate),
    AssumeRolePolicyDocument: percentEncoded(role.trustPolicy),
    Description: role.description,
    ...more[view],
  };
}
