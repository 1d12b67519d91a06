import type { Role } from "../state/records.ts";
import { type ServiceAction, action } from "../wire/service.ts";
import type { Shape } from "../wire/value.ts";
import { texts } from "../wire/input.ts";
import { percentEncoded } from "../wire/percent-encoding.ts";
import type { IamContext } from "./context.ts";
import { paging } from "./fields.ts";
import { instanceProfileShape, profilesOfRole } from "./instance-profiles.ts";
import { awsManagedPolicies } from "./managed-policies.ts";
import { pageOf, sortedBy } from "./page.ts";
import { policyShape } from "./policies.ts";
import { type AnyPolicy, attachedTo, findPolicy } from "./policy-store.ts";
import { versionShape, versionsOf } from "./policy-versions.ts";
import { roleShape } from "./role-view.ts";

/** One entry of the account, and the list of the answer that contains it. */
interface Entry {
  readonly key: string;
  readonly filter: "Role" | "LocalManagedPolicy" | "AWSManagedPolicy";
  readonly shape: () => Shape;
}

/** A role with all details; its description and longest session are not part of this answer. */
function roleDetail(context: IamContext, role: Role): Shape {
  const { account } = context;
  const { Description: _description, MaxSessionDuration: _seconds, ...shape } = roleShape(role, "full");
  return {
    ...shape,
    Tags: shape["Tags"] ?? [],
    InstanceProfileList: profilesOfRole(account, role.name).map((profile) =>
      instanceProfileShape(context, profile, "listed"),
    ),
    RolePolicyList: Object.entries(role.inline).map(([name, text]) => ({
      PolicyName: name,
      PolicyDocument: percentEncoded(text),
    })),
    AttachedManagedPolicies: role.attached.flatMap((arn) => {
      const found = findPolicy(account, arn);
      return found === undefined ? [] : [{ PolicyName: found.policy.name, PolicyArn: arn }];
    }),
  };
}

function policyDetail(context: IamContext, found: AnyPolicy): Shape {
  const { Tags: _tags, ...shape } = policyShape(context, found, "full");
  const { all, standard } = versionsOf(context, found.policy.arn);
  return { ...shape, PolicyVersionList: all.map((version) => versionShape(version, standard, true)) };
}

function entriesOf(context: IamContext): readonly Entry[] {
  const { account } = context;
  const policy = (filter: Entry["filter"], found: AnyPolicy): Entry => ({
    key: `policy ${found.policy.arn}`,
    filter,
    shape: () => policyDetail(context, found),
  });
  const used = [...awsManagedPolicies.values()].filter(({ arn }) => attachedTo(account, arn).length > 0);
  return [
    ...account.roles.values().map((role): Entry => {
      const key = `role ${role.name.toLowerCase()}`;
      return { key, filter: "Role", shape: () => roleDetail(context, role) };
    }),
    ...account.policies
      .values()
      .map((own) => policy("LocalManagedPolicy", { owner: "customer", policy: own })),
    ...used.map((aws) => policy("AWSManagedPolicy", { owner: "aws", policy: aws })),
  ];
}

/**
 * GetAccountAuthorizationDetails: all roles and policies with everything on them, in pages
 * (https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html). The sandbox has
 * neither users nor groups.
 */
export function accountDetailsActions(context: IamContext): Record<string, ServiceAction> {
  const kinds = ["User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy"];
  return {
    GetAccountAuthorizationDetails: action({
      input: { Filter: texts({ oneOf: kinds }), ...paging },
      access: () => [{ action: "iam:GetAccountAuthorizationDetails", resource: "*" }],
      run(params) {
        const { Filter: filter = kinds } = params;
        const keyOf = ({ key }: Entry): string => key;
        const meant = entriesOf(context).filter((entry) => filter.includes(entry.filter));
        const page = pageOf(sortedBy(meant, keyOf), keyOf, params);
        const isRole = (entry: Entry): boolean => entry.filter === "Role";
        return {
          UserDetailList: [],
          GroupDetailList: [],
          RoleDetailList: page.items.filter(isRole).map((entry) => entry.shape()),
          Policies: page.items.filter((entry) => !isRole(entry)).map((entry) => entry.shape()),
          ...page.paging,
        };
      },
    }),
  };
}
