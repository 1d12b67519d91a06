import { sameTagKeyCel } from "../../../core/base/index.ts";
import { accountAnnotations, chainPrefix, profilePrefix } from "../../injection/index.ts";
import { bindingNames, defaultProfile, defaultTrust, partyNames, trustNames } from "../names.ts";
import { bindingSpec } from "../objects/binding-schema.ts";
import { account as trustAccount, trustSpec } from "../objects/trust-schema.ts";
import { scopesField } from "../scopes.ts";
import type { ListField } from "../schema/index.ts";
import { anyFits, listOf } from "./cel.ts";
import { age, bindingStatus, proved, readyColumn, text, trustStatus } from "./crds.ts";
import type { PartyManifests, Requirement } from "./party.ts";

const secondsOf = (owner: string): string => `${owner}.?maxSessionSeconds.orValue(3600)`;

// As `accountOf` of decide.ts: named, else that of the ARN, else the only one.
const account =
  "(has(r.account) ? r.account : has(r.existing) ? r.existing.arn.split(':')[4] : " +
  "has(r.managed.adopt) ? r.managed.adopt.split(':')[4] : " +
  "size(params.spec.accounts) == 1 ? params.spec.accounts[0].id : '')";

const ifManaged = ({ allowed, lacks }: Requirement): Requirement => ({
  allowed: `!has(r.managed) || ${allowed}`,
  lacks,
});

const policyFits = anyFits("g", "policies", "one");
const tagFits = `${listOf("g", "tags")}.all(f, !(${sameTagKeyCel("f.key", "t.key")}) || f.value == t.value)`;

// As `lacking` and `chainRefusals` of decide.ts.
const requirements: readonly Requirement[] = [
  {
    allowed: `has(r.chain) || ${account} in g.accounts`,
    lacks: `"is not for account " + ${account}`,
  },
  {
    allowed: `!has(r.existing) || ${anyFits("g", "existingRoles", "r.existing.arn")}`,
    lacks: `"does not name in existingRoles " + r.existing.arn`,
  },
  {
    allowed: `!has(r.chain) || ${anyFits("g", "chainedRoles", "r.chain.arn")}`,
    lacks: `"does not name in chainedRoles " + r.chain.arn`,
  },
  ...[
    {
      allowed: `${listOf("r.managed", "policies")}.all(one, ${policyFits})`,
      lacks: `"does not name in policies " + ${listOf("r.managed", "policies")}.filter(one, !${policyFits}).join(" ")`,
    },
    {
      allowed: `size(${listOf("r.managed", "inline")}) == 0 || g.?inline.orValue(false)`,
      lacks: `"has no inline: true"`,
    },
    {
      allowed: `${secondsOf("r.managed")} <= ${secondsOf("g")}`,
      lacks: `"has maxSessionSeconds " + string(${secondsOf("g")})`,
    },
    {
      allowed: `!has(r.managed.adopt) || ${anyFits("g", "adoptRoles", "r.managed.adopt")}`,
      lacks: `"does not name in adoptRoles " + r.managed.adopt`,
    },
    {
      allowed: `r.managed.?onDelete.orValue("Delete") != "Retain" || g.?retain.orValue(false)`,
      lacks: `"has no retain: true"`,
    },
    {
      allowed: `${listOf("r.managed", "tags")}.all(t, ${tagFits})`,
      lacks: `"sets otherwise in tags " + ${listOf("r.managed", "tags")}.filter(t, !${tagFits}).map(t, t.key).join(" ")`,
    },
  ].map(ifManaged),
];

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
    requirements,
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
