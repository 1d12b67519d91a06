import { isRecord, type JsonRecord, recordOf, textOf } from "../../../core/base/index.ts";
import { sourceProfile } from "../../injection/index.ts";
import { readArn } from "../../oidc/index.ts";
import { defaultProfile } from "../names/index.ts";
import type { ObjectField } from "../schema/field.ts";
import {
  accountId,
  externalId,
  label,
  policyArn,
  roleArn,
  sessionSeconds,
  tagsField,
  trustField,
} from "./forms.ts";

const isNonEmpty = (list: unknown): boolean => Array.isArray(list) && list.length > 0;

const inlinePolicies = {
  type: "array",
  maxItems: 10,
  unique: "name",
  description: "Policies of the role's own, by name; only where the grant has inline: true.",
  items: {
    type: "object",
    required: ["name", "document"],
    properties: {
      name: { type: "string", pattern: "^[A-Za-z0-9_+=,.@-]+$", maxLength: 128 },
      document: { type: "open", description: "The policy, with Version and Statement." },
    },
  },
} as const;

const managed: ObjectField = {
  type: "object",
  description: "A role that podtrust makes and keeps so, for this ServiceAccount alone.",
  properties: {
    policies: {
      type: "array",
      items: policyArn,
      maxItems: 20,
      unique: true,
      description: "Managed policies to attach.",
    },
    inline: inlinePolicies,
    maxSessionSeconds: { ...sessionSeconds, description: "The longest session that a workload may ask for." },
    tags: tagsField("Tags of the role, which every session of it carries as aws:PrincipalTag/KEY.", 30),
    onDelete: {
      type: "string",
      enum: ["Delete", "Retain"],
      maxLength: 6,
      description:
        "What becomes of the role when the binding goes: it goes too, unless this says Retain and the grant has retain: true.",
    },
    adopt: {
      ...roleArn,
      description:
        "A role that exists and carries no ownership tags: it is taken over with its unique id, and belongs to this binding from then on.",
    },
  },
  rules: [
    {
      cel: "has(self.policies) && size(self.policies) > 0 || has(self.inline) && size(self.inline) > 0",
      message: "a role without policies may do nothing: name some in policies or inline",
      holds: ({ policies, inline }) => isNonEmpty(policies) || isNonEmpty(inline),
    },
  ],
};

function namesAccountOf(role: JsonRecord, arn: unknown): boolean {
  const account = textOf(role["account"]);
  const named = textOf(arn);
  return account === undefined || named === undefined || readArn(named).account === account;
}

const role: ObjectField = {
  type: "object",
  required: ["profile"],
  properties: {
    profile: {
      ...label(32),
      description:
        "The profile under which workloads find it; default is the one that every SDK takes by itself.",
    },
    account: {
      ...accountId,
      description: "The account of the role; may be left out where the trust has one only.",
    },
    managed,
    existing: {
      type: "object",
      required: ["arn"],
      description: "A role that podtrust does not manage: it changes nothing about it.",
      properties: { arn: roleArn },
    },
    chain: {
      type: "object",
      required: ["arn"],
      description:
        "A role of any account that the ServiceAccount's own role, of the profile default, assumes. podtrust changes nothing about it.",
      properties: { arn: roleArn, externalId },
    },
  },
  rules: [
    {
      cel: "(has(self.existing) ? 1 : 0) + (has(self.managed) ? 1 : 0) + (has(self.chain) ? 1 : 0) == 1",
      message: "a role is managed, existing or a chain: give exactly one of the three",
      holds: (self) => [self["existing"], self["managed"], self["chain"]].filter(isRecord).length === 1,
    },
    {
      cel: `!has(self.chain) || (!has(self.account) && !(self.profile in ['${defaultProfile}', '${sourceProfile}']))`,
      message:
        "a chain is assumed by the role of the profile default: it has a profile of its own, and no account",
      holds: ({ chain, account, profile }) =>
        chain === undefined ||
        (account === undefined && profile !== defaultProfile && profile !== sourceProfile),
    },
    {
      cel: "!has(self.account) || !has(self.existing) || self.existing.arn.split(':')[4] == self.account",
      message: "account is not the one in existing.arn",
      holds: (self) => namesAccountOf(self, recordOf(self["existing"])["arn"]),
    },
    {
      cel: "!has(self.account) || !has(self.managed) || !has(self.managed.adopt) || self.managed.adopt.split(':')[4] == self.account",
      message: "account is not the one in managed.adopt",
      holds: (self) => namesAccountOf(self, recordOf(self["managed"])["adopt"]),
    },
  ],
};

/** `spec` of an AWSRoleBinding. */
export const bindingSpec: ObjectField = {
  type: "object",
  required: ["roles"],
  properties: {
    trust: trustField("AWSTrust"),
    roles: {
      type: "array",
      items: role,
      minItems: 1,
      maxItems: 8,
      unique: "profile",
      description: "The roles of the ServiceAccount.",
      rules: [
        {
          cel: `self.exists_one(r, r.profile == '${defaultProfile}')`,
          message: `one role has to have the profile ${defaultProfile}`,
          holds: (roles) => roles.filter(({ profile }) => profile === defaultProfile).length === 1,
        },
      ],
    },
  },
};
