import { defined, type JsonRecord, recordOf, recordsOf, textOf } from "../../core/base/index.ts";
import type { KubernetesObject } from "../../providers/kubernetes/index.ts";
import { type BoundParty, partyNames } from "../../rules/bindings/index.ts";
import type { MapBinding, MapServiceAccount } from "../facts.ts";

const textsOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.flatMap((one: unknown) => textOf(one) ?? []) : [];

/** Google's always names a principal; that is the ServiceAccount's identity if it impersonates no service account. */
function googles({ emails, principal }: JsonRecord): readonly string[] {
  const impersonated = textsOf(emails);
  return impersonated.length > 0 ? impersonated : textsOf([principal]);
}

/** What a ServiceAccount becomes by the status of its binding: one row for each relying party. */
const becomes: Readonly<Record<BoundParty, (status: JsonRecord) => readonly string[]>> = {
  aws: ({ roles }) => textsOf(recordsOf(roles).map(({ arn }) => arn)),
  azure: ({ identities }) => textsOf(recordsOf(identities).map(({ id }) => id)),
  gcp: googles,
};

function readyOf({ conditions }: JsonRecord): MapBinding["ready"] {
  const found = recordsOf(conditions).find(({ type }) => type === "Ready");
  if (found === undefined) return undefined;
  const { status, reason, message } = found;
  return {
    status: status === "True" || status === "False" ? status : "Unknown",
    reason: textOf(reason) ?? "",
    message: textOf(message) ?? "",
  };
}

/** Reads the status of a relying party's binding. */
export function boundBy(
  party: BoundParty,
  binding: KubernetesObject,
): Omit<MapBinding, keyof MapServiceAccount> {
  const status = recordOf(binding["status"]);
  const { kind } = partyNames[party].binding;
  return {
    kind,
    becomes: becomes[party](status),
    ...defined({ ready: readyOf(status), lastProof: textOf(status["lastProof"]) }),
  };
}
