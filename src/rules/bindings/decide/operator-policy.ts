import { denyAllArn, readArn } from "../../oidc/index.ts";
import type { AllowCondition, AllowPolicy, AllowStatement } from "../../trust/index.ts";
import type { Trust } from "../objects/objects.ts";

/** What a policy is made of in addition to the trust. */
export interface PolicyAccount {
  readonly partition: string;
  readonly account: string;
  /** The tag that marks the owner of a role: `podtrust:stack`. */
  readonly markKey: string;
}

const unique = (list: readonly (string | undefined)[]): readonly string[] =>
  [...new Set(list.filter((one) => one !== undefined))].sort();

const allow = (
  Sid: string,
  Action: readonly string[],
  rest: Omit<AllowStatement, "Sid" | "Effect" | "Action">,
) => ({ Sid, Effect: "Allow", Action, ...rest }) as const;

function looking(trust: Trust, iam: string): readonly AllowStatement[] {
  return [
    allow(
      "Look",
      [
        "iam:GetAccountAuthorizationDetails",
        "iam:GetAccountSummary",
        "iam:ListOpenIDConnectProviders",
        "iam:ListRoles",
      ],
      { Resource: "*" },
    ),
    allow("ReadProviders", ["iam:GetOpenIDConnectProvider"], { Resource: `${iam}:oidc-provider/*` }),
    allow(
      "ReadRoles",
      ["iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies"],
      { Resource: `${iam}:role/*` },
    ),
    ...trust.accounts.flatMap(({ assumeRole }) =>
      assumeRole === undefined
        ? []
        : [allow(`Reach${readArn(assumeRole).account}`, ["sts:AssumeRole"], { Resource: assumeRole })],
    ),
  ];
}

/**
 * The least rights that reconciling the bindings of a trust needs in one account: it makes roles only under the trust's
 * path, with a mark of the stack and, where every grant has one, a boundary of the grants; attaches only what grants
 * name; and changes or deletes only what carries a mark of a binding. Its own role carries none, and is under another
 * path.
 */
export function operatorPolicy(trust: Trust, policyAccount: PolicyAccount): AllowPolicy {
  const { partition, account, markKey } = policyAccount;
  const { stack, path } = trust;
  const iam = `arn:${partition}:iam::${account}`;
  const grants = trust.grants.filter(({ accounts }) => accounts.includes(account));
  const adoptable = unique(grants.flatMap(({ adoptRoles = [] }) => adoptRoles));
  const made = `${iam}:role${path}*`;
  const roles = [made, ...adoptable];
  const policies = unique(grants.flatMap((grant) => grant.policies ?? []));
  const boundaries = unique(grants.map(({ boundary }) => boundary));
  const marking = { [`aws:RequestTag/${markKey}`]: `${stack}/*` };
  const marked: AllowCondition = { StringLike: { [`aws:ResourceTag/${markKey}`]: `${stack}/*` } };
  const bounded: AllowCondition =
    boundaries.length > 0 ? { ArnEquals: { "iam:PermissionsBoundary": boundaries } } : {};
  const allBounded = grants.every(({ boundary }) => boundary !== undefined);
  const Statement: AllowStatement[] = [...looking(trust, iam)];
  if (grants.length > 0) {
    Statement.push(
      allow("MakeRoles", ["iam:CreateRole"], {
        Resource: made,
        Condition: { StringLike: marking, ...(allBounded ? bounded : {}) },
      }),
      allow("MarkRoles", ["iam:TagRole"], {
        Resource: roles,
        // Never what already has an owner.
        Condition: { StringLike: marking, Null: { [`aws:ResourceTag/${markKey}`]: "true" } },
      }),
    );
  }
  Statement.push(
    allow(
      "ChangeRolesOfBindings",
      [
        "iam:DeleteRole",
        "iam:DeleteRolePolicy",
        "iam:DetachRolePolicy",
        "iam:TagRole",
        "iam:UntagRole",
        "iam:UpdateAssumeRolePolicy",
        "iam:UpdateRole",
        ...(allBounded ? [] : ["iam:DeleteRolePermissionsBoundary"]),
      ],
      { Resource: roles, Condition: marked },
    ),
  );
  if (policies.length > 0) {
    Statement.push(
      allow("AttachGrantedPolicies", ["iam:AttachRolePolicy"], {
        Resource: roles,
        Condition: { ...marked, ArnLike: { "iam:PolicyARN": policies } },
      }),
    );
  }
  // A role without any grant left gets this boundary, under which no policy gives it anything: not one written here
  // either.
  const closed = denyAllArn(partition);
  const inline = unique(grants.filter((grant) => grant.inline).map(({ boundary }) => boundary));
  Statement.push(
    allow("SetGrantedBoundaries", ["iam:PutRolePermissionsBoundary"], {
      Resource: roles,
      Condition: { ...marked, ArnEquals: { "iam:PermissionsBoundary": [...boundaries, closed] } },
    }),
    allow("WriteInlinePolicies", ["iam:PutRolePolicy"], {
      Resource: roles,
      Condition: { ...marked, ArnEquals: { "iam:PermissionsBoundary": [...inline, closed] } },
    }),
  );
  const seen = unique([...policies, ...boundaries]);
  if (seen.length > 0) Statement.push(allow("SeeThatPoliciesExist", ["iam:GetPolicy"], { Resource: seen }));
  return { Version: "2012-10-17", Statement };
}
