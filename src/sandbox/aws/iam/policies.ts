import { defined } from "../../../core/base/index.ts";
import type { ManagedPolicy } from "../state/records.ts";
import { uniqueId } from "../state/identifier.ts";
import { type ServiceAction, action, type Need } from "../wire/service.ts";
import { flag, text } from "../wire/input.ts";
import type { Shape } from "../wire/value.ts";
import { policyArnParts } from "./arn.ts";
import type { IamContext } from "./context.ts";
import { checkManagedPolicy } from "./documents.ts";
import { alreadyExists, deleteConflict } from "./errors.ts";
import {
  document,
  paging,
  path,
  pathPrefix,
  policyArn,
  policyDescription,
  policyName,
  tags,
} from "./fields.ts";
import { awsManagedPolicies } from "./managed-policies.ts";
import { pageOf, sortedBy } from "./page.ts";
import { type AnyPolicy, attachedTo, bounds, ownPolicy, policyOf } from "./policy-store.ts";
import { withinQuota } from "./quotas.ts";
import {
  policyTagRules,
  requestTagContext,
  requestTags,
  resourceTagContext,
  sortedTags,
  tagShapes,
} from "./tags.ts";

/** Rights that an operation on one managed policy needs. */
export function policyNeed({ account }: IamContext, operation: string, arn: string): Need {
  return {
    action: `iam:${operation}`,
    resource: arn,
    shown: `policy ${arn}`,
    context: resourceTagContext(account.policies.get(arn)?.tags ?? []),
  };
}

/** A managed policy as answers show it. */
export function policyShape({ account }: IamContext, found: AnyPolicy, view: "listed" | "full"): Shape {
  const { policy } = found;
  const own = found.owner === "customer" ? found.policy : undefined;
  const tagged = own?.tags ?? [];
  return {
    PolicyName: policy.name,
    PolicyId: policy.id,
    Arn: policy.arn,
    Path: policy.path,
    DefaultVersionId: found.owner === "aws" ? found.policy.version : found.policy.defaultVersion,
    AttachmentCount: attachedTo(account, policy.arn).length,
    PermissionsBoundaryUsageCount: bounds(account, policy.arn).length,
    IsAttachable: true,
    Description: view === "full" ? own?.description : undefined,
    CreateDate: new Date(policy.createDate),
    UpdateDate: new Date(policy.updateDate),
    Tags: view === "full" ? tagShapes(sortedTags(tagged)) : undefined,
  };
}

function create(context: IamContext): ServiceAction {
  const { account } = context;
  return action({
    input: {
      PolicyName: policyName,
      PolicyDocument: document,
      Path: path,
      Description: policyDescription,
      Tags: tags,
    },
    access(params) {
      const resource = `arn:aws:iam::${account.id}:policy${params.Path ?? "/"}${params.PolicyName}`;
      const shown = `policy ${params.PolicyName}`;
      const asked = requestTagContext(params.Tags);
      const need: Need = { action: "iam:CreatePolicy", resource, shown, context: asked };
      return (params.Tags ?? []).length === 0 ? [need] : [need, { ...need, action: "iam:TagPolicy" }];
    },
    run(params, call) {
      const own = requestTags(params.Tags, policyTagRules);
      checkManagedPolicy(params.PolicyDocument);
      // Names are unique regardless of the path.
      const name = params.PolicyName.toLowerCase();
      if (account.policies.values().some((policy) => policy.name.toLowerCase() === name)) {
        throw alreadyExists(
          `A policy called ${params.PolicyName} already exists. Duplicate names are not allowed.`,
        );
      }
      withinQuota("PoliciesPerAccount", account.policies.size + 1);
      const at = params.Path ?? "/";
      const policy: ManagedPolicy = {
        arn: `arn:aws:iam::${account.id}:policy${at}${params.PolicyName}`,
        name: params.PolicyName,
        path: at,
        id: uniqueId("ANPA"),
        ...defined({ description: params.Description }),
        createDate: call.now,
        updateDate: call.now,
        defaultVersion: "v1",
        nextVersion: 2,
        versions: [{ id: "v1", document: params.PolicyDocument, createDate: call.now }],
        tags: own,
      };
      account.policies.set(policy.arn, policy);
      const shape = policyShape(context, { owner: "customer", policy }, "listed");
      return { Policy: { ...shape, Tags: own.length === 0 ? undefined : tagShapes(own) } };
    },
  });
}

