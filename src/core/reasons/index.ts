import { links } from "../base/index.ts";
import { awsReasons } from "./aws.ts";
import { azureReasons } from "./azure.ts";
import { bindingReasons } from "./bindings.ts";
import { causeReasons, type chainCauses } from "./causes/index.ts";
import { clusterReasons } from "./cluster.ts";
import { type CauseFacts, found } from "./entry.ts";
import { gcpReasons } from "./gcp.ts";
import { holdingReasons } from "./holds.ts";
import { issuerReasons } from "./issuer.ts";
import { openbaoReasons } from "./openbao.ts";
import { workloadReasons } from "./workload.ts";

export type { BindingReason } from "./bindings.ts";
export type { CauseFacts, Outcome } from "./entry.ts";

/** What may be said of more links than one. */
const commonReasons = {
  Skipped: found(
    "unseen",
    links,
    "It was not looked at, because a link that it needs does not hold or was not seen.",
    "Look at the link that is named.",
  ),
  ClosedAfterTheft: found(
    "broken",
    ["provider", "trust"],
    "It was closed after the theft of a signing key, and lets nobody in. podtrust up and every operator leave it so.",
    "Read the list of docs/how-to/runbooks/stolen-key.md, then open it: podtrust rotate stolen KID --reopen.",
  ),
  LookFailed: found(
    "unseen",
    links,
    "Looking at it failed for a reason that podtrust does not know.",
    "Report it, with the message.",
  ),
};

/**
 * Why a link is as it is, by a stable word that `status`, metrics and a Kubernetes condition share (CamelCase, as
 * condition reasons have to be). docs/reference/reasons.md is generated from here, and a test keeps both the same. A
 * reason, once released, is never given another meaning. Its type is written out: in the packages' declarations each entry
 * would stand a second time.
 */
export const reasons: typeof holdingReasons &
  typeof clusterReasons &
  typeof issuerReasons &
  typeof awsReasons &
  typeof gcpReasons &
  typeof openbaoReasons &
  typeof azureReasons &
  typeof workloadReasons &
  typeof bindingReasons &
  typeof causeReasons &
  typeof commonReasons = {
  ...holdingReasons,
  ...clusterReasons,
  ...issuerReasons,
  ...awsReasons,
  ...gcpReasons,
  ...openbaoReasons,
  ...azureReasons,
  ...workloadReasons,
  ...bindingReasons,
  ...causeReasons,
  ...commonReasons,
};

/** The closed set of reasons. */
export type Reason = keyof typeof reasons;

/** The reasons that are causes: each with a number, a proof and a page of its own in docs/reference/causes/. */
export type Cause = {
  [R in Reason]: (typeof reasons)[R] extends CauseFacts ? R : never;
}[Reason];

/** The causes that take a config: of cluster, account and pods. The others show from the issuer's URL. */
export type ChainCause = keyof typeof chainCauses | "ProviderMissing" | "PodStaticCredentials" | "ClockSkew";

/** Whether a reason is a cause; only `status` reports the others. */
export function isCause(reason: Reason): reason is Cause {
  return "number" in reasons[reason];
}
