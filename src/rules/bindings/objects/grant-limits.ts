import { foldTagKey, sameTagKeyCel, tagValue } from "../../../core/base/index.ts";
import { readArn } from "../../oidc/index.ts";
import { policyEffects } from "../../trust/index.ts";
import { anyFits, listOf } from "../grants/cel.ts";
import { type GrantLimit, type GrantLimits, lackIf, refusalsOf, type Requirement } from "../grants/limit.ts";
import { fitsAny } from "../grants/pattern.ts";
import {
  accountId,
  patterns,
  policyArn,
  policyPattern,
  rolePattern,
  sessionSeconds,
  tagsField,
} from "./forms.ts";
import type { Grant, RoleOfBinding } from "./objects.ts";

/** A role as it exists in an account. */
export interface StandingRole {
  readonly account: string;
  /** ARNs of attached policies. */
  readonly policies: readonly string[];
  /** By name, as JSON text. */
  readonly inline: Readonly<Record<string, string>>;
  readonly boundary: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  /** Seconds. */
  readonly maxSession: number;
}

/** What one grant allows of an existing role. */
export interface AllowedRole {
  readonly grant: string;
  /** Those of its policies that the grant allows. */
  readonly policies: readonly string[];
  /** Names of those of its inline policies that the grant allows. */
  readonly inline: readonly string[];
  /** The boundary without which the grant allows nothing; undefined where it asks for none. */
  readonly boundary: string | undefined;
  /** Tags that the role has to have. */
  readonly tags: Readonly<Record<string, string>>;
  /** Seconds. */
  readonly maxSession: number;
}

/** What one field of a grant leaves of a role that exists. */
export interface KeptPart {
  readonly allowed?: Partial<AllowedRole>;
  /** How many policies that grant something it takes away. */
  readonly lost?: number;
  /** How much else of the role it changes. */
  readonly changes?: number;
}

/** A role that a binding requests: its account is undefined for a chained one, which may be of any. */
export type RequestedRole = Pick<RoleOfBinding, "managed" | "existing" | "chain"> & {
  readonly account: string | undefined;
};

interface RoleLimit extends GrantLimit<RequestedRole, Grant> {
  /** What stays of a role that exists, whatever its binding says; undefined: nothing, by this grant. */
  readonly keeps: (role: StandingRole, grant: Grant) => KeptPart | undefined;
}

/** Of a field that says what may be requested, and nothing about what a role has. */
const keepsAll: RoleLimit["keeps"] = () => ({});

// As `accountOf` of decide.ts: named, else that of the ARN, else the only one.
const account =
  "(has(r.account) ? r.account : has(r.existing) ? r.existing.arn.split(':')[4] : " +
  "has(r.managed.adopt) ? r.managed.adopt.split(':')[4] : " +
  "size(params.spec.accounts) == 1 ? params.spec.accounts[0].id : '')";

const accountOfBoundary = "g.boundary.split(':')[4]";
const secondsOf = (owner: string): string => `${owner}.?maxSessionSeconds.orValue(${sessionSeconds.absent})`;
const policyFits = anyFits("g", "policies", "one");
const tagFits = `${listOf("g", "tags")}.all(f, !(${sameTagKeyCel("f.key", "t.key")}) || f.value == t.value)`;

/**
 * Whether roles of an account can have a boundary: it is AWS's own policy, or one of the account ("Permissions boundaries
 * for IAM entities", IAM User Guide: a managed policy of AWS or of the customer, which stands in one account).
 */
const isOfAccount = (boundary: string | undefined, id: string | undefined): boolean =>
  boundary === undefined || ["aws", id].includes(readArn(boundary).account);

const ofManaged = (allowed: string, lacks: string): Requirement => ({
  allowed: `!has(r.managed) || ${allowed}`,
  lacks,
});

/** Half of the roles that an account may have unless AWS raised its quota (IAM User Guide, "IAM and AWS STS quotas"). */
const defaultMaxRoles = 500;

