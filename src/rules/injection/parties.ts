import type { JsonRecord } from "../../core/base/index.ts";
import { type FederatedParty, federatedParties } from "../oidc/index.ts";
import type { Surroundings } from "./annotated-access.ts";
import type { AskingAnnotation, PartyAsking } from "./annotation-reading.ts";
import { azureAsking, injectAzure } from "./azure.ts";
import { injectGoogle, googleAsking } from "./gcp.ts";
import type { InjectionNote } from "./notes.ts";
import { injectOpenBao } from "./openbao.ts";
import type { PartyInjection } from "./token.ts";

/** One row for each relying party beside AWS. */
const injections: Readonly<
  Record<FederatedParty, (pod: JsonRecord, around: Surroundings) => PartyInjection>
> = {
  gcp: injectGoogle,
  azure: injectAzure,
  openbao: (pod) => ({ pod: injectOpenBao(pod), notes: [] }),
};

/** Those that ServiceAccounts ask for, and not pods alone. */
export const askedByAccounts: readonly PartyAsking[] = [googleAsking, azureAsking];

const annotations: readonly AskingAnnotation[] = askedByAccounts.flatMap((one) =>
  Object.values(one.annotations),
);

/** The annotations of ServiceAccounts and namespaces that concern them. */
export const partyKeys: ReadonlySet<string> = new Set(
  annotations.filter(({ on }) => on.some((holder) => holder !== "pod")).map(({ key }) => key),
);

/** The same for pods. */
export const partyPodKeys: ReadonlySet<string> = new Set(
  annotations.filter(({ on }) => on.includes("pod")).map(({ key }) => key),
);

/**
 * A pod with what it asks for of each relying party beside AWS: a volume, a token and variables for each. Which comes first
 * makes no difference to what a pod has.
 */
export function injectParties(pod: JsonRecord, around: Surroundings): PartyInjection {
  const notes: InjectionNote[] = [];
  let injected = pod;
  for (const name of federatedParties) {
    const result = injections[name](injected, around);
    injected = result.pod;
    notes.push(...result.notes);
  }
  return { pod: injected, notes };
}
