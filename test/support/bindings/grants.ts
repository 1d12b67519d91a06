/** What the grants of `trustSpec` allow and what they do not, one difference each: for `decide` and for admission alike. */
import type { JsonRecord } from "../../../src/core/base/index.ts";
import {
  account,
  bindingOf,
  goodBinding,
  managed,
  manyPolicies,
  policyDocument,
  roles,
  ssm,
  webRole,
  withManaged,
} from "./objects.ts";

/** What no grant allows: refused by admission, and once more by `decide` with this reason. */
export interface UngrantedCase {
  readonly name: string;
  readonly object: JsonRecord;
  readonly reason: string;
  readonly message: RegExp;
}

type Ungranted = readonly [
  name: string,
  value: JsonRecord,
  reason: string,
  message: RegExp,
  namespace?: string,
];

const ungranted = (...[name, value, reason, message, namespace = "shop"]: Ungranted): UngrantedCase => ({
  name,
  object: bindingOf(value, { namespace }),
  reason,
  message,
});

export const ungrantedBindings: readonly UngrantedCase[] = [
  ungranted(
    "a namespace that no grant names",
    roles(webRole),
    "NamespaceNotGranted",
    /for ServiceAccount web of namespace other$/u,
    "other",
  ),
  ungranted(
    "a namespace that only begins as a granted one",
    roles(webRole),
    "NamespaceNotGranted",
    /of namespace shop-2/u,
    "shop-2",
  ),
  ungranted(
    "a namespace that lacks the end of a pattern's beginning",
    roles(webRole),
    "NamespaceNotGranted",
    /of namespace team/u,
    "team",
  ),
  ungranted(
    "an account of the trust that the grant does not name",
    roles({ ...webRole, account: "444455556666" }),
    "AccountNotGranted",
    /grant shop is not for account 444455556666/u,
  ),
  ungranted(
    "an account that the trust does not have",
    roles({ ...webRole, account: "999988887777" }),
    "AccountUnknown",
    /for account 999988887777, and AWSTrust default has 111122223333, 444455556666/u,
  ),
  ungranted(
    "no account where the trust has two",
    roles({ profile: "default", managed: managed() }),
    "AccountAmbiguous",
    /names no account/u,
  ),
  ungranted(
    "a policy that the grant does not name",
    withManaged({ policies: ["arn:aws:iam::aws:policy/AdministratorAccess"] }),
    "PolicyNotGranted",
    /does not allow the policy arn:aws:iam::aws:policy\/AdministratorAccess/u,
  ),
  ungranted(
    "a policy that is a granted one with more behind it",
    withManaged({ policies: [`${ssm}2`] }),
    "PolicyNotGranted",
    /does not allow the policy/u,
  ),
  ungranted(
    "a policy beside the pattern's folder",
    withManaged({ policies: [`arn:aws:iam::${account}:policy/shopping`] }),
    "PolicyNotGranted",
    /does not allow the policy/u,
  ),
  ungranted(
    "one policy of two that is not granted",
    withManaged({ policies: [ssm, `arn:aws:iam::${account}:policy/x`] }),
    "PolicyNotGranted",
    /policy\/x$/u,
  ),
  ungranted(
    "an inline policy where the grant allows none",
    withManaged({ inline: [{ name: "x", document: policyDocument }] }),
    "InlinePolicyNotGranted",
    /no policies of the role's own/u,
  ),
  ungranted(
    "sessions longer than the grant's",
    withManaged({ maxSessionSeconds: 7200 }),
    "SessionNotGranted",
    /sessions of 3600 s, not of 7200 s/u,
  ),
  ungranted(
    "an existing role that the grant does not name",
    roles({ profile: "default", existing: { arn: `arn:aws:iam::${account}:role/admin` } }),
    "RoleNotGranted",
    /existing role arn:aws:iam::111122223333:role\/admin/u,
  ),
  ungranted(
    "a role to take over that may only be used",
    withManaged({ adopt: `arn:aws:iam::${account}:role/shop/x` }),
    "AdoptionNotGranted",
    /does not let the role .*role\/shop\/x be taken over/u,
  ),
  ungranted(
    "a role that is to stay where the grant does not say retain",
    withManaged({ onDelete: "Retain" }),
    "RetainNotGranted",
    /grant shop does not let a role stay when its binding goes/u,
  ),
  ungranted(
    "an existing role that may only be taken over",
    roles({ profile: "default", existing: { arn: `arn:aws:iam::${account}:role/legacy-shop` } }),
    "RoleNotGranted",
    /role\/legacy-shop/u,
  ),
  ungranted(
    "a tag that the grant sets to something else",
    withManaged({ tags: [{ key: "team", value: "other" }] }),
    "TagNotGranted",
    /sets the tag team to shop, not to other/u,
  ),
  ungranted(
    "a tag that the grant sets to something else, its key in another case",
    withManaged({ tags: [{ key: "Team", value: "platform" }] }),
    "TagNotGranted",
    /sets the tag Team to shop, not to platform/u,
  ),
  ungranted(
    "a tag that the grant sets, its value in another case",
    withManaged({ tags: [{ key: "team", value: "Shop" }] }),
    "TagNotGranted",
    /sets the tag team to shop, not to Shop/u,
  ),
  ungranted(
    "a chain to a role that the grant does not name",
    roles(webRole, { profile: "reports", chain: { arn: "arn:aws:iam::999988887777:role/other" } }),
    "ChainNotGranted",
    /profile reports: grant shop does not name the chained role arn:aws:iam::999988887777:role\/other/u,
  ),
  {
    ...ungranted(
      "a ServiceAccount that the only grant for its namespace does not name",
      roles(webRole),
      "NamespaceNotGranted",
      /for ServiceAccount web of namespace preview-7/u,
      "preview-7",
    ),
  },
  ungranted(
    "a second profile that is not granted beside a first that is",
    roles(webRole, { ...webRole, profile: "reports", account: "444455556666" }),
    "AccountNotGranted",
    /profile reports/u,
  ),
  ungranted(
    "a role of an account of the grant whose roles cannot have its boundary",
    roles(webRole, { ...webRole, profile: "reports", account: "444455556666" }),
    "AccountNotGranted",
    /grant teams has .*boundary/u,
    "team-a",
  ),
];