/** What the fields of an AWSTrust's grant limit. */
export const roleLimits: GrantLimits<RequestedRole, Grant, RoleLimit> = {
  accounts: {
    schema: { ...patterns(accountId, "In these accounts of the trust."), minItems: 1 },
    refuses: {
      reason: "AccountNotGranted",
      lacks: ({ account: id }, { accounts }) =>
        id === undefined ? [] : lackIf(!accounts.includes(id), `is not for account ${id}`),
      admission: {
        allowed: `has(r.chain) || ${account} in g.accounts`,
        lacks: `"is not for account " + ${account}`,
      },
    },
    keeps: (role, { accounts }) => (accounts.includes(role.account) ? {} : undefined),
  },
  existingRoles: {
    schema: patterns(rolePattern, "Roles of others that bindings may name."),
    refuses: {
      reason: "RoleNotGranted",
      lacks: ({ existing }, { existingRoles }) =>
        existing === undefined
          ? []
          : lackIf(!fitsAny(existingRoles, existing.arn), `does not name the existing role ${existing.arn}`),
      admission: {
        allowed: `!has(r.existing) || ${anyFits("g", "existingRoles", "r.existing.arn")}`,
        lacks: `"does not name in existingRoles " + r.existing.arn`,
      },
    },
    keeps: keepsAll,
  },
  chainedRoles: {
    schema: patterns(rolePattern, "Roles that the ServiceAccount's own role may be said to assume."),
    refuses: {
      reason: "ChainNotGranted",
      lacks: ({ chain }, { chainedRoles }) =>
        chain === undefined
          ? []
          : lackIf(!fitsAny(chainedRoles, chain.arn), `does not name the chained role ${chain.arn}`),
      admission: {
        allowed: `!has(r.chain) || ${anyFits("g", "chainedRoles", "r.chain.arn")}`,
        lacks: `"does not name in chainedRoles " + r.chain.arn`,
      },
    },
    keeps: keepsAll,
  },
  policies: {
    schema: patterns(policyPattern, "Managed policies that roles may have."),
    refuses: {
      reason: "PolicyNotGranted",
      lacks: ({ managed }, { policies }) =>
        (managed?.policies ?? [])
          .filter((arn) => !fitsAny(policies, arn))
          .map((arn) => `does not allow the policy ${arn}`),
      admission: ofManaged(
        `${listOf("r.managed", "policies")}.all(one, ${policyFits})`,
        `"does not name in policies " + ${listOf("r.managed", "policies")}.filter(one, !${policyFits}).join(" ")`,
      ),
    },
    keeps: (role, grant) => {
      const policies = role.policies.filter((arn) => fitsAny(grant.policies, arn));
      return { allowed: { policies }, lost: role.policies.length - policies.length };
    },
  },
  inline: {
    schema: {
      type: "boolean",
      absent: false,
      description: "Whether roles may have policies of their own; only with a boundary.",
    },
    refuses: {
      reason: "InlinePolicyNotGranted",
      lacks: ({ managed }, { inline }) =>
        lackIf(!inline && (managed?.inline ?? []).length > 0, "allows no policies of the role's own"),
      admission: ofManaged(
        `size(${listOf("r.managed", "inline")}) == 0 || g.?inline.orValue(false)`,
        `"has no inline: true"`,
      ),
    },
    keeps: (role, { inline }) =>
      inline
        ? { allowed: { inline: Object.keys(role.inline) } }
        : { lost: Object.values(role.inline).filter((text) => policyEffects(text) !== "deny").length },
  },
  maxSessionSeconds: {
    schema: { ...sessionSeconds, description: "The longest session that a role may allow." },
    refuses: {
      reason: "SessionNotGranted",
      lacks: ({ managed }, { maxSessionSeconds: max }) =>
        managed === undefined
          ? []
          : lackIf(
              managed.maxSessionSeconds > max,
              `allows sessions of ${max} s, not of ${managed.maxSessionSeconds} s`,
            ),
      admission: ofManaged(
        `${secondsOf("r.managed")} <= ${secondsOf("g")}`,
        `"has maxSessionSeconds " + string(${secondsOf("g")})`,
      ),
    },
    keeps: (role, { maxSessionSeconds: maxSession }) => ({
      allowed: { maxSession },
      changes: Number(role.maxSession > maxSession),
    }),
  },
  adoptRoles: {
    schema: patterns(rolePattern, "Roles without ownership tags that bindings may take over."),
    refuses: {
      reason: "AdoptionNotGranted",
      lacks: ({ managed }, { adoptRoles }) =>
        managed?.adopt === undefined
          ? []
          : lackIf(
              !fitsAny(adoptRoles, managed.adopt),
              `does not let the role ${managed.adopt} be taken over`,
            ),
      admission: ofManaged(
        `!has(r.managed.adopt) || ${anyFits("g", "adoptRoles", "r.managed.adopt")}`,
        `"does not name in adoptRoles " + r.managed.adopt`,
      ),
    },
    keeps: keepsAll,
  },
  // What stays when its binding goes: `mayRetain`.
  retain: {
    schema: {
      type: "boolean",
      absent: false,
      description: "Whether a binding may leave its roles behind when it goes (onDelete: Retain).",
    },
    refuses: {
      reason: "RetainNotGranted",
      lacks: ({ managed }, { retain }) =>
        lackIf(!retain && managed?.onDelete === "Retain", "does not let a role stay when its binding goes"),
      admission: ofManaged(
        `r.managed.?onDelete.orValue("Delete") != "Retain" || g.?retain.orValue(false)`,
        `"has no retain: true"`,
      ),
    },
    keeps: keepsAll,
  },
  tags: {
    schema: tagsField("Tags that every role gets, whatever the binding says.", 10),
    refuses: {
      reason: "TagNotGranted",
      lacks: ({ managed }, grant) => {
        const forced = new Map(grant.tags?.map(({ key, value }) => [foldTagKey(key), value]));
        return (managed?.tags ?? []).flatMap(({ key, value }) => {
          const set = forced.get(foldTagKey(key)) ?? value;
          return lackIf(set !== value, `sets the tag ${key} to ${set}, not to ${value}`);
        });
      },
      admission: ofManaged(
        `${listOf("r.managed", "tags")}.all(t, ${tagFits})`,
        `"sets otherwise in tags " + ${listOf("r.managed", "tags")}.filter(t, !${tagFits}).map(t, t.key).join(" ")`,
      ),
    },
    keeps: (role, { tags = [] }) => ({
      allowed: { tags: Object.fromEntries(tags.map(({ key, value }) => [key, value])) },
      changes: tags.filter(({ key, value }) => tagValue(role.tags, key) !== value).length,
    }),
  },
  boundary: {
    schema: { ...policyArn, description: "The permissions boundary that every role gets." },
    refuses: {
      reason: "AccountNotGranted",
      lacks: ({ managed, account: id }, { boundary }) =>
        lackIf(
          managed !== undefined && !isOfAccount(boundary, id),
          `has the boundary ${boundary}, which no role of account ${id} can have`,
        ),
      admission: ofManaged(
        `!has(g.boundary) || ${accountOfBoundary} == 'aws' || ${accountOfBoundary} == ${account}`,
        `"has a boundary that no role can have in account " + ${account}`,
      ),
    },
    keeps: (role, { boundary }) =>
      isOfAccount(boundary, role.account)
        ? { allowed: { boundary }, changes: Number(boundary !== undefined && boundary !== role.boundary) }
        : undefined,
  },
  // Counted over the bindings of a trust: `withoutRoom`.
  maxRoles: {
    schema: {
      type: "integer",
      minimum: 0,
      maximum: 5000,
      absent: defaultMaxRoles,
      description:
        "How many managed roles the bindings that the grant is for may have; the oldest come first.",
    },
    refuses: undefined,
    keeps: keepsAll,
  },
};

/** What a grant refuses of a role, in this order. */
export const roleRefusals = refusalsOf(roleLimits);
