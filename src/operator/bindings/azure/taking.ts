import {
  credentialNamed,
  type ObservedCredential,
  identityResource,
  observedIdentity,
  removeCredential,
} from "../../../providers/azure/index.ts";
import { noInputs, namedStack } from "../../../rules/plan/index.ts";
import type { Taken, TakingWhole, Writing } from "../engine/row.ts";
import { type AzureTypes, type IdentityStatus, mayStand } from "./rights.ts";
import { placeOf } from "./identity-ref.ts";
import { type BoundTenant, freshLook } from "./tenants.ts";

/** Why an identity made for a binding stays. */
export const othersText = (credentials: readonly ObservedCredential[]): string =>
  `others let ServiceAccounts in by ${credentials.map((one) => one.name).join(", ")}`;

/**
 * Takes a binding's federated credentials from identities of a tenant. Identities that podtrust made stay, so that a
 * restored right finds the same one, until they are removed themselves.
 */
export class TakingCredentials implements TakingWhole<AzureTypes> {
  readonly mayStand = mayStand;
  readonly #tenant: BoundTenant;
  /** The owner that an identity made for the binding has. */
  readonly #mark: string;

  constructor(tenant: BoundTenant, mark: string) {
    this.#tenant = tenant;
    this.#mark = mark;
  }

  async take(right: IdentityStatus, writing: Writing): Promise<Taken<IdentityStatus>> {
    const { credential, ...closed } = right;
    const left = right.managed ? { left: closed } : {};
    const nothing = { ...left, changes: [], wait: 0 };
    if (credential === undefined) return nothing;
    const { group, name } = placeOf(right.id);
    const { signal } = writing;
    const there = await this.#tenant.credentials(group, name, signal, freshLook);
    if (credentialNamed(there, credential) === undefined) return nothing;
    writing.assertHeld();
    const wait = this.#tenant.turn(group, name);
    if (wait > 0) return { left: right, changes: [], wait };
    try {
      const holder = this.#tenant.holder(group, name);
      await removeCredential(holder, credential, { signal, waiting: () => {} });
    } finally {
      this.#tenant.changed(group, name);
    }
    const fields = [{ field: `credentials.${credential}`, before: right.id, after: undefined }];
    return { ...left, changes: [{ kind: "update", fields }], wait: 0 };
  }

  async remove({ id }: IdentityStatus, { assertHeld, signal }: Writing): Promise<string | undefined> {
    const { group, name } = placeOf(id);
    const owner = namedStack(this.#mark);
    const state = await this.#tenant.identity(group, name, signal, 0);
    const observed = observedIdentity(state, owner);
    if (!observed.exists) return undefined;
    if (observed.owner.kind !== "ours") return "it does not carry the mark of the binding any more";
    const credentials = (await this.#tenant.credentials(group, name, signal, 0)) ?? [];
    if (credentials.length > 0) return othersText(credentials);
    assertHeld();
    const resource = identityResource(this.#tenant.management, { ...owner, group, name });
    try {
      await resource.delete(observed, { signal, inputs: noInputs, waiting: () => {} });
    } finally {
      this.#tenant.changed(group, name);
    }
    return undefined;
  }
}
