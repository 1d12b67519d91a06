import { awsTexts } from "./aws.ts";
import { certificateTexts } from "./certificates.ts";
import { clusterTexts } from "./cluster.ts";
import { googleTexts } from "./google.ts";
import { openbaoTexts } from "./openbao.ts";
import { sdkTexts } from "./sdk.ts";
import type { VendorText } from "./vendor-text.ts";

export { linksOfEntraRule, symptomOfEntra } from "./entra.ts";
export type { Symptom } from "./vendor-text.ts";

/** Texts of STS that say nothing of the token or the issuer, whatever sentence stands beside them. */
export const incidentTexts: readonly VendorText[] = [
  {
    from: "STS",
    words: ["00000000-0000-0000-0000-000000000000"],
    open: ["sts"],
    means: "The request id is all zeros: STS failed by itself, an incident of AWS. Wait, and change nothing.",
  },
];

/** Texts of everybody but STS and Entra, the narrowest first. */
export const vendorTexts: readonly VendorText[] = [
  ...awsTexts,
  ...sdkTexts,
  ...clusterTexts,
  ...certificateTexts,
  ...googleTexts,
  ...openbaoTexts,
];
