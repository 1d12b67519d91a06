import { anyFits } from "../grants/cel.ts";
import { type GrantLimits, lackIf, refusalsOf } from "../grants/limit.ts";
import { fitsAny } from "../grants/pattern.ts";
import { label, patterns } from "../objects/forms.ts";
import { identityPattern } from "./forms.ts";
import type { AzureGrant } from "./objects.ts";

/** An identity that a binding requests, or that stands: of an identity nothing is kept in part. */
export interface RequestedIdentity {
  /** The name of its group in the trust. */
  readonly group: string;
  readonly name: string;
  /** Whether podtrust makes it. */
  readonly managed: boolean;
}

const only = "(size(params.spec.groups) == 1 ? [params.spec.groups[0].name] : [])";
const named = (owner: string): string => `(has(${owner}.group) ? [${owner}.group] : ${only})`;
const part = (index: number): string => `r.existing.resourceId.split('/')[${index}]`;

// As `groupOf` of decide.ts: a list of one name, or of none.
const groupCel =
  `(has(r.managed) ? ${named("r.managed")} : !has(r.existing.resourceId) ? ${named("r.existing")} : ` +
  `params.spec.groups.filter(o, o.subscription == ${part(2)} && o.resourceGroup.lowerAscii() == ${part(4)}.lowerAscii()).map(o, o.name))`;

const identityCel = `(has(r.existing.name) ? r.existing.name : ${part(8)}).lowerAscii()`;

/** Ours: as many as AWS's grants give roles by default. */
const defaultMaxIdentities = 500;

/** What the fields of an AzureTrust's grant limit. */
export const identityLimits: GrantLimits<RequestedIdentity, AzureGrant> = {
  groups: {
    schema: { ...patterns(label(63), "In these groups of the trust."), minItems: 1 },
    refuses: {
      reason: "GroupNotGranted",
      lacks: ({ group }, { groups }) => lackIf(!groups.includes(group), `is not for group ${group}`),
      admission: {
        allowed: `${groupCel}.exists(n, n in g.groups)`,
        lacks: `"is not for the group of the identity, " + ${groupCel}.join("")`,
      },
    },
  },
  identities: {
    schema: patterns(identityPattern, "Identities of others that ServiceAccounts may become."),
    refuses: {
      reason: "IdentityNotGranted",
      lacks: ({ name, managed }, { identities }) =>
        lackIf(
          !managed && !fitsAny(identities, name.toLowerCase()),
          `does not name the existing identity ${name.toLowerCase()}`,
        ),
      admission: {
        allowed: `!has(r.existing) || ${anyFits("g", "identities", identityCel)}`,
        lacks: `"does not name in identities " + ${identityCel}`,
      },
    },
  },
  create: {
    schema: { type: "boolean", absent: false, description: "Whether bindings may have identities made." },
    refuses: {
      reason: "CreationNotGranted",
      lacks: ({ managed }, { create }) => lackIf(managed && !create, "does not let identities be made"),
      admission: { allowed: "!has(r.managed) || g.?create.orValue(false)", lacks: `"has no create: true"` },
    },
  },
  // Counted over the bindings of a trust: `withoutRoom`.
  maxIdentities: {
    schema: {
      type: "integer",
      minimum: 0,
      maximum: 5000,
      absent: defaultMaxIdentities,
      description:
        "How many managed identities the bindings that the grant is for may have; the oldest come first.",
    },
    refuses: undefined,
  },
};

/** What a grant refuses of an identity, in this order. */
export const identityRefusals = refusalsOf(identityLimits);
