import { azureAnnotations, azureMount, azureVariables } from "../../injection/index.ts";
import {
  age,
  bindingStatus,
  type PartyManifests,
  proved,
  readyColumn,
  text,
  trustStatus,
} from "../manifests/index.ts";
import { relyingParties } from "../../oidc/index.ts";
import { defaultTrust, partyNames } from "../names/index.ts";
import { scopesField } from "../scopes.ts";
import type { ListField } from "../schema/field.ts";
import { azureBindingSpec } from "./binding-schema.ts";
import { identityRefusals } from "./limits.ts";
import { azureTrustSpec, groupScope } from "./trust-schema.ts";

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
    refusals: identityRefusals,
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
