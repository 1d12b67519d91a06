import type { Difference, FieldChange, Observed, Resource, Work } from "../../rules/plan/index.ts";
import { ownershipComment } from "../../rules/plan/index.ts";
import { relyingParties } from "../../rules/oidc/index.ts";
import {
  type CredentialOwner,
  credentialName,
  formerCredentialName,
  type ObservedCredential,
  isOwnCredential,
  isSamePair,
  type DesiredCredential,
} from "./federated-credential.ts";
import type { CredentialHolder } from "./holders.ts";
import { settle, type AzureStep } from "./settle.ts";
import { identityPaceMs } from "./vendor.ts";

/** The subjects of an issuer that may become an identity or an application. */
export interface CredentialsSpec extends CredentialOwner {
  readonly holder: CredentialHolder;
  /** Empty: none may. */
  readonly desired: readonly DesiredCredential[];
  readonly dependsOn?: readonly string[];
}

/** Those of a holder's federated credentials that are the stack's. */
export interface CredentialsState {
  readonly credentials: readonly ObservedCredential[];
}

const keyOf = (name: string): string => name.toLowerCase();

/** A wanted credential as it is written beside those of ours that are there. */
function written(
  spec: CredentialsSpec,
  desired: DesiredCredential,
  own: readonly ObservedCredential[],
): ObservedCredential {
  const { issuer, subject, audience } = desired;
  const former = formerCredentialName(spec.stack, desired);
  const name = own.some((one) => keyOf(one.name) === former) ? former : credentialName(spec, desired);
  const description = spec.holder.describes ? ownershipComment.of(spec) : "";
  return { name, issuer, subject, audiences: [audience], description };
}

const members = ["issuer", "subject", "audiences", "description"] as const;

/** The members in which a credential differs from the desired one. */
function drifted(
  found: ObservedCredential,
  asWritten: ObservedCredential,
): readonly (typeof members)[number][] {
  return members.filter((one) => JSON.stringify(found[one]) !== JSON.stringify(asWritten[one]));
}

/** Those of a list that are the stack's, as a plan sees them: they exist once there is one. */
export function observedCredentials(
  all: readonly ObservedCredential[] | undefined,
  stack: CredentialOwner,
): Observed<CredentialsState> {
  const credentials = (all ?? []).filter((one) => isOwnCredential(one, stack));
  return credentials.length === 0
    ? { exists: false }
    : { exists: true, state: { credentials }, owner: { kind: "ours" } };
}

function difference(spec: CredentialsSpec, observed: Observed<CredentialsState>): Difference {
  const found = observed.exists ? observed.state.credentials : [];
  const asWritten = spec.desired.map((one) => ({ account: one.account, is: written(spec, one, found) }));
  const names = new Set(asWritten.map(({ is }) => keyOf(is.name)));
  const gone = found
    .filter(({ name }) => !names.has(keyOf(name)))
    .map(({ name, subject }): FieldChange => ({ field: name, before: subject, after: undefined }));
  const changed = asWritten.flatMap(({ account, is }): readonly FieldChange[] => {
    const before = found.find(({ name }) => keyOf(name) === keyOf(is.name));
    if (before === undefined) {
      const after = `${is.name} for ${is.audiences.join(", ")}`;
      return [{ field: account, before: undefined, after }];
    }
    return drifted(before, is).map((member) => ({
      field: `${account}.${member}`,
      before: before[member],
      after: is[member],
    }));
  });
  const fields = [...gone, ...changed];
  if (fields.length === 0) return { kind: "none", fields };
  return { kind: observed.exists ? "update" : "create", fields };
}

/** Our present credentials while they are written, and the next write. Rights are removed before others are given. */
class Standing {
  readonly #spec: CredentialsSpec;
  readonly #work: Work;
  readonly #own: Map<string, ObservedCredential>;

  constructor(spec: CredentialsSpec, own: readonly ObservedCredential[], work: Work) {
    this.#spec = spec;
    this.#work = work;
    this.#own = new Map(own.map((one) => [keyOf(one.name), one]));
  }

  #remove({ name, subject }: ObservedCredential): AzureStep {
    const { holder } = this.#spec;
    return {
      what: `deleting the federated credential ${name} (${subject}) of ${holder.title}`,
      make: async () => {
        await holder.remove(name, this.#work);
        this.#own.delete(keyOf(name));
      },
    };
  }

