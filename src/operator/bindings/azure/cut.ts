import { PodtrustError, TimeLimit } from "../../../core/base/index.ts";
import {
  credentialNamed,
  type ObservedCredential,
  identityResource,
  observedIdentity,
  removeCredential,
} from "../../../providers/azure/index.ts";
import { type AzureTrust, groupId } from "../../../rules/bindings/azure/index.ts";
import { noInputs, namedStack } from "../../../rules/plan/index.ts";
import type { BindingOutcome } from "../pass.ts";
import { isAzures } from "./finding.ts";
import type { IdentityPass, IdentityStatus } from "./pass.ts";
import { placeOf } from "./identity-ref.ts";
import { type BoundTenant, freshLook } from "./tenants.ts";

/** What happened to a binding's earlier identities. */
export interface CutIdentities {
  /** Those that still exist. */
  readonly left: readonly IdentityStatus[];
  readonly changes: BindingOutcome["changes"];
  /** Milliseconds until one may be written; 0 if none waits. */
  readonly wait: number;
  readonly failures: readonly PodtrustError[];
}

/** Identities without those in groups that a person says are gone: nothing is asked there. */
export function reachable(
  { gone }: Pick<AzureTrust, "gone">,
  identities: readonly IdentityStatus[],
): readonly IdentityStatus[] {
  return identities.filter(({ id }) => !gone.includes(groupId(placeOf(id).group)));
}

type Writing = Pick<IdentityPass, "clients" | "clock" | "signal">;

/** The longest one write may take, in milliseconds: another pass tries again. */
export const maxWrite = 30_000;

/** Runs a write within its time. Throws `azure-unavailable` when that is over, and what the write throws. */
export async function within<T>(
  { clock, signal }: Pick<Writing, "clock" | "signal">,
  ms: number,
  write: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = `Azure gave no good answer within ${ms / 1000} s`;
  const reason = (): PodtrustError => new PodtrustError("azure-unavailable", late);
  const limit = new TimeLimit(clock, { ms, signal, reason });
  try {
    const done = await write(limit.signal);
    signal.throwIfAborted();
    if (limit.isLate) throw reason();
    return done;
  } catch (error) {
    signal.throwIfAborted();
    throw limit.isLate ? reason() : error;
  } finally {
    await limit.end();
  }
}

/** Removes a binding's federated credential from an identity. Returns what is left of it, and how long it has to wait. */
async function cutOne(
  pass: Writing,
  tenant: BoundTenant,
  one: IdentityStatus,
  ms: number,
): Promise<{ readonly left: IdentityStatus; readonly wait: number; readonly cut: boolean }> {
  const { credential, ...left } = one;
  if (credential === undefined) return { left, wait: 0, cut: false };
  const { group, name } = placeOf(one.id);
  const there = await tenant.credentials(group, name, pass.signal, freshLook);
  if (credentialNamed(there, credential) === undefined) return { left, wait: 0, cut: false };
  pass.clients.assertHeld?.();
  const wait = tenant.turn(group, name);
  if (wait > 0) return { left: one, wait, cut: false };
  try {
    await within(pass, ms, (signal) =>
      removeCredential(tenant.holder(group, name), credential, { signal, waiting: () => {} }),
    );
  } finally {
    tenant.changed(group, name);
  }
  return { left, wait: 0, cut: true };
}

/**
 * Removes a binding's federated credentials from identities, whatever the binding says; identities that podtrust made
 * stay, so that a restored right finds the same one. Azure's errors are reported, not thrown.
 */
export async function cutIdentities(
  pass: Writing,
  tenant: BoundTenant,
  identities: readonly IdentityStatus[],
  ms = maxWrite,
): Promise<CutIdentities> {
  const left: IdentityStatus[] = [];
  const changes: BindingOutcome["changes"][number][] = [];
  const failures: PodtrustError[] = [];
  let wait = 0;
  for (const one of identities) {
    try {
      const done = await cutOne(pass, tenant, one, ms);
      wait = Math.max(wait, done.wait);
      if (done.left.managed || done.left.credential !== undefined) left.push(done.left);
      const field = `credentials.${one.credential}`;
      if (done.cut) changes.push({ kind: "update", fields: [{ field, before: one.id, after: undefined }] });
    } catch (error) {
      pass.signal.throwIfAborted();
      if (!isAzures(error)) throw error;
      failures.push(error);
      left.push(one);
    }
  }
  return { left, changes, wait, failures };
}

/** Why an identity made for a binding stays. */
export const othersText = (credentials: readonly ObservedCredential[]): string =>
  `others let ServiceAccounts in by ${credentials.map((one) => one.name).join(", ")}`;

/** Deletes an identity made for a binding; returns why it stays. `mark`: the owner it must have. Throws `azure-*`. */
export async function deleteIdentity(
  pass: Writing,
  tenant: BoundTenant,
  { id, mark, ms = maxWrite }: { readonly id: string; readonly mark: string; readonly ms?: number },
): Promise<string | undefined> {
  const { group, name } = placeOf(id);
  const state = await tenant.identity(group, name, pass.signal, 0);
  const observed = observedIdentity(state, namedStack(mark));
  if (!observed.exists) return undefined;
  if (observed.owner.kind !== "ours") return "it does not carry the mark of the binding any more";
  const credentials = (await tenant.credentials(group, name, pass.signal, 0)) ?? [];
  if (credentials.length > 0) return othersText(credentials);
  pass.clients.assertHeld?.();
  const resource = identityResource(tenant.management, { ...namedStack(mark), group, name });
  try {
    await within(pass, ms, (signal) =>
      resource.delete(observed, { signal, inputs: noInputs, waiting: () => {} }),
    );
  } finally {
    tenant.changed(group, name);
  }
  return undefined;
}
