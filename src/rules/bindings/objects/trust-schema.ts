import type { JsonRecord } from "../../../core/base/index.ts";
import { maxIssuer, readArn } from "../../oidc/index.ts";
import { fieldsOf } from "../grants/limit.ts";
import { accountId, issuerRule, roleArn } from "./forms.ts";
import { roleLimits } from "./grant-limits.ts";
import { grantee, grantsField, grantsNameTheirs } from "./grants.ts";
import type { ObjectField } from "../schema/field.ts";

/** AWS's own managed policies: AdministratorAccess is among them. */
function namesAllOfAws(grant: JsonRecord): boolean {
  const policies = Array.isArray(grant["policies"]) ? grant["policies"].map(String) : [];
  return policies.some((one) => one.endsWith("*") && readArn(one).account === "aws");
}

const grant: ObjectField = {
  type: "object",
  required: ["name", "namespaces", "accounts"],
  description: "What some namespaces may bind. A role needs one grant that allows all of it.",
  properties: {
    ...grantee,
    ...fieldsOf(roleLimits),
  },
  rules: [
    {
      cel: "!self.?inline.orValue(false) || has(self.boundary)",
      message: "inline needs a boundary: without one a namespace could give itself everything",
      holds: (self) => self["inline"] !== true || self["boundary"] !== undefined,
    },
    {
      cel: "has(self.boundary) || !has(self.policies) || !self.policies.exists(p, p.endsWith('*') && p.split(':')[4] == 'aws')",
      message: "a pattern for AWS's own policies needs a boundary: AdministratorAccess is one of them",
      holds: (self) => self["boundary"] !== undefined || !namesAllOfAws(self),
    },
  ],
};

/** An account, in spec and status. */
export const account: ObjectField = {
  type: "object",
  required: ["id", "region"],
  properties: {
    id: accountId,
    region: {
      type: "string",
      pattern: "^[a-z]{2}(-[a-z]+)+-[0-9]{1,2}$",
      maxLength: 32,
      description: "The region of STS.",
    },
    assumeRole: { ...roleArn, description: "A role that podtrust assumes before it changes anything there." },
  },
};

/** `spec` of an AWSTrust. */
export const trustSpec: ObjectField = {
  type: "object",
  required: ["stack", "issuer", "accounts"],
  properties: {
    stack: {
      type: "string",
      pattern: "^[a-z]([a-z0-9-]*[a-z0-9])?$",
      maxLength: 63,
      fixed: "stack cannot be changed: it marks every role as this stack's",
      description:
        "The stack of podtrust.yaml that made the OIDC provider. Roles carry it in their names and tags.",
    },
    issuer: {
      type: "string",
      maxLength: maxIssuer,
      fixed: "issuer cannot be changed: every token and every role names it",
      description: "The issuer, as tokens carry it.",
    },
    accounts: {
      type: "array",
      items: account,
      minItems: 1,
      maxItems: 50,
      unique: "id",
      description: "The accounts in which the issuer's OIDC provider stands.",
    },
    audiences: {
      type: "array",
      items: { type: "string", pattern: "^[!-~]+$", minLength: 1, maxLength: 255 },
      minItems: 1,
      maxItems: 10,
      unique: true,
      default: ["sts.amazonaws.com"],
      description: "Audiences of tokens; roles accept them all, and workloads get tokens for the first.",
    },
    formerIssuers: {
      type: "array",
      items: { type: "string", pattern: "^https://[!-~]+$", maxLength: maxIssuer },
      maxItems: 10,
      unique: true,
      description:
        "Issuers that the cluster had before: roles of the stack that trust one of them are taken to this one, and no others.",
    },
    path: {
      type: "string",
      pattern: "^/([A-Za-z0-9_.@+=,-]+/)+$",
      maxLength: 128,
      default: "/podtrust/",
      fixed: "path cannot be changed: roles keep the one that they were made with",
      description: "The path of all roles that are made.",
    },
    grants: grantsField(grant),
  },
  rules: [
    issuerRule,
    grantsNameTheirs("accounts", "id", "a grant names an account that the trust does not have"),
  ],
};
