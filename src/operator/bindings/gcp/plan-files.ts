import { PodtrustError } from "../../../core/base/index.ts";
import type { GoogleBinding, GoogleTrust } from "../../../rules/bindings/gcp/index.ts";
import { principalOf } from "../../../rules/gcp/index.ts";
import { serviceAccountSubject } from "../../../rules/oidc/index.ts";
import type { Finding } from "../../../stack/index.ts";
import {
  type TrustDecisions,
  type FilePlanner,
  filePlanner,
  type FilePlans,
  foundError,
  GatheredPlan,
  nameOf,
  type PlanTime,
} from "../plan-files.ts";
import { insideOf, namedEmails } from "./leftovers.ts";
import { type GrantedMember, memberRules } from "./rights.ts";
import { fromOf, type GoogleContext, googleFinding, GoogleProjects, isGoogles } from "./projects.ts";

const subjectOf = ({ namespace, name }: GoogleBinding): string => serviceAccountSubject(namespace, name);

/** What bars all bindings of a trust from their members: its own finding, once. */
function providerError({ name }: GoogleTrust, { reason, seen, next }: Finding): PodtrustError {
  const detail = { trust: name, reason };
  const sentence = `GCPTrust ${name}: ${seen}`;
  return new PodtrustError("binding-refused", sentence, next === undefined ? { detail } : { detail, next });
}

/** One plan of a trust. */
class TrustFiles extends GatheredPlan {
  readonly #google: GoogleProjects;
  readonly #trust: GoogleTrust;
  readonly #signal: AbortSignal;

  constructor(google: GoogleProjects, trust: GoogleTrust, { signal }: PlanTime) {
    super();
    this.#google = google;
    this.#trust = trust;
    this.#signal = signal;
  }

  /** The member that a binding's pass would write. */
  async add(binding: GoogleBinding, notice: (text: string) => void): Promise<void> {
    const { email } = binding;
    const subject = subjectOf(binding);
    if (email === undefined) {
      notice(`${nameOf(binding)} is ${principalOf(this.#trust, subject)}: give it roles on what it needs`);
      return;
    }
    try {
      const plan = await this.#google.plannedGrant(this.#trust, { email, subject }, this.#signal);
      this.take(plan);
    } catch (error) {
      this.#signal.throwIfAborted();
      // The binding's pass reports it, and the other bindings continue.
      if (!isGoogles(error)) throw error;
      this.refusals.push(foundError(binding, googleFinding(error, fromOf(this.#trust))));
    }
  }

  /**
   * Members of the pool that no file asks for. Google does not record who added one: they are removed with their
   * bindings if the cluster has these, and the operator reports the others.
   */
  async tellLeft({
    granted,
    everywhere,
    refused,
  }: TrustDecisions<GoogleBinding, GrantedMember>): Promise<void> {
    const known = [...everywhere.keys()];
    const may = new Set(refused.map(subjectOf));
    const asked = new Set(known.map((one) => `${one.email ?? ""} ${subjectOf(one)}`));
    const emails = [...granted.keys()].flatMap(({ email }) => email ?? []);
    for (const email of namedEmails(this.#trust, emails)) {
      const inside = await insideOf(this.#google, this.#trust, email, this.#signal);
      const left = (inside ?? []).filter((one) => !may.has(one) && !asked.has(`${email} ${one}`));
      for (const one of left)
        this.warnings.push(
          `${email} lets in ${principalOf(this.#trust, one)}, and no file asks for that: it goes with its binding where the cluster has one, and stays otherwise`,
        );
    }
  }
}

/** Plans of GCPServiceAccountBinding and GCPTrust. */
function memberPlans(
  google: GoogleProjects,
  notice: (text: string) => void,
): FilePlans<GoogleBinding, GoogleTrust, GrantedMember> {
  return {
    ...memberRules,
    async plan(trust, asked, at) {
      const place = await google.place(trust, at.signal);
      const provider = await google.provider(trust, at.signal);
      const made = new TrustFiles(google, trust, at);
      if (provider.outcome === "ok") {
        for (const binding of asked.granted.keys()) await made.add(binding, notice);
        if (!asked.keeps) await made.tellLeft(asked);
      } else made.refusals.push(providerError(trust, provider));
      const { changes, refusals, warnings } = made;
      return { places: [place], changes, refusals, warnings };
    },
  };
}

/** Plans files of Google, with the environment's credentials for Google. */
export function planningMembers(context: GoogleContext, notice: (text: string) => void): FilePlanner {
  return filePlanner(memberPlans(new GoogleProjects(context), notice));
}