/** What is granted; each by one grant that allows all of it. */
export const grantedBindings: readonly { readonly name: string; readonly object: JsonRecord }[] = [
  {
    name: "a role that goes with its binding, said outright",
    object: bindingOf(withManaged({ onDelete: "Delete" })),
  },
  { name: "a granted policy", object: goodBinding },
  { name: "a policy of a granted folder", object: bindingOf(withManaged({ policies: manyPolicies(20) })) },
  {
    name: "a tag that the grant sets alike",
    object: bindingOf(withManaged({ tags: [{ key: "team", value: "shop" }] })),
  },
  {
    name: "a tag that the grant sets alike, its key in another case",
    object: bindingOf(withManaged({ tags: [{ key: "TEAM", value: "shop" }] })),
  },
  {
    name: "a chain to a role of an account that the trust does not have",
    object: bindingOf(
      roles(webRole, {
        profile: "reports",
        chain: { arn: "arn:aws:iam::999988887777:role/shop-reports", externalId: "shop/4711" },
      }),
    ),
  },
  {
    name: "a ServiceAccount by a pattern of names in namespaces of a pattern",
    object: bindingOf(roles(webRole), { namespace: "preview-7", name: "api-blue" }),
  },
  {
    name: "an existing role of a granted folder, without its account",
    object: bindingOf(
      roles({ profile: "default", existing: { arn: `arn:aws:iam::${account}:role/shop/x` } }),
    ),
  },
  {
    name: "a role to take over",
    object: bindingOf(withManaged({ adopt: `arn:aws:iam::${account}:role/legacy-shop` })),
  },
  {
    name: "inline policies, long sessions and several profiles, by a pattern of namespaces",
    object: bindingOf(
      roles(
        {
          ...webRole,
          managed: managed({ maxSessionSeconds: 7200, inline: [{ name: "x", document: policyDocument }] }),
        },
        { ...webRole, profile: "reports" },
      ),
      { namespace: "team-a" },
    ),
  },
];

const wideGrants = 64;
const widePatterns = 64;

/**
 * A trust whose every grant allows each policy of the binding below by its last pattern, and no grant one tag: to judge it costs
 * an API server more than it lets one expression cost (`PerCallLimit`, k8s.io/apiserver/pkg/apis/cel).
 */
export const wideTrust: JsonRecord = {
  grants: Array.from({ length: wideGrants }, (_, grant) => ({
    name: `g${grant}`,
    namespaces: ["shop"],
    accounts: [account],
    policies: [
      ...Array.from(
        { length: widePatterns - 1 },
        (_one, index) => `arn:aws:iam::${account}:policy/team-${grant}/${index}*`,
      ),
      `arn:aws:iam::${account}:policy/shop/*`,
    ],
    tags: [{ key: "tag-29", value: "forced" }],
  })),
};

/** As much as a binding may ask for, of which no grant of that trust allows all. */
export const wideBinding: JsonRecord = roles(
  ...Array.from({ length: 8 }, (_, role) => ({
    profile: role === 0 ? "default" : `p${role}`,
    account,
    managed: {
      policies: manyPolicies(20),
      tags: Array.from({ length: 30 }, (_tag, index) => ({ key: `tag-${index}`, value: "x" })),
    },
  })),
);
