import { PodtrustError } from "../../../core/base/index.ts";
import type { PoolName } from "../../../rules/gcp/index.ts";
import { principalOf } from "../../../rules/gcp/index.ts";
import { serviceAccountSubject } from "../../../rules/oidc/index.ts";
import { finding, type Finding } from "../../../stack/index.ts";
import { limitOf, maxWrite, within } from "../engine/cut.ts";
import type {
  Asked,
  Bound,
  Had,
  Made,
  Making,
  Proving,
  Taken,
  TakingWhole,
  Turn,
  Writing,
} from "../engine/row.ts";
import {
  audienceOf,
  fromOf,
  googleErrors,
  googleFinding,
  type GoogleProjects,
  isGoogles,
} from "./projects.ts";
import { type GoogleTypes, mayStand, type MemberStatus } from "./rights.ts";

/** Takes a ServiceAccount out of the policies of service accounts. */
export class TakingMembers implements TakingWhole<GoogleTypes> {
  readonly mayStand = mayStand;
  readonly #google: GoogleProjects;
  readonly #subject: string;
  /** Of members whose status does not say. */
  readonly #pool: PoolName | undefined;

  constructor(google: GoogleProjects, subject: string, pool: PoolName | undefined) {
    this.#google = google;
    this.#subject = subject;
    this.#pool = pool;
  }

  async take({ email, pool = this.#pool }: MemberStatus, work: Writing): Promise<Taken<MemberStatus>> {
    if (pool === undefined)
      throw new PodtrustError("gcp-unreachable", "no GCPTrust says of which pool the member is");
    const member = { email, subject: this.#subject };
    const done = await this.#google.revoke(pool, member, work);
    return { changes: done.map(({ fields }) => ({ kind: "delete", fields }) as const), wait: 0 };
  }

  /** Nothing is made at Google for a binding but its members. */
  remove(): Promise<undefined> {
    return Promise.resolve(undefined);
  }
}

const subjectIn = ({ binding: { namespace, name } }: Bound<GoogleTypes>): string =>
  serviceAccountSubject(namespace, name);

/** Lets ServiceAccounts into service accounts. */
export class MakingMembers implements Making<GoogleTypes> {
  readonly #google: GoogleProjects;

  constructor(google: GoogleProjects) {
    this.#google = google;
  }

  /** Pool and provider are not there, or not as the trust says. */
  async bars({ trust }: Bound<GoogleTypes>, signal: AbortSignal): Promise<Finding | undefined> {
    const provider = await this.#google.provider(trust, signal);
    return provider.outcome === "ok" ? undefined : provider;
  }

  async make(
    bound: Bound<GoogleTypes>,
    { rights: [had] }: Had<GoogleTypes>,
    work: Writing,
  ): Promise<Made<GoogleTypes>> {
    const { trust, binding, granted } = bound;
    const { email } = granted;
    const { projectNumber, pool } = trust;
    const [from, subject] = [fromOf(trust), subjectIn(bound)];
    if (email === undefined) {
      const seen = `give ${principalOf(trust, subject)} roles on what it needs`;
      return { finding: finding("PrincipalNamed", { seen, from }), rights: [], changes: [], wait: 0 };
    }
    const right = { email, pool: { projectNumber, pool } };
    try {
      const done = await within(work, limitOf(googleErrors, maxWrite), (signal) =>
        this.#google.grant(trust, { email, subject }, { ...work, signal }),
      );
      const kind = had === undefined ? "create" : "update";
      const seen = `${email} lets in ${binding.namespace}/${binding.name}`;
      const changes = done.map(({ fields }) => ({ kind, fields }) as const);
      return { finding: finding("MembersMatch", { seen, from }), rights: [right], changes, wait: 0 };
    } catch (error) {
      work.signal.throwIfAborted();
      if (!isGoogles(error)) throw error;
      return { finding: googleFinding(error, from), rights: [right], changes: [], wait: 0 };
    }
  }
}

/**
 * A member counts after about 70 seconds (measured by others); for three minutes a refusal to impersonate says nothing.
 * Milliseconds.
 */
const settlesWithin = 180_000;
/** How often is asked meanwhile, in milliseconds. */
export const every = 10_000;

/** While Google need not know what was changed. */
export const settling = finding("MemberSettling", {
  seen: "the service account's policy was changed a moment ago, and Google does not let the ServiceAccount in yet",
  from: "Google",
});

/** Asks Google's STS, and then for a token of the service account. */
export class ProvingMember implements Proving<GoogleTypes> {
  readonly #google: GoogleProjects;

  constructor(google: GoogleProjects) {
    this.#google = google;
  }

  audience({ trust }: Bound<GoogleTypes>): string {
    return audienceOf(trust);
  }

  early(_bound: unknown, { widened }: Pick<Turn, "widened">) {
    return widened ? { finding: settling, againIn: every } : undefined;
  }

  async ask(
    { trust, binding: { namespace, name }, granted: { email } }: Bound<GoogleTypes>,
    _made: unknown,
    { jwt, age, signal }: Asked,
  ): Promise<Finding> {
    const from = `${fromOf(trust)}, its token exchange`;
    const asked = email === undefined ? { jwt } : { jwt, email };
    const answer = await this.#google.exchange(trust, asked, signal);
    if (answer.outcome === "accepted") {
      const seen = `${namespace}/${name} becomes ${email ?? "a principal of the pool"}`;
      return finding("GoogleAccepted", { seen, from });
    }
    const isYoung = email !== undefined && age < settlesWithin;
    if (answer.code === "PERMISSION_DENIED" && isYoung) return settling;
    return finding("GoogleRefused", { seen: `${answer.code}: ${answer.message}`, from });
  }
}
