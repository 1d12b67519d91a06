import { defined, type PodtrustError } from "../../../core/base/index.ts";
import { type AzureTrust, readAzureTrust } from "../../../rules/bindings/azure/index.ts";
import { bindingMark } from "../../../rules/bindings/index.ts";
import { unannotated } from "../service-account.ts";
import { gone, maxTry, maxWait, readableTrust, tryAgain } from "../last-pass.ts";
import type { BindingEvent, BindingOutcome } from "../pass.ts";
import { isKept, keep } from "../status.ts";
import { clientAnnotation } from "./annotation.ts";
import { cutIdentities, deleteIdentity } from "./cut.ts";
import { isAzures } from "./finding.ts";
import type { IdentityPass, IdentityStatus } from "./pass.ts";

/**
 * So long a binding waits for Azure's rate, in milliseconds: 20 credentials of one identity, which is all that Azure takes, at one
 * in four seconds, and a namespace that goes with all of them.
 */
const maxRateWait = 180_000;

/** What of a binding is there still, and what was done. */
interface Removed {
  readonly changes: BindingOutcome["changes"];
  readonly failure?: PodtrustError;
  /** Milliseconds until Azure's rate lets it go on; 0 where it waits for nothing. */
  readonly wait: number;
  readonly events: readonly BindingEvent[];
}

const kept = (one: IdentityStatus, why: string): BindingEvent => ({
  type: "Warning",
  reason: "IdentityKept",
  message: `${one.id}${one.credential === undefined ? "" : `, federated credential ${one.credential}`}: ${why}`,
});

/** Takes credentials away, and then the identities that were made for the binding. */
async function removed(pass: IdentityPass, trust: AzureTrust): Promise<Removed> {
  const { clients, facts, status, signal } = pass;
  const { namespace = "", name } = facts.object.metadata;
  const changes: BindingOutcome["changes"][number][] = [];
  try {
    const tenant = await clients.azure.of(trust, signal);
    const {
      left,
      wait,
      failures,
      changes: cut,
    } = await cutIdentities(pass, tenant, status.identities, maxTry);
    changes.push(...cut);
    const events: BindingEvent[] = [];
    for (const one of left) {
      if (one.credential !== undefined) continue;
      const mark = bindingMark(trust, { namespace, name });
      const stays = await deleteIdentity(pass, tenant, { id: one.id, mark, ms: maxTry });
      if (stays === undefined) changes.push({ kind: "delete", fields: [] });
      else events.push(kept(one, stays));
    }
    const [failure] = failures;
    return { changes, wait, events, ...defined({ failure }) };
  } catch (error) {
    signal.throwIfAborted();
    if (!isAzures(error)) throw error;
    return { changes, failure: error, wait: 0, events: [] };
  }
}

/**
 * The last pass of a binding: its credential goes, and the identity that was made for it, then it does. Needs neither the
 * ServiceAccount nor a grant. What Azure does not let go within a minute, or nobody knows where to look for, is left with an
 * Event; the trust's own passes find a credential again by its name.
 */
export async function removeIdentityBinding(pass: IdentityPass): Promise<BindingOutcome> {
  const { facts, clients, status, signal } = pass;
  const { object, deletedFor } = facts;
  if (!isKept(object)) return gone;
  await unannotated(pass, "azure", clientAnnotation);
  const trust = readableTrust(pass, readAzureTrust);
  const done: Removed =
    trust === undefined
      ? {
          changes: [],
          wait: 0,
          events: status.identities.map((one) => kept(one, "no AzureTrust says how to reach the tenant")),
        }
      : await removed(pass, trust);
  const { changes, failure, wait, events } = done;
  if (failure !== undefined && deletedFor < maxWait) return { ...gone, changes, againIn: tryAgain };
  if (wait > 0 && deletedFor < maxRateWait) return { ...gone, changes, againIn: wait };
  const why = failure?.message ?? "its turn did not come in time";
  const left = failure !== undefined || wait > 0 ? status.identities.map((one) => kept(one, why)) : [];
  await keep(clients.cluster, object, false, signal);
  return { ...gone, changes, events: [...events, ...left] };
}
