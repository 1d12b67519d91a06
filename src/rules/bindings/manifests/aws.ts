import { accountAnnotations, chainPrefix, profilePrefix } from "../../injection/index.ts";
import { bindingNames, defaultProfile, defaultTrust, partyNames, trustNames } from "../names/index.ts";
import { bindingSpec } from "../objects/binding-schema.ts";
import { roleRefusals } from "../objects/grant-limits.ts";
import { account as trustAccount, trustSpec } from "../objects/trust-schema.ts";
import { scopesField } from "../scopes.ts";
import type { ListField } from "../schema/field.ts";
import { age, bindingStatus, proved, readyColumn, text, trustStatus } from "./crds.ts";
import type { PartyManifests } from "./party.ts";

const statusRoles: ListField = {
  type: "array",
  maxItems: 32,
  unique: "arn",
  items: {
    type: "object",
    required: ["profile", "arn"],
    properties: {
      profile: text(32),
      arn: text(2048),
      id: text(128),
      managed: { type: "boolean" },
    },
  },
};

const role = {
  name: "Role",
  type: "string",
  jsonPath: `.status.roles[?(@.profile=="${defaultProfile}")].arn`,
};

/** Roles of AWS. */
export const awsManifests: PartyManifests = {
  names: partyNames.aws,
  held: "its roles",
  bound: "the roles",
  kinds: [
    {
      names: bindingNames,
      spec: bindingSpec,
      status: bindingStatus({ roles: statusRoles, pendingRoles: statusRoles }),
      columns: [role, readyColumn("Ready", "status"), readyColumn("Reason", "reason"), proved, age],
      selectable: [{ jsonPath: ".spec.trust" }],
    },
    {
      names: trustNames,
      spec: trustSpec,
      status: trustStatus({ scopes: scopesField(trustAccount) }),
      columns: [
        { name: "Issuer", type: "string", jsonPath: ".spec.issuer" },
        readyColumn("Ready", "status"),
        readyColumn("Reason", "reason"),
        age,
      ],
    },
  ],
  question: {
    asked: "object.spec.roles",
    named: '"profile " + r.profile + ": " + ',
    what: "a role of this binding",
    refusals: roleRefusals,
  },
  probe: {
    trust: defaultTrust,
    roles: [
      {
        profile: defaultProfile,
        existing: { arn: "arn:aws:iam::000000000000:role/podtrust-admission-probe" },
      },
    ],
  },
  annotates: (key) =>
    `${key} in ["${accountAnnotations["role-arn"]}", "${accountAnnotations.audience}"] || ${key}.startsWith("${profilePrefix}") || ${key}.startsWith("${chainPrefix}")`,
};
