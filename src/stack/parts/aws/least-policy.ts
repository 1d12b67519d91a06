import { oidcProviderArn } from "../../../providers/aws/index.ts";
import { partitionOf } from "../../../core/base/index.ts";
import type { AwsConfig, Config } from "../../../config/index.ts";
import { denyAllArn } from "../../../rules/oidc/index.ts";
import { awsTags } from "../../../rules/plan/index.ts";
import type { AllowCondition, AllowPolicy, AllowStatement } from "../../../rules/trust/index.ts";

const unique = (list: readonly string[]): readonly string[] => [...new Set(list)].sort();

function lookingAround(all: { roles: string; providers: string }): readonly AllowStatement[] {
  return [
    {
      Sid: "Look",
      Effect: "Allow",
      Action: [
        // Tags and policies of all roles in a few calls; without it each possible role of the stack is read
        // individually.
        "iam:GetAccountAuthorizationDetails",
        "iam:GetAccountSummary",
        "iam:ListOpenIDConnectProviders",
        "iam:ListRoles",
      ],
      Resource: "*",
    },
    {
      // Read once more before each change; and individually if not in one survey.
      Sid: "FindWhatIsOurs",
      Effect: "Allow",
      Action: [
        "iam:GetOpenIDConnectProvider",
        "iam:GetRole",
        "iam:GetRolePolicy",
        "iam:ListAttachedRolePolicies",
        "iam:ListRolePolicies",
      ],
      Resource: [all.providers, all.roles],
    },
  ];
}

interface Input {
  readonly account: AwsConfig;
  readonly provider: string;
  readonly roles: readonly string[];
  readonly all: { readonly roles: string; readonly providers: string };
  /** A request that sets our tags. */
  readonly marking: AllowCondition;
  /** A resource that carries them: one without an identity was marked before there were any. */
  readonly marked: AllowCondition;
}

function providerStatements(input: Input): readonly AllowStatement[] {
  const { provider, all, marking, marked } = input;
  return [
    {
      Sid: "MakeTheProvider",
      Effect: "Allow",
      Action: ["iam:CreateOpenIDConnectProvider", "iam:TagOpenIDConnectProvider"],
      Resource: provider,
      Condition: marking,
    },
    {
      Sid: "ChangeOurProvider",
      Effect: "Allow",
      Action: [
        "iam:AddClientIDToOpenIDConnectProvider",
        "iam:RemoveClientIDFromOpenIDConnectProvider",
        "iam:TagOpenIDConnectProvider",
        "iam:UntagOpenIDConnectProvider",
        "iam:UpdateOpenIDConnectProviderThumbprint",
      ],
      Resource: provider,
      Condition: marked,
    },
    {
      Sid: "DeleteOurProviders",
      Effect: "Allow",
      Action: ["iam:DeleteOpenIDConnectProvider"],
      Resource: all.providers,
      Condition: marked,
    },
  ];
}

function roleStatements(input: Input): readonly AllowStatement[] {
  const { account, roles, marking, marked } = input;
  const inline = account.roles.some((role) => Object.keys(role.inline).length > 0);
  return [
    {
      Sid: "MakeRoles",
      Effect: "Allow",
      Action: ["iam:CreateRole", "iam:TagRole"],
      Resource: roles,
      Condition: marking,
    },
    {
      Sid: "ChangeOurRoles",
      Effect: "Allow",
      Action: [
        ...(inline ? ["iam:PutRolePolicy"] : []),
        "iam:DeleteRolePermissionsBoundary",
        "iam:TagRole",
        "iam:UntagRole",
        "iam:UpdateAssumeRolePolicy",
        "iam:UpdateRole",
      ],
      Resource: roles,
      Condition: marked,
    },
  ];
}

function grantingStatements(input: Input): readonly AllowStatement[] {
  const { account, roles, marked } = input;
  const policies = unique(account.roles.flatMap((role) => role.policies));
  const boundaries = unique(account.roles.flatMap(({ boundary }) => boundary ?? []));
  const only = (key: string, arns: readonly string[]): AllowCondition => ({
    ...marked,
    ArnEquals: { [key]: arns },
  });
  const statements: AllowStatement[] = [];
  if (policies.length > 0) {
    statements.push({
      Sid: "AttachTheConfigsPolicies",
      Effect: "Allow",
      Action: ["iam:AttachRolePolicy"],
      Resource: roles,
      Condition: only("iam:PolicyARN", policies),
    });
  }
  if (boundaries.length > 0) {
    statements.push({
      Sid: "SetTheConfigsBoundaries",
      Effect: "Allow",
      Action: ["iam:PutRolePermissionsBoundary"],
      Resource: roles,
      Condition: only("iam:PermissionsBoundary", boundaries),
    });
  }
  if (policies.length + boundaries.length > 0) {
    statements.push({
      Sid: "SeeThatPoliciesExist",
      Effect: "Allow",
      Action: ["iam:GetPolicy"],
      Resource: unique([...policies, ...boundaries]),
    });
  }
  return statements;
}

/**
 * The least that podtrust needs in one account for a config: it makes only what the config names and only with the
 * stack's tag, attaches only the config's policies, and changes or deletes only what carries the tag. Surplus roles of
 * the stack are no longer in the config, so deleting is allowed by tag alone.
 */
export function leastAwsPolicy(
  config: Pick<Config, "stack" | "identity" | "issuer">,
  account: AwsConfig,
): AllowPolicy {
  const partition = partitionOf(account.region);
  const iam = `arn:${partition}:iam::${account.account}`;
  const { stack, identity } = config;
  const { stackKey, identityKey } = awsTags;
  const marked = {
    StringEquals: { [`aws:ResourceTag/${stackKey}`]: stack },
    StringEqualsIfExists: { [`aws:ResourceTag/${identityKey}`]: identity },
  };
  const all = { roles: `${iam}:role/*`, providers: `${iam}:oidc-provider/*` };
  const input: Input = {
    account,
    provider: oidcProviderArn(partition, account.account, config.issuer),
    roles: account.roles.map(({ path, name }) => `${iam}:role${path}${name}`),
    all,
    marking: {
      StringEquals: {
        [`aws:RequestTag/${stackKey}`]: stack,
        [`aws:RequestTag/${identityKey}`]: identity,
      },
    },
    marked,
  };
  return {
    Version: "2012-10-17",
    Statement: [
      ...lookingAround(all),
      ...providerStatements(input),
      ...(account.roles.length === 0 ? [] : [...roleStatements(input), ...grantingStatements(input)]),
      {
        Sid: "DeleteOurRoles",
        Effect: "Allow",
        Action: ["iam:DeleteRole", "iam:DeleteRolePolicy", "iam:DetachRolePolicy"],
        Resource: all.roles,
        Condition: marked,
      },
      {
        // With several policies on it that allow and deny, a role that goes would have more than before for a moment.
        Sid: "DenyAllToOurRolesThatGo",
        Effect: "Allow",
        Action: ["iam:PutRolePermissionsBoundary"],
        Resource: all.roles,
        Condition: {
          ...marked,
          ArnEquals: { "iam:PermissionsBoundary": denyAllArn(partition) },
        },
      },
    ],
  };
}
