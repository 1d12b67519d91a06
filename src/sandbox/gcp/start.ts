import { atDoor } from "../errors/index.ts";
import { openAlone, type StandInGoogle } from "./google.ts";
import type { StandInGoogleOptions } from "./options.ts";

/**
 * Starts a stand-in for Google Cloud on one port: IAM's workload identity pools, providers and service accounts, the
 * token exchange, IAM Credentials, Secret Manager's read and the project's policy. It refuses as Google does, by the
 * rules of `podtrust explain --for gcp`. A sandbox with `gcp` starts it beside AWS, with the sandbox's clock and
 * issuers.
 *
 * @example
 * ```ts
 * await using google = await startStandInGoogle({ delays: { grant: 0 } });
 * google.seed({ serviceAccounts: [{ id: "cart-prod" }] });
 * ```
 */
export function startStandInGoogle(options: StandInGoogleOptions = {}): Promise<StandInGoogle> {
  return atDoor(() => openAlone(options));
}
