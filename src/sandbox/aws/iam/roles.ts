import { defined } from "../../../core/base/index.ts";
import type { Role } from "../state/records.ts";
import { roleKey, seenRole } from "../state/account.ts";
import { uniqueId } from "../state/identifier.ts";
import { type ServiceAction, action, type Need } from "../wire/service.ts";
import { required } from "../wire/input.ts";
import type { IamContext } from "./context.ts";
import { checkTrustPolicy } from "./documents.ts";
import { alreadyExists, deleteConflict } from "./errors.ts";
import {
  boundaryArn,
  document,
  maxSessionDuration,
  paging,
  path,
  pathPrefix,
  roleDescription,
  roleName,
  tags,
} from "./fields.ts";
import { profilesOfRole } from "./instance-profiles.ts";
import { pageOf, sortedBy } from "./page.ts";
import { checkedBoundary } from "./policy-store.ts";
import { withinQuota } from "./quotas.ts";
import { roleNeed, roleOf, roleShape } from "./role-view.ts";
import { requestTagContext, requestTags, roleTagRules } from "./tags.ts";

function create(context: IamContext): ServiceAction {
  const { account } = context;
  return action({
    input: {
      RoleName: roleName,
      AssumeRolePolicyDocument: document,
      Path: path,
      Description: roleDescription,
      MaxSessionDuration: maxSessionDuration,
      PermissionsBoundary: boundaryArn,
      Tags: tags,
    },
    access(params) {
      const resource = `arn:aws:iam::${account.id}:role${params.Path ?? "/"}${params.RoleName}`;
      const boundary = params.PermissionsBoundary;
      const asked = {
        ...requestTagContext(params.Tags),
        ...defined({ "iam:PermissionsBoundary": boundary }),
      };
      const need: Need = { action: "iam:CreateRole", resource, context: asked };
      return (params.Tags ?? []).length === 0 ? [need] : [need, { ...need, action: "iam:TagRole" }];
    },
    run(params, call) {
      const own = requestTags(params.Tags, roleTagRules);
      checkTrustPolicy(params.AssumeRolePolicyDocument);
      const boundary = checkedBoundary(context, params.PermissionsBoundary);
      if (account.roles.has(roleKey(params.RoleName))) {
        throw alreadyExists(`Role with name ${params.RoleName} already exists.`);
      }
      withinQuota("RolesPerAccount", account.roles.size + 1);
      const at = params.Path ?? "/";
      const role: Role = {
        name: params.RoleName,
        path: at,
        id: uniqueId("AROA"),
        arn: `arn:aws:iam::${account.id}:role${at}${params.RoleName}`,
        createDate: call.now,
        ...defined({ description: params.Description }),
        maxSessionDuration: params.MaxSessionDuration ?? 3600,
        trustPolicy: params.AssumeRolePolicyDocument,
        trustChanged: call.now,
        inline: {},
        attached: [],
        ...defined({ boundary }),
        tags: own,
      };
      account.roles.set(roleKey(role.name), role);
      return { Role: roleShape(role, "created") };
    },
  });
}

function get(context: IamContext): ServiceAction {
  return action({
    input: { RoleName: roleName },
    access: (params) => [roleNeed(context, "GetRole", params.RoleName)],
    run: (params) => ({ Role: roleShape(roleOf(context, params.RoleName), "full") }),
  });
}

function list({ account }: IamContext): ServiceAction {
  return action({
    input: { PathPrefix: pathPrefix, ...paging },
    access: (params) => [
      { action: "iam:ListRoles", resource: `arn:aws:iam::${account.id}:role${params.PathPrefix ?? "/"}` },
    ],
    run(params) {
      const keyOf = ({ name }: Role): string => name.toLowerCase();
      const under = account.roles.values().filter((role) => role.path.startsWith(params.PathPrefix ?? "/"));
      const page = pageOf(sortedBy(under, keyOf), keyOf, params);
      return { Roles: page.items.map((role) => roleShape(role, "listed")), ...page.paging };
    },
  });
}

function update(context: IamContext): ServiceAction {
  return action({
    input: { RoleName: roleName, Description: roleDescription, MaxSessionDuration: maxSessionDuration },
    access: (params) => [roleNeed(context, "UpdateRole", params.RoleName)],
    run(params) {
      const role = roleOf(context, params.RoleName);
      context.account.roles.set(roleKey(role.name), {
        ...role,
        ...defined({ description: params.Description }),
        maxSessionDuration: params.MaxSessionDuration ?? role.maxSessionDuration,
      });
      return {};
    },
  });
}

function updateDescription(context: IamContext): ServiceAction {
  return action({
    input: { RoleName: roleName, Description: required(roleDescription) },
    access: (params) => [roleNeed(context, "UpdateRoleDescription", params.RoleName)],
    run(params) {
      const role = { ...roleOf(context, params.RoleName), description: params.Description };
      context.account.roles.set(roleKey(role.name), role);
      return { Role: roleShape(role, "listed") };
    },
  });
}

function updateTrust(context: IamContext): ServiceAction {
  return action({
    input: { RoleName: roleName, PolicyDocument: document },
    access: (params) => [roleNeed(context, "UpdateAssumeRolePolicy", params.RoleName)],
    run(params, call) {
      const role = roleOf(context, params.RoleName);
      checkTrustPolicy(params.PolicyDocument);
      // Of two changes in quick succession STS sees the second in its time, and the first perhaps never.
      const seen = seenRole(context.account, role.name, call.now, context.propagationMs);
      context.account.roles.set(roleKey(role.name), {
        ...role,
        trustBefore: seen?.trustPolicy ?? role.trustPolicy,
        trustPolicy: params.PolicyDocument,
        trustChanged: call.now,
      });
      return undefined;
    },
  });
}

function remove(context: IamContext): ServiceAction {
  return action({
    input: { RoleName: roleName },
    access: (params) => [roleNeed(context, "DeleteRole", params.RoleName)],
    run(params) {
      const role = roleOf(context, params.RoleName);
      if (role.attached.length > 0) {
        throw deleteConflict("Cannot delete entity, must detach all policies first.");
      }
      if (Object.keys(role.inline).length > 0) {
        throw deleteConflict("Cannot delete entity, must delete policies first.");
      }
      if (profilesOfRole(context.account, role.name).length > 0) {
        throw deleteConflict("Cannot delete entity, must remove roles from instance profile first.");
      }
      context.account.roles.delete(roleKey(role.name));
      return undefined;
    },
  });
}

/** The operations on roles themselves. */
export function roleActions(context: IamContext): Record<string, ServiceAction> {
  return {
    CreateRole: create(context),
    GetRole: get(context),
    ListRoles: list(context),
    UpdateRole: update(context),
    UpdateRoleDescription: updateDescription(context),
    UpdateAssumeRolePolicy: updateTrust(context),
    DeleteRole: remove(context),
  };
}
