import { randomBytes } from "node:crypto";
import { defined, isRecord, type JsonRecord, recordsOf } from "../../core/base/index.ts";
import type { GoogleDelays } from "./options.ts";
import { invalid, refusal } from "./refusal.ts";

/** A binding of a policy (IAM API, `Binding`). */
export interface IamBinding {
  readonly role: string;
  readonly members: readonly string[];
  readonly condition?: JsonRecord;
}

/** A member with a role, and when it was added and removed, in milliseconds. */
interface Grant {
  readonly role: string;
  readonly member: string;
  writtenAt: number;
  takenAt?: number;
}

/** The most principals of a policy ("Quotas and limits"). */
const maxMembers = 1500;
const rolePattern = /^(?:(?:projects|organizations)\/[^/\s]{1,100}\/)?roles\/[\w.]{1,100}$/u;

function bindingOf(value: JsonRecord): IamBinding {
  const { role, members = [], condition } = value;
  if (typeof role !== "string" || !rolePattern.test(role))
    return invalid(`Role ${String(role)} is not supported for this resource.`);
  if (!Array.isArray(members) || !members.every((one) => typeof one === "string"))
    return invalid(`The members of ${role} are not a list of texts.`);
  return { role, members, ...(isRecord(condition) ? { condition } : {}) };
}

function bindingsOf(policy: JsonRecord): readonly IamBinding[] {
  const bindings = recordsOf(policy["bindings"]).map(bindingOf);
  const count = new Set(bindings.flatMap(({ members }) => members)).size;
  if (count > maxMembers)
    invalid(
      `The number of members in the policy (${count.toLocaleString("en")}) is larger than the maximum allowed size 1,500.`,
    );
  const version = policy["version"] ?? 1;
  if (bindings.some(({ condition }) => condition !== undefined) && version !== 3)
    invalid("Policies with conditional role bindings must specify version 3.", {
      next: "Read the policy with requestedPolicyVersion 3, and write version 3 back: else its conditions are lost.",
    });
  return bindings.filter(({ members }) => members.length > 0);
}

const concurrent =
  "There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff.";

/**
 * The policy of a project, a service account or a secret. Additions and removals take effect after a delay; conditional
 * bindings are stored without effect.
 */
export class IamPolicy {
  readonly #delays: GoogleDelays;
  readonly #seed = randomBytes(6).toString("hex");
  #revision = 0;
  #bindings: readonly IamBinding[] = [];
  #grants: Grant[] = [];

  constructor(delays: GoogleDelays) {
    this.#delays = delays;
  }

  get etag(): string {
    // The initial policy.
    if (this.#revision === 0) return "ACAB";
    return Buffer.from(`${this.#seed}:${this.#revision}`).toString("base64");
  }

  /** The policy as getIamPolicy returns it; conditions are shown to callers that ask for version 3. */
  show(version: number): object {
    const conditional = this.#bindings.some(({ condition }) => condition !== undefined);
    const shown = this.#bindings.map(({ role, members, condition }) =>
      condition === undefined || version === 3
        ? { role, members, ...defined({ condition }) }
        : { role: `${role}_withcond_${this.#seed}`, members },
    );
    return {
      version: conditional && version === 3 ? 3 : 1,
      etag: this.etag,
      ...(shown.length === 0 ? {} : { bindings: shown }),
    };
  }

  /**
   * Replaces it, as setIamPolicy does. `check` throws for an invalid member. An outdated etag is ABORTED; without one,
   * any policy is replaced.
   */
  write(policy: unknown, now: number, check: (member: string) => void): void {
    const written = isRecord(policy) ? policy : invalid("The policy is missing.");
    const bindings = bindingsOf(written);
    for (const { members } of bindings) for (const member of members) check(member);
    const { etag } = written;
    if (typeof etag === "string" && etag !== "" && etag !== this.etag)
      throw refusal("ABORTED", concurrent, {
        rule: "policy-etag",
        why: `the etag is ${JSON.stringify(etag.slice(0, 100))}, and the policy's is ${JSON.stringify(this.etag)}`,
        next: "Read the policy again, change what was read, and write it with the etag that was read.",
      });
    this.#bindings = bindings;
    this.#revision += 1;
    this.#follow(now);
  }

  /** Members that have one of these roles now, as far as that has spread. */
  membersOf(roles: readonly string[], now: number): readonly string[] {
    const { grant, revoke } = this.#delays;
    return this.#grants
      .filter(
        ({ role, writtenAt, takenAt }) =>
          roles.includes(role) &&
          now >= writtenAt + grant &&
          (takenAt === undefined || now < takenAt + revoke),
      )
      .map(({ member }) => member);
  }

  /** Everything written takes effect, and nothing else. */
  spread(): void {
    this.#grants = this.#grants.filter(({ takenAt }) => takenAt === undefined);
    for (const grant of this.#grants) grant.writtenAt = Number.NEGATIVE_INFINITY;
  }

  #follow(now: number): void {
    const wanted = new Map(
      this.#bindings
        .filter(({ condition }) => condition === undefined)
        .flatMap(({ role, members }) =>
          members.map((member) => [`${role} ${member}`, { role, member }] as const),
        ),
    );
    this.#grants = this.#grants.filter(
      ({ takenAt }) => takenAt === undefined || now < takenAt + this.#delays.revoke,
    );
    for (const grant of this.#grants) {
      if (grant.takenAt !== undefined) continue;
      if (!wanted.delete(`${grant.role} ${grant.member}`)) grant.takenAt = now;
    }
    for (const one of wanted.values()) this.#grants.push({ ...one, writtenAt: now });
  }
}
