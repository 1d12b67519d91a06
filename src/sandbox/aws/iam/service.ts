import { roleKey } from "../state/account.ts";
import type { ServiceAction, Service } from "../wire/service.ts";
import { accountDetailsActions } from "./account-details.ts";
import { accountSummaryActions } from "./account-summary.ts";
import type { IamContext } from "./context.ts";
import { instanceProfileName, policyArn, providerArn, roleName } from "./fields.ts";
import { instanceProfileActions, instanceProfileNeed, instanceProfileOf } from "./instance-profiles.ts";
import { policyActions, policyNeed } from "./policies.ts";
import { findPolicy, ownPolicy, policyOf } from "./policy-store.ts";
import { policyVersionActions } from "./policy-versions.ts";
import { providerActions, providerNeed, providerOf } from "./providers.ts";
import { rolePolicyActions } from "./role-policies.ts";
import { roleNeed, roleOf } from "./role-view.ts";
import { roleActions } from "./roles.ts";
import { tagActions } from "./tag-actions.ts";
import { instanceProfileTagRules, policyTagRules, providerTagRules, roleTagRules } from "./tags.ts";

function allTagActions(context: IamContext): Record<string, ServiceAction> {
  const { account } = context;
  return {
    ...tagActions({
      operations: { tag: "TagRole", untag: "UntagRole", list: "ListRoleTags" },
      parameter: "RoleName",
      field: roleName,
      rules: roleTagRules,
      need: (operation, name) => roleNeed(context, operation, name),
      read: (name) => roleOf(context, name).tags,
      write: (name, tags) => account.roles.set(roleKey(name), { ...roleOf(context, name), tags }),
    }),
    ...tagActions({
      operations: { tag: "TagPolicy", untag: "UntagPolicy", list: "ListPolicyTags" },
      parameter: "PolicyArn",
      field: policyArn,
      rules: policyTagRules,
      need: (operation, arn) => policyNeed(context, operation, arn),
      read(arn) {
        policyOf(context, arn);
        const found = findPolicy(account, arn);
        return found?.owner === "customer" ? found.policy.tags : [];
      },
      write: (arn, tags) => account.policies.set(arn, { ...ownPolicy(context, arn), tags }),
    }),
    ...tagActions({
      operations: {
        tag: "TagInstanceProfile",
        untag: "UntagInstanceProfile",
        list: "ListInstanceProfileTags",
      },
      parameter: "InstanceProfileName",
      field: instanceProfileName,
      rules: instanceProfileTagRules,
      need: (operation, name) => instanceProfileNeed(context, operation, name),
      read: (name) => instanceProfileOf(context, name).tags,
      write: (name, tags) =>
        account.instanceProfiles.set(roleKey(name), { ...instanceProfileOf(context, name), tags }),
    }),
    ...tagActions({
      operations: {
        tag: "TagOpenIDConnectProvider",
        untag: "UntagOpenIDConnectProvider",
        list: "ListOpenIDConnectProviderTags",
      },
      parameter: "OpenIDConnectProviderArn",
      field: providerArn,
      rules: providerTagRules,
      need: (operation, arn) => providerNeed(context, operation, arn),
      read: (arn) => providerOf(context, arn).tags,
      write: (arn, tags) => account.providers.set(arn, { ...providerOf(context, arn), tags }),
    }),
  };
}

/** IAM for one account (AWS query protocol, API version 2010-05-08). */
export function iamService(context: IamContext): Service {
  return {
    name: "iam",
    protocol: "query",
    version: "2010-05-08",
    namespace: "https://iam.amazonaws.com/doc/2010-05-08/",
    validationCode: "ValidationError",
    actions: {
      ...providerActions(context),
      ...roleActions(context),
      ...rolePolicyActions(context),
      ...instanceProfileActions(context),
      ...policyActions(context),
      ...policyVersionActions(context),
      ...allTagActions(context),
      ...accountSummaryActions(context),
      ...accountDetailsActions(context),
    },
  };
}