function get(context: IamContext): ServiceAction {
  return action({
    input: { PolicyArn: policyArn },
    access: (params) => [policyNeed(context, "GetPolicy", params.PolicyArn)],
    run: (params) => ({ Policy: policyShape(context, policyOf(context, params.PolicyArn), "full") }),
  });
}

function listed(context: IamContext, scope: string): AnyPolicy[] {
  const aws = [...awsManagedPolicies.values()].map((policy): AnyPolicy => ({ owner: "aws", policy }));
  const own = context.account.policies.values().map((policy): AnyPolicy => ({ owner: "customer", policy }));
  return [...(scope === "Local" ? [] : aws), ...(scope === "AWS" ? [] : own)];
}

function list(context: IamContext): ServiceAction {
  const { account } = context;
  return action({
    input: {
      Scope: text({ oneOf: ["All", "AWS", "Local"] }),
      OnlyAttached: flag(),
      PathPrefix: pathPrefix,
      PolicyUsageFilter: text({ oneOf: ["PermissionsPolicy", "PermissionsBoundary"] }),
      ...paging,
    },
    access: (params) => [
      {
        action: "iam:ListPolicies",
        resource: `arn:aws:iam::${account.id}:policy${params.PathPrefix ?? "/"}`,
        shown: `policy path ${params.PathPrefix ?? "/"}`,
      },
    ],
    run(params) {
      const use = params.PolicyUsageFilter;
      const keep = ({ policy }: AnyPolicy): boolean => {
        if (!policy.path.startsWith(params.PathPrefix ?? "/")) return false;
        const attached = attachedTo(account, policy.arn).length > 0;
        if (use === "PermissionsBoundary") return bounds(account, policy.arn).length > 0;
        return attached || (use === undefined && params.OnlyAttached !== true);
      };
      const keyOf = ({ policy }: AnyPolicy): string => policy.arn;
      const all = sortedBy(listed(context, params.Scope ?? "All").filter(keep), keyOf);
      const page = pageOf(all, keyOf, params);
      return {
        Policies: page.items.map((found) => policyShape(context, found, "listed")),
        ...page.paging,
      };
    },
  });
}

function remove(context: IamContext): ServiceAction {
  const { account } = context;
  return action({
    input: { PolicyArn: policyArn },
    access: (params) => [policyNeed(context, "DeletePolicy", params.PolicyArn)],
    run(params) {
      const policy = ownPolicy(context, params.PolicyArn);
      if (attachedTo(account, policy.arn).length + bounds(account, policy.arn).length > 0) {
        throw deleteConflict("Cannot delete a policy attached to entities.");
      }
      if (policy.versions.length > 1) {
        throw deleteConflict(
          "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.",
        );
      }
      account.policies.delete(policy.arn);
      return undefined;
    },
  });
}

function entities(context: IamContext): ServiceAction {
  const { account } = context;
  return action({
    input: {
      PolicyArn: policyArn,
      EntityFilter: text({
        oneOf: ["User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy"],
      }),
      PathPrefix: pathPrefix,
      PolicyUsageFilter: text({ oneOf: ["PermissionsPolicy", "PermissionsBoundary"] }),
      ...paging,
    },
    access: (params) => [policyNeed(context, "ListEntitiesForPolicy", params.PolicyArn)],
    run(params) {
      policyArnParts(params.PolicyArn);
      const { arn } = policyOf(context, params.PolicyArn).policy;
      const wantsRoles = params.EntityFilter === undefined || params.EntityFilter === "Role";
      const bounding = params.PolicyUsageFilter === "PermissionsBoundary";
      const roles = (bounding ? bounds : attachedTo)(account, arn).filter(
        (role) => wantsRoles && role.path.startsWith(params.PathPrefix ?? "/"),
      );
      const page = pageOf(
        sortedBy(roles, ({ name }) => name),
        ({ name }) => name,
        params,
      );
      return {
        PolicyGroups: [],
        PolicyUsers: [],
        PolicyRoles: page.items.map(({ name, id }) => ({ RoleName: name, RoleId: id })),
        ...page.paging,
      };
    },
  });
}

/** The operations on managed policies, except their versions. */
export function policyActions(context: IamContext): Record<string, ServiceAction> {
  return {
    CreatePolicy: create(context),
    GetPolicy: get(context),
    ListPolicies: list(context),
    DeletePolicy: remove(context),
    ListEntitiesForPolicy: entities(context),
  };
}
