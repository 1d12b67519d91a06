import type { JsonRecord } from "../../core/base/index.ts";
import { type FederatedParty, federatedParties } from "../oidc/index.ts";
import type { Surroundings } from "./annotated-access.ts";
import type { AskingAnnotation, PartyAsking } from "./annotation-reading.ts";
import { azureAsking, azureMount, azureVariables, injectAzure } from "./azure.ts";
import type { InjectionFault } from "./fault.ts";
import { googleAsking, googleMount, googleVariables, injectGoogle } from "./gcp.ts";
import type { InjectionNote } from "./notes.ts";
import { injectOpenBao, openbaoVariables } from "./openbao.ts";
import { deliveryFault, openbaoFault } from "./party-fault.ts";
import type { PartyInjection } from "./token.ts";

/** What pods have to do with a relying party beside AWS. */
interface PodParty {
  /** How ServiceAccounts ask for it; `none`: pods alone do. */
  readonly asking: PartyAsking | "none";
  readonly inject: (pod: JsonRecord, around: Surroundings) => PartyInjection;
  /** What a pod lacks that asks for it; undefined for one that has it, and for one that does not ask. */
  readonly fault: (pod: JsonRecord, around: Surroundings) => InjectionFault | undefined;
  /** The variables that have the path of a container's token. */
  readonly tokenFile: readonly string[];
}

/** One row for each relying party beside AWS. */
const podParties: Readonly<Record<FederatedParty, PodParty>> = {
  gcp: {
    asking: googleAsking,
    inject: injectGoogle,
    fault: (pod, around) =>
      deliveryFault(pod, {
        variables: googleVariables.file,
        folder: googleMount.folder,
        inject: (one) => injectGoogle(one, around).pod,
      }),
    tokenFile: googleVariables.file,
  },
  azure: {
    asking: azureAsking,
    inject: injectAzure,
    fault: (pod, around) =>
      deliveryFault(pod, {
        variables: [azureVariables.file],
        folder: azureMount.folder,
        inject: (one) => injectAzure(one, around).pod,
      }),
    tokenFile: [azureVariables.file],
  },
  openbao: {
    asking: "none",
    inject: (pod) => ({ pod: injectOpenBao(pod), notes: [] }),
    fault: openbaoFault,
    tokenFile: openbaoVariables.token,
  },
};

const rows: readonly PodParty[] = federatedParties.map((name) => podParties[name]);

/** Those that ServiceAccounts ask for, and not pods alone. */
export const askedByAccounts: readonly PartyAsking[] = rows.flatMap(({ asking }) =>
  asking === "none" ? [] : [asking],
);

/** The variables that have the path of a container's token. */
export const tokenFileVariables: ReadonlySet<string> = new Set(rows.flatMap(({ tokenFile }) => tokenFile));

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
  for (const { inject } of rows) {
    const result = inject(injected, around);
    injected = result.pod;
    notes.push(...result.notes);
  }
  return { pod: injected, notes };
}

/**
 * The same as `injectionFault` for a pod that asks for relying parties beside AWS: the first whose token it lacks. Undefined for one
 * that has them, and for one that does not ask.
 */
export function partyFault(pod: JsonRecord, around: Surroundings): InjectionFault | undefined {
  for (const { fault } of rows) {
    const found = fault(pod, around);
    if (found !== undefined) return found;
  }
  return undefined;
}
