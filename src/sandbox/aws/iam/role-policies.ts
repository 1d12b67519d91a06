import type { Role } from "../state/records.ts";
import { roleKey } from "../state/account.ts";
import { type ServiceAction, action } from "../wire/service.ts";
import { required } from "../wire/input.ts";
import { percentEncoded } from "../wire/percent-encoding.ts";
import type { IamContext } from "./context.ts";
import { checkInlinePolicy } from "./documents.ts";
import { noSuchEntity } from "./errors.ts";
import { boundaryArn, document, paging, pathPrefix, policyArn, policyName, roleName } from "./fields.ts";
import { pageOf, sortedBy } from "./page.ts";
import { policyArnParts } from "./arn.ts";
import { attachablePolicy, checkedBoundary, findPolicy } from "./policy-store.ts";
import { withinQuota } from "./quotas.ts";
import { roleNeed, roleOf } from "./role-view.ts";

function put(context: IamContext, role: Role): void {
  context.account.roles.set(roleKey(role.name), role);
}

function inlineOf(role: Role, name: string): string {
  const text = Object.hasOwn(role.inline, name) ? role.inline[name] : undefined;
  if (text === undefined) throw noSuchEntity(`The role policy with name ${name} cannot be found.`);
  return text;
}

function inlineActions(context: IamContext): Record<string, ServiceAction> {
  const named = { RoleName: roleName, PolicyName: policyName };
  return {
    PutRolePolicy: action({
      input: { ...named, PolicyDocument: document },
      access: (params) => [roleNeed(context, "PutRolePolicy", params.RoleName)],
      run(params) {
        const role = roleOf(context, params.RoleName);
        checkInlinePolicy(role, params.PolicyName, params.PolicyDocument);
        const inline = { ...role.inline, [params.PolicyName]: params.PolicyDocument };
        put(context, { ...role, inline });
        return undefined;
      },
    }),
    GetRolePolicy: action({
      input: named,
      access: (params) => [roleNeed(context, "GetRolePolicy", params.RoleName)],
      run(params) {
        const role = roleOf(context, params.RoleName);
        const text = inlineOf(role, params.PolicyName);
        return {
          RoleName: role.name,
          PolicyName: params.PolicyName,
          PolicyDocument: percentEncoded(text),
        };
      },
    }),
    ListRolePolicies: action({
      input: { RoleName: roleName, ...paging },
      access: (params) => [roleNeed(context, "ListRolePolicies", params.RoleName)],
      run(params) {
        const self = (name: string): string => name;
        const names = sortedBy(Object.keys(roleOf(context, params.RoleName).inline), self);
        const page = pageOf(names, self, params);
        return { PolicyNames: page.items, ...page.paging };
      },
    }),
    DeleteRolePolicy: action({
      input: named,
      access: (params) => [roleNeed(context, "DeleteRolePolicy", params.RoleName)],
      run(params) {
        const role = roleOf(context, params.RoleName);
        inlineOf(role, params.PolicyName);
        const left = Object.entries(role.inline).filter(([name]) => name !== params.PolicyName);
        put(context, { ...role, inline: Object.fromEntries(left) });
        return undefined;
      },
    }),
  };
}

function attachedActions(context: IamContext): Record<string, ServiceAction> {
  const input = { RoleName: roleName, PolicyArn: policyArn };
  return {
    AttachRolePolicy: action({
      input,
      access: (params) => [
        roleNeed(context, "AttachRolePolicy", params.RoleName, { "iam:PolicyARN": params.PolicyArn }),
      ],
      run(params) {
        policyArnParts(params.PolicyArn);
        const role = roleOf(context, params.RoleName);
        attachablePolicy(context, params.PolicyArn);
        if (role.attached.includes(params.PolicyArn)) return undefined;
        withinQuota("PoliciesPerRole", role.attached.length + 1);
        put(context, { ...role, attached: [...role.attached, params.PolicyArn] });
        return undefined;
      },
    }),
    DetachRolePolicy: action({
      input,
      access: (params) => [
        roleNeed(context, "DetachRolePolicy", params.RoleName, { "iam:PolicyARN": params.PolicyArn }),
      ],
      run(params) {
        policyArnParts(params.PolicyArn);
        const role = roleOf(context, params.RoleName);
        if (!role.attached.includes(params.PolicyArn)) {
          throw noSuchEntity(`Policy ${params.PolicyArn} was not found.`);
        }
        put(context, { ...role, attached: role.attached.filter((arn) => arn !== params.PolicyArn) });
        return undefined;
      },
    }),
    ListAttachedRolePolicies: action({
      input: { RoleName: roleName, PathPrefix: pathPrefix, ...paging },
      access: (params) => [roleNeed(context, "ListAttachedRolePolicies", params.RoleName)],
      run(params) {
        const policies = roleOf(context, params.RoleName).attached.flatMap((arn) => {
          const policy = findPolicy(context.account, arn)?.policy;
          return policy?.path.startsWith(params.PathPrefix ?? "/") === true ? [policy] : [];
        });
        const page = pageOf(
          sortedBy(policies, ({ arn }) => arn),
          ({ arn }) => arn,
          params,
        );
        const attached = page.items.map(({ name, arn }) => ({ PolicyName: name, PolicyArn: arn }));
        return { AttachedPolicies: attached, ...page.paging };
      },
    }),
  };
}

function boundaryActions(context: IamContext): Record<string, ServiceAction> {
  return {
    PutRolePermissionsBoundary: action({
      input: { RoleName: roleName, PermissionsBoundary: required(boundaryArn) },
      access: (params) => [
        roleNeed(context, "PutRolePermissionsBoundary", params.RoleName, {
          "iam:PermissionsBoundary": params.PermissionsBoundary,
        }),
      ],
      run(params) {
        const role = roleOf(context, params.RoleName);
        checkedBoundary(context, params.PermissionsBoundary);
        put(context, { ...role, boundary: params.PermissionsBoundary });
        return undefined;
      },
    }),
    DeleteRolePermissionsBoundary: action({
      input: { RoleName: roleName },
      access: (params) => [roleNeed(context, "DeleteRolePermissionsBoundary", params.RoleName)],
      run(params) {
        const { boundary, ...role } = roleOf(context, params.RoleName);
        if (boundary === undefined) {
          throw noSuchEntity(`The role with name ${role.name} has no permissions boundary.`);
        }
        put(context, role);
        return undefined;
      },
    }),
  };
}

/** The operations on a role's permissions: inline policies, attached policies, its boundary. */
export function rolePolicyActions(context: IamContext): Record<string, ServiceAction> {
  return { ...inlineActions(context), ...attachedActions(context), ...boundaryActions(context) };
}
