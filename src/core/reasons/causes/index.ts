import { chainCauses } from "./chain/index.ts";
import { discoveryCauses } from "./discovery.ts";
import { dnsAndTlsCauses } from "./dns-and-tls.ts";
import { jwksCauses } from "./jwks.ts";
import { reachabilityCauses } from "./reachability.ts";
import { tokenCauses } from "./token.ts";

export { chainCauses };

/** Causes that only `podtrust doctor` distinguishes; some reasons of `status` are causes as well. */
export const causeReasons = {
  ...discoveryCauses,
  ...jwksCauses,
  ...dnsAndTlsCauses,
  ...reachabilityCauses,
  ...tokenCauses,
  ...chainCauses,
};
