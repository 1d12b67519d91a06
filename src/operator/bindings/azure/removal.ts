import { defined, type PodtrustError } from "../../../core/base/index.ts";
import { type AzureTrust, readAzureTrust } from "../../../rules/bindings/azure/index.ts";
import { bindingMark } from "../../../rules/bindings/index.ts";
import { unannotated } from "../service-account.ts";
import { gone, maxTry, maxWait, readableTrust, tryAgain } from "../last-pass.ts";
import type { BindingEvent, BindingOutcome } from "../pass.ts";
import { isKept, keep } from "../status.ts";
import { clientAnnotation } from "./annotation.ts";
import { cutIdentities, deleteIdentity, reachable } from "./cut.ts";
import { isAzures } from "./finding.ts";
import type { IdentityPass, IdentityStatus } from "./pass.ts";

/**
 * How long a deleted binding waits for Azure's rate limit, in milliseconds: a namespace may be deleted with all 20
 * credentials that an identity may have, at one write in four seconds.
 */
const maxRateWait = 180_000;

/** What of a binding still exists, and what was done. */
interface Removed {
  readonly changes: BindingOutcome["changes"];
  readonly failure?: PodtrustError;
  /** Milliseconds until Azure's rate limit allows more; 0 if it waits for nothing. */
  readonly wait: number;
  readonly events: readonly BindingEvent[];
}

const kept = (one: IdentityStatus, why: string): BindingEvent => ({
  type: "Warning",
  reason: "IdentityKept",
  message: `${one.id}${one.credential === undefined ? "" : `, federated credential ${one.credential}`}: ${why}`,
});

/** Removes credentials, and then the identities made for the binding. */
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
    } = await cutIdentities(pass, tenant, reachable(trust, status.identities), maxTry);
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
 * The last pass of a binding: deletes its credential and the identity made for it, then lets it go. Needs neither the
 * ServiceAccount nor a grant. What Azure does not delete within a minute, or has no known place, is left with an Event;
 * the trust's own passes find a credential again by its name.
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
