/** Bindings and trusts as a test writes them. */

import type { JsonRecord } from "../../../src/core/base/index.ts";

export const account = "111122223333";
export const boundary = `arn:aws:iam::${account}:policy/tenants`;
export const ssm = "arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess";

/** The trust of the cases: what namespace shop may, and what team-… may. */
export const trustSpec: JsonRecord = {
  stack: "prod",
  issuer: "https://oidc.example.test",
  accounts: [
    { id: account, region: "eu-central-1" },
    { id: "444455556666", region: "eu-west-1" },
  ],
  grants: [
    {
      name: "shop",
      namespaces: ["shop"],
      accounts: [account],
      policies: [ssm, `arn:aws:iam::${account}:policy/shop/*`],
      existingRoles: [`arn:aws:iam::${account}:role/shop/*`],
      adoptRoles: [`arn:aws:iam::${account}:role/legacy-shop`],
      chainedRoles: ["arn:aws:iam::999988887777:role/shop-*"],
      tags: [{ key: "team", value: "shop" }],
    },
    {
      name: "previews",
      namespaces: ["preview-*"],
      serviceAccounts: ["api-*", "worker"],
      accounts: [account],
      policies: [ssm],
    },
    {
      name: "teams",
      namespaces: ["team-*"],
      accounts: [account, "444455556666"],
      policies: ["arn:aws:iam::aws:policy/*"],
      inline: true,
      boundary,
      maxSessionSeconds: 7200,
    },
  ],
};

export function trustOf(spec: JsonRecord = trustSpec, name = "default"): JsonRecord {
  return { apiVersion: "podtrust.dev/v1alpha1", kind: "AWSTrust", metadata: { name }, spec };
}

export function bindingOf(spec: JsonRecord, { namespace = "shop", name = "web" } = {}): JsonRecord {
  return {
    apiVersion: "podtrust.dev/v1alpha1",
    kind: "AWSRoleBinding",
    metadata: { name, namespace },
    spec,
  };
}

/** What a role of podtrust's own is to be: of one policy, which the grants allow, and more. */
export const managed = (more: JsonRecord = {}): JsonRecord => ({ policies: [ssm], ...more });
export const webRole: JsonRecord = { profile: "default", account, managed: managed() };
export const roles = (...list: readonly JsonRecord[]): JsonRecord => ({ roles: list });
export const withManaged = (more: JsonRecord): JsonRecord => roles({ ...webRole, managed: managed(more) });

export const goodBinding: JsonRecord = bindingOf(roles(webRole));

/** An inline policy. */
export const policyDocument = {
  Version: "2012-10-17",
  Statement: { Effect: "Allow", Action: "s3:*", Resource: "*" },
};
/** ARNs of policies that grant shop allows. */
export const manyPolicies = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `arn:aws:iam::${account}:policy/shop/p${index}`);
