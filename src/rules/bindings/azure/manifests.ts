import { azureAnnotations, azureMount, azureVariables } from "../../injection/index.ts";
import {
  age,
  anyFits,
  bindingStatus,
  type PartyManifests,
  proved,
  readyColumn,
  type Requirement,
  text,
  trustStatus,
} from "../manifests/index.ts";
import { relyingParties } from "../../oidc/index.ts";
import { defaultTrust, partyNames } from "../names.ts";
import { scopesField } from "../scopes.ts";
import type { ListField } from "../schema/index.ts";
import { azureBindingSpec } from "./binding-schema.ts";
import { azureTrustSpec, groupScope } from "./trust-schema.ts";

const only = "(size(params.spec.groups) == 1 ? [params.spec.groups[0].name] : [])";
const named = (owner: string): string => `(has(${owner}.group) ? [${owner}.group] : ${only})`;
const part = (index: number): string => `r.existing.resourceId.split('/')[${index}]`;

// As `groupOf` of decide.ts: a list of one name, or of none.
const group =
  `(has(r.managed) ? ${named("r.managed")} : !has(r.existing.resourceId) ? ${named("r.existing")} : ` +
  `params.spec.groups.filter(o, o.subscription == ${part(2)} && o.resourceGroup.lowerAscii() == ${part(4)}.lowerAscii()).map(o, o.name))`;

const identity = `(has(r.existing.name) ? r.existing.name : ${part(8)}).lowerAscii()`;

// As `lacking` of decide.ts.
const requirements: readonly Requirement[] = [
  {
    allowed: `${group}.exists(n, n in g.groups)`,
    lacks: `"is not for the group of the identity, " + ${group}.join("")`,
  },
  {
    allowed: `!has(r.existing) || ${anyFits("g", "identities", identity)}`,
    lacks: `"does not name in identities " + ${identity}`,
  },
  {
    allowed: "!has(r.managed) || g.?create.orValue(false)",
    lacks: `"has no create: true"`,
  },
];

const statusPlaces: ListField = {
  type: "array",
  maxItems: 16,
  unique: "id",
  description: "Identities in which its federated credential stands, or is about to.",
  items: {
    type: "object",
    required: ["id"],
    properties: {
      id: text(512),
      managed: { type: "boolean" },
      clientId: text(36),
      principalId: text(36),
      credential: text(128),
    },
  },
};

const audiences = Object.values(relyingParties.azure.clouds).map(({ audience }) => audience);

/** Identities of Azure. */
export const azureManifests: PartyManifests = {
  names: partyNames.azure,
  held: "its federated credential",
  bound: "the identity of Azure",
  kinds: [
    {
      names: partyNames.azure.binding,
      spec: azureBindingSpec,
      status: bindingStatus({ identities: statusPlaces }),
      columns: [
        { name: "Client", type: "string", jsonPath: ".status.identities[0].clientId" },
        readyColumn("Ready", "status"),
        readyColumn("Reason", "reason"),
        proved,
        age,
      ],
      selectable: [{ jsonPath: ".spec.trust" }],
    },
    {
      names: partyNames.azure.trust,
      spec: azureTrustSpec,
      status: trustStatus({ scopes: scopesField(groupScope) }),
      columns: [
        { name: "Issuer", type: "string", jsonPath: ".spec.issuer" },
        { name: "Tenant", type: "string", jsonPath: ".spec.tenant" },
        readyColumn("Ready", "status"),
        readyColumn("Reason", "reason"),
        age,
      ],
    },
  ],
  question: {
    asked: "[object.spec]",
    named: "",
    what: "the identity of this binding",
    requirements,
  },
  probe: { trust: defaultTrust, existing: { name: "podtrust-admission-probe" } },
  annotates: (key) =>
    `${key} in ["${azureAnnotations["client-id"].key}", "${azureAnnotations["tenant-id"].key}", "${azureAnnotations["azure-cloud"].key}"]`,
  audience: {
    cel: (audience) => `${audience} in ${JSON.stringify(audiences)}`,
    said: audiences.join(" or "),
  },
  ownToken: {
    volume: azureMount.volume,
    folder: azureMount.folder,
    file: azureMount.token,
    audience: relyingParties.azure.clouds.public.audience,
    variable: azureVariables.file,
  },
};
