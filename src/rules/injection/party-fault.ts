import { type JsonRecord, recordOf, recordsOf } from "../../core/base/index.ts";
import { federatedParties, type FederatedParty } from "../oidc/index.ts";
import type { Surroundings } from "./annotated-access.ts";
import { azureVariables, injectAzure } from "./azure.ts";
import type { InjectionFault } from "./fault.ts";
import { googleVariables, injectGoogle } from "./gcp.ts";
import { injectOpenBao, openbaoAnnotations, openbaoVariables } from "./openbao.ts";
import { containersOf } from "./pod.ts";

const namesIn = (container: JsonRecord | undefined): readonly string[] =>
  recordsOf(container?.["env"]).map(({ name }) => String(name));

/**
 * The first container that injection would still tell where its token is. A token of the pod's own, and one that another webhook
 * gave it under another path, are as good: whoever has one of the variables lacks nothing.
 */
function untold(
  pod: JsonRecord,
  injected: JsonRecord,
  [variable, ...others]: readonly [string, ...string[]],
): InjectionFault | undefined {
  const after = containersOf(injected);
  const tells = (container: JsonRecord | undefined): boolean =>
    namesIn(container).some((name) => name === variable || others.includes(name));
  const found = containersOf(pod).find((one, index) => !tells(one) && tells(after[index]));
  if (found === undefined) return undefined;
  return { reason: "PodNotInjected", text: `has no ${variable} in the container ${String(found["name"])}` };
}

const volumesOf = (pod: JsonRecord): readonly string[] =>
  recordsOf(recordOf(pod["spec"])["volumes"]).map(({ name }) => String(name));

/** Of one that the pod asks for itself. */
function openbaoFault(pod: JsonRecord): InjectionFault | undefined {
  const has = volumesOf(pod);
  const lacking = volumesOf(injectOpenBao(pod)).find((name) => !has.includes(name));
  if (lacking === undefined) return undefined;
  const text = `has no volume ${lacking}, for which its annotation ${openbaoAnnotations.address} asks`;
  return { reason: "PodNotInjected", text };
}

/** One row for each relying party beside AWS. */
const faults: Readonly<
  Record<FederatedParty, (pod: JsonRecord, around: Surroundings) => InjectionFault | undefined>
> = {
  gcp: (pod, around) => untold(pod, injectGoogle(pod, around).pod, googleVariables.file),
  azure: (pod, around) => untold(pod, injectAzure(pod, around).pod, [azureVariables.file]),
  openbao: openbaoFault,
};

/** The variables by which containers are told where their token is. */
export const tokenFileVariables: ReadonlySet<string> = new Set([
  ...googleVariables.file,
  azureVariables.file,
  ...openbaoVariables.token,
]);

/**
 * The same as `injectionFault` for a pod that asks for relying parties beside AWS: the first whose token it lacks. Undefined for one
 * that has them, and for one that does not ask.
 */
export function partyFault(pod: JsonRecord, around: Surroundings): InjectionFault | undefined {
  for (const name of federatedParties) {
    const fault = faults[name](pod, around);
    if (fault !== undefined) return fault;
  }
  return undefined;
}
