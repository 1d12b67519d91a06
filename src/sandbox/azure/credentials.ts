import type { FederatedCredential } from "../../rules/azure/index.ts";

/** Faults of a write of a federated credential; ARM and Graph have different words for them. */
export type CredentialFault =
  | "no-fields"
  | "audience-count"
  | "name"
  | "length"
  | "pair-exists"
  | "name-exists"
  | "too-many"
  | "concurrent"
  | "not-found";

/** A write that Azure refuses. */
export class CredentialRefused extends Error {
  readonly fault: CredentialFault;

  constructor(fault: CredentialFault) {
    super(fault);
    this.fault = fault;
  }
}

/** A federated credential as stored. `description`: of an application's alone. */
export interface KeptCredential extends FederatedCredential {
  readonly id: string;
  readonly description: string | null;
}

/** A client's input: of unknown form, since Azure validates it itself. */
export interface WrittenCredential {
  readonly name: unknown;
  readonly issuer: unknown;
  readonly subject: unknown;
  readonly audiences: unknown;
  readonly description?: unknown;
}

/** What Entra's token endpoint sees under one name from a time on; undefined: nothing. */
interface Sight {
  /** Milliseconds. */
  readonly from: number;
  readonly credential: KeptCredential | undefined;
}

/** "Workload identity federation: important considerations": per application or user-assigned identity. */
const maxCredentials = 20;

/** The longest issuer, subject, audience and description, in characters. */
const maxText = 600;

const nameForm = /^[a-z0-9][a-z0-9_-]{2,119}$/iu;

function textIn(value: unknown): string {
  if (typeof value !== "string" || value === "") throw new CredentialRefused("no-fields");
  if (value.length > maxText) throw new CredentialRefused("length");
  return value;
}

function checked(written: WrittenCredential): Omit<KeptCredential, "id"> {
  const { name, audiences, description = null } = written;
  const issuer = textIn(written.issuer);
  const subject = textIn(written.subject);
  if (!Array.isArray(audiences)) throw new CredentialRefused("no-fields");
  if (audiences.length !== 1) throw new CredentialRefused("audience-count");
  if (typeof name !== "string" || !nameForm.test(name)) throw new CredentialRefused("name");
  const isText = description === null || typeof description === "string";
  if (!isText || (description?.length ?? 0) > maxText) throw new CredentialRefused("length");
  return { name, issuer, subject, audiences: [textIn(audiences[0])], description };
}

export interface CredentialTimes {
  readonly now: () => number;
  /** How long Entra does not see a write, in milliseconds. */
  readonly propagationMs: number;
  /** How long a write takes: meanwhile any other of the same parent is refused. */
  readonly write: () => Promise<void>;
}

/** The federated credentials of one application or identity, as stored and as Entra sees them. */
export class FederatedCredentials {
  readonly #times: CredentialTimes;
  /** By the name in lower case. */
  readonly #kept = new Map<string, KeptCredential>();
  readonly #seen = new Map<string, readonly Sight[]>();
  #isWriting = false;

  constructor(times: CredentialTimes) {
    this.#times = times;
  }

  /** In order of creation. */
  list(): readonly KeptCredential[] {
    return [...this.#kept.values()];
  }

  get(nameOrId: string): KeptCredential | undefined {
    return this.#kept.get(nameOrId.toLowerCase()) ?? this.list().find(({ id }) => id === nameOrId);
  }

  /** What Entra sees of them now. */
  seen(): readonly FederatedCredential[] {
    const now = this.#times.now();
    return [...this.#seen.values()].flatMap((sights) => {
      const credential = sights.findLast(({ from }) => from <= now)?.credential;
      return credential === undefined ? [] : [credential];
    });
  }

  /** Makes Entra see them as they are. */
  spread(): void {
    for (const [name, sights] of this.#seen) this.#seen.set(name, [{ ...sights.at(-1)!, from: 0 }]);
  }

  /** Creates or replaces one. `only`: it must not exist (`new`), or must (`there`). Throws CredentialRefused. */
  async put(
    written: WrittenCredential,
    makeId: () => string,
    only?: "new" | "there",
  ): Promise<"made" | "replaced"> {
    const { next, before } = this.#fitting(written, only);
    await this.#write(next.name.toLowerCase(), { ...next, id: before?.id ?? makeId() });
    return before === undefined ? "made" : "replaced";
  }

  /** Creates one that Entra sees at once, in no time. Throws CredentialRefused. */
  add(written: WrittenCredential, makeId: () => string): void {
    const { next } = this.#fitting(written, "new");
    this.#keep(next.name.toLowerCase(), { ...next, id: makeId() }, 0);
  }

  /** Deletes one; returns whether it existed. Throws CredentialRefused. */
  async delete(nameOrId: string): Promise<boolean> {
    const there = this.get(nameOrId);
    if (there === undefined) return false;
    await this.#write(there.name.toLowerCase(), undefined);
    return true;
  }

  /** The accepted write, and what it replaces. */
  #fitting(
    written: WrittenCredential,
    only: "new" | "there" | undefined,
  ): { readonly next: Omit<KeptCredential, "id">; readonly before: KeptCredential | undefined } {
    const next = checked(written);
    const before = this.#kept.get(next.name.toLowerCase());
    if (only === "new" && before !== undefined) throw new CredentialRefused("name-exists");
    if (only === "there" && before === undefined) throw new CredentialRefused("not-found");
    const other = this.list().find(
      ({ issuer, subject }) => issuer === next.issuer && subject === next.subject,
    );
    if (other !== undefined && other !== before) throw new CredentialRefused("pair-exists");
    if (before === undefined && this.#kept.size >= maxCredentials) throw new CredentialRefused("too-many");
    return { next, before };
  }

  async #write(key: string, credential: KeptCredential | undefined): Promise<void> {
    if (this.#isWriting) throw new CredentialRefused("concurrent");
    this.#isWriting = true;
    try {
      await this.#times.write();
    } finally {
      this.#isWriting = false;
    }
    this.#keep(key, credential, this.#times.now() + this.#times.propagationMs);
  }

  /** `from`: when Entra sees it, in milliseconds. */
  #keep(key: string, credential: KeptCredential | undefined, from: number): void {
    if (credential === undefined) this.#kept.delete(key);
    else this.#kept.set(key, credential);
    // Past states before now are never asked for again.
    const sights = (this.#seen.get(key) ?? []).slice(-8);
    this.#seen.set(key, [...sights, { from, credential }]);
  }
}
