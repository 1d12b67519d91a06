import { defined, recordOf, recordsOf, textOf } from "../../../core/base/index.ts";
import type { KubernetesObject } from "../../../providers/kubernetes/index.ts";
import type { GrantRefusal } from "../../../rules/bindings/index.ts";
import type { BindingOutcome } from "../pass.ts";
import { endedWith, nothingGranted, type PassEnding, statusHead } from "../status.ts";
import type { IdentityBindingStatus, IdentityPass, IdentityStatus } from "./pass.ts";

/** How often drift is looked for, in milliseconds: each identity's credentials are a separate list at Azure. */
export const identityInterval = 300_000;

function identityStatus(value: Readonly<Record<string, unknown>>): readonly IdentityStatus[] {
  const id = textOf(value["id"]);
  if (id === undefined) return [];
  const [clientId, principalId] = [textOf(value["clientId"]), textOf(value["principalId"])];
  const credential = textOf(value["credential"]);
  return [{ id, managed: value["managed"] === true, ...defined({ clientId, principalId, credential }) }];
}

/** The status of an AzureIdentityBinding. */
export function identityStatusOf(object: KubernetesObject): IdentityBindingStatus {
  const identities = recordsOf(recordOf(object["status"])["identities"]).flatMap(identityStatus);
  return { ...statusHead(object), identities };
}

/** What a pass writes into the status. */
export interface IdentityEnding extends PassEnding {
  /** Absent: unchanged. */
  readonly identities?: readonly IdentityStatus[];
}

/** Ends a pass of an AzureIdentityBinding. */
export function ended(pass: IdentityPass, ending: IdentityEnding): Promise<BindingOutcome> {
  const { identities = pass.status.identities } = ending;
  return endedWith(pass, { drift: "FederatedCredentialDrift", ...ending }, { identities });
}

/** The end of a pass in which nothing may be done. */
export function refused(
  pass: IdentityPass,
  why: GrantRefusal,
  more: Partial<IdentityEnding> = {},
): Promise<BindingOutcome> {
  return ended(pass, { found: nothingGranted(why), againIn: identityInterval, ...more });
}
