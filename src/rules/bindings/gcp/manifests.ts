import { googleAnnotations } from "../../injection/index.ts";
import {
  age,
  bindingStatus,
  type PartyManifests,
  proved,
  readyColumn,
  text,
  trustStatus,
} from "../manifests/index.ts";
import { defaultTrust, partyNames } from "../names/index.ts";
import { bindingRefusals } from "./limits.ts";
import { scopesField } from "../scopes.ts";
import { googleBindingSpec, googleTrustSpec, leftMembers, poolScope } from "./schema.ts";

const { binding, trust } = partyNames.gcp;

/** The annotations that a binding writes. */
export const googleKeys = [
  googleAnnotations["workload-identity-provider"].key,
  googleAnnotations["service-account-email"].key,
  googleAnnotations.audience.key,
] as const;

const provider =
  "^https://iam[.]googleapis[.]com/projects/[0-9]+/locations/global/workloadIdentityPools/[a-z0-9-]+/providers/[a-z0-9-]+$";

/** Service accounts of Google. */
export const googleManifests: PartyManifests = {
  names: partyNames.gcp,
  held: "its member of the service account's policy",
  bound: "the principal of Google",
  kinds: [
    {
      names: binding,
      spec: googleBindingSpec,
      status: bindingStatus({
        principal: text(512),
        emails: { type: "array", items: { type: "string", maxLength: 180 }, maxItems: 32, unique: true },
      }),
      columns: [
        { name: "Email", type: "string", jsonPath: ".spec.email" },
        readyColumn("Ready", "status"),
        readyColumn("Reason", "reason"),
        proved,
        age,
      ],
      selectable: [{ jsonPath: ".spec.trust" }],
    },
    {
      names: trust,
      spec: googleTrustSpec,
      status: trustStatus({ scopes: scopesField(poolScope), left: leftMembers }),
      columns: [
        { name: "Project", type: "string", jsonPath: ".spec.projectNumber" },
        { name: "Pool", type: "string", jsonPath: ".spec.pool" },
        readyColumn("Ready", "status"),
        readyColumn("Reason", "reason"),
        age,
      ],
    },
  ],
  question: {
    asked: "[object.spec]",
    named: "",
    what: "this binding",
    refusals: bindingRefusals,
  },
  probe: {
    trust: defaultTrust,
    email: "podtrust-admission-probe@podtrust-probe.iam.gserviceaccount.com",
  },
  annotates: (key) => `${key} in [${googleKeys.map((one) => `"${one}"`).join(", ")}]`,
  audience: { cel: (value) => `${value}.matches("${provider}")`, said: "a provider of Google's" },
};