  #write(asWritten: ObservedCredential): AzureStep {
    const { holder } = this.#spec;
    const key = keyOf(asWritten.name);
    return {
      what: `writing the federated credential ${asWritten.name} of ${holder.title}`,
      make: async () => {
        // What is closed after a theft stays so, and so does what comes to it: a person opens it.
        const isClosed = [...this.#own.values()].some(({ closed }) => closed);
        const one: ObservedCredential = isClosed ? { ...asWritten, closed: true } : asWritten;
        await holder.write(one, !this.#own.has(key), this.#work);
        this.#own.set(key, one);
      },
    };
  }

  next(): AzureStep | undefined {
    const own = [...this.#own.values()];
    const asWritten = this.#spec.desired.map((one) => written(this.#spec, one, own));
    const surplus = own.find(({ name }) => !asWritten.some((one) => keyOf(one.name) === keyOf(name)));
    if (surplus !== undefined) return this.#remove(surplus);
    const missing = asWritten.filter((one) => {
      const found = this.#own.get(keyOf(one.name));
      return found === undefined || drifted(found, one).length > 0;
    });
    // Existing ones that are wrong let in a subject that may not.
    const first = missing.find(({ name }) => this.#own.has(keyOf(name))) ?? missing[0];
    if (first === undefined) return undefined;
    // One of ours was given the subject of another: Azure accepts a pair once.
    const inTheWay = own.find((one) => keyOf(one.name) !== keyOf(first.name) && isSamePair(one, first));
    return inTheWay === undefined ? this.#write(first) : this.#remove(inTheWay);
  }
}

function settleCredentials(
  spec: CredentialsSpec,
  observed: Observed<CredentialsState>,
  work: Work,
): Promise<void> {
  const { holder } = spec;
  const own = (found: Observed<CredentialsState>): readonly ObservedCredential[] =>
    found.exists ? found.state.credentials : [];
  let standing = new Standing(spec, own(observed), work);
  return settle(holder.api, work, {
    paceMs: identityPaceMs,
    async next(isUnclear) {
      if (isUnclear) {
        const found = observedCredentials(await holder.list(work.signal), spec);
        standing = new Standing(spec, own(found), work);
      }
      return standing.next();
    },
  });
}

/**
 * The stack's federated credentials of one identity or application, as one resource of a plan: Azure takes their writes
 * one after another. It excludes those that others made.
 */
export function credentialsResource(spec: CredentialsSpec): Resource<CredentialsState> {
  const { holder, dependsOn = [] } = spec;
  return {
    ...holder.named,
    isRight: true,
    dependsOn,
    fingerprint: ({ credentials }) => credentials,
    // Another name than that of its pair: somebody else gave it this issuer.
    issuers: ({ credentials }) =>
      credentials
        .filter((one) =>
          [credentialName(spec, one), formerCredentialName(spec.stack, one)].includes(keyOf(one.name)),
        )
        .map(({ issuer }) => issuer),
    read: async (signal) => observedCredentials(await holder.list(signal), spec),
    diff: (observed) => difference(spec, observed),
    apply: ({ observed }, work) => settleCredentials(spec, observed, work),
    delete: (observed, work) => settleCredentials({ ...spec, desired: [] }, observed, work),
  };
}

/** A credential that is not ours for the same ServiceAccount. */
export interface DoubledCredential {
  readonly desired: DesiredCredential;
  readonly other: ObservedCredential;
  /** Whether it lets the ServiceAccount in as ours would. */
  readonly isEnough: boolean;
}

/** What a holder has besides what is the stack's. */
export interface HolderView {
  /** Those that others made. */
  readonly others: readonly ObservedCredential[];
  readonly doubled: readonly DoubledCredential[];
  /** The total, where it is more than Azure accepts; undefined where they fit. */
  readonly tooMany: number | undefined;
}

/** Compares what is wanted of a holder with what others have there. */
export function viewOf(
  { desired, ...stack }: CredentialOwner & Pick<CredentialsSpec, "desired">,
  all: readonly ObservedCredential[],
): HolderView {
  const others = all.filter((one) => !isOwnCredential(one, stack));
  const doubled = desired.flatMap((one): readonly DoubledCredential[] => {
    const other = others.find((found) => isSamePair(found, one));
    if (other === undefined) return [];
    const isEnough = other.audiences.length === 1 && other.audiences[0] === one.audience;
    return [{ desired: one, other, isEnough }];
  });
  const total = others.length + desired.length - doubled.length;
  const tooMany = total > relyingParties.azure.maxCredentials ? total : undefined;
  return { others, doubled, tooMany };
}
