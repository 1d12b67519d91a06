import { relyingParties } from "../../rules/oidc/index.ts";
import { type Difference, type Observed, type Resource, type Work } from "../../rules/plan/index.ts";
import {
  boundCredentialName,
  type ObservedCredential,
  isSamePair,
  type DesiredCredential,
} from "./federated-credential.ts";
import type { CredentialHolder } from "./holders.ts";
import { settle, type AzureStep } from "./settle.ts";

/** One federated credential that a binding has, among others of its holder. */
export interface BoundCredentialSpec {
  readonly stack: string;
  readonly holder: CredentialHolder;
  readonly desired: DesiredCredential;
  readonly dependsOn?: readonly string[];
}

const sameName = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();

/** The credential of that name among those of a holder; undefined where there is none. */
export function credentialNamed(
  all: readonly ObservedCredential[] | undefined,
  name: string,
): ObservedCredential | undefined {
  return all?.find((one) => sameName(one.name, name));
}

/** One as a plan sees it: by its name it is ours. */
export function observedCredential(found: ObservedCredential | undefined): Observed<ObservedCredential> {
  return found === undefined ? { exists: false } : { exists: true, state: found, owner: { kind: "ours" } };
}

function written({ stack, desired }: BoundCredentialSpec): ObservedCredential {
  const { issuer, subject, audience } = desired;
  return {
    name: boundCredentialName(stack, desired),
    issuer,
    subject,
    audiences: [audience],
    description: "",
  };
}

const members = ["issuer", "subject", "audiences"] as const;

function difference(spec: BoundCredentialSpec, observed: Observed<ObservedCredential>): Difference {
  const asWritten = written(spec);
  const before = observed.exists ? observed.state : undefined;
  const fields = members
    .filter((one) => JSON.stringify(before?.[one]) !== JSON.stringify(asWritten[one]))
    .map((field) => ({ field, before: before?.[field], after: asWritten[field] }));
  if (fields.length === 0) return { kind: "none", fields };
  return { kind: before === undefined ? "create" : "update", fields };
}

/** Makes the one step that is missing: what Azure has acknowledged is not repeated, since its lists may lag behind. */
async function once(
  { api }: CredentialHolder,
  work: Pick<Work, "signal" | "waiting">,
  missing: () => Promise<AzureStep | undefined>,
): Promise<void> {
  let isDone = false;
  await settle(api, work, {
    async next(isUnclear) {
      const step = isDone && !isUnclear ? undefined : await missing();
      if (step === undefined) return undefined;
      return {
        what: step.what,
        async make() {
          await step.make();
          isDone = true;
        },
      };
    },
  });
}

/** Removes one credential of a holder by its name; that it is gone already is success. Throws `azure-*`. */
export async function removeCredential(
  holder: CredentialHolder,
  name: string,
  work: Pick<Work, "signal" | "waiting">,
): Promise<void> {
  await once(holder, work, async () => {
    const found = credentialNamed(await holder.list(work.signal), name);
    if (found === undefined) return undefined;
    const what = `deleting the federated credential ${found.name} (${found.subject}) of ${holder.title}`;
    return { what, make: () => holder.remove(found.name, work) };
  });
}

/** What every resource of one credential has. `account`: its ServiceAccount, NAMESPACE/NAME. */
function namedCredential(
  holder: CredentialHolder,
  name: string,
  account: string,
): Pick<Resource<ObservedCredential>, "id" | "kind" | "link" | "names" | "fingerprint" | "read" | "delete"> {
  return {
    ...holder.named,
    id: `${holder.named.id}/${account}`,
    fingerprint: ({ issuer, subject, audiences }) => ({ issuer, subject, audiences }),
    read: async (signal) => observedCredential(credentialNamed(await holder.list(signal), name)),
    delete: (_observed, work) => removeCredential(holder, name, work),
  };
}

/**
 * One federated credential of an identity as a plan's resource. It excludes those that others made, and those of other
 * bindings: writes of one identity have to follow one another.
 */
export function boundCredential(spec: BoundCredentialSpec): Resource<ObservedCredential> {
  const { holder, desired, dependsOn = [] } = spec;
  const asWritten = written(spec);
  const named = namedCredential(holder, asWritten.name, desired.account);
  return {
    ...named,
    dependsOn,
    diff: (observed) => difference(spec, observed),
    async apply(_change, work) {
      await once(holder, work, async () => {
        const all = (await holder.list(work.signal)) ?? [];
        const observed = observedCredential(credentialNamed(all, asWritten.name));
        if (difference(spec, observed).kind === "none") return undefined;
        const what = `writing the federated credential ${asWritten.name} of ${holder.title}`;
        // What is closed after a theft stays so, and so does what comes to it: a person opens it.
        const isClosed = all.some(({ closed, issuer }) => closed === true && issuer === desired.issuer);
        const one: ObservedCredential = isClosed ? { ...asWritten, closed: true } : asWritten;
        return { what, make: () => holder.write(one, !observed.exists, work) };
      });
    },
  };
}

/** The credential of a deleted binding, as a plan's resource to delete. It is never written. */
export function boundCredentialToDelete(
  holder: CredentialHolder,
  name: string,
  account: string,
): Resource<ObservedCredential> {
  return {
    ...namedCredential(holder, name, account),
    dependsOn: [],
    diff: () => ({ kind: "none", fields: [] }),
    apply: () => Promise.reject(new TypeError(`${name} is only deleted`)),
  };
}

/** What a holder has besides the credential of a binding. */
export interface BesideCredential {
  /** Another one for the same subject of the same issuer: Azure takes one. */
  readonly doubled: ObservedCredential | undefined;
  /** How many there are with this one, where that is more than Azure takes. */
  readonly tooMany: number | undefined;
}

/** Compares what a binding wants of a holder with what it has. */
export function besideCredential(
  { stack, desired }: Pick<BoundCredentialSpec, "stack" | "desired">,
  all: readonly ObservedCredential[],
): BesideCredential {
  const name = boundCredentialName(stack, desired);
  const others = all.filter((one) => !sameName(one.name, name));
  const total = others.length + 1;
  return {
    doubled: others.find((one) => isSamePair(one, desired)),
    tooMany: total > relyingParties.azure.maxCredentials ? total : undefined,
  };
}
